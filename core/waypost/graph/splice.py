"""Finishing an answer: rows of other tenants read nationally, fields that Python computes.

Where the statement could not print a value it left an object `{"$": number, …}`. All such places of one
number are finished together, so that nothing here runs once a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import GraphQLNonNull, GraphQLObjectType, get_named_type, get_nullable_type, is_list_type

from .errors import GraphError
from .facts import sql_name
from .plan import Plan, finished
from .query import Query
from .relations import AWAY, Across, Computed
from .shape import complete
from .sql import every, text_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from .facts import Facts
    from .query import Patch, Selected
    from .request import Request

    Run = Callable[[Plan, Request], Awaitable[Any]]

NATIONAL_PATCHES = 1_000  # numbers from here on belong to the national part of an answer


class Place:
    """A spot in the answer: its container and key there."""

    __slots__ = ("container", "key")

    def __init__(self, container: Any, key: Any) -> None:
        self.container, self.key = container, key

    @property
    def value(self) -> Any:
        """What stands there."""
        return self.container[self.key]

    def put(self, value: Any) -> None:
        """Put something else there."""
        self.container[self.key] = value


def places(tree: Any, patch: Patch) -> Iterator[Place]:
    """Yield the places that the patch finishes, in response order."""
    yield from _under({"": tree}, "", patch.path, patch.number)


def _under(container: Any, key: Any, path: Sequence[str], number: int) -> Iterator[Place]:
    value = container[key]
    if isinstance(value, list):
        for index in range(len(value)):
            yield from _under(value, index, path, number)
    elif isinstance(value, dict):
        if not path and value.get("$") == number:
            yield Place(container, key)
        elif path and path[0] in value:
            yield from _under(value, path[0], path[1:], number)


async def splice(tree: Any, plan: Plan, request: Request, run_national: Run) -> list[GraphError]:
    """Finish the tree in place; return the errors of fields that are null because of them."""
    away = [patch for patch in plan.patches if patch.work is AWAY or isinstance(patch.work, Across)]
    errors: list[GraphError] = []
    patches = [patch for patch in plan.patches if isinstance(patch.work, Computed)]
    if away:
        national = await _read_away(tree, plan, away, request, run_national)
        patches += [patch for patch in national if isinstance(patch.work, Computed)]
    for patch in patches:
        errors += await _compute(tree, patch, request)
    return errors


async def _compute(tree: Any, patch: Patch, request: Request) -> list[GraphError]:
    spots = list(places(tree, patch))
    if not spots:
        return []
    work: Computed = patch.work
    nullable = not isinstance(patch.field.definition.type, GraphQLNonNull)
    try:
        values = await work.work([spot.value for spot in spots], patch.field, request)
        for spot, value in zip(spots, values, strict=True):
            spot.put(complete(patch.shape, value))
    except GraphError as error:
        if not nullable:
            raise error.at(patch.path) from error
        for spot in spots:
            spot.put(None)
        return [error.at(patch.path)]
    return []


# Rows of other tenants


async def _read_away(
    tree: Any, plan: Plan, away: Sequence[Patch], request: Request, run_national: Run
) -> Sequence[Patch]:
    """Read what lies in other tenants in one national statement, and put it in its places."""
    found = {patch.number: list(places(tree, patch)) for patch in away}
    request.away = {number: [_identity(spot.value["row"]) for spot in spots] for number, spots in found.items()}
    wanted = [patch for patch in away if found[patch.number]]
    if not wanted:
        return ()
    national = _national_plan(plan, wanted, request)
    answer = await run_national(national, request)
    for patch in wanted:
        for spot, value in zip(found[patch.number], answer[str(patch.number)], strict=True):
            spot.put(value if value is not None or not isinstance(patch.work, Across) else [])
        if patch.work is AWAY:
            _drop_missing(tree, patch)
    return national.patches


def _identity(text: str) -> tuple[UUID, UUID]:
    tenant, row = text.split(":")
    return UUID(tenant), UUID(row)


def _drop_missing(tree: Any, patch: Patch) -> None:
    """Leave out of a list what its home tenant withdrew; the step says so in `problem`."""
    if not is_list_type(get_nullable_type(patch.field.definition.type)):
        return
    for container in _lists(tree, patch.path):
        container[:] = [each for each in container if each is not None]


def _lists(value: Any, path: Sequence[str]) -> Iterator[list[Any]]:
    if isinstance(value, list):
        if not path:
            yield value
            return
        for each in value:
            yield from _lists(each, path)
    elif isinstance(value, dict) and path and path[0] in value:
        yield from _lists(value[path[0]], path[1:])


def _national_plan(plan: Plan, wanted: Sequence[Patch], request: Request) -> Plan:
    numbers = tuple(patch.number for patch in wanted)
    for known_numbers, known in plan.national:
        if known_numbers == numbers and known.fits(request):
            return known
    query = Query(plan.query.facts, request, plan.query.fragments, national=True, first_patch=NATIONAL_PATCHES)
    made = finished(query, text_object((str(patch.number), _rows(query, patch)) for patch in wanted))
    plan.national.append((numbers, made))
    return made


def _rows(query: Query, patch: Patch) -> str:
    """Return SQL for the list of what the patch wants, in the order of its places."""
    facts, field, number = query.facts, patch.field, patch.number
    across = isinstance(patch.work, Across)
    kind = field.parent.name if across else get_named_type(field.definition.type).name
    row = query.row(facts.table(kind, national=True))
    tenants = query.param(lambda request: [each[0] for each in request.away[number]], "uuid[]")
    rows = query.param(lambda request: [each[1] for each in request.away[number]], "uuid[]")
    where = every([f"{row}.tenant_id = asked.tenant", f"{row}.id = asked.id", *query.inside(row)])
    body = query.value(row, field) if across else _object(query, facts, kind, row, field)
    item = f"coalesce((select {body} from {sql_name(row.table)} {row} where {where}), 'null')"
    asked = f"unnest({tenants}, {rows}) with ordinality asked(tenant, id, n)"
    return f"(select concat('[', string_agg({item}, ',' order by asked.n), ']') from {asked})"


def _object(query: Query, facts: Facts, kind: str, row: Any, field: Selected) -> str:
    of = facts.schema.type_map[kind]
    assert isinstance(of, GraphQLObjectType)
    return query.object(of, row, field)
