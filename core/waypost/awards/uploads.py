"""Files that people send before the mutation that needs them: announced, sent in pieces, gone after an hour."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import BinaryIO, Final
from uuid import UUID

from waypost.db import City, Database, execute, fetchrow, fetchval, new_id
from waypost.outbox import Act, command
from waypost.refusal import Invalid, Refusal

NOBODY: Final = UUID(int=0)
LARGEST: Final = 25_000_000  # bytes
LIVES: Final = timedelta(hours=1)
PIECE: Final = 1_000_000  # bytes
AT_ONCE: Final = 10  # unfinished or unused uploads of one person
# For what a file is sent, and as what it may come.
MEDIA_TYPES: Final = {"awards": ("text/csv",), "framework": ("application/json", "application/ld+json", "text/csv")}

MAKE_SQL: Final = """
INSERT INTO upload (tenant_id, id, person_id, purpose, media_type, size, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
COUNT_SQL: Final = "SELECT count(*) FROM upload WHERE tenant_id = $1 AND person_id = $2 AND expires_at > $3"
READ_SQL: Final = """
SELECT id, person_id, purpose, media_type, size, complete, expires_at FROM upload WHERE tenant_id = $1 AND id = $2
"""
EMPTY_SQL: Final = "DELETE FROM upload_chunk WHERE tenant_id = $1 AND upload_id = $2"
BEGIN_SQL: Final = "UPDATE upload SET complete = false WHERE tenant_id = $1 AND id = $2"
PIECE_SQL: Final = "INSERT INTO upload_chunk (tenant_id, upload_id, position, content) VALUES ($1, $2, $3, $4)"
WHOLE_SQL: Final = """
UPDATE upload SET complete = true WHERE tenant_id = $1 AND id = $2 AND size = (
    SELECT coalesce(sum(length(content)), 0) FROM upload_chunk WHERE tenant_id = $1 AND upload_id = $2)
RETURNING true
"""
CONTENT_SQL: Final = "SELECT content FROM upload_chunk WHERE tenant_id = $1 AND upload_id = $2 AND position = $3"
GONE_SQL: Final = "DELETE FROM upload WHERE tenant_id = $1 AND id = $2"
OLD_SQL: Final = """
DELETE FROM upload u WHERE u.tenant_id = $1 AND u.expires_at <= $2 AND NOT EXISTS (
    SELECT FROM award_batch b JOIN job j ON j.tenant_id = $1 AND j.id = b.id
    WHERE b.tenant_id = $1 AND b.upload_id = u.id AND j.ended_at IS NULL)
"""


@dataclass(frozen=True)
class Upload:
    """An upload as it stands."""

    id: UUID
    person_id: UUID
    purpose: str
    media_type: str
    size: int
    complete: bool
    expires_at: datetime


@command(may="award.create")
async def create_upload(act: Act, purpose: str, size: int, media_type: str) -> Upload | Refusal:
    """Announce a file."""
    if purpose not in MEDIA_TYPES:
        return Invalid(message=f"Known: {', '.join(MEDIA_TYPES)}.", path=("purpose",))
    if media_type.split(";", maxsplit=1)[0].strip().lower() not in MEDIA_TYPES[purpose]:
        return Invalid(message=f"It may be {', '.join(MEDIA_TYPES[purpose])}.", path=("mediaType",))
    if not 0 < size <= LARGEST:
        return Invalid(message=f"A file has 1 to {LARGEST} bytes.", path=("size",))
    person = act.person or NOBODY
    if await fetchval(COUNT_SQL, act.here.tenant_id, person, act.now) >= AT_ONCE:
        return Invalid(message=f"You have {AT_ONCE} files here already; they go after an hour.", path=())
    made = Upload(new_id(), person, purpose, media_type, size, False, act.now + LIVES)
    facts = (made.id, person, purpose, media_type, size, act.now, made.expires_at)
    await execute(MAKE_SQL, act.here.tenant_id, *facts)
    return made


async def read_upload(tenant: UUID, id: UUID, person: UUID | None, now: datetime) -> Upload | None:
    """Read somebody's own upload, in the tenant's current transaction; None for others' and for what is over."""
    row = await fetchrow(READ_SQL, tenant, id)
    found = None if row is None else Upload(**dict(row))
    return None if found is None or found.person_id != person or found.expires_at <= now else found


async def receive(database: Database, tenant: UUID, upload: Upload, pieces: AsyncIterator[bytes]) -> bool:
    """Keep the bytes of an upload, piece by piece in transactions of their own; False where they are not all there.

    What came before is dropped first. Whoever sends twice at once breaks off the one that comes second.
    """
    scope = City(tenant, quiet=True)
    async with database.transaction(scope):
        await execute(BEGIN_SQL, tenant, upload.id)
        await execute(EMPTY_SQL, tenant, upload.id)
    position = 0
    async for piece in pieces:
        async with database.transaction(scope):
            await execute(PIECE_SQL, tenant, upload.id, position, piece)
        position += 1
    async with database.transaction(scope):
        return bool(await fetchval(WHOLE_SQL, tenant, upload.id))


@asynccontextmanager
async def opened(database: Database, tenant: UUID, id: UUID) -> AsyncIterator[BinaryIO]:
    """Open an upload as a file, which has no name and is gone afterwards; only a piece at a time is in memory."""
    with tempfile.TemporaryFile() as file:
        position = 0
        while True:
            rows = await database.reads.rows(City(tenant), CONTENT_SQL, [tenant, id, position])
            if not rows:
                break
            file.write(rows[0]["content"])
            position += 1
        file.seek(0)
        yield file
