"""The roles of the house: an owner, four scopes, and a login that may only enter those."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from functools import partial
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from waypost.db.connections import Connection, connect
from waypost.db.errors import RolesMissing
from waypost.db.scope import LOGIN_ROLE, OWNER_ROLE, SCOPE_ROLES
from waypost.db.strength import refuse_too_old

_ATTEMPTS = 10
_SCRAM_ROUNDS = 4096
# Roles belong to the whole server, where no lock of one database keeps another process away.
_RACES = (
    asyncpg.DuplicateObjectError,
    asyncpg.UniqueViolationError,
    asyncpg.InternalServerError,  # "tuple concurrently updated"
)


async def prepare_roles(connection: Connection, login: str = LOGIN_ROLE) -> None:
    """Create what is missing of the owner, the scopes and the login role, and bind the login to the scopes.

    `connection` is the administrator's: a superuser, or a role with
    CREATEROLE (which must be able to administer roles that exist already). Several processes may do this at
    once. Raises `RolesMissing` when the administrator may not, or when `login` is the administrator.
    """
    if login == await connection.fetchval("SELECT session_user"):
        raise RolesMissing(
            f"{login} administers the database and so is too strong to run Waypost: "
            "give WAYPOST_DATABASE_URL a login role of its own"
        )
    try:
        for role in (OWNER_ROLE, *SCOPE_ROLES):
            await _repeat(partial(_role, connection, role))
        await _repeat(partial(_login, connection, login))
        await _repeat(partial(_administer, connection))
    except asyncpg.InsufficientPrivilegeError as error:
        raise RolesMissing(
            f"{await connection.fetchval('SELECT session_user')} may not prepare the roles ({error}): "
            "WAYPOST_DATABASE_ADMIN_URL needs a superuser, or a role with CREATEROLE that owns the database"
        ) from error


async def ensure_login(admin_url: str, password: str, name: str = LOGIN_ROLE) -> str:
    """Make or update the login role with a password, and give the URL with which it enters the same database.

    For an installation that names only a strong login: the caller derives
    `password` from its secret key. The password itself is not sent. Raises `RolesMissing`, `TooOld`.
    """
    connection = await connect(admin_url)
    try:
        await refuse_too_old(connection)
        await prepare_roles(connection, name)
        verifier = scram_verifier(password)
        await _repeat(partial(_run, connection, "ALTER ROLE %I PASSWORD %L", name, verifier))
    finally:
        await connection.close()
    return login_url(admin_url, name, password)


def login_url(admin_url: str, name: str, password: str) -> str:
    """Give `admin_url` with another user and password."""
    parts = urlsplit(admin_url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(name, safe='')}:{quote(password, safe='')}@{place}"))


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """Compute what PostgreSQL stores for a password (RFC 5803), so that its logs never see the password."""
    salt = salt or secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{salt64}${stored64}:{server64}"


async def _repeat(act: Callable[[], Awaitable[None]]) -> None:
    """Do what another process may be doing at this moment, and look again when it was quicker."""
    for attempt in range(_ATTEMPTS):
        try:
            return await act()
        except _RACES:
            if attempt == _ATTEMPTS - 1:
                raise
    return None


async def _run(connection: Connection, template: str, *names: str) -> None:
    """Run a definition whose names and literals are quoted by PostgreSQL's own format()."""
    places = ", ".join(f"${n}::text" for n in range(2, len(names) + 2))
    await connection.execute(await connection.fetchval(f"SELECT format($1, {places})", template, *names))


async def _role(connection: Connection, role: str) -> None:
    if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", role):
        await _run(connection, "CREATE ROLE %I NOLOGIN NOINHERIT", role)


async def _login(connection: Connection, login: str) -> None:
    found = await connection.fetchrow("SELECT rolcanlogin, rolinherit FROM pg_roles WHERE rolname = $1", login)
    if found is None:
        await _run(connection, "CREATE ROLE %I LOGIN NOINHERIT", login)
    elif found["rolinherit"] or not found["rolcanlogin"]:
        await _run(connection, "ALTER ROLE %I LOGIN NOINHERIT", login)
    for scope in SCOPE_ROLES:
        if not await connection.fetchval(_ENTERS[_major(connection) >= 16], scope, login):
            await _run(connection, _GRANT[_major(connection) >= 16], scope, login)


async def _administer(connection: Connection) -> None:
    """See that an administrator who is no superuser can act as the owner."""
    if not await connection.fetchval(_ENTERS[_major(connection) >= 16], OWNER_ROLE, None) and not (
        await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = session_user")
    ):
        admin = await connection.fetchval("SELECT session_user")
        await _run(connection, _GRANT[_major(connection) >= 16], OWNER_ROLE, admin)


def _major(connection: Connection) -> int:
    return connection.get_server_version().major


# Since PostgreSQL 16 it is each membership that inherits or not, whatever the role says.
_ENTERS = {
    True: """SELECT EXISTS (SELECT FROM pg_auth_members WHERE roleid = $1::text::regrole
             AND member = coalesce($2::text, session_user)::regrole AND set_option AND NOT inherit_option)
             AND NOT pg_has_role(coalesce($2::text, session_user), $1::text, 'USAGE')""",
    False: """SELECT EXISTS (SELECT FROM pg_auth_members WHERE roleid = $1::text::regrole
              AND member = coalesce($2::text, session_user)::regrole)""",
}
_GRANT = {True: "GRANT %I TO %I WITH INHERIT FALSE, SET TRUE", False: "GRANT %I TO %I"}
