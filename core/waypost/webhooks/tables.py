"""Who is told of what, and what became of each telling."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Integer, Text, Timestamptz

from waypost.db import TenantTable


class Webhook(TenantTable):
    """An address that is told of what happens in a tenant."""

    url = Text(help_text="Where it is told.")
    events = Array(base_column=Text(), help_text="Types of events, such as `badge.published` or `award.*`.")
    state = Text(help_text="on, gone or removed.")
    secret = Text(help_text="Sealed under the platform's key.")
    former_secret = Text(null=True, help_text="The one before, while both sign.")
    former_until = Timestamptz(null=True)
    failures = Integer(default=0, help_text="Failed attempts since the last that did not.")
    resting_until = Timestamptz(null=True, help_text="After many failures nothing is sent until then.")
    person_id = UUID(null=True, help_text="Who made it.")
    made_at = Timestamptz(help_text="When it was made.")


class Delivery(TenantTable):
    """One telling of one event to one webhook."""

    webhook_id = UUID()
    event_id = UUID()
    event_type = Text(help_text="What happened, such as `badge.published`.")
    object_type = Text()
    object_id = UUID()
    happened_at = Timestamptz(help_text="When that happened.")
    state = Text(help_text="due, delivered or dead.")
    attempts = Integer(default=0, help_text="How often it was tried.")
    answer = Integer(null=True, help_text="The status that the last attempt was answered with; null without an answer.")
    problem = Text(null=True, help_text="Why the last attempt failed.")
    made_at = Timestamptz()
    tried_at = Timestamptz(null=True, help_text="When it was last tried.")


TABLES = (Webhook, Delivery)
