"""What happened, in the order it happened."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Text, Timestamptz

from waypost.db import TenantTable


class EventRow(TenantTable, tablename="event", unaudited="Says itself who did what to which object."):
    """A fact told by a command, in the transaction that made it true. Holds ids, never names or addresses."""

    type = Text(help_text="Like `badge.published`.")
    object_type = Text()
    object_id = UUID()
    person_id = UUID(null=True, help_text="Who did it; null = files, a feed or a job.")
    data = JSONB(default="{}")
    happened_at = Timestamptz()
    version = BigInt(
        null=True, help_text="That of the tenant's catalogue after the transaction: the order in which events held."
    )


TABLES = (EventRow,)
