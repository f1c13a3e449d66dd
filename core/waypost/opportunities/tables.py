"""What one can do, where and when."""

from __future__ import annotations

from datetime import UTC, datetime

from piccolo.columns import UUID, Boolean, DoublePrecision, Integer, Numeric, Text, Timestamptz

from waypost.db import TenantTable

# Keyset pages order by these columns, so "no date" is a date after all others and never null.
NO_DATE = datetime(9999, 12, 31, tzinfo=UTC)


class Opportunity(TenantTable):
    """Something to take part in: an event, a course, a placement, a job, a page to read.

    PostgreSQL makes `earth` and `search` itself, so they are not declared here.
    """

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    title = Text()
    kind = Text(help_text="One of the ten kinds, as in the graph: ONLINE_LEARNING, JOB, …")
    provider_id = UUID()
    place_id = UUID(null=True)
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    outside_area = Boolean(
        default=False, help_text="Whether it is outside the city's outline: shown and flagged, never refused."
    )
    online = Boolean(default=False, help_text="Whether one can take part from anywhere.")
    starts_at = Timestamptz(null=True, help_text="The first time; null for what is always there.")
    ends_at = Timestamptz(null=True, help_text="When the first time ends.")
    recurrence = Text(
        null=True, help_text="How it repeats: an RRULE of RFC 5545, such as FREQ=WEEKLY;BYDAY=SA, in `timezone`."
    )
    timezone = Text(help_text="IANA name, such as Europe/London: whose clocks the recurrence goes by.")
    sort_starts_at = Timestamptz(default=NO_DATE, help_text="`starts_at`, or far in the future.")
    over_at = Timestamptz(default=NO_DATE, help_text="End of the last occurrence, or far in the future.")
    apply_by = Timestamptz(null=True, help_text="The deadline for joining.")
    capacity = Integer(null=True, help_text="For how many people; null where nobody said.")
    free = Boolean(null=True)
    price = Numeric(digits=(10, 2), null=True)
    currency = Text(null=True, help_text="ISO 4217.")
    cost_note = Text(null=True)
    age_min = Integer(null=True)
    age_max = Integer(null=True)
    url = Text(null=True, help_text="Its own page.")
    contact_url = Text(null=True, help_text="Where to ask about it.")
    source = Text(null=True, help_text="Who published the data, for what came from a feed.")
    licence = Text(null=True, help_text="Under what licence the data may be shown, for what came from a feed.")
    attribution = Text(null=True, help_text="What the licence asks to be shown with it, for what came from a feed.")
    search_words = Text(default="", help_text="Lower case and without accents; `search` indexes it.")
    state = Text(default="open", help_text="open or closed.")
    public = Boolean(default=False, help_text="Stays true when the opportunity is closed.")
    managed_by = Text(default="graph", help_text="files, graph, feed:… or demo: who may change the row.")
    source_id = Text(null=True, help_text="File and key, or the feed's own id.")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class OpportunityText(TenantTable, key=("opportunity_id", "language")):
    """An opportunity's words in one language."""

    opportunity_id = UUID()
    language = Text()
    original = Boolean()
    title = Text()
    summary = Text()
    public = Boolean(default=False)


class OpportunityBadge(TenantTable, key=("opportunity_id", "badge_id")):
    """A badge that can be earned there; another tenant's comes through `Borrowed`."""

    opportunity_id = UUID()
    badge_id = UUID()
    home_tenant_id = UUID()
    borrowed_id = UUID(null=True)
    position = Integer(help_text="From 1.")
    public = Boolean(default=False)


class OpportunityLayer(TenantTable, key=("opportunity_id", "layer"), unaudited="Follows from the badges."):
    """A layer of its badges; kept because lists filter and count by it."""

    opportunity_id = UUID()
    layer = Text()
    public = Boolean(default=False)


class OpportunitySkill(TenantTable, key=("opportunity_id", "skill_id"), unaudited="Follows from the badges."):
    """A skill of its badges; kept because lists filter and count by it."""

    opportunity_id = UUID()
    skill_id = UUID()
    public = Boolean(default=False)


class OpportunityAccessibility(TenantTable, key=("opportunity_id", "code")):
    """Something that makes it accessible."""

    opportunity_id = UUID()
    code = Text()
    public = Boolean(default=False)


class OpportunityWeekday(
    TenantTable, key=("opportunity_id", "weekday"), unaudited="Follows from when the opportunity is."
):
    """A day of the week on which it happens, in the opportunity's time zone."""

    opportunity_id = UUID()
    weekday = Integer(help_text="1 = Monday, ISO 8601.")
    public = Boolean(default=False)


TABLES = (
    Opportunity,
    OpportunityText,
    OpportunityBadge,
    OpportunityLayer,
    OpportunitySkill,
    OpportunityAccessibility,
    OpportunityWeekday,
)
