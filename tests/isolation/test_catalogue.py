"""The real tables, of the core and of every plugin: each of one kind, and such that it could be distributed as that."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest

from waypost.apps import core_app
from waypost.db import App, Kind, OwnedTable, PersonTable, PlatformTable, ReferenceTable, TenantTable, ownership
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.db.catalogue import faults
from waypost.db.connections import Connection, connect
from waypost.db.security import qualified
from waypost.plugins import load
from waypost.testing.databases import Server

KINDS: Final = (TenantTable, PersonTable, ReferenceTable, PlatformTable)
TABLES: Final[tuple[type[OwnedTable], ...]] = (
    *BOOKKEEPING,
    *(table for app in (core_app(), *load().apps()) for table in app.tables),
)

IN_SCHEMAS_SQL: Final = """
SELECT format('"%s"."%s"', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
"""
TRIGGERS_SQL: Final = """
SELECT format('"%s"."%s": %s', nspname, relname, tgname)
FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
WHERE NOT tgisinternal
UNION ALL SELECT evtname FROM pg_event_trigger
"""


@pytest.fixture
async def admin(server: Server, whole_template: str) -> AsyncIterator[Connection]:
    """A superuser in a copy of the platform's tables."""
    async with server.database(whole_template) as name:
        connection = await connect(server.admin_url(name))
        yield connection
        await connection.close()


@pytest.mark.parametrize("table", TABLES, ids=qualified)
def test_a_table_is_of_exactly_one_kind(table: type[OwnedTable]) -> None:
    assert sum(issubclass(table, kind) for kind in KINDS) == 1
    assert ownership(table).kind in Kind


async def test_the_database_looks_as_the_tables_say(admin: Connection, apps: list[App]) -> None:
    """Kinds, keys, row security, grants, columns; and each could be distributed as its kind."""
    assert await faults(admin, apps) == []


async def test_no_table_stands_beside_the_declared(admin: Connection) -> None:
    """In any schema, not only in those that the check above looks at."""
    found = {row[0] for row in await admin.fetch(IN_SCHEMAS_SQL)}
    assert found == {qualified(table) for table in TABLES}


async def test_no_trigger_but_that_of_the_audit_is_hidden_anywhere(admin: Connection) -> None:
    """What happens with a write happens in the command, but for the trace that it leaves."""
    traced = {f"{qualified(table)}: audit" for table in TABLES if ownership(table).traced_by is not None}
    assert {row[0] for row in await admin.fetch(TRIGGERS_SQL)} == traced


async def test_a_fault_of_any_table_is_found(admin: Connection, apps: list[App]) -> None:
    """The check passes over no table: spoilt all at once, all are named."""
    wanted = []
    for name in sorted(map(qualified, TABLES)):
        await admin.execute(
            f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY; GRANT SELECT ON {name} TO waypost_app; "
            f"CREATE TRIGGER hidden BEFORE UPDATE ON {name} FOR EACH ROW "
            "EXECUTE FUNCTION suppress_redundant_updates_trigger()"
        )
        wanted += [
            f"{name}: has the trigger hidden",
            f"{name}: row security is not enabled",
            f"{name}: waypost_app should not have SELECT",
        ]
    assert [str(fault) for fault in await faults(admin, apps)] == wanted
