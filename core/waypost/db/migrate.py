"""Bringing a database to the state that the code expects, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from waypost.db.apps import App
from waypost.db.auditing import make_function
from waypost.db.bookkeeping import BOOKKEEPING, TABLE
from waypost.db.connections import Connection, connect
from waypost.db.errors import (
    MigrationChanged,
    MigrationFault,
    MigrationMissing,
    MigrationOutOfOrder,
    RolesMissing,
)
from waypost.db.moving import MOVE_SQL
from waypost.db.roles import prepare_roles
from waypost.db.scope import LOGIN_ROLE, OWNER_ROLE, SCOPE_ROLES, SHARED
from waypost.db.scripts import Script, read_scripts
from waypost.db.security import qualified, secure
from waypost.db.strength import refuse_too_old

# Any number that nobody else uses: "waypost" in hexadecimal.
_LOCK = 0x77_61_79_70_6F_73_74


@dataclass(frozen=True, slots=True)
class Applied:
    """A migration that was applied, or taken back, by this call."""

    app: str
    number: int
    name: str


async def migrate(admin_url: str, apps: Sequence[App], *, login: str = LOGIN_ROLE) -> list[Applied]:
    """Prepare roles, apply pending migrations, derive policies and grants, load reference data.

    `login` is the role with which the platform will connect. Each app is one
    transaction, all under an advisory lock; again = nothing to do. Gives what was applied. Raises
    `MigrationFault` and its kinds, `RolesMissing`, `TooOld`.
    """
    scripts = {app.name: read_scripts(app.migrations) for app in apps}
    async with _administrator(admin_url) as connection:
        await prepare_roles(connection, login)
        await _prepare_database(connection, apps)
        done: list[Applied] = []
        for app in apps:
            done += await _migrate_app(connection, app, scripts[app.name])
        for app in apps:
            await _load_reference(connection, app)
    return done


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
        await _unforce(connection, app)
        for script in back:
            await _run(connection, app, script, script.down)
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


async def _prepare_database(connection: Connection, apps: Sequence[App]) -> None:
    scopes = ", ".join(SCOPE_ROLES)
    try:
        for name in dict.fromkeys(name for app in apps for name in app.extensions):
            if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = $1)", name):
                await connection.execute(f'CREATE EXTENSION IF NOT EXISTS "{name}" SCHEMA public')
        if not await connection.fetchval(f"SELECT has_schema_privilege('{OWNER_ROLE}', 'public', 'CREATE')"):
            await connection.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER_ROLE}")
        for schema in dict.fromkeys(app.schema for app in apps if app.schema != "public"):
            if not await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", schema):
                await connection.execute(f'CREATE SCHEMA "{schema}" AUTHORIZATION {OWNER_ROLE}')
                await connection.execute(f'GRANT USAGE ON SCHEMA "{schema}" TO {scopes}')
        await connection.execute(f"GRANT USAGE ON SCHEMA public TO {scopes}")
    except (
        asyncpg.InsufficientPrivilegeError,
        asyncpg.FeatureNotSupportedError,
        asyncpg.UndefinedFileError,
    ) as error:
        raise RolesMissing(
            f"the database cannot be prepared ({error}): WAYPOST_DATABASE_ADMIN_URL needs a superuser, or "
            "the owner of the database on a server that offers the extensions"
        ) from error


async def _migrate_app(connection: Connection, app: App, scripts: list[Script]) -> list[Applied]:
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
            await _unforce(connection, app)
        for script in pending:
            await _run(connection, app, script, script.up)
            await connection.execute(
                f"INSERT INTO {TABLE} (app, number, name, digest) VALUES ($1, $2, $3, $4)",
                *(app.name, script.number, script.name, script.digest),
            )
        missing = [qualified(table) for table in app.tables if not await _exists(connection, qualified(table))]
        if missing:
            raise MigrationFault(f"{app.name}: no migration makes {', '.join(missing)}")
        await secure(connection, app.tables)
    return [Applied(app.name, script.number, script.name) for script in pending]


@asynccontextmanager
async def _as_owner(connection: Connection, app: App) -> AsyncIterator[None]:
    async with connection.transaction():
        path = "public" if app.schema == "public" else f'"{app.schema}", public'
        await connection.execute(f"SET LOCAL ROLE {OWNER_ROLE}; SET LOCAL search_path = {path}")
        yield


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


async def _run(connection: Connection, app: App, script: Script, sql: str) -> None:
    try:
        await connection.execute(sql)
    except asyncpg.PostgresError as error:
        raise MigrationFault(f"{app.name}: {script.number:04}_{script.name}.sql: {error}") from error


async def _exists(connection: Connection, name: str) -> bool:
    return bool(await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name))


async def _load_reference(connection: Connection, app: App) -> None:
    if app.reference is not None:
        async with _as_owner(connection, app):
            await app.reference(connection)
            await connection.execute(MOVE_SQL, SHARED)
