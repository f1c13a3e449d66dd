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
from waypost.outbox.work import GivenUp
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
BEGIN_SQL: Final = """
UPDATE upload SET complete = false, sendings = sendings + 1 WHERE tenant_id = $1 AND id = $2 AND NOT used
RETURNING sendings
"""
# The row is held, so that nobody begins anew, or takes it away, while a piece is written.
PIECE_SQL: Final = """
INSERT INTO upload_chunk (tenant_id, upload_id, position, content)
SELECT $1, $2, $4, $5 FROM upload WHERE tenant_id = $1 AND id = $2 AND sendings = $3 FOR SHARE
"""
WHOLE_SQL: Final = """
UPDATE upload SET complete = (size = (
    SELECT coalesce(sum(length(content)), 0) FROM upload_chunk WHERE tenant_id = $1 AND upload_id = $2))
WHERE tenant_id = $1 AND id = $2 AND sendings = $3 RETURNING complete
"""
USE_SQL: Final = """
UPDATE upload SET used = true WHERE tenant_id = $1 AND id = $2 AND complete AND NOT used RETURNING true
"""
COMPLETE_SQL: Final = "SELECT complete FROM upload WHERE tenant_id = $1 AND id = $2"
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


class BrokenOff(Exception):
    """The bytes are not wanted any more: somebody sends them anew, the file was used, or it is gone."""


async def receive(database: Database, tenant: UUID, upload: Upload, pieces: AsyncIterator[bytes]) -> bool:
    """Keep the bytes of an upload, piece by piece in transactions of their own; False where they are not all there.

    What came before is dropped first. Whoever sends twice at once breaks off the first. Raises BrokenOff.
    """
    scope = City(tenant, quiet=True)
    async with database.transaction(scope):
        sending = await fetchval(BEGIN_SQL, tenant, upload.id)
        if sending is None:
            raise BrokenOff
        await execute(EMPTY_SQL, tenant, upload.id)
    position = 0
    async for piece in pieces:
        async with database.transaction(scope):
            kept = await execute(PIECE_SQL, tenant, upload.id, sending, position, piece)
        if not kept.endswith(" 1"):
            raise BrokenOff
        position += 1
    async with database.transaction(scope):
        whole = await fetchval(WHOLE_SQL, tenant, upload.id, sending)
    if whole is None:
        raise BrokenOff
    return bool(whole)


async def use_upload(tenant: UUID, id: UUID) -> bool:
    """Take a file that is there for something to be done with it, once, in the tenant's current transaction.

    From then on its bytes stay what they are. False where it is not whole, or was taken before.
    """
    return bool(await fetchval(USE_SQL, tenant, id))


@asynccontextmanager
async def opened(database: Database, tenant: UUID, id: UUID) -> AsyncIterator[BinaryIO]:
    """Open an upload as a file, which has no name and is gone afterwards; only a piece at a time is in memory.

    Raises GivenUp for what is not there, or not whole.
    """
    rows = await database.reads.rows(City(tenant), COMPLETE_SQL, [tenant, id])
    if not rows or not rows[0]["complete"]:
        raise GivenUp("the file is not there as it was sent")
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
