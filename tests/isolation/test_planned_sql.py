"""Every statement that the planner writes stays inside its tenant, and shows only what was published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Final
from uuid import UUID

import pytest
from graphql.execution.values import get_variable_values

from tests.isolation.documents import Asking, Document, front_ends
from tests.isolation.statements import Declared, faults, uses
from waypost.apps import core_app
from waypost.composition import schema_of
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.graph import Asker, GraphError, Schema
from waypost.graph.documents import Documents
from waypost.graph.marks import AWAY
from waypost.graph.plan import Plan, Planned
from waypost.graph.query import Selected
from waypost.graph.relations import Across
from waypost.graph.request import Request
from waypost.graph.splice import _national_plan
from waypost.plugins import load
from waypost.settings import Settings

HERE: Final = UUID(int=0xA1)
# Who may read all that anybody may read in a city; nationally fields that ask for a permission are refused.
ME: Final = Asker(person=UUID(int=0xA2), role="city-admin", tenant=HERE)
SERVICES: Final = SimpleNamespace(settings=Settings(base_url="https://waypost.example"))
PLUGINS: Final = load()
SCHEMA: Final = schema_of(PLUGINS, PLUGINS.national)
DECLARED: Final = Declared.by([*BOOKKEEPING, *(table for app in (core_app(), *PLUGINS.apps()) for table in app.tables)])
ASKING: Final = Asking(SCHEMA.core)
DOCUMENTS: Final = [*front_ends(), *ASKING.documents()]
BOUND: Final = re.compile(r"\b(t\d+)\.tenant_id = (\$\d+)::uuid")


@dataclass(frozen=True)
class Written:
    """A statement of the planner's, with the numbers of the parameters that are the tenant asked for.

    `opened`: a field in it asks for a permission, so that below it a city's drafts are shown, too.
    """

    sql: str
    tenant_parameters: frozenset[int]
    national: bool
    opened: bool = False

    def faults(self, sql: str | None = None) -> list[str]:
        found = faults(sql or self.sql, DECLARED, self.tenant_parameters, national=self.national)
        return [each for each in found if not (self.opened and each.endswith("not only what is public"))]


def written(
    document: Document, tenant: UUID | None, languages: tuple[str, ...] = (), schema: Schema = SCHEMA
) -> list[Written]:
    """Plan a document: its statement, and the national one that reads what lies in other cities."""
    read = Documents(schema.core).get(document.text)
    assert not read.errors, (document.name, read.errors)
    (operation,) = read.operations.values()
    definitions = operation.variable_definitions or ()
    known = {each.variable.name.value for each in definitions}
    assert document.variables.keys() <= known, document.name
    variables = get_variable_values(schema.core, definitions, dict(document.variables))
    assert not isinstance(variables, list), variables
    request = Request(datetime.now(UTC), tenant, variables, languages, ME, SERVICES)
    plan = _planned(read.plans(operation), schema, request)
    found = [_of(plan, request, national=tenant is None)]
    away = [patch for patch in plan.patches if patch.work is AWAY or isinstance(patch.work, Across)]
    if away:
        request.away = {patch.number: [] for patch in away}
        found.append(_of(_national_plan(plan, away, request), request, national=True))
    return found


def _planned(plans: Planned, schema: Schema, request: Request) -> Plan:
    """Plan as the engine does: what is refused is left out."""
    while True:
        try:
            return plans.plan(schema.facts, request)
        except GraphError as error:
            if error.code not in {"CITY_NEEDED", "FORBIDDEN"} or error.place in request.refused:
                raise
            request.refused[error.place] = error


def _of(plan: Plan, request: Request, *, national: bool) -> Written:
    def value(number: int) -> object:
        try:
            return plan.getters[number][0](request)
        except GraphError:  # a cursor is only read when it is sent
            return None

    numbers = [n + 1 for n in range(len(plan.getters)) if value(n) == HERE]
    opened = not national and any(_asks(plan, each) for each in plan.fields)
    return Written(plan.sql, frozenset(numbers), national, opened)


def _asks(plan: Plan, field: Selected) -> bool:
    relation = None if field.name == "__typename" else plan.query.facts.relation(field)
    return relation is not None and bool(relation.may) and field.place not in plan.query.refused


def asked(kind: str) -> list[Document]:
    return [each for each in DOCUMENTS if each.only in {"", kind}]


def test_the_documents_select_every_field_there_is() -> None:
    assert ASKING.all_fields() == ASKING.selected
    assert len(ASKING.selected) > 200


@pytest.mark.parametrize("languages", [(), ("cy", "en")], ids=["", "translated"])
@pytest.mark.parametrize("document", asked("city"), ids=lambda each: each.name)
def test_a_citys_statement_stays_in_the_city(document: Document, languages: tuple[str, ...]) -> None:
    for statement in written(document, HERE, languages):
        assert statement.faults() == []


@pytest.mark.parametrize("document", asked("national"), ids=lambda each: each.name)
def test_a_national_statement_reads_only_what_is_public(document: Document) -> None:
    (statement,) = written(document, None, ("cy",))
    assert statement.faults() == []


def test_every_table_that_the_graph_shows_was_read_somewhere() -> None:
    """The reader would find no fault in statements that use no table."""
    used = {
        use.table for document in asked("city") for each in written(document, HERE, ("cy",)) for use in uses(each.sql)
    }
    # Answered by redirects, read by the linter alone, and by a lookup of its own: none by the planner.
    shown = DECLARED.public - {"former_slug", "lint_rule", "scheme"}
    assert shown - used == set()


# The reader is believed because it finds what was spoilt.


def spoilt(statement: Written) -> Iterator[tuple[str, str]]:
    """Yield the statement without the condition of one alias of each table, with the alias that lost it."""
    conditions = {match[1]: match for match in BOUND.finditer(statement.sql)}
    one_each = {use.table: use.alias for use in uses(statement.sql) if DECLARED.is_tenants(use.table)}
    for alias in one_each.values():
        match = conditions[alias]
        yield alias, f"{statement.sql[: match.start()]}true{statement.sql[match.end() :]}"


@pytest.mark.parametrize("document", front_ends(), ids=lambda each: each.name)
def test_a_condition_that_is_taken_away_is_missed(document: Document) -> None:
    statement = written(document, HERE)[0]
    losses = list(spoilt(statement))
    assert losses
    for alias, sql in losses:
        (found,) = statement.faults(sql)
        assert found.endswith(f" {alias}: not bound to the tenant")


HELD: Final = "select 1 from badge a where a.tenant_id = $1::uuid and a.public"
# What looks like a condition and binds nothing, and what is no statement of the planner's; below it the fault.
NOT_HELD: Final = """
select 1 from badge a where (a.tenant_id = $1::uuid or true) and a.public
    badge a: not bound to the tenant
select 1 from badge a where not (a.tenant_id = $1::uuid) and a.public
    badge a: not bound to the tenant
select 1 from badge a where a.tenant_id = $2::uuid and a.public
    badge a: not bound to the tenant
select 1 from badge a where a.id = $1::uuid and a.public
    badge a: not bound to the tenant
select 1 from badge a, issuer b where a.tenant_id = $1::uuid and a.public and b.public and b.tenant_id = a.tenant_id
    issuer b: not bound to the tenant
select 1 from badge a where a.tenant_id = $1::uuid and a.public and exists (select from issuer b where b.public)
    issuer b: not bound to the tenant
select 1 from badge a where a.public and exists (select from layer l where a.tenant_id = $1::uuid)
    badge a: not bound to the tenant
select 1 from badge a left join layer l on a.tenant_id = $1::uuid where a.public
    badge a: not bound to the tenant
select 1 from layer l left join badge a on a.public where l.code = 'x'
    badge a: not bound to the tenant
select 1 from badge a where a.tenant_id = $1::uuid
    badge a: not only what is public
select 1 from badge a where a.tenant_id = $1::uuid and (a.public or a.urgent)
    badge a: not only what is public
select 1 from secret a
    secret a: no declared table
select 1 from pg_catalog.pg_class c
    pg_catalog.pg_class c: no declared table
select 1 from person_profile p
    person_profile p: a person's own
"""
LINES: Final = [line for line in NOT_HELD.splitlines() if line]
CASES: Final = list(zip(LINES[::2], (line.strip() for line in LINES[1::2]), strict=True))


def test_a_bound_table_has_no_fault() -> None:
    assert faults(HELD, DECLARED, {1}, national=False) == []


@pytest.mark.parametrize(("sql", "fault"), CASES)
def test_what_only_looks_like_a_condition_is_a_fault(sql: str, fault: str) -> None:
    assert faults(sql, DECLARED, {1}, national=False) == [fault]


def test_a_national_statement_may_not_read_what_is_never_public() -> None:
    sql = "select 1 from award a where a.tenant_id = $1::uuid"
    assert faults(sql, DECLARED, {1}, national=False) == []
    assert faults(sql, DECLARED, {1}, national=True) == ["award a: never read nationally"]


@pytest.mark.parametrize("sql", [f"{HELD}; {HELD}", "delete from badge a", f"with x as ({HELD}) select 1 from x", ""])
def test_only_one_plain_select_is_a_statement_of_the_planners(sql: str) -> None:
    with pytest.raises(AssertionError):
        uses(sql)
