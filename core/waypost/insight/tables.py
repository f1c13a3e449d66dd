"""What has been counted, and what has been said of it."""

from __future__ import annotations

from typing import Final

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import TenantTable

COUNTED: Final = "It is counted by the clock, and never changed."


class CountedAward(TenantTable, unaudited="It follows awards, which leave traces of their own."):
    """What figures need to know of an award of the city; `id` is the award's. Never read nationally."""

    learner_id = UUID(help_text="The person, or the recipient without an account; a made-up id once they are erased.")
    home_tenant_id = UUID(help_text="Whose award it is: the city itself, or the one that awarded what was earned here.")
    month = Text(help_text="When it was awarded, such as 2026-03.")
    layer = Text(help_text="Of the version that was earned.")
    kind = Text(help_text="Of the opportunity; unknown where it came from none.")
    place = Text(help_text="Id of the opportunity's place, or unknown.")
    ward = Text(help_text="Of the place's postcode, or unknown.")
    deprivation = Text(help_text="1 to 10, the place's tenth of its nation, 1 the most deprived; or unknown.")
    age = Text(help_text="A band of years, by the year of birth; or unknown.")
    release_id = UUID(null=True, help_text="In which release it was counted; null while it waits.")


class FigureRelease(TenantTable, unaudited=COUNTED):
    """A month, or a run of months, whose totals have been released; it never changes."""

    from_month = Text(help_text="The first month, such as 2026-03.")
    to_month = Text()
    learners = Integer(null=True, help_text="Who earned their first badge; null for fewer than five.")
    repeated = Integer(null=True, help_text="Who earned their second badge; null for fewer than five.")
    badges = Integer()
    released_at = Timestamptz()


class FigureBreakdown(TenantTable, unaudited=COUNTED):
    """All badges of some releases, sorted by one thing; it never changes."""

    dimension = Text(help_text="layer, kind, place, ward, deprivation or age.")
    from_month = Text()
    to_month = Text()
    badges = Integer(help_text="All of them.")
    together = Integer(null=True, help_text="Badges of the groups that are not shown by themselves.")


class FigureCell(TenantTable, key=("breakdown_id", "code"), unaudited=COUNTED):
    """One group of a breakdown: at least five people's badges."""

    breakdown_id = UUID()
    code = Text()
    badges = Integer()


TABLES = (CountedAward, FigureRelease, FigureBreakdown, FigureCell)
