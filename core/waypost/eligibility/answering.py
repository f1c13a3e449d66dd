"""What Python finishes: schemes in the languages asked for, who fits one, and what holds for placements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from json import loads
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from waypost.graph import GraphError
from waypost.schemes.reading import value_of, value_problem
from waypost.schemes.rules import Scheme, Subject, Value, eligibility

from .shown import shower
from .sources import asked_for, known, listed

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Selected

CLOCKS: Final = ZoneInfo("Europe/London")  # by which days begin and end where nobody says which day is meant
MOST_FACTS: Final = 100
Parents = Sequence[Mapping[str, Any]]


# The schemes themselves


def _today(request: Request) -> date:
    """Return the day that it is, and say that the answer changes when it is over."""
    now = request.now.astimezone(CLOCKS)
    request.ends(datetime.combine(now.date() + timedelta(days=1), time(), CLOCKS))
    return now.date()


def _day(field: Selected, request: Request) -> date:
    asked: date | None = field.argument("on")(request)
    return asked or _today(request)


async def schemes(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """All schemes that are listed."""
    show = shower(request, _day(field, request))
    ever = field.argument("on")(request) is None
    return [[show.scheme(each, since_ever=ever) for each in await listed(request)] for _ in parents]


async def scheme(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """One scheme by its code."""
    code = field.argument("code")(request)
    found = await asked_for(request, code)
    ever = field.argument("on")(request) is None
    show = shower(request, _day(field, request))
    return [None if found is None else show.scheme(found, since_ever=ever) for _ in parents]


# Who fits


async def asked_about(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """Whether somebody fits, and why not. Nothing of the facts leaves this function but by the answer."""
    code, about = field.argument("scheme")(request), field.argument("about")(request)
    subject = Subject(about.value if isinstance(about, Enum) else about)
    found = await asked_for(request, code)
    if found is None:
        return [None for _ in parents]
    facts = _facts(found, subject, field.argument("facts")(request))
    on = _day(field, request)
    answer, show = eligibility(found, subject, facts, on), shower(request, on)
    shown = {
        "scheme": show.scheme(found, since_ever=False),
        "about": subject.value,
        "on": on,
        "verdict": answer.verdict.value,
        "reasons": [show.reason(each, found) for each in answer.reasons],
    }
    return [shown for _ in parents]


def _facts(scheme: Scheme, about: Subject, given: Sequence[Mapping[str, Any]]) -> dict[str, Value]:
    """Read facts; what is wrong with one is told without its value."""
    if len(given) > MOST_FACTS:
        raise GraphError("INVALID_ARGUMENT", f"At most {MOST_FACTS} facts are given.")
    facts: dict[str, Value] = {}
    for each in given:
        fact = scheme.fact(each["fact"])
        if fact is None or fact.about is not about:
            names = ", ".join(one.code for one in scheme.facts if one.about is about) or "nothing"
            raise GraphError("INVALID_ARGUMENT", f"A fact is not one of this scheme's about the {about}: {names}.")
        if fact.code in facts:
            raise GraphError("INVALID_ARGUMENT", f"The fact {fact.code} is given twice.")
        values = [one for key, one in each.items() if key != "fact" and one is not None]
        read = value_of(fact.kind, values[0]) if len(values) == 1 else None
        if read is None or value_problem(fact, values[0]) is not None:
            kinds = f"of the kind {fact.kind}" + (f", one of {', '.join(fact.values)}" if fact.values else "")
            raise GraphError("INVALID_ARGUMENT", f"The fact {fact.code} takes exactly one value {kinds}.")
        facts[fact.code] = read
    return facts


# The schemes of opportunities


async def _of_rows(parents: Parents, request: Request) -> list[Scheme | None]:
    """The scheme of each row; None for one that is not known here: its plugin is off, say."""
    codes = [f"{each['tenant_id']}/{each['scheme']}" if each["local"] else each["scheme"] for each in parents]
    found = await known(request, codes)
    return [found.get(code) for code in codes]


def _first_day(parent: Mapping[str, Any], request: Request) -> date:
    said = parent["starts_on"]
    return date.fromisoformat(said) if said else _today(request)


async def scheme_of(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """The scheme of each placement."""
    del field
    pairs = zip(parents, await _of_rows(parents, request), strict=True)
    shown = ((shower(request, _first_day(parent, request)), scheme) for parent, scheme in pairs)
    return [None if scheme is None else show.scheme(scheme) for show, scheme in shown]


async def facts_of(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """What is known of each placement and what its scheme looks at."""
    del field
    found = []
    for parent, scheme in zip(parents, await _of_rows(parents, request), strict=True):
        said = loads(parent["facts"]) if isinstance(parent["facts"], str) else parent["facts"]
        show = shower(request, _first_day(parent, request))
        declared = () if scheme is None else scheme.facts
        read = [(fact, value_of(fact.kind, said[fact.code])) for fact in declared if fact.code in said]
        found.append([show.known(fact, value) for fact, value in read if value is not None])
    return found


async def rules_of(parents: Parents, field: Selected, request: Request) -> Sequence[Any]:
    """The rules in force on the first day of each."""
    del field
    found = []
    for parent, scheme in zip(parents, await _of_rows(parents, request), strict=True):
        on = _first_day(parent, request)
        show = shower(request, on)
        found.append([] if scheme is None else [show.rule(each, scheme) for each in scheme.in_force(on)])
    return found
