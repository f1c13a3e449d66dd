"""The naive executor's resolvers that many types share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLNonNull

from tests.oracle.calls import Call, Resolver
from tests.oracle.rows import Row, Thing


def words(table: str, key: str, column: str, here: str = "id", copied: str | None = None) -> Resolver:
    """Text in the first language asked for that there is, else in the tenant's own."""

    def resolve(call: Call) -> Any:
        thing, languages = call.thing, call.asked.languages
        if copied is not None and not languages:
            return thing[copied]
        texts = call.view.beside(table, key, thing[here], thing.row)
        rank = {language: place for place, language in enumerate(languages)}
        known = [each for each in texts if each["language"] in rank or each["original"]]
        if not isinstance(call.info.return_type, GraphQLNonNull):
            known = [each for each in known if each[column] is not None]  # a translation may leave it out
        best = min(known, key=lambda each: rank.get(each["language"], len(rank)), default=None)
        if best is not None and best[column] is not None:
            return best[column]
        return None if copied is None else thing[copied]

    return resolve


def one(kind: str, table: str, key: str) -> Resolver:
    """The row of the same tenant that a column names, if it shows."""
    return lambda call: call.of(kind, call.view.one(table, "id", call.thing[key], call.thing["tenant_id"]))


def must(kind: str, table: str, key: str) -> Resolver:
    """The row of the same tenant that a column names, which may not be hidden."""
    return lambda call: call.must(kind, call.view.one(table, "id", call.thing[key], call.thing["tenant_id"]))


def below(kind: str, table: str, key: str, *order: str, here: str = "id") -> Resolver:
    """The rows of the same tenant that name this one, in order."""

    def resolve(call: Call) -> list[Thing]:
        found = call.view.beside(table, key, call.thing[here], call.thing.row)
        return call.thing.things(kind, sorted(found, key=lambda row: ordered(row, order)))

    return resolve


def ordered(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
    """Return what a row is ordered by; uuids go by their bytes."""
    return tuple(getattr(row[each], "bytes", row[each]) for each in names)


def codes(table: str, key: str, column: str) -> Resolver:
    """Codes in a side table, in order."""
    return lambda call: sorted(each[column] for each in call.view.beside(table, key, call.thing["id"], call.thing.row))


def skills(table: str, key: str, here: str = "id") -> Resolver:
    """The skills that a side table names: the tenant's own tags, or the concepts that they stand for."""

    def resolve(call: Call) -> list[Thing]:
        links = call.view.beside(table, key, call.thing[here], call.thing.row)
        found = [skill_row(call, each["skill_id"]) for each in links]
        return call.thing.things("Skill", sorted(filter(None, found), key=lambda row: ordered(row, ("name", "id"))))

    return resolve


def skill_row(call: Call, id: Any) -> Row | None:
    """Return a skill as this view knows it."""
    return call.view.one("skill_concept" if call.view.national else "skill", "id", id)


def coded(column: str, names: Mapping[str, str]) -> Resolver:
    """A code with its name."""

    def resolve(call: Call) -> dict[str, str] | None:
        code = call.thing[column]
        return None if code is None else {"code": code, "name": names.get(code, code)}

    return resolve


def key(name: str) -> Resolver:
    """A value that the object above has made."""
    return lambda call: call.source[name]


def itself(present: str | None = None) -> Resolver:
    """Some columns of this row as an object of their own; null where one of them is."""
    return lambda call: None if present and call.thing[present] is None else call.thing


def cost(call: Call) -> Thing | None:
    """What it costs, where anything is known of that."""
    return None if call.thing["free"] is None and call.thing["price"] is None else call.thing


def city(call: Call) -> Thing:
    """The tenant that it belongs to."""
    return call.must("City", call.view.one("tenant", "id", call.thing["tenant_id"]))
