from __future__ import annotations

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.db.conftest import Yard
from tests.db.tables import YARD
from waypost.db import City, Database, RolesMissing, TooStrong, new_id
from waypost.db.connections import connect
from waypost.db.migrate import migrate
from waypost.db.roles import ensure_login, login_url, scram_verifier
from waypost.testing.databases import PASSWORD, Server

SCOPES = "waypost_city, waypost_national, waypost_learner, waypost_system"
MAY_ENTER = "SELECT bool_and(pg_has_role($1, r, 'MEMBER')) FROM unnest(string_to_array($2, ', ')) AS r"


def salt_of(verifier: str) -> bytes:
    return base64.b64decode(verifier.split(":")[1].split("$", maxsplit=1)[0])


@asynccontextmanager
async def a_role(yard: Yard, attributes: str, *more: str) -> AsyncIterator[str]:
    """The URL of a role made for a moment; in `more`, {} is its name."""
    name = f"waypost_test_{secrets.token_hex(4)}"
    await yard.admin.execute(f"CREATE ROLE {name} {attributes} PASSWORD '{PASSWORD}'")
    try:
        for sql in more:
            await yard.admin.execute(sql.format(name))
        yield login_url(yard.admin_url, name, PASSWORD)
    finally:
        await yard.admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


@pytest.mark.parametrize(
    ("attributes", "more", "words"),
    [
        ("LOGIN SUPERUSER", (), "superuser"),
        ("LOGIN NOINHERIT BYPASSRLS", (f"GRANT {SCOPES} TO {{}}",), "bypasses row security"),
        ("LOGIN INHERIT", (f"GRANT {SCOPES} TO {{}}",), "inherits waypost_city"),
        ("LOGIN NOINHERIT", (f"GRANT {SCOPES}, waypost_owner TO {{}}",), "waypost_owner, which it can become, owns"),
        ("LOGIN NOINHERIT", (f"GRANT {SCOPES}, pg_read_all_data TO {{}}",), "pg_read_all_data, which is none"),
        ("LOGIN NOINHERIT CREATEROLE", (f"GRANT {SCOPES} TO {{}}",), "may create roles"),
        ("LOGIN NOINHERIT CREATEDB", (f"GRANT {SCOPES} TO {{}}",), "may create databases"),
        ("LOGIN NOINHERIT", (f"GRANT {SCOPES} TO {{}}", "CREATE TABLE o (); ALTER TABLE o OWNER TO {}"), "owns tables"),
    ],
)  # fmt: skip
async def test_a_login_that_is_too_strong_is_refused(
    yard: Yard, attributes: str, more: tuple[str, ...], words: str
) -> None:
    async with a_role(yard, attributes, *more) as url:
        with pytest.raises(TooStrong, match=words):
            await Database.open(url)


async def test_a_scope_that_has_become_too_strong_is_refused(yard: Yard) -> None:
    async with yard.spoilt("ALTER ROLE waypost_city BYPASSRLS", "ALTER ROLE waypost_city NOBYPASSRLS"):
        with pytest.raises(TooStrong, match="waypost_city, which it can become, bypasses row security"):
            await Database.open(yard.app_url)


async def test_a_login_that_cannot_enter_the_scopes_is_told_to_migrate(yard: Yard) -> None:
    async with a_role(yard, "LOGIN NOINHERIT", "GRANT waypost_city TO {}") as url:
        with pytest.raises(RolesMissing, match="waypost_learner, waypost_national, waypost_system"):
            await Database.open(url)


async def test_migrating_makes_a_login_of_ones_own_weak_enough(yard: Yard) -> None:
    """Also when it inherited before: since PostgreSQL 16 that is kept in each membership."""
    async with a_role(yard, "LOGIN INHERIT", f"GRANT {SCOPES} TO {{}}") as url:
        await migrate(yard.admin_url, [YARD], login=str(urlsplit(url).username))
        async with await Database.open(url) as database, database.transaction(City(new_id())) as transaction:
            assert await transaction.connection.fetchval("SELECT current_user") == "waypost_city"


async def test_the_administrator_cannot_be_the_login(yard: Yard) -> None:
    name = str(await yard.admin.fetchval("SELECT session_user"))
    with pytest.raises(RolesMissing, match="too strong to run Waypost"):
        await migrate(yard.admin_url, [YARD], login=name)


async def test_the_login_gets_the_password_of_the_day(yard: Yard) -> None:
    name = f"waypost_test_{secrets.token_hex(4)}"
    try:
        for password in ("first", "second: @/?#&ü"):
            url = await ensure_login(yard.admin_url, password, name)
            stored = await yard.admin.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", name)
            assert stored == scram_verifier(password, salt_of(stored))
            async with await Database.open(url):
                pass
    finally:
        await yard.admin.execute(f"DROP ROLE IF EXISTS {name}")


async def test_the_password_is_stored_as_postgresql_would_store_it(yard: Yard) -> None:
    for password in ("pencil", "ein Schlüssel"):
        async with a_role(yard, "LOGIN") as url:
            name = urlsplit(url).username
            await yard.admin.execute(
                f"SET password_encryption = 'scram-sha-256'; ALTER ROLE {name} PASSWORD '{password}'"
            )
            theirs = await yard.admin.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", name)
            assert scram_verifier(password, salt_of(theirs)) == theirs


async def test_several_processes_may_prepare_one_server_at_once(server: Server) -> None:
    """Databases of one server share its roles, but no lock."""
    login = f"waypost_test_{secrets.token_hex(4)}"
    admin = await connect(server.url)
    async with server.database() as first, server.database() as second, server.database() as third:
        urls = [server.admin_url(name) for name in (first, second, third) for _ in range(2)]
        applied = await asyncio.gather(*(migrate(url, [YARD], login=login) for url in urls))
    assert sorted(len(done) for done in applied) == [0, 0, 0, 2, 2, 2]
    assert await admin.fetchval(MAY_ENTER, login, SCOPES)
    await admin.execute(f"DROP ROLE {login}")
    await admin.close()


async def test_an_administrator_without_superuser_rights_will_do(server: Server) -> None:
    """With CREATEROLE and a database of its own, as managed services give; here the roles exist already."""
    name = f"waypost_test_{secrets.token_hex(4)}"
    admin = await connect(server.url)
    members = f"waypost_owner, {SCOPES}"
    await admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    await admin.execute(f"GRANT {members} TO {name} WITH ADMIN OPTION")
    try:
        async with server.database() as database:
            await admin.execute(f'ALTER DATABASE "{database}" OWNER TO {name}')
            url = login_url(server.admin_url(database), name, PASSWORD)
            assert len(await migrate(url, [YARD])) == 2
            assert await migrate(url, [YARD]) == []
            async with await Database.open(await server.app_url(database)) as opened:
                assert await opened.reads.read(City(new_id()), "SELECT count(*)::text FROM draft") == "0"
    finally:
        await admin.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
        await admin.close()


async def test_an_administrator_who_may_not_prepare_is_told_what_is_needed(server: Server) -> None:
    name = f"waypost_test_{secrets.token_hex(4)}"
    admin = await connect(server.url)
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    try:
        async with server.database() as database:
            url = login_url(server.admin_url(database), name, PASSWORD)
            with pytest.raises(RolesMissing, match="WAYPOST_DATABASE_ADMIN_URL needs a superuser"):
                await migrate(url, [YARD], login=f"{name}_login")
    finally:
        await admin.execute(f"DROP ROLE {name}")
        await admin.close()


async def test_a_server_that_is_too_old_is_refused(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server of that age is at hand: only the number is made up."""
    from waypost.db import TooOld

    old = yard.admin.get_server_version()._replace(major=14, minor=9)
    monkeypatch.setattr(asyncpg.Connection, "get_server_version", lambda _: old)
    with pytest.raises(TooOld, match=r"PostgreSQL 15 or newer is needed; this server is 14\.9"):
        await Database.open(yard.app_url)
    with pytest.raises(TooOld):
        await migrate(yard.admin_url, [YARD])
