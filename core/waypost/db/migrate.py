"""Bringing a database to the state that the code expects, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg

from waypost.db.apps import PLATFORM, App
from waypost.db.auditing import make_function
from waypost.db.bookkeeping import BOOKKEEPING, TABLE
from waypost.db.catalogue import column_faults, shape_faults
from waypost.db.connections import Connection, connect
from waypost.db.errors import (
    MigrationChanged,
    MigrationFault,
    MigrationMissing,
    MigrationOutOfOrder,
    RolesMissing,
)
from waypost.db.moving import MOVE_SQL
from waypost.db.outside import Grant, Surroundings, changes, look_around
from waypost.db.roles import prepare_roles
from waypost.db.scope import LOGIN_ROLE, OWNER_ROLE, SCOPE_ROLES, SHARED
from waypost.db.scripts import Script, read_scripts
from waypost.db.security import expected, qualified, secure
from waypost.db.strength import refuse_too_old
from waypost.db.tables import ownership

# Any number that nobody else uses: "waypost" in hexadecimal.
_LOCK: Final = 0x77_61_79_70_6F_73_74
SCOPES: Final = ", ".join(SCOPE_ROLES)
SCHEMA_SQL: Final = "SELECT to_regnamespace($1) IS NOT NULL"
Spared = Callable[[App, Exception], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was applied, or taken back, by this call."""

    app: str
    number: int
    name: str


async def migrate(
    admin_url: str, apps: Sequence[App], *, login: str = LOGIN_ROLE, spared: Spared | None = None
) -> list[Applied]:
    """Prepare roles, apply pending migrations, derive policies and grants, load reference data.

    `login` is the role with which the platform will connect. Each app is one
    transaction, all under an advisory lock; again = nothing to do. Gives what was applied. Raises
    `MigrationFault` and its kinds, `RolesMissing`, `TooOld`; but where `spared` is given, it is called in place of
    raising for an app other than the platform's, which then is as it was before, and all others go on.
    """
    async with _administrator(admin_url) as connection:
        await prepare_roles(connection, login)
        await _prepare_database(connection)
        done: list[Applied] = []
        migrated = []
        for app in apps:
            with _sparing(connection, app, spared):
                done += await _migrate_app(connection, app, apps)
                migrated.append(app)
        for app in migrated:
            with _sparing(connection, app, spared):
                await _load_reference(connection, app)
    return done


@contextmanager
def _sparing(connection: Connection, app: App, spared: Spared | None) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if spared is None or app.name == PLATFORM or connection.is_closed():
            raise
        spared(app, error)


async def roll_back(admin_url: str, app: App, *, to: int) -> list[Applied]:
    """Take back an app's migrations with numbers above `to` (0 = all), latest first, in one transaction.

    Raises `MigrationMissing` or `MigrationChanged` when a file is not the one
    that was applied, and `MigrationFault` when its SQL fails.
    """
    scripts = read_scripts(app.migrations)
    async with _administrator(admin_url) as connection, _as_owner(connection, app):
        await _bookkeeping(connection)
        applied = await _applied(connection, app, scripts)
        back = [script for script in reversed(scripts) if script.number > to and script.number in applied]
        if back:
            await _run(connection, app, [(script, script.down) for script in back])
        for script in back:
            await connection.execute(f"DELETE FROM {TABLE} WHERE app = $1 AND number = $2", app.name, script.number)
        await secure(connection, [table for table in app.tables if await _exists(connection, qualified(table))])
    return [Applied(app.name, script.number, script.name) for script in back]


async def drop_app(admin_url: str, name: str, schema: str) -> int:
    """Drop an app's schema with all that lies in it, and forget its migrations; answers how many tables that were.

    The app need not be installed any more. Raises ValueError for the core's own schema.
    """
    if schema == "public":
        raise ValueError("the core is not dropped")
    async with owner(admin_url) as connection:
        tables = await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", schema)
        await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        await connection.execute(f"DELETE FROM {TABLE} WHERE app = $1", name)
    return int(tables)


@asynccontextmanager
async def owner(admin_url: str) -> AsyncIterator[Connection]:
    """Open a transaction as the role that may write reference tables, for imports."""
    async with _administrator(admin_url) as connection, connection.transaction():
        await connection.execute(f"SET LOCAL ROLE {OWNER_ROLE}")
        yield connection
        await connection.execute(MOVE_SQL, SHARED)


@asynccontextmanager
async def _administrator(admin_url: str) -> AsyncIterator[Connection]:
    connection = await connect(admin_url)
    try:
        await refuse_too_old(connection)
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        yield connection
    finally:
        await connection.close()  # which gives the lock back


async def _prepare_database(connection: Connection) -> None:
    with _rights_named():
        if not await connection.fetchval(f"SELECT has_schema_privilege('{OWNER_ROLE}', 'public', 'CREATE')"):
            await connection.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER_ROLE}")
        await connection.execute(f"GRANT USAGE ON SCHEMA public TO {SCOPES}")


async def _prepare_app(connection: Connection, app: App) -> None:
    """Make the extensions and the schema that an app needs, which its owner may not."""
    with _rights_named():
        for name in app.extensions:
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1)", name):
                await connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" SCHEMA public')
        if app.schema != "public" and not await connection.fetchval(SCHEMA_SQL, app.schema):
            await connection.execute(f'CREATE SCHEMA "{app.schema}" AUTHORIZATION {OWNER_ROLE}')
            await connection.execute(f'GRANT USAGE ON SCHEMA "{app.schema}" TO {SCOPES}')


@contextmanager
def _rights_named() -> Iterator[None]:
    try:
        yield
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.FeatureNotSupportedError,
        asyncpg.UndefinedFileError,
    ) as error:
        raise RolesMissing(
            f"the database cannot be prepared ({error}): WAYPOST_DATABASE_ADMIN_URL needs a superuser, or "
            "the owner of the database on a server that offers the extensions"
        ) from error


async def _migrate_app(connection: Connection, app: App, apps: Sequence[App]) -> list[Applied]:
    scripts = read_scripts(app.migrations)
    await _prepare_app(connection, app)
    async with _as_owner(connection, app):
        await _bookkeeping(connection)
        applied = await _applied(connection, app, scripts)
        pending = [script for script in scripts if script.number not in applied]
        if pending and applied and pending[0].number < max(applied):
            raise MigrationOutOfOrder(
                f"{app.name}: {pending[0].number:04}_{pending[0].name} comes after {max(applied):04}, which "
                "is applied already; give it the next number"
            )
        if pending:
            await _run(connection, app, [(script, script.up) for script in pending])
        for script in pending:
            await connection.execute(
                f"INSERT INTO {TABLE} (app, number, name, digest) VALUES ($1, $2, $3, $4)",
                *(app.name, script.number, script.name, script.digest),
            )
        missing = [qualified(table) for table in app.tables if not await _exists(connection, qualified(table))]
        if missing:
            raise MigrationFault(f"{app.name}: no migration makes {', '.join(missing)}")
        if app.name != PLATFORM:
            await _refuse_unlike(connection, app, apps, whole=bool(pending))
        await secure(connection, app.tables)
    return [Applied(app.name, script.number, script.name) for script in pending]


@asynccontextmanager
async def _as_owner(connection: Connection, app: App) -> AsyncIterator[None]:
    async with connection.transaction():
        await _enter(connection, app)
        yield


async def _enter(connection: Connection, app: App) -> None:
    # Temporary tables last, which would be found first where the path does not name them.
    path = "public, pg_temp" if app.schema == "public" else f'"{app.schema}", public, pg_temp'
    await connection.execute(f"SET LOCAL ROLE {OWNER_ROLE}; SET LOCAL search_path = {path}")


async def _bookkeeping(connection: Connection) -> None:
    for table in BOOKKEEPING:
        if not await _exists(connection, qualified(table)):
            await connection.execute(table.DDL)
            await secure(connection, [table])
    await make_function(connection)


async def _applied(connection: Connection, app: App, scripts: list[Script]) -> set[int]:
    """Read which migrations are applied; raises when one of them has changed or lost its file."""
    rows = await connection.fetch(f"SELECT number, name, digest FROM {TABLE} WHERE app = $1 ORDER BY number", app.name)
    known = {script.number: script for script in scripts}
    for row in rows:
        script, name = known.get(row["number"]), f"{row['number']:04}_{row['name']}.sql"
        if script is None or script.name != row["name"]:
            raise MigrationMissing(f"{app.name}: {name} was applied to this database but is not in {app.migrations}")
        if script.digest != row["digest"]:
            raise MigrationChanged(
                f"{app.name}: {name} has changed since it was applied; write a new migration instead"
            )
    return {row["number"] for row in rows}


async def _unforce(connection: Connection, app: App) -> None:
    """Let the owner see all rows until the end of the transaction, where `secure` forces row security again.

    Otherwise a migration that moves data would find none, and say nothing. Nobody
    else sees this: the tables are locked until then.
    """
    for table in app.tables:
        if await _exists(connection, qualified(table)):
            await connection.execute(f"ALTER TABLE {qualified(table)} NO FORCE ROW LEVEL SECURITY")


async def _run(connection: Connection, app: App, parts: Sequence[tuple[Script, str]]) -> None:
    """Run parts of an app's scripts, and see that those of a plugin left alone what is not its own."""
    await _unforce(connection, app)
    before = None if app.name == PLATFORM else await look_around(connection, app.schema)
    for script, sql in parts:
        try:
            await connection.execute(sql)
        except asyncpg.PostgresError as error:
            raise MigrationFault(f"{app.name}: {script.number:04}_{script.name}.sql: {error}") from error
    try:
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")  # what was put off would happen unseen
    except asyncpg.PostgresError as error:
        raise MigrationFault(f"{app.name}: {error}") from error
    await _enter(connection, app)  # whatever a script made of it
    if before is not None:
        await _refuse_strange(connection, app, before)


async def _refuse_strange(connection: Connection, app: App, before: Surroundings) -> None:
    """Raise where scripts changed something outside of the app's schema, or granted what no kind of table grants."""
    after = await look_around(connection, app.schema, before)
    if changed := changes(before, after):
        raise MigrationFault(
            f"{app.name}: its migrations change what lies outside of the schema {app.schema}: {'; '.join(changed)}"
        )
    due = {Grant(qualified(table), *each) for table in app.tables for each in expected(ownership(table)).grants}
    if by_hand := sorted(after.grants - before.grants - due):
        raise MigrationFault(
            f"{app.name}: its migrations grant {', '.join(map(str, by_hand))}; "
            "grants follow from the kinds of its tables, and nothing else is granted"
        )


async def _refuse_unlike(connection: Connection, app: App, apps: Sequence[App], *, whole: bool) -> None:
    """Raise where tables are not as an app's classes say: their columns alone, or the `whole` schema."""
    found = await (shape_faults(connection, app, apps) if whole else column_faults(connection, app))
    if found:
        raise MigrationFault(f"{app.name}: {'; '.join(map(str, found))}")


async def _exists(connection: Connection, name: str) -> bool:
    return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name))


async def _load_reference(connection: Connection, app: App) -> None:
    if app.reference is not None:
        async with _as_owner(connection, app):
            await app.reference(connection)
            await connection.execute(MOVE_SQL, SHARED)
