"""Sessions: the browsers in which somebody signed in, known by a random cookie of which only a hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from waypost.access.keys import plain_digest
from waypost.access.tokens import SIGN_IN
from waypost.db import Database, execute

RANDOM_BYTES: Final = 32
IDLE: Final = timedelta(days=14)  # unused for so long, it ends
LONGEST: Final = timedelta(days=90)  # after so long one signs in again, however much it was used
NOTED: Final = timedelta(minutes=5)

BEGIN_SQL: Final = """
INSERT INTO session (digest, person_id, created_at, seen_at, expires_at) VALUES ($1, $2, $3, $3, $4)
"""
FIND_SQL: Final = "SELECT person_id, created_at, seen_at FROM session WHERE digest = $1 AND expires_at > $2"
SEEN_SQL: Final = "UPDATE session SET seen_at = $2, expires_at = $3 WHERE digest = $1"
END_SQL: Final = "DELETE FROM session WHERE digest = $1"
END_ALL_SQL: Final = "DELETE FROM session WHERE person_id = $1"
CLEAN_SQL: Final = "DELETE FROM session WHERE expires_at <= $1"


async def begin_session(person: UUID, now: datetime) -> str:
    """Begin a session in the current System transaction; answers the secret for its cookie, which nobody keeps."""
    secret = secrets.token_urlsafe(RANDOM_BYTES)
    await execute(BEGIN_SQL, plain_digest(secret), person, now, now + IDLE)
    return secret


async def find_session(database: Database, secret: str, now: datetime) -> UUID | None:
    """Find whose session a cookie is, in transactions of its own, and let it last on while it is used."""
    digest = plain_digest(secret)
    rows = await database.reads.rows(SIGN_IN, FIND_SQL, [digest, now])
    if not rows:
        return None
    if now - rows[0]["seen_at"] >= NOTED:
        ends = min(now + IDLE, rows[0]["created_at"] + LONGEST)
        async with database.transaction(SIGN_IN):
            await execute(SEEN_SQL, digest, now, ends)
    person: UUID = rows[0]["person_id"]
    return person


async def end_session(secret: str) -> None:
    """End a session, in the current System transaction."""
    await execute(END_SQL, plain_digest(secret))


async def end_sessions(person: UUID) -> None:
    """End all sessions of somebody, in the current System transaction."""
    await execute(END_ALL_SQL, person)


async def clean_sessions(now: datetime) -> None:
    """Forget sessions that are over, in the current System transaction."""
    await execute(CLEAN_SQL, now)
