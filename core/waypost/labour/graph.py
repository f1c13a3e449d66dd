"""The labour market as front ends see it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from waypost.graph import URL, Argument, GraphError, column, query, value
from waypost.graph.python_fields import Computed
from waypost.graph.query import object_type
from waypost.graph.shape import shape_of
from waypost.labour import rules
from waypost.labour.asking import Said, Voice, crosswalks_in, figured, found, searched, voices_in
from waypost.labour.market import Heard

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.occupations import Figure
    from waypost.occupations import Occupation as Named

POINTS: Final = 25  # what is asked outside is dear
FIRST: Final = 10
MOST_FIRST: Final = 50
ASKED_AT: Final = "When the source was asked for this."
STALE: Final = "True where the source cannot be asked just now, so that this is what it said before, at `askedAt`."


@value
class LabourMarketSource:
    """Who says something of the labour market. Show licence and attribution wherever you show what it says."""

    name: str = column(doc="Such as lmi_for_all.")
    title: str = column(doc="Its name as people read it.")
    licence: str = column(doc="Under which its figures may be used, such as Open Government Licence v3.0.")
    licence_url: URL = column(doc="The licence's own words.")
    attribution: str = column(doc="The words with which the source wants to be named.")
    url: URL = column(doc="The source's own page.")


@value
class OccupationName:
    """An occupation that a source has found. Titles and descriptions are plain text."""

    code: str = column(doc="Qualified by one version of a classification, such as soc-2020/2134.")
    scheme: str = column(doc="That version, such as soc-2020.")
    title: str = column(doc="As the source calls it.")
    description: str | None = column(doc="What one does in it; null where the source does not say.")


@value
class OccupationsFound:
    """What one source has found."""

    source: LabourMarketSource = column(doc="Who has found them.")
    asked_at: datetime | None = column(doc=f"{ASKED_AT} Null where it has not answered.")
    stale: bool = column(doc=STALE)
    occupations: list[OccupationName] | None = column(
        doc="The likeliest first, as the source has them. Null where it has not answered; an error says why."
    )


@value
class LabourMarketFigure:
    """One number about an occupation, with everything that must stand beside it."""

    name: str = column(doc="Such as pay-weekly, hours-weekly, employment-forecast, unemployment, claimants.")
    unit: str = column(doc="Such as GBP, hours, people, percent.")
    value: float = column(doc="In that unit.")
    year: int = column(doc="The year that it is for, which may be to come.")
    month: int | None = column(doc="The month, 1 to 12; null: the whole year.")
    area: str | None = column(doc="The ONS code of the area that it is for; null: the whole country.")
    note: str | None = column(doc="What a reader should know.")
    source: LabourMarketSource = column(doc="Who says so, with licence and attribution.")
    asked_at: datetime = column(doc=ASKED_AT)
    stale: bool = column(doc=STALE)


@value
class FiguresOfSource:
    """The figures of one source."""

    source: LabourMarketSource = column(doc="Who says so.")
    figures: list[LabourMarketFigure] | None = column(
        doc="By name, the latest first. Null where it has not answered; an error says why."
    )


@value
class Occupation:
    """An occupation of one version of a classification, with what sources know of it. Versions are never mixed."""

    code: str = column(doc="As it was asked for, such as soc-2020/2134.")
    scheme: str = column(doc="The version of a classification, such as soc-2020.")
    title: str | None = column(doc="As the first source calls it that knows; null where none does.")
    description: str | None = column(doc="Plain text, of the same source.")
    named_by: LabourMarketSource | None = column(doc="The source that calls it so; null where none does.")
    related: list[str] = column(doc="Codes of other versions that belong to it, where a plugin brings a crosswalk.")
    figures: list[FiguresOfSource] = column(doc="What each source of this graph says that knows the version.")


@dataclass(frozen=True, kw_only=True)
class Outside(Computed):
    """A root field that asks sources, for nothing but what was selected of it."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        chosen = query.chosen(object_type(field), field)
        names = frozenset(() if isinstance(chosen, str) else (each.name for each in chosen))
        number = query.patch(field, replace(self, work=partial(_working, self.work, names)), shape_of(query, field))
        return f"""'{{"$":{number}}}'"""


async def _working(
    work: Any, names: frozenset[str], parents: Sequence[Mapping[str, Any]], field: Selected, request: Request
) -> Sequence[Any]:
    answer = await work(names, field, request)
    return [answer for _ in parents]


# Searching


async def _occupations(names: frozenset[str], field: Selected, request: Request) -> Any:
    text = rules.wanted_text(field.argument("text")(request))
    given = field.argument("first")(request)
    first = FIRST if given is None else given  # null was said
    if text is None:
        wanted = f"{rules.LEAST_CHARACTERS} to {rules.MOST_CHARACTERS} characters"
        raise GraphError("INVALID_ARGUMENT", f"text must be of {wanted}, in one line.")
    if not 1 <= first <= MOST_FIRST:
        raise GraphError("LIMIT_EXCEEDED", f"first is {first}; it is 1 to {MOST_FIRST}.")
    return [_found_by(said, first) for said in await searched(await voices_in(request), request, text)]


def _found_by(said: Said, first: int) -> dict[str, Any]:
    voice, heard = said
    if isinstance(heard, GraphError):
        return {"source": _source(voice), "askedAt": None, "stale": False, "occupations": heard}
    occupations = [_named(each) for each in heard.told.answer[:first]]
    return {"source": _source(voice), **_asked(heard), "occupations": occupations}


# One occupation


async def _occupation(names: frozenset[str], field: Selected, request: Request) -> Any:
    code, area = field.argument("code")(request), field.argument("area")(request)
    scheme = rules.scheme_of(code)
    if scheme is None:
        raise GraphError("INVALID_ARGUMENT", "code must be qualified by a classification, such as soc-2020/2134.")
    if area is not None and not rules.is_area(area):
        raise GraphError("INVALID_ARGUMENT", "area must be an ONS code of nine characters, such as E08000001.")
    voices = [each for each in await voices_in(request) if scheme in each.source.schemes]
    named, figures = await asyncio.gather(
        found(voices, request, code), figured(voices if "figures" in names else (), request, code, area)
    )
    known = [(voice, heard.told.answer) for voice, heard in named if isinstance(heard, Heard) and heard.told.answer]
    failed = [heard for _, heard in named if isinstance(heard, GraphError)]
    if not voices or (named and not known and not failed):
        return None  # nobody here knows such an occupation
    voice, occupation = known[0] if known else (None, None)
    return {
        "code": code,
        "scheme": scheme,
        "title": occupation.title if occupation else failed[0] if failed else None,
        "description": (occupation.description or None) if occupation else None,
        "namedBy": _source(voice) if voice else None,
        "related": list(rules.related(code, crosswalks_in(request))),
        "figures": [_figures_of(each) for each in figures],
    }


def _figures_of(said: Said) -> dict[str, Any]:
    voice, heard = said
    source = _source(voice)
    if isinstance(heard, GraphError):
        return {"source": source, "figures": heard}
    beside = {"source": source, **_asked(heard)}
    return {"source": source, "figures": [{**_figure(each), **beside} for each in rules.in_order(heard.told.answer)]}


# Plain data


def _named(occupation: Named) -> dict[str, Any]:
    return {
        "code": occupation.qualified,
        "scheme": occupation.scheme,
        "title": occupation.title,
        "description": occupation.description or None,
    }


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "unit": figure.unit,
        "value": float(figure.value),
        "year": figure.year,
        "month": figure.month,
        "area": figure.area,
        "note": figure.note or None,
    }


def _asked(heard: Heard) -> dict[str, Any]:
    return {"askedAt": heard.told.asked_at, "stale": heard.stale}


def _source(voice: Voice) -> dict[str, Any]:
    source = voice.source
    return {
        "name": source.name,
        "title": source.title,
        "licence": source.licence,
        "licenceUrl": source.licence_url,
        "attribution": source.attribution,
        "url": source.url,
    }


@query
class LabourQuery:
    """Root fields about the labour market."""

    occupations: list[OccupationsFound] = Outside(  # type: ignore[assignment]
        work=_occupations,  # type: ignore[arg-type]
        kept=True,
        points=POINTS,
        arguments=(
            Argument("text", str, required=True, doc="What to look for, such as programmer: 2 to 100 characters."),
            Argument("first", int, default=FIRST, doc=f"How many of each source; at most {MOST_FIRST}."),
        ),
        doc="Occupations by words in their titles: what each source of this graph finds.",
    )
    occupation: Occupation | None = Outside(  # type: ignore[assignment]
        work=_occupation,  # type: ignore[arg-type]
        kept=True,
        points=POINTS,
        arguments=(
            Argument("code", str, required=True, doc="Qualified by a version of a classification: soc-2020/2134."),
            Argument("area", str, doc="An ONS code, such as S92000003; figures of it, or of the smallest around it."),
        ),
        doc="An occupation and its figures, asked of the sources of this graph; null where none of them knows it.",
    )


TYPES = (
    LabourMarketSource,
    OccupationName,
    OccupationsFound,
    LabourMarketFigure,
    FiguresOfSource,
    Occupation,
    LabourQuery,
)
