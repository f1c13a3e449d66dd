"""The seam of background work: what rooms declare in their `effects.py`, and what they may use when it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.db import Actor, City, Database, current_actor, current_scope, execute, fetchval, new_id
from waypost.settings import Settings
from waypost.tracing import request_id

CHANNEL: Final = "waypost_work"
ACTOR: Final = "actor"  # the fact that says whose act asked for a piece of work

ENQUEUE_SQL: Final = """
INSERT INTO work (id, tenant_id, kind, lane, facts, request, due_at)
SELECT id, $1, kind, lane, facts::jsonb, request, now() + make_interval(secs => $2)
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS new (id, kind, lane, facts, request)
"""
NOTIFY_SQL: Final = f"SELECT pg_notify('{CHANNEL}', '')"
ONCE_SQL: Final = """
INSERT INTO handled (tenant_id, handler, key, handled_at, lasting) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, handler, key) DO NOTHING RETURNING true
"""


@dataclass(frozen=True)
class Happened:
    """An event as a handler gets it."""

    tenant_id: UUID
    id: UUID
    type: str
    object_type: str
    object_id: UUID
    person_id: UUID | None
    data: Mapping[str, Any]
    happened_at: datetime
    request: str | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Work:
    """What a handler, a job or a schedule may use."""

    database: Database
    settings: Settings
    clock: Callable[[], datetime] = field(default=_utc_now, repr=False)

    def now(self) -> datetime:
        """The time, with its zone."""
        return self.clock()

    def on_behalf_of(self, actor: Actor | None) -> Work:
        """The same, done in somebody's name: what changes in a city leaves their trace."""
        return self if actor is None else replace(self, database=self.database.on_behalf_of(actor))

    @asynccontextmanager
    async def once(
        self, tenant: UUID, handler: str, key: UUID, *, quiet: bool = False, lasting: bool = False
    ) -> AsyncIterator[bool]:
        """Open a transaction of the tenant that remembers (handler, key); False = it was done before, do nothing.

        Two at once: the second waits for the first, and is told that it was done. It is remembered for a month, which
        is enough for an event that comes twice; `lasting`: for good, where the key is what must not be done again
        whatever happens later. `quiet` as of `City`.
        """
        async with self.database.transaction(City(tenant, quiet=quiet)):
            yield bool(await fetchval(ONCE_SQL, tenant, handler, key, self.now(), lasting))


@dataclass(frozen=True)
class Handler:
    """Does something about events of these types, at least once each, outside any transaction.

    `events` holds types such as `badge.published`; `run` opens transactions of its own, one scope each. What it changes
    in a city is traced to whoever made it happen, under the handler's name. Raises `ValueError` for a name that no
    trace can bear.
    """

    name: str
    events: frozenset[str]
    run: Callable[[Work, Happened], Awaitable[None]]

    def __post_init__(self) -> None:
        self.actor(UUID(int=0))

    def actor(self, person: UUID) -> Actor:
        """Whose trace it leaves, where an event is of that person."""
        return Actor(person, self.name)


@dataclass(frozen=True)
class JobKind:
    """Does what `enqueue(name, facts)` asked for, at least once, outside any transaction.

    `dead` is called when it failed for good, with the same facts, so that whoever waits for it is told.
    """

    name: str
    run: Callable[[Work, Mapping[str, Any]], Awaitable[None]]
    dead: Callable[[Work, Mapping[str, Any]], Awaitable[None]] | None = None


@dataclass(frozen=True)
class Schedule:
    """Does something every so many seconds, in one worker of all."""

    name: str
    every_s: int
    run: Callable[[Work], Awaitable[None]]


@dataclass(frozen=True)
class Addressed:
    """To whom a letter goes and what it says: the values of its templates, in that language."""

    address: str
    language: str
    values: Mapping[str, Any]
    unsubscribe: bool = False


@dataclass(frozen=True)
class Letter:
    """An e-mail: `facts` finds the address and the values when it is sent; None = nobody to write to any more.

    Its templates are `letters/<name>.<language>.{subject.txt,txt,html}` beside the module of `facts`.
    """

    name: str
    facts: Callable[[Work, Mapping[str, Any]], Awaitable[Addressed | None]]

    @property
    def package(self) -> str:
        """The package in which its templates lie."""
        return self.facts.__module__.rpartition(".")[0]


@dataclass(frozen=True)
class Spread:
    """Takes all events of a tenant, many at once, in the (quiet City) transaction that hands them on."""

    name: str
    run: Callable[[UUID, Sequence[Happened]], Awaitable[None]]


@dataclass(frozen=True)
class Task:
    """One piece of work that a worker holds."""

    id: UUID
    kind: str
    tenant_id: UUID | None
    facts: Mapping[str, Any]
    attempts: int
    lane: str = ""
    request: str | None = None


class Later(Exception):
    """Raised by what runs: not now, try again after so many seconds at least (None = as after any failure).

    `counted` False: it was not even tried, and is not counted as an attempt.
    """

    def __init__(self, words: str, after_s: float | None = None, *, counted: bool = True) -> None:
        super().__init__(words)
        self.after_s = after_s
        self.counted = counted


class GivenUp(Exception):
    """Raised by what runs: this will never do, so it is not tried again."""


@asynccontextmanager
async def _no_tools(_work: Work) -> AsyncIterator[None]:
    yield None


@dataclass(frozen=True)
class Bundle:
    """A job that is done many at a time: those of one lane together, see `enqueue`.

    `run` answers, by task, why some must be tried again; it is handed what `tools` opened, which a worker keeps open.
    """

    name: str
    run: Callable[[Work, Any, Sequence[Task]], Awaitable[Mapping[UUID, Exception]]]
    tools: Callable[[Work], AbstractAsyncContextManager[Any]] = _no_tools


@dataclass(frozen=True)
class Effects:
    """The background work of a room, a plugin or all of them."""

    handlers: tuple[Handler, ...] = ()
    jobs: tuple[JobKind, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    letters: tuple[Letter, ...] = ()
    spreads: tuple[Spread, ...] = ()
    bundles: tuple[Bundle, ...] = ()

    @classmethod
    def joined(cls, parts: Iterable[Effects]) -> Effects:
        """All of them together. Raises ValueError for a name that two claim."""
        found = list(parts)
        names = ("handlers", "jobs", "schedules", "letters", "spreads", "bundles")
        whole = cls(**{name: tuple(each for part in found for each in getattr(part, name)) for name in names})
        for name in names:
            claimed = [each.name for each in getattr(whole, name)]
            twice = sorted({each for each in claimed if claimed.count(each) > 1})
            if twice:
                raise ValueError(f"{name}: claimed twice: {', '.join(twice)}")
        return whole


async def enqueue(kind: str, facts: Mapping[str, Any], *, after_s: float = 0, lane: str | None = None) -> None:
    """Put a job into the queue in the current transaction; it is done if and only if that holds.

    Facts hold ids and numbers only, never names or addresses; ids and times become text. The act that asks is noted
    with them, and the job is done on its behalf. National may not. Jobs of a bundle name as their `lane` the fact by
    which they belong together; those of any other kind wait in line with those of their city, the scope's or the one
    that the fact `tenant` names.
    """
    await enqueue_all([(kind, facts)], after_s=after_s, lane=lane)


async def enqueue_all(
    jobs: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    after_s: float = 0,
    lane: str | None = None,
    requests: Sequence[str | None] | None = None,
) -> None:
    """Put many jobs into the queue at once; see `enqueue`. `requests` made them; without, it is the one at hand."""
    if not jobs:
        return
    scope = current_scope()
    tenant = scope.tenant if isinstance(scope, City) else None
    ids, kinds = [new_id() for _ in jobs], [kind for kind, _ in jobs]
    lanes = [str(each[lane] if lane is not None else tenant or each.get("tenant", "")) for _, each in jobs]
    actor = current_actor()
    noted = {} if actor is None else {ACTOR: str(actor)}
    facts = [orjson.dumps({**noted, **each}, default=str).decode() for _, each in jobs]
    made_by = [request_id()] * len(jobs) if requests is None else list(requests)
    await execute(ENQUEUE_SQL, tenant, float(after_s), ids, kinds, lanes, facts, made_by)
    await execute(NOTIFY_SQL)
