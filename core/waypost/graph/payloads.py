"""Payloads of mutations: what an act answers, read back by the planner, or why it was refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
from graphql import GraphQLObjectType, GraphQLUnionType, get_named_type

from waypost.db import fetchval
from waypost.refusal import Refusal

from .away import away_marker
from .facts import sql_name
from .marks import HIDDEN_JSON
from .pages import camel
from .plan import Plan, finished
from .shape import Incomplete, complete, shape_of
from .sql import every, literal, text_list, text_object

if TYPE_CHECKING:
    from .engine import Engine
    from .query import Query, Selected

Outcome = Mapping[str, Any] | Refusal


@dataclass(frozen=True)
class Row:
    """A row in a payload, by the name of its node type; the planner reads it back.

    `home` is the tenant that it belongs to, where that may be another one.
    """

    kind: str
    id: UUID
    home: UUID | None = None


@dataclass(frozen=True)
class Rows:
    """Several rows of the tenant in a payload, of one node type and in this order."""

    kind: str
    ids: Sequence[UUID]


def told_alone(query: Query, field: Selected, outcome: Outcome) -> dict[str, Any]:
    """Return the payload of what somebody did about themselves: values alone."""
    if isinstance(outcome, Refusal):
        return refused(query, field, outcome)
    kind = _success(get_named_type(field.definition.type), outcome)
    values = {camel(name): value for name, value in outcome.items()}
    return {
        each.key: kind.name if each.name == "__typename" else plainly(query, each, values[each.name])
        for each in query.selected(kind, field)
    }


async def read_back(engine: Engine, query: Query, field: Selected, outcome: Mapping[str, Any]) -> tuple[Plan, str]:
    """Read the payload inside the transaction, so that it shows exactly what is committed."""
    union = get_named_type(field.definition.type)
    kind = _success(union, outcome)
    parts = [(each.key, _part(query, each, outcome)) for each in query.selected(kind, field)]
    plan = finished(query, text_object([(field.key, text_object(parts))]), (field,))
    text = await fetchval(plan.sql, *await plan.values(query.request, engine.lookups))
    assert isinstance(text, str)
    return plan, text


def _success(union: Any, outcome: Mapping[str, Any]) -> GraphQLObjectType:
    """Return the member of the payload that has the outcome's fields."""
    assert isinstance(union, GraphQLUnionType)
    wanted = {camel(name) for name in outcome}
    found: GraphQLObjectType = next(each for each in union.types if not each.interfaces and set(each.fields) == wanted)
    return found


def _part(query: Query, field: Selected, outcome: Mapping[str, Any]) -> str:
    if field.name == "__typename":
        return query.value(None, field)
    value = next(each for name, each in outcome.items() if camel(name) == field.name)
    if isinstance(value, Rows):
        return _listed(query, field, value)
    if isinstance(value, Row):
        if value.home not in {None, query.request.tenant}:
            return away_marker(query, field, literal(str(value.home)), literal(str(value.id)))
        row = query.row(query.facts.table(value.kind, national=False))
        where = every([f"{row}.id = {literal(str(value.id))}::uuid", *query.inside(row)])
        body = query.object(query.facts.schema.type_map[value.kind], row, field)
        # Who may do something need not be one who sees what came of it.
        return f"coalesce((select {body} from {sql_name(row.table)} {row} where {where}), {HIDDEN_JSON})"
    return literal(orjson.dumps(plainly(query, field, value)).decode())


def _listed(query: Query, field: Selected, rows: Rows) -> str:
    row = query.row(query.facts.table(rows.kind, national=False))
    asked = f"unnest({query.param(lambda _request: list(rows.ids), 'uuid[]')}) with ordinality asked(id, n)"
    where = every([f"{row}.id = asked.id", *query.inside(row)])
    items = text_list(query.object(query.facts.schema.type_map[rows.kind], row, field), "asked.n")
    return f"(select {items} from {sql_name(row.table)} {row}, {asked} where {where})"


def plainly(query: Query, field: Selected, value: Any) -> Any:
    """Return a value that a command gave as the response shows it."""
    faults: list[Incomplete] = []
    found = complete(shape_of(query, field), value, faults)
    assert not faults, f"{field.coordinate}: {faults[0]}"
    return found


def refused(query: Query, field: Selected, refusal: Refusal) -> dict[str, Any]:
    """Return the payload of a refusal: the type in the union that names it most nearly, else `Refused`."""
    union = get_named_type(field.definition.type)
    assert isinstance(union, GraphQLUnionType)
    members = {each.name: each for each in union.types}
    names = (each.__name__ for each in type(refusal).__mro__)
    kind = next((members[name] for name in names if name in members), members["Refused"])
    facts = {camel(each.name): getattr(refusal, each.name) for each in dataclasses.fields(refusal)}
    facts["path"] = list(refusal.path) or None
    return {
        each.key: kind.name if each.name == "__typename" else plainly(query, each, facts[each.name])
        for each in query.selected(kind, field)
    }
