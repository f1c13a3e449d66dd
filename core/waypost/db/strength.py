"""Refuses a login that could do more than enter the four scopes, and a server that is too old."""

from __future__ import annotations

from waypost.db.connections import Connection
from waypost.db.errors import RolesMissing, TooOld, TooStrong
from waypost.db.scope import SCOPE_ROLES

OLDEST_MAJOR = 15

# Every role that the login can become, itself included. USAGE: it is inherited; MEMBER: it can be entered.
_ROLES = """
SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
       rolname <> session_user AND pg_has_role(session_user, oid, 'USAGE') AS inherited,
       EXISTS (SELECT FROM pg_class WHERE relowner = pg_roles.oid AND relpersistence <> 't') AS owner
FROM pg_roles WHERE rolname = session_user OR pg_has_role(session_user, oid, 'MEMBER')
ORDER BY rolname
"""


async def refuse_too_old(connection: Connection) -> None:
    """Raise `TooOld` unless the server is PostgreSQL 15 or newer."""
    version = connection.get_server_version()
    if version.major < OLDEST_MAJOR:
        raise TooOld(f"PostgreSQL {OLDEST_MAJOR} or newer is needed; this server is {version.major}.{version.minor}")


async def refuse_too_strong(connection: Connection) -> None:
    """Raise `TooStrong`, saying what, if the connection's login role may do more than enter the four scopes.

    Raises `RolesMissing` when it cannot enter them all, since migrations have
    not been run for this login, and `TooOld` for an old server.
    """
    await refuse_too_old(connection)
    login = await connection.fetchval("SELECT session_user")
    if await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = session_user"):
        raise TooStrong(_advice(login, ["it is a superuser"]))
    roles = await connection.fetch(_ROLES)
    faults = [fault for role in roles for fault in _faults(login, dict(role))]
    if faults:
        raise TooStrong(_advice(login, faults))
    missing = set(SCOPE_ROLES) - {role["rolname"] for role in roles}
    if missing:
        raise RolesMissing(
            f"the login role {login} cannot enter {', '.join(sorted(missing))}: run `waypost migrate` first"
        )


def _faults(login: str, role: dict[str, object]) -> list[str]:
    name = role["rolname"]
    who = "it" if name == login else f"{name}, which it can become,"
    faults = [f"{who} {what}" for right, what in _RIGHTS.items() if role[right]]
    if role["inherited"]:
        faults.append(f"it inherits {name} instead of entering it")
    if name != login and name not in SCOPE_ROLES:
        faults.append(f"it is a member of {name}, which is none of the scopes")
    return faults


_RIGHTS = {
    "rolsuper": "is a superuser",
    "rolbypassrls": "bypasses row security",
    "rolcreaterole": "may create roles",
    "rolcreatedb": "may create databases",
    "rolreplication": "may replicate",
    "owner": "owns tables",
}


def _advice(login: str, faults: list[str]) -> str:
    return (
        f"the login role {login} is too strong for Waypost: {'; '.join(faults)}. "
        "Run `waypost migrate` with WAYPOST_DATABASE_ADMIN_URL and give WAYPOST_DATABASE_URL a role that "
        "owns nothing"
    )
