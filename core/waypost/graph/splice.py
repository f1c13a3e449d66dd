"""Finishing an answer: rows of other tenants read nationally, fields that Python computes.

Where the statement could not print a value it left an object `{"$": number, …}`. All such places of one
number are finished together, so that nothing here runs once a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from graphql import GraphQLObjectType, get_named_type, get_nullable_type, is_list_type

from .errors import GraphError
from .facts import sql_name
from .marks import AWAY, HIDDEN_JSON
from .plan import Plan, finished
from .python_fields import Computed, Resolved, finish, places
from .query import Query
from .relations import Across, may_be_null
from .sql import every, text_object

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from .facts import Facts
    from .inplace import Worked
    from .query import Patch, Selected
    from .request import Request

    Run = Callable[[Plan, Request], Awaitable[Any]]

NATIONAL_PATCHES = 1_000  # numbers from here on belong to the national part of an answer


async def splice(tree: Any, plan: Plan, request: Request, run_national: Run, worked: Worked) -> list[GraphError]:
    """Finish the tree in place; return the errors of fields that are null because of them.

    `worked` is what batch fields have given already, by the numbers of their patches.
    """
    away = [patch for patch in plan.patches if patch.work is AWAY or isinstance(patch.work, Across)]
    errors: list[GraphError] = []
    patches = [patch for patch in plan.patches if isinstance(patch.work, Computed | Resolved)]
    if away:
        national = await _read_away(tree, plan, away, request, run_national)
        patches += [patch for patch in national if isinstance(patch.work, Computed | Resolved)]
    for patch in patches:
        errors += await finish(tree, patch, plan, request, worked.get(patch.number))
    return errors


# Rows of other tenants


async def _read_away(
    tree: Any, plan: Plan, away: Sequence[Patch], request: Request, run_national: Run
) -> Sequence[Patch]:
    """Read what lies in other tenants in one national statement, and put it in its places."""
    found = {patch.number: places(tree, patch) for patch in away}
    request.away = {
        number: [_identity(container[key]["row"]) for container, key, _ in spots] for number, spots in found.items()
    }
    wanted = [patch for patch in away if found[patch.number]]
    if not wanted:
        return ()
    national = _national_plan(plan, wanted, request)
    answer = await run_national(national, request)
    for patch in wanted:
        for (container, key, _), value in zip(found[patch.number], answer[str(patch.number)], strict=True):
            container[key] = value if value is not None or not isinstance(patch.work, Across) else []
        if patch.work is AWAY:
            _drop_missing(tree, patch)
    return national.patches


def _identity(text: str) -> tuple[UUID, UUID]:
    tenant, row = text.split(":")
    return UUID(tenant), UUID(row)


def _drop_missing(tree: Any, patch: Patch) -> None:
    """Leave out of a list what its home tenant withdrew; the step says so in `problem`."""
    if not _is_list(patch.field):
        return
    for container in _lists(tree, patch.path):
        container[:] = [each for each in container if each is not None]


def _is_list(field: Selected) -> bool:
    return is_list_type(get_nullable_type(field.definition.type))


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
    clocks = plan.query.clocks  # what other tenants' rows are compared with counts for the whole answer
    query = Query(
        plan.query.facts,
        request,
        plan.query.fragments,
        national=True,
        first_patch=NATIONAL_PATCHES,
        clocks=clocks,
        refused=plan.query.refused,
    )
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
    absent = "'null'" if across or may_be_null(field) or _is_list(field) else HIDDEN_JSON
    item = f"coalesce((select {body} from {sql_name(row.table)} {row} where {where}), {absent})"
    asked = f"unnest({tenants}, {rows}) with ordinality asked(tenant, id, n)"
    return f"(select concat('[', string_agg({item}, ',' order by asked.n), ']') from {asked})"


def _object(query: Query, facts: Facts, kind: str, row: Any, field: Selected) -> str:
    of = facts.schema.type_map[kind]
    assert isinstance(of, GraphQLObjectType)
    return query.object(of, row, field)
