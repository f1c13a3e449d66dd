"""The naive executor's resolvers of schemes, and what questions about them are refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.calls import Asked, Call, Refused, Table
from tests.oracle.rows import Row, Thing
from waypost.schemes.reading import value_of, value_problem
from waypost.schemes.rules import Scheme, Subject, eligibility
from waypost.schemes.store import scheme_of_row

LONDON = ZoneInfo("Europe/London")


@dataclass(frozen=True)
class Said:
    """Some part of a scheme, as it is on a day.

    `all` says that what does not hold then is shown too, `runs` that the scheme itself goes on then.
    """

    it: Any
    on: date
    all: bool = True
    runs: bool = True


def _today(asked: Asked) -> date:
    return asked.now.astimezone(LONDON).date()


def _made(asked: Asked, row: Row) -> Scheme:
    home = next(each["slug"] for each in asked.view.rows.tables["tenant"] if each["id"] == row["tenant_id"])
    return scheme_of_row({**row, "home": home})


def _found(asked: Asked, code: str) -> Scheme | None:
    made = (_made(asked, row) for row in asked.view.all("scheme"))
    return next((scheme for scheme in made if scheme.code == code), None)


def schemes(call: Call) -> list[Said]:
    """A city's own that are open, by slug; the nation lists those of plugins, of which there are none here."""
    rows = [] if call.view.national else [row for row in call.view.all("scheme") if row["state"] == "open"]
    on = call.args.get("on")
    made = (_made(call.asked, row) for row in sorted(rows, key=lambda row: str(row["slug"])))
    return [Said(scheme, on or _today(call.asked), all=on is None) for scheme in made]


def scheme(call: Call) -> Said | None:
    """One by its code."""
    on, found = call.args.get("on"), _found(call.asked, call.args["code"])
    return None if found is None else Said(found, on or _today(call.asked), all=on is None)


def _facts(asked: Asked, args: Mapping[str, Any]) -> tuple[Scheme | None, dict[str, Any]]:
    found, facts = _found(asked, args["scheme"]), {}
    for each in () if found is None else args["facts"]:
        assert found is not None
        fact = found.fact(each["fact"])
        values = [one for key, one in each.items() if key != "fact" and one is not None]
        if fact is None or fact.about != _about(args) or fact.code in facts or len(values) != 1:
            raise Refused("INVALID_ARGUMENT")
        if value_problem(fact, values[0]):
            raise Refused("INVALID_ARGUMENT")
        facts[fact.code] = value_of(fact.kind, values[0])
    return found, facts


def _about(args: Mapping[str, Any]) -> Subject:
    return Subject(getattr(args["about"], "value", args["about"]))


def check_facts(args: Mapping[str, Any], asked: Asked) -> None:
    """Refuse facts that the scheme does not know, twice the same, and values of another kind."""
    _facts(asked, args)


def asked_about(call: Call) -> dict[str, Any] | None:
    """Who fits."""
    found, facts = _facts(call.asked, call.args)
    if found is None:
        return None
    on, about = call.args.get("on") or _today(call.asked), _about(call.args)
    answer = eligibility(found, about, facts, on)
    reasons = [Said(reason, on, runs=found.holds(on)) for reason in answer.reasons]
    told = {"about": about.value, "on": on, "verdict": answer.verdict.value, "reasons": reasons}
    return {**told, "scheme": Said(found, on, all=False)}


# Of an opportunity


def of_opportunity(call: Call) -> list[Thing]:
    """What it is a placement of, a plugin's before its own."""
    rows = call.view.beside("opportunity_scheme", "opportunity_id", call.thing["id"], call.thing.row)
    return call.thing.things("OpportunityScheme", sorted(rows, key=lambda row: (row["local"], row["scheme"])))


def _its(call: Call) -> tuple[Scheme | None, date]:
    rows = [row for row in call.view.all("scheme") if row["tenant_id"] == call.thing["tenant_id"]]
    named = (row for row in rows if call.thing["local"] and row["slug"] == call.thing["scheme"])
    row = next(named, None)
    return None if row is None else _made(call.asked, row), call.thing["starts_on"] or _today(call.asked)


def its_scheme(call: Call) -> Said | None:
    """The scheme, where it is known."""
    found, on = _its(call)
    return None if found is None else Said(found, on)


def its_rules(call: Call) -> list[Said]:
    """The rules of its first day."""
    found, on = _its(call)
    held = found is not None and found.holds(on)
    return [Said(rule, on) for rule in found.rules if rule.holds(on)] if found and held else []


def its_facts(call: Call) -> list[dict[str, Any]]:
    """What is known of it and what the scheme looks at."""
    found, on = _its(call)
    facts = call.thing["facts"]
    said = json.loads(facts) if isinstance(facts, str) else facts
    known = () if found is None else [fact for fact in found.facts if fact.code in said]
    return [{"fact": Said(fact, on), "value": _text(said[fact.code])} for fact in known]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


# Parts of schemes


def words(name: str) -> Callable[[Call], str]:
    """Words in the language asked for, else in one of the city, else as they were written."""

    def resolve(call: Call) -> str:
        said: Mapping[str, str] = getattr(call.source.it, name)
        return next((said[tag] for tag in call.asked.languages if tag in said), next(iter(said.values())))

    return resolve


def held(name: str) -> Callable[[Call], list[Said]]:
    """Parts that hold on the day, or all."""

    def resolve(call: Call) -> list[Said]:
        source: Said = call.source
        runs = source.it.holds(source.on)
        parts = (Said(each, source.on, runs=runs) for each in getattr(source.it, name))
        return [each for each in parts if source.all or (runs and each.it.holds(source.on))]

    return resolve


def plain(name: str) -> Callable[[Call], Any]:
    """A part as it is."""

    def resolve(call: Call) -> Any:
        found = getattr(call.source.it, name)
        return getattr(found, "value", found)

    return resolve


def _many(kind: str, names: str) -> Table:
    return {(kind, name): plain("".join(f"_{c.lower()}" if c.isupper() else c for c in name)) for name in names.split()}


def _below(kind: str, name: str, attribute: str) -> Table:
    def resolve(call: Call) -> Said | None:
        found = getattr(call.source.it, attribute)
        return None if found is None else Said(found, call.source.on, runs=call.source.runs)

    return {(kind, name): resolve}


def _values(call: Call) -> Sequence[str]:
    return [_text(each) for each in call.source.it.values]


def _from(kind: str, names: str) -> Table:
    def reading(name: str) -> Callable[[Call], Any]:
        return lambda call: call.source[name]

    return {(kind, name): reading(name) for name in names.split()}


SCHEMES: Table = {
    ("Query", "schemes"): schemes,
    ("Query", "scheme"): scheme,
    ("Query", "schemeEligibility"): asked_about,
    ("Opportunity", "schemes"): of_opportunity,
    ("OpportunityScheme", "scheme"): its_scheme,
    ("OpportunityScheme", "facts"): its_facts,
    ("OpportunityScheme", "rules"): its_rules,
    ("OpportunityScheme", "startsOn"): lambda call: call.thing["starts_on"],
    ("Scheme", "name"): words("name"),
    ("Scheme", "summary"): words("summary"),
    ("Scheme", "listed"): lambda call: not call.source.it.withdrawn,
    ("Scheme", "facts"): lambda call: [Said(fact, call.source.on) for fact in call.source.it.facts],
    **{("Scheme", name): held(name) for name in ("windows", "rules", "funding")},
    **_many("Scheme", "code url since until"),
    **{(kind, "words"): words("words") for kind in ("SchemeFact", "SchemeRule", "SchemeWindow", "SchemeFunding")},
    ("SchemeReason", "words"): words("words"),
    **_many("SchemeFact", "code about kind unit"),
    ("SchemeFact", "values"): _values,
    **_many("SchemeCondition", "fact comparison"),
    ("SchemeCondition", "values"): _values,
    **_many("SchemeRule", "code about since until"),
    **_below("SchemeRule", "asks", "asks"),
    **_below("SchemeRule", "when", "when"),
    ("SchemeRule", "inForce"): lambda call: call.source.runs and call.source.it.holds(call.source.on),
    **_many("SchemeWindow", "about since until"),
    **_many("SchemeFunding", "code paidTo per amount currency percent of hoursPerWeek months since until"),
    **_many("SchemeReason", "code outcome"),
    **_below("SchemeReason", "rule", "rule"),
    ("SchemeReason", "missing"): lambda call: list(call.source.it.missing),
    **_from("SchemeKnownFact", "fact value"),
    **_from("SchemeEligibility", "scheme about on verdict reasons"),
}
