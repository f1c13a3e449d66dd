"""The queue: taking what is due for a while, and giving it back done, failed or untouched."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import Database, System, execute, fetch, new_id, storable
from waypost.outbox.fairness import Lane, Room
from waypost.outbox.retries import MOST_ATTEMPTS, retry_in_s
from waypost.outbox.work import NOTIFY_SQL, GivenUp, Later, Task

LEASE_S: Final = 60.0
SCOPE: Final = System("worker")
MOST_WORDS: Final = 500
LANES: Final = 100  # so many of a kind have their turns; of more, those that have waited longest

# While it is held, `due_at` is the end of the lease: a piece of work is due again by itself when its worker was killed.
TAKE_SQL: Final = """
WITH chosen AS MATERIALIZED (
    SELECT found.id
    FROM unnest($3::text[], $4::text[], $5::int[]) AS l (kind, lane, most), LATERAL (
        SELECT id FROM work WHERE state = 'due' AND kind = l.kind AND lane = l.lane AND due_at <= now()
        ORDER BY due_at, id LIMIT l.most FOR UPDATE SKIP LOCKED) AS found)
UPDATE work SET holder = $1, attempts = attempts + 1, due_at = now() + make_interval(secs => $2)
FROM chosen WHERE work.id = chosen.id
RETURNING work.id, kind, lane, tenant_id, facts::text AS facts, attempts, request
"""
# From one kind and lane to the next by the index, however much of each is there; the oldest $3 of a kind are counted.
# Each part asks for the order of the index, so that it is used also where statistics are of a time with other work.
_LANES_SQL: Final = """
WITH RECURSIVE {kinds},
lanes (kind, lane) AS (
    SELECT name, (SELECT min(lane) FROM work WHERE state = 'due' AND kind = name) FROM kinds WHERE {wanted}
    UNION ALL
    SELECT kind, (SELECT min(w.lane) FROM work w WHERE w.state = 'due' AND w.kind = l.kind AND w.lane > l.lane)
    FROM lanes l WHERE lane IS NOT NULL),
heads AS MATERIALIZED (
    SELECT * FROM (
        SELECT l.*, due_at, row_number() OVER (PARTITION BY l.kind ORDER BY due_at) AS place
        FROM lanes l, LATERAL (
            SELECT due_at FROM work w WHERE w.state = 'due' AND w.kind = l.kind AND w.lane = l.lane
            ORDER BY due_at LIMIT 1) AS head) AS head
    WHERE place <= $3)
SELECT kind, lane, extract(epoch FROM due_at - now())::float8 AS wait_s, (
    SELECT count(*) FROM (
        SELECT FROM work w WHERE w.state = 'due' AND w.kind = h.kind AND w.lane = h.lane AND w.due_at <= now()
        ORDER BY w.due_at LIMIT $2) AS due) AS pieces
FROM heads h
"""
KINDS_SQL: Final = _LANES_SQL.format(
    kinds="""kinds (name) AS (
    SELECT min(kind) FROM work WHERE state = 'due'
    UNION ALL
    SELECT (SELECT min(kind) FROM work WHERE state = 'due' AND kind > name) FROM kinds WHERE name IS NOT NULL)""",
    wanted="name <> ALL($1::text[])",
)
LANES_SQL: Final = _LANES_SQL.format(kinds="kinds (name) AS (SELECT $1::text)", wanted="true")
KEEP_SQL: Final = """
UPDATE work SET due_at = now() + make_interval(secs => $3) WHERE id = ANY($2::uuid[]) AND holder = $1
"""
# Only who still holds it may say what became of it: a lease that ran out belongs to somebody else.
DONE_SQL: Final = "DELETE FROM work WHERE id = ANY($2::uuid[]) AND holder = $1"
FAILED_SQL: Final = """
UPDATE work SET holder = NULL, due_at = now() + make_interval(secs => coalesce(f.after_s, 0)), problem = f.problem,
       state = CASE WHEN f.after_s IS NULL THEN 'dead' ELSE 'due' END, attempts = attempts - f.uncounted
FROM unnest($2::uuid[], $3::float8[], $4::text[], $5::int[]) AS f (id, after_s, problem, uncounted)
WHERE work.id = f.id AND holder = $1
"""
RELEASE_SQL: Final = """
UPDATE work SET holder = NULL, due_at = now(), attempts = attempts - 1 WHERE id = ANY($2::uuid[]) AND holder = $1
"""
REPLAY_SQL: Final = """
UPDATE work SET state = 'due', due_at = now(), attempts = 0 WHERE state = 'dead' AND kind = coalesce($1, kind)
RETURNING id
"""
DEPTH_SQL: Final = """
SELECT kind, state, count(*) AS pieces, extract(epoch FROM now() - min(due_at))::float8 AS late_s
FROM work GROUP BY kind, state ORDER BY kind, state
"""


@dataclass(frozen=True)
class Failure:
    """A piece of work that failed: when it is tried again (None = it is dead), and why; whether it was tried at all."""

    id: UUID
    after_s: float | None
    problem: str
    counted: bool = True


@dataclass(frozen=True)
class Depth:
    """How much work of a kind is there; `late_s` is how long the oldest has been due (negative = not yet)."""

    kind: str
    state: str
    pieces: int
    late_s: float


@dataclass(frozen=True)
class Taken:
    """What was taken; `next_in_s` is when to look again (None = nothing is due, or there is no room)."""

    tasks: Sequence[Task]
    next_in_s: float | None


@dataclass
class Queue:
    """The queue as one worker sees it: `holder` is its name there, `bundles` are the kinds that are done in lanes."""

    database: Database
    lease_s: float = LEASE_S
    bundles: Collection[str] = ()
    holder: UUID = field(default_factory=new_id)

    async def take(self, room: Room, most: int) -> Taken:
        """Take at most so many pieces of work that are due and for which there is room; each is ours for a lease."""
        if min(most, room.free) <= 0:
            return Taken([], None)
        which = (KINDS_SQL, list(self.bundles)) if room.kind is None else (LANES_SQL, room.kind)
        async with self.database.transaction(SCOPE):
            heads = await fetch(*which, room.most, max(most, LANES) + len(room.held))
            lanes = [Lane((row["kind"], row["lane"]), row["pieces"], row["wait_s"]) for row in heads]
            chosen = room.choose(lanes, most)
            if not chosen:
                return Taken([], room.next_in_s(lanes))
            kinds, names = zip(*chosen, strict=True)
            rows = await fetch(TAKE_SQL, self.holder, self.lease_s, kinds, names, list(chosen.values()))
        return Taken([_task(row) for row in sorted(rows, key=lambda row: row["id"])], 0.0)

    async def keep(self, ids: Sequence[UUID]) -> None:
        """Say that we are still at it."""
        if ids:
            async with self.database.transaction(SCOPE):
                await execute(KEEP_SQL, self.holder, list(ids), self.lease_s)

    async def settle(self, done: Sequence[UUID], failed: Sequence[Failure] = ()) -> None:
        """Say what became of them."""
        if not done and not failed:
            return
        async with self.database.transaction(SCOPE):
            if done:
                await execute(DONE_SQL, self.holder, list(done))
            if failed:
                columns = [[each.id for each in failed], [each.after_s for each in failed]]
                uncounted = [int(not each.counted) for each in failed]
                await execute(FAILED_SQL, self.holder, *columns, [each.problem for each in failed], uncounted)

    async def release(self, ids: Sequence[UUID]) -> None:
        """Give back what was not begun, as if it had never been taken."""
        if ids:
            async with self.database.transaction(SCOPE):
                await execute(RELEASE_SQL, self.holder, list(ids))


def _task(row: Any) -> Task:
    facts = orjson.loads(row["facts"])
    return Task(row["id"], row["kind"], row["tenant_id"], facts, row["attempts"], row["lane"], row["request"])


async def depths(database: Database) -> list[Depth]:
    """How much work there is, by kind and state."""
    rows = await database.reads.rows(SCOPE, DEPTH_SQL)
    return [Depth(row["kind"], row["state"], row["pieces"], row["late_s"]) for row in rows]


async def replay_dead(database: Database, kind: str | None = None) -> int:
    """Let work that failed for good begin anew, of one kind or of all; answers how much there was."""
    async with database.transaction(SCOPE):
        replayed = await fetch(REPLAY_SQL, kind)
        await execute(NOTIFY_SQL)
    return len(replayed)


def failure_of(task: Task, error: Exception) -> Failure:
    """When a task that failed is tried again, and why it failed."""
    least_s = error.after_s if isinstance(error, Later) and error.after_s is not None else 0.0
    if isinstance(error, Later) and not error.counted:
        return Failure(task.id, least_s, words_of(error), counted=False)
    after_s = None if isinstance(error, GivenUp) else retry_in_s(task.attempts, random.random, least_s=least_s)
    return Failure(task.id, after_s, words_of(error))


def words_of(error: BaseException) -> str:
    """The error in few words, for the row of the work; what runs never puts names or addresses into its errors."""
    return storable(f"{type(error).__name__}: {error}"[:MOST_WORDS])


def is_spent(task: Task) -> bool:
    """Whether a task was begun more often than it may be: it takes its workers down with it."""
    return task.attempts > MOST_ATTEMPTS


def text_of(facts: Mapping[str, object], name: str) -> str:
    """A fact that must be there as text."""
    value = facts.get(name)
    if not isinstance(value, str):
        raise TypeError(f"the fact {name!r} is missing")
    return value
