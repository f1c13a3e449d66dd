"""Jobs that people watch: begun by an act, told of as they go on, ended with what could not be done.

All three functions run inside the tenant's City transaction; each tells an event, which subscriptions follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal
from uuid import UUID

import orjson

from waypost.db import execute, fetchval, new_id
from waypost.outbox.act import Act
from waypost.tenancy.telling import Told, tell_all
from waypost.tracing import request_id

MOST_PROBLEMS: Final = 1_000  # that are kept; more help nobody

BEGIN_SQL: Final = """
INSERT INTO job (tenant_id, id, kind, state, total, person_id, issuer_id, begun_at, request)
VALUES ($1, $2, $3, 'queued', $4, $5, $6, $7, $8)
"""
PROGRESS_SQL: Final = """
UPDATE job SET state = 'running', done = $3, total = coalesce($4, total)
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING id
"""
END_SQL: Final = """
UPDATE job SET state = $3, done = coalesce($4, done), ended_at = $5
WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL RETURNING id
"""
PROBLEMS_SQL: Final = """
INSERT INTO job_problem (tenant_id, id, job_id, position, line, "column", code, message)
SELECT $1, id, $2, position, line, name, code, message
FROM unnest($3::uuid[], $4::int[], $5::int[], $6::text[], $7::text[], $8::text[])
    AS found (id, position, line, name, code, message)
"""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something that a job could not do: a code, words without anybody's name, and where it stood."""

    code: str
    message: str
    line: int | None = None
    column: str | None = None


async def begin_job(act: Act, kind: str, total: int | None = None) -> UUID:
    """Begin a job that the act's person may watch; answers its id. `kind` is like `award-many`."""
    id = new_id()
    await execute(BEGIN_SQL, act.here.tenant_id, id, kind, total, act.person, act.issuer_id, act.now, request_id())
    await _tell(act.here.tenant_id, "job.begun", id, act.now, act.person)
    return id


async def job_progress(tenant: UUID, job: UUID, done: int, *, total: int | None = None) -> None:
    """Say how much of it is done. Each call is an event: tell of steps of some size."""
    if await fetchval(PROGRESS_SQL, tenant, job, done, total):
        await _tell(tenant, "job.progressed", job, datetime.now(UTC), done=done)


async def end_job(
    tenant: UUID,
    job: UUID,
    state: Literal["done", "failed"],
    problems: Sequence[Problem] = (),
    *,
    done: int | None = None,
) -> bool:
    """End it with what could not be done; at most 1,000 problems are kept. False = it had ended before."""
    now = datetime.now(UTC)
    if not await fetchval(END_SQL, tenant, job, state, done, now):
        return False
    await add_problems(tenant, job, problems)
    await _tell(tenant, "job.ended", job, now, state=state, problems=len(problems))
    return True


async def add_problems(tenant: UUID, job: UUID, problems: Sequence[Problem]) -> None:
    """Keep what could not be done while the job goes on; at most 1,000 at a time."""
    kept = problems[:MOST_PROBLEMS]
    if kept:
        await execute(
            PROBLEMS_SQL,
            tenant,
            job,
            [new_id() for _ in kept],
            list(range(1, len(kept) + 1)),
            [each.line for each in kept],
            [each.column for each in kept],
            [each.code for each in kept],
            [each.message for each in kept],
        )


async def _tell(tenant: UUID, type: str, job: UUID, now: datetime, person: UUID | None = None, **facts: object) -> None:
    await tell_all(tenant, [Told(type, "Job", job, orjson.dumps(facts).decode())], now, person)
