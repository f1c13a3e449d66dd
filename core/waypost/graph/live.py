"""Live: one reader a process follows the tenants' events, and wakes the subscriptions that they concern.

A subscription costs nothing while nothing happens: no connection, no transaction. Each message is read when its
event is told, so that it says how things are then; several changes of one object may come as one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

import orjson
from graphql import OperationType

from waypost.db import City, National

from .answers import Answer, unexecuted
from .breaking import unbroken
from .errors import GraphError
from .events import BEGINNING, Position, all_stand, events_after, missed, stand_of
from .query import Query
from .request import About, Asker
from .subscriptions import NOTHING, subscribed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

    from waypost.db import Database

    from .engine import Engine, Graph, GraphRequest, Prepared
    from .events import Event
    from .subscriptions import Subscribed

T = TypeVar("T")

log: Final = logging.getLogger("waypost.live")

BATCH: Final = 500
AGAIN_S: Final = 1.0
STATEMENTS: Final = 3  # of the database's connections, however many subscriptions are to be told
MOST_SHARED: Final = 64  # messages that were read just now, for others who want the same
MOST_KNOWN: Final = 1_000  # of which it is remembered that a subscription lists them
MOST_WAITING: Final = 1_000  # objects that may have changed before a client took the news


class Refused(Exception):
    """A subscription that does not begin, or does not go on; the answer says why."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.code)
        self.answer = answer


class TooSlow(Exception):
    """A client takes its messages more slowly than things happen."""


@dataclass(frozen=True)
class Message:
    """A response to be sent, with the id of its event; without one it only says that nothing is missed from now on."""

    body: bytes = b""
    event: UUID | None = None


@dataclass(frozen=True)
class Subscribe:
    """What a client subscribes to.

    `graph` and `who` are asked again at every event: they raise `GraphError` where the subscription is over. `since`
    is the id of the last event that the client knows. `slow` is set when the client has fallen too far behind.
    """

    graph: Callable[[], Graph]
    asked: GraphRequest
    who: Callable[[], Awaitable[Asker]]
    since: UUID | None = None
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    spend: Callable[[Asker], Callable[[int], None] | None] = lambda _asker: None
    open_schema: Callable[[Asker], bool] = lambda _asker: True


@dataclass(frozen=True)
class Opened:
    """A subscription's operation, ready to be read."""

    graph: Graph
    prepared: Prepared
    to: Subscribed

    @property
    def is_private(self) -> bool:
        """Whether not everybody sees its objects: then not even their ids are told to who does not."""
        facts = self.graph.schema.facts
        return facts.stored[self.to.relation.kind].seen is not None

    async def read(self, engine: Engine) -> Answer:
        """Read the message about `request.about`."""
        document, request = self.prepared.document, self.prepared.request
        plan = document.plans(self.prepared.operation).plan(self.graph.schema.facts, request)
        return await engine.read(self.graph, plan, request)


class Listener:
    """What one subscription has still to be told, an object once, at most so many of them."""

    def __init__(self, tenant: UUID | None, kind: str, slow: asyncio.Event, most: int) -> None:
        self.tenant = tenant
        self._kind = kind
        self._slow = slow
        self._most = most
        self._waiting: OrderedDict[tuple[UUID, UUID], Event] = OrderedDict()
        self._some = asyncio.Event()
        self.ended = False

    def push(self, event: Event) -> None:
        """Let an event wait; a later one of the same object takes its place."""
        if event.kind != self._kind or self._slow.is_set():
            return
        key = (event.tenant, event.row)
        self._waiting.pop(key, None)
        self._waiting[key] = event
        self._some.set()
        if len(self._waiting) > self._most:
            self._waiting.clear()
            self._slow.set()

    def end(self) -> None:
        """Tell the subscription that there is nothing more to come."""
        self.ended = True
        self._some.set()

    async def next(self) -> Event | None:
        """Wait for the next event; None at the end. Raises `TooSlow`."""
        while not self._waiting:
            if self.ended:
                return None
            if self._slow.is_set():
                raise TooSlow
            self._some.clear()
            await self._some.wait()
        return self._waiting.popitem(last=False)[1]


class Live:
    """The subscriptions of one process over one database. Nothing is heard outside `followed()`."""

    def __init__(self, engine: Engine, database: Database, *, most_waiting: int = MOST_WAITING) -> None:
        self._engine = engine
        self._database = database
        self._most_waiting = most_waiting
        self._listeners: dict[UUID | None, set[Listener]] = {}
        self._positions: dict[UUID, Position] = {}
        self._moved: set[UUID] = set()
        self._wake = asyncio.Event()
        self._statements = asyncio.Semaphore(STATEMENTS)
        self._shared: OrderedDict[Any, asyncio.Task[Answer]] = OrderedDict()
        self.subscriptions = 0
        self.closing = asyncio.Event()
        self._database.versions.hear(self._heard)

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        """Follow the events of all processes until the end; then every subscription ends."""
        reading = asyncio.create_task(self._read_for_ever())
        try:
            yield
        finally:
            self.close()
            tasks = {reading, *self._shared.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    def close(self) -> None:
        """End every subscription; none begins any more."""
        self.closing.set()
        for listeners in self._listeners.values():
            for listener in listeners:
                listener.end()

    # Hearing

    def _heard(self, tenant: UUID) -> None:
        if self._listeners.get(tenant) or self._listeners.get(None):
            self._moved.add(tenant)
            self._wake.set()

    def _hearing(self, tenant: UUID) -> list[Listener]:
        return [*self._listeners.get(tenant, ()), *self._listeners.get(None, ())]

    async def _read_for_ever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            moved, self._moved = self._moved, set()
            try:
                for tenant in list(moved):
                    await self._read(tenant)
                    moved.remove(tenant)
            except Exception as error:  # noqa: BLE001 - the database is away: what was not read is read later
                log.warning("events were not read just now: %s: %s", type(error).__name__, error)
                await asyncio.sleep(AGAIN_S)
                self._moved |= moved
                self._wake.set()

    async def _read(self, tenant: UUID) -> None:
        """Hand on a tenant's new events."""
        while self._hearing(tenant):
            position = self._positions.get(tenant, BEGINNING)
            events = await events_after(self._database, tenant, position, BATCH)
            if not self._hearing(tenant) or self._positions.get(tenant, BEGINNING) != position:
                continue  # who heard has gone meanwhile, and somebody else may have come
            for event in events:
                for listener in self._hearing(tenant):
                    listener.push(event)
            if events:
                self._positions[tenant] = events[-1].position
            if len(events) < BATCH:
                return

    async def _begin(self, listener: Listener) -> None:
        """Hear what happens from now on."""
        tenant = listener.tenant
        if tenant is None:
            stands = await all_stand(self._database)
            versions = self._database.versions
            moved = {each for each, stand in stands.items() if versions.of(each) > stand.version}
        else:
            known = self._positions.get(tenant)
            stands = {tenant: known or await stand_of(self._database, tenant)}
            moved = {tenant}
        for each, stand in stands.items():
            self._positions.setdefault(each, stand)
        self._listeners.setdefault(tenant, set()).add(listener)
        self.subscriptions += 1
        self._moved |= moved  # what happened between reading and hearing
        self._wake.set()

    def _end(self, listener: Listener) -> None:
        listeners = self._listeners[listener.tenant]
        listeners.remove(listener)
        self.subscriptions -= 1
        if listeners:
            return
        del self._listeners[listener.tenant]
        if None not in self._listeners:
            self._positions = {each: at for each, at in self._positions.items() if each in self._listeners}

    # Telling

    async def messages(self, wanted: Subscribe) -> AsyncGenerator[Message, None]:
        """Yield the messages of a subscription, first one that only says that it has begun; ends with the process.

        Raises `Refused` and `TooSlow`. Whoever leaves off closes the generator (`contextlib.aclosing`).
        """
        asker = await self._asker(wanted)
        opened = self._opened(wanted, asker, wanted.spend(asker))
        listener = Listener(opened.graph.tenant, opened.to.relation.kind, wanted.slow, self._most_waiting)
        await self._or_refused(self._begin(listener))
        try:
            known = await self._or_refused(self._known(opened))
            replay = await self._or_refused(self._missed(opened, wanted.since))
            yield Message()
            told: dict[UUID, Position] = {}
            for event in replay:
                told[event.tenant] = event.position
                if message := await self._message(wanted, event, always=True):
                    yield message
            while not self.closing.is_set() and (happened := await listener.next()):
                if happened.position <= told.get(happened.tenant, BEGINNING):
                    continue
                always = happened.row in known if known is not None else not opened.is_private
                if message := await self._message(wanted, happened, always=always):
                    known = _with(known, happened.row)
                    yield message
        finally:
            self._end(listener)

    async def _asker(self, wanted: Subscribe) -> Asker:
        """Ask anew who asks: nothing is told to somebody whose token has ended."""
        return await self._or_refused(wanted.who())

    def _opened(self, wanted: Subscribe, asker: Asker, spend: Callable[[int], None] | None = None) -> Opened:
        """Make the operation ready, as the graph is now."""
        try:
            graph = replace(wanted.graph(), shared=None)  # messages are never kept
        except GraphError as error:
            raise Refused(unexecuted(error)) from error
        shown = wanted.open_schema(asker)
        prepared = self._engine.prepare(graph, wanted.asked, asker, spend=spend, open_schema=shown)
        if isinstance(prepared, Answer):
            raise Refused(prepared)
        if prepared.operation.operation is not OperationType.SUBSCRIPTION:
            words = "Only subscriptions are answered here; queries and mutations are sent as JSON over HTTP."
            raise Refused(unexecuted(GraphError("SUBSCRIPTION_EXPECTED", words)))
        fragments, national = dict(prepared.document.fragments), graph.tenant is None
        query = Query(graph.schema.facts, prepared.request, fragments, national=national)
        to = subscribed(graph, prepared, query)
        if to is None:
            raise Refused(unexecuted(GraphError("INVALID_DOCUMENT", "The subscription's field is not included.")))
        return Opened(graph, prepared, to)

    async def _known(self, opened: Opened) -> set[UUID] | None:
        """Return the ids of what the subscription lists; None where there are too many to remember.

        The message itself is tried first, so that wrong arguments are told at once.
        """
        opened.prepared.request.about = About(opened.to.relation.kind, NOTHING, NOTHING)
        async with self._statements:
            await opened.read(self._engine)
            plan = opened.to.ids(MOST_KNOWN + 1)
            values = await plan.values(opened.prepared.request, self._engine.lookups)
            scope = National() if opened.graph.tenant is None else City(opened.graph.tenant)
            ids = orjson.loads(await self._database.reads.read(scope, plan.sql, values) or "[]")
        return {UUID(each) for each in ids} if len(ids) <= MOST_KNOWN else None

    async def _missed(self, opened: Opened, since: UUID | None) -> list[Event]:
        """Return what the client has missed, an object once."""
        if since is None:
            return []
        events = await missed(self._database, opened.graph.tenant, opened.to.relation.kind, since)
        last = {(event.tenant, event.row): event for event in events}
        return [event for event in events if last[event.tenant, event.row] is event]

    async def _message(self, wanted: Subscribe, event: Event, *, always: bool) -> Message | None:
        """Return the message of an event; None where the subscription does not list its object, and never did."""
        asker = await self._asker(wanted)
        opened = self._opened(wanted, asker)
        opened.prepared.request.about = About(event.kind, event.tenant, event.row, always)
        if asker.person is None:
            asked = wanted.asked
            said = (asked.query, asked.document_id, asked.operation_name, repr(asked.variables), asked.languages)
            answer = await self._once((opened.graph.tenant, id(opened.graph.schema), event.id, always, *said), opened)
        else:
            answer = await self._read_message(opened)
        if answer.code is not None:
            raise Refused(answer)
        if answer.body == opened.to.silence():
            return None
        return Message(answer.body[:-1] + b',"extensions":{"eventId":"%s"}}' % str(event.id).encode(), event.id)

    async def _once(self, key: Any, opened: Opened) -> Answer:
        """Read a message once for all strangers who want the same."""
        task = self._shared.get(key)
        if task is None:
            task = self._shared[key] = asyncio.create_task(self._read_message(opened))
            while len(self._shared) > MOST_SHARED:
                self._shared.popitem(last=False)
        answer = await asyncio.shield(task)
        if answer.code is not None:
            self._shared.pop(key, None)
        return answer

    async def _read_message(self, opened: Opened) -> Answer:
        async with self._statements:
            return await unbroken(opened.read(self._engine))

    async def _or_refused(self, work: Awaitable[T]) -> T:
        """Do something that may fail as reading does; raise `Refused` with the answer that says so."""
        found: list[T] = []

        async def run() -> Answer:
            found.append(await work)
            return Answer(b"")

        answer = await unbroken(run())
        if answer.code is not None:
            raise Refused(answer)
        return found[0]


def _with(known: set[UUID] | None, row: UUID) -> set[UUID] | None:
    """Remember that a client has heard of a row, unless there are too many to remember."""
    if known is None or len(known) >= 2 * MOST_KNOWN:
        return None
    known.add(row)
    return known
