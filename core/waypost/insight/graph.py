"""Figures as front ends see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from waypost.graph import Argument, GraphError, column, query, value
from waypost.graph.python_fields import Computed
from waypost.insight.reading import Breakdown, Figures, read_figures
from waypost.insight.rules import is_month

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected

NULL = "null where that would be fewer than five people"


@value
class FigureMonth:
    """A month, or a run of months that only came to five people together."""

    from_month: str = column(doc="The first month, such as 2026-03.")
    to_month: str = column(doc="The last month; mostly the same.")
    learners: int | None = column(doc=f"Learners whose first badge was counted then; {NULL}.")
    badges: int = column(doc="Badges that were counted then, of five people at least.")


@value
class FigureGroup:
    """A group of badges that is shown by itself: those of five people at least."""

    code: str = column(doc="Such as rsa-2019/engage, WORKSHOP, a ward's code, 16-18 or unknown.")
    name: str = column(doc="For people, in English; wards are shown by their codes.")
    badges: int = column(doc="How many, as far as this group was shown by itself.")


@value
class FigureBreakdown:
    """Badges sorted by one thing. Groups and `together` add up to `badges`."""

    from_month: str | None = column(doc="The first month of what is sorted; null where nothing is yet.")
    to_month: str | None = column(doc="The last month of what is sorted, which may be earlier than that of the totals.")
    badges: int | None = column(doc="All badges that are sorted here.")
    groups: list[FigureGroup] = column(doc="The groups of five people at least.")
    together: int | None = column(doc="Badges of all groups that are not shown by themselves; null: there are none.")


@value
class CityFigures:
    """What can be said of a city without saying it of anybody: nothing is told of fewer than five people."""

    from_month: str | None = column(doc="The first month that is counted here, such as 2026-03; null: none is.")
    to_month: str | None = column(doc="The last month that is counted here.")
    learners: int | None = column(doc=f"Learners who earned their first badge here in these months; {NULL}.")
    badges: int | None = column(doc=f"Badges awarded in these months; {NULL}.")
    learners_with_more_than_one: int | None = column(
        doc=f"Of all learners until the last of these months, those with more than one badge; {NULL}."
    )
    share_with_more_than_one: float | None = column(doc="The same as a part of all learners until then, 0 to 1.")
    organisations: int = column(doc="Connected organisations: how many organisations the city's issuers are, today.")
    months: list[FigureMonth] = column(doc="Month by month, in order.")
    layers: FigureBreakdown = column(doc="Badges by layer of the badge standard.")
    kinds: FigureBreakdown = column(doc="Badges by the kind of activity that they were earned in.")
    places: FigureBreakdown = column(doc="Badges by the place of the activity; codes are ids of rows.")
    wards: FigureBreakdown = column(doc="Badges by the electoral ward of that place, as the postcode directory has it.")
    deprivation: FigureBreakdown = column(
        doc="Badges by how deprived that place's area is: tenths of its nation, 1 the most deprived."
    )
    ages: FigureBreakdown = column(doc="Badges by age, by the learners' years of birth.")


@dataclass(frozen=True, kw_only=True)
class FiguresOf(Computed):
    """Figures of the city asked; what is wrong with the question is said before anything is read."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        if query.national:
            raise GraphError("CITY_NEEDED", "Figures are read in one city's own graph.")
        wrong = query.decide(lambda request: next(filter(_is_no_month, _months(field, request)), None))
        if wrong is not None:
            raise GraphError("INVALID_ARGUMENT", f"{wrong[:20]!r} is not a month, such as 2026-03.")
        return super().sql(query, here, field)


def _months(field: Selected, request: Request) -> list[str | None]:
    return [field.argument(name)(request) for name in ("from", "to")]


def _is_no_month(month: str | None) -> bool:
    return month is not None and not is_month(month)


async def _figures(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    if request.tenant is None:
        raise LookupError("figures were planned for a graph without a city")
    found = await read_figures(request.services.database, request.tenant, *_months(field, request))
    return [as_data(found) for _ in parents]


def as_data(found: Figures) -> dict[str, Any]:
    """Return figures as the graph's types have them."""
    return {
        "fromMonth": found.from_month,
        "toMonth": found.to_month,
        "learners": found.learners,
        "badges": found.badges,
        "learnersWithMoreThanOne": found.more_than_one,
        "shareWithMoreThanOne": found.share,
        "organisations": found.organisations,
        "months": [
            {"fromMonth": each.from_month, "toMonth": each.to_month, "learners": each.learners, "badges": each.badges}
            for each in found.months
        ],
        **{name: _sorted(found.breakdown(dimension)) for name, dimension in BREAKDOWNS.items()},
    }


BREAKDOWNS = {
    "layers": "layer",
    "kinds": "kind",
    "places": "place",
    "wards": "ward",
    "deprivation": "deprivation",
    "ages": "age",
}


def _sorted(table: Breakdown) -> dict[str, Any]:
    return {
        "fromMonth": table.from_month,
        "toMonth": table.to_month,
        "badges": table.badges,
        "groups": [{"code": each.code, "name": each.name, "badges": each.badges} for each in table.groups],
        "together": table.together,
    }


@query
class FiguresQuery:
    """Root fields about figures."""

    figures: CityFigures | None = FiguresOf(  # type: ignore[assignment]
        work=_figures,
        arguments=(
            Argument("from", str, doc="The first month, such as 2026-03; absent: the first that there is."),
            Argument("to", str, doc="The last month; absent: the last that was released."),
        ),
        doc="What a city adds up to, in whole months; nothing is told of fewer than five people.",
    )


TYPES = (FigureMonth, FigureGroup, FigureBreakdown, CityFigures, FiguresQuery)
