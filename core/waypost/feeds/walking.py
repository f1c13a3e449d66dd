"""One walk through a feed: page by page, each written together with the cursor that leads on from it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg
import orjson

from waypost.calling import Call
from waypost.db import City, National, execute, fetch, fetchval
from waypost.feeds import state
from waypost.feeds.beginning import JOB
from waypost.feeds.books import Books
from waypost.feeds.client import MOST_BYTES, TIMEOUT_S, Client, NotModified, NotNow
from waypost.feeds.placing import Point
from waypost.feeds.pulling import Course, Pulled, kept_of, page_kept, page_of
from waypost.feeds.rules import Batch, digest_of, problem_at, read_page
from waypost.feeds.settings import FeedSettings
from waypost.feeds.state import FeedState
from waypost.feeds.store import OPPORTUNITY, PLACE, PageWriter
from waypost.feeds.veil import Veil
from waypost.outbox.feeding import Asked, FeedFault, FeedKind
from waypost.outbox.jobs import MOST_PROBLEMS, Problem, add_problems, end_job, job_progress
from waypost.outbox.retries import retry_in_s
from waypost.outbox.work import Work, enqueue
from waypost.outgoing import Outgoing
from waypost.places.rules import normal_postcode
from waypost.plugins import Plugin, Plugins, geocode
from waypost.refusal import Refusal
from waypost.tenancy import Tenant
from waypost.tenancy.entries import Here, tenant_area
from waypost.tenancy.outline import Area

PATIENCE_S: Final = 600.0
READ_WITHIN_S: Final = 120.0  # the items of a page
MOST_GEOCODED: Final = 50  # on one page; the others are found the next times
SOON: Final = timedelta(hours=1)  # what failed is not read again at once
HAD_SQL: Final = """
SELECT count(*) FROM feed_row WHERE tenant_id = $1 AND feed_id = $2 AND object_type = $3 AND digest <> ''
"""
POSTCODES_SQL: Final = "SELECT code, latitude, longitude FROM postcode WHERE code = ANY($1::text[])"
# Where places were found in walks before.
BEFORE_SQL: Final = """
SELECT replace(postcode, ' ', '') AS code, latitude, longitude FROM place
WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND postcode IS NOT NULL
"""
# What the row of one item cannot hold costs that item.
REFUSED: Final = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)


class Overtaken(Exception):
    """Somebody else goes on with this walk."""


@dataclass(frozen=True)
class Source:
    """A feed with everything that it is read with."""

    tenant: Tenant
    plugin: Plugin
    kind: FeedKind
    settings: FeedSettings
    plugins: Plugins
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def mark(self) -> str:
        """What changes when the settings or the plugin do."""
        return self.settings.digest(self.plugin.manifest.version)


@dataclass(frozen=True)
class Taken:
    """A page that was pulled and read, with points of the postcodes on it."""

    pulled: Pulled
    batch: Batch
    points: Mapping[str, Point]


@dataclass
class Walk:
    """One walk through a feed, from where it stands."""

    work: Work
    source: Source
    feed: FeedState
    area: Area | None = None
    course: Course = field(default_factory=Course)
    _kept_problems: int = 0

    def __post_init__(self) -> None:
        self._calls = Outgoing(self.work.settings.allow_private_targets, TIMEOUT_S, MOST_BYTES)

    async def go(self) -> None:
        """Go to the end, or as far as it leads today; what it comes to stands in the books and in the job."""
        feed = self.feed
        self.course = Course(feed.pages, feed.items, feed.total, feed.came_to, self.source.kind.whole)
        self._kept_problems = feed.problems
        async with self.work.database.transaction(self._city):
            self.area = await tenant_area(self.source.tenant.id)
        try:
            await self._walk()
        except FeedFault as fault:
            await self._fail(fault)
        except NotNow as error:
            await self._later(str(error), error.after_s)
        except Overtaken:
            return

    async def _walk(self) -> None:
        coming = asyncio.create_task(self._take(self.feed.position, self.feed.items))
        try:
            while True:
                taken = await coming
                self.course.go(taken.pulled)
                following = taken.pulled.page.next
                if following is not None:  # while this page is written, the next one is on its way
                    coming = asyncio.create_task(self._take(following, self.course.items))
                await self._write(taken)
                if following is None:
                    return
        finally:
            if not coming.done():
                coming.cancel()
                await asyncio.wait({coming})
            elif not coming.cancelled():
                coming.exception()  # whatever it was, it comes again where the walk goes on

    @property
    def _city(self) -> City:
        return City(self.source.tenant.id)

    # Pulling

    async def _take(self, cursor: Any, before: int) -> Taken:
        pulled = await self._pull(cursor)
        if pulled.kept is not None:
            return Taken(pulled, Batch(pulled.count), {})
        name, what = self.source.plugin.manifest.name, f"reading the feed {self.source.settings.name}"
        call = Call(name, what, self.source.tenant.id, READ_WITHIN_S)
        try:
            batch = await self.source.plugins.calls.make(call, self._read, pulled, before)
        except Exception as error:
            raise NotNow(f"the plugin failed: {type(error).__name__}: {error}") from error
        return Taken(pulled, batch, await self._points(batch))

    def _read(self, pulled: Pulled, before: int) -> Batch:
        return read_page(self.source.kind, pulled.page, self.source.settings, before)

    async def _pull(self, cursor: Any) -> Pulled:
        source, tenant = self.source, self.source.tenant.id
        async with self.work.database.transaction(City(tenant, quiet=True)):
            kept = await state.kept_page(tenant, self.feed.id, digest_of(cursor), source.mark)
        known = {} if kept is None else {str(kept[1]["url"]): kept[0]}
        veil = Veil().over(source.secrets.values())
        client = Client(self._calls, source.settings.url, known, self.work.now(), veil)
        asked = Asked(source.settings.url, source.settings.raw, client, cursor, source.secrets)
        name, what = source.plugin.manifest.name, f"pulling the feed {source.settings.name}"
        call = Call(name, what, tenant, PATIENCE_S, check=page_of, meant=(FeedFault, NotNow, NotModified))
        try:
            page = await source.plugins.calls.make(call, source.kind.pull, asked)
        except NotModified:
            if kept is None:
                raise NotNow("it answered that nothing was modified, and was not asked that") from None
            return Pulled(cursor, page_kept(kept[1]), kept=kept[1])
        # None of what is told repeats a secret, nor does a cause that a log would show with it.
        except FeedFault as fault:
            raise client.veil.fault(fault) from None
        except NotNow as error:
            raise NotNow(client.veil.text(str(error)), error.after_s) from None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is tried again
            raise NotNow(client.veil.text(f"the plugin failed: {type(error).__name__}: {error}")) from None
        return Pulled(cursor, client.veil.page(page), client.etag, client.called)

    async def _points(self, batch: Batch) -> dict[str, Point]:
        """Where the postcodes are of places that have no point: by the platform's table, then by geocoders."""
        codes = set(_codes(batch))
        if not codes:
            return {}
        rows = await self.work.database.reads.rows(National(), POSTCODES_SQL, [list(codes)])
        found: dict[str, Point] = {row["code"]: (row["latitude"], row["longitude"]) for row in rows}
        missing = codes - found.keys()
        if not missing:
            return found
        before = await self._points_before(batch)
        # Those that were never found come first, and each walk begins with others of them.
        turn = sorted(missing, key=lambda code: (code in before, digest_of(code, self.feed.round)))[:MOST_GEOCODED]
        tenant = self.source.tenant
        asked = (geocode(self.source.plugins, tenant.plugins, code, tenant.id) for code in turn)
        points = zip(turn, await asyncio.gather(*asked), strict=True)
        return before | found | {code: point for code, point in points if point is not None}

    async def _points_before(self, batch: Batch) -> dict[str, Point]:
        """Where the places of a page are that were written in walks before, by postcode."""
        tenant = self.source.tenant.id
        places = [each.item.place.source_id for each in batch.items.values() if each.item.place]
        async with self.work.database.transaction(City(tenant, quiet=True)):
            known = await Books(tenant, self.feed.id, self.feed.round).known(PLACE, places)
            rows = await fetch(BEFORE_SQL, tenant, [each.object_id for each in known.values()])
        return {row["code"]: (row["latitude"], row["longitude"]) for row in rows}

    # Writing

    async def _write(self, taken: Taken) -> None:
        try:
            await self._write_page(taken, taken.batch)
        except REFUSED:
            kept = set(taken.batch.kept)
            problems = [*taken.batch.problems, *await self._write_parts(taken, [*taken.batch.items], kept)]
            await self._write_page(taken, Batch(taken.batch.count, {}, kept, problems))

    async def _write_page(self, taken: Taken, batch: Batch) -> None:
        """Write a page, and where the walk goes on, in one transaction."""
        tenant, pulled = self.source.tenant.id, taken.pulled
        async with self.work.database.transaction(self._city):
            feed = await self._still_here(pulled.cursor)
            writer = self._writer(taken)
            if pulled.kept is None:
                problems = [*batch.problems, *await writer.write(batch)]
            else:
                problems = []
                writer.books.see(OPPORTUNITY, pulled.kept["ids"])
                writer.books.see(PLACE, pulled.kept["places"])
                await writer.books.close()
            if feed.job_id is not None:
                await add_problems(tenant, feed.job_id, self._keep_room(problems))
                await job_progress(tenant, feed.job_id, self.course.items, total=self.course.total)
            self._kept_problems += len(problems)
            await self._note_page(pulled, batch, clean=not problems)
            following = pulled.page.next
            at = None if following is None else orjson.dumps(following).decode()
            facts = (self.course.came_to, pulled.count, self.course.total, len(problems))
            await execute(state.GO_ON_SQL, tenant, self.feed.id, at, *facts)
            if following is None:
                await self._finish(feed, writer, pulled.page.resume)

    def _keep_room(self, problems: list[Problem]) -> list[Problem]:
        return problems[: max(MOST_PROBLEMS - self._kept_problems, 0)]

    async def _note_page(self, pulled: Pulled, batch: Batch, *, clean: bool) -> None:
        """Keep the page's ETag, if all of it could be used: what could not is tried again."""
        tenant, key = self.source.tenant.id, digest_of(pulled.cursor)
        facts: tuple[str, str] | None = None
        if pulled.kept is not None:
            kept = await state.kept_page(tenant, self.feed.id, key, self.source.mark)
            facts = None if kept is None else (kept[0], orjson.dumps(kept[1]).decode())
        elif pulled.etag is not None and clean:
            places = [each.item.place.source_id for each in batch.items.values() if each.item.place]
            held = kept_of(pulled.page, pulled.url, [*batch.items], places)
            facts = (pulled.etag, orjson.dumps(held).decode())
        if facts is not None:
            etag, page = facts
            await execute(state.PAGE_SQL, tenant, self.feed.id, key, etag, self.source.mark, page, self.feed.round)

    async def _write_parts(self, taken: Taken, ids: list[str], kept: set[str]) -> list[Problem]:
        """Write items in smaller and smaller parts, until what the database refuses stands alone; it joins `kept`."""
        part = Batch(len(ids), {id: taken.batch.items[id] for id in ids})
        try:
            async with self.work.database.transaction(self._city):
                await self._still_here(taken.pulled.cursor)
                return await self._writer(taken).write(part)
        except REFUSED as error:
            if len(ids) == 1:
                ready = part.items[ids[0]]
                kept.add(ids[0])
                return [ready.problem("ITEM_UNUSABLE", f"it cannot be kept: {type(error).__name__}")]
            half = len(ids) // 2
            parts = (ids[:half], ids[half:])
            return [problem for some in parts for problem in await self._write_parts(taken, some, kept)]

    def _writer(self, taken: Taken) -> PageWriter:
        tenant = self.source.tenant
        here = Here.of(tenant, self.feed.managed_by)
        books = Books(tenant.id, self.feed.id, self.feed.round)
        return PageWriter(here, self.source.settings, self.area, self.work.now(), books, taken.points)

    async def _still_here(self, cursor: Any) -> FeedState:
        """Lock the feed, if this walk still stands where it did."""
        feed = await self._locked()
        if feed is None or feed.position != cursor:
            raise Overtaken
        return feed

    async def _locked(self) -> FeedState | None:
        """Lock the feed; None where this walk was ended."""
        feed = await state.find(self.source.tenant.id, self.feed.id, lock=True)
        return feed if feed is not None and (feed.state, feed.round) == ("reading", self.feed.round) else None

    # Ending

    async def _finish(self, feed: FeedState, writer: PageWriter, resume: Any) -> None:
        """Close what vanished and end, in the transaction of the last page."""
        tenant = self.source.tenant.id
        try:
            self.course.end(await fetchval(HAD_SQL, tenant, self.feed.id, OPPORTUNITY))
        except FeedFault as fault:
            await self._end(feed, "failed", None, fault)
            return
        if self.source.kind.whole:
            await writer.vanish()
            await execute(state.OLD_PAGES_SQL, tenant, self.feed.id, self.feed.round)
        await self._end(feed, "waiting", None if self.source.kind.whole else resume)

    async def _fail(self, fault: FeedFault) -> None:
        """End with a problem; what was there before stays."""
        async with self.work.database.transaction(self._city):
            feed = await self._locked()
            if feed is None:
                return
            again = None if self.source.kind.whole else feed.position
            await self._end(feed, "failed", again, fault)

    async def _end(
        self, feed: FeedState, how: Literal["waiting", "failed"], cursor: Any, fault: FeedFault | None = None
    ) -> None:
        await end(self.work, self.source.tenant.id, feed, how, cursor, fault, hours=self.source.settings.hours)

    async def _later(self, words: str, after_s: float | None) -> None:
        """Go on later from this very page; after some days of that, end."""
        tenant = self.source.tenant.id
        async with self.work.database.transaction(City(tenant, quiet=True)):
            feed = await self._locked()  # pages that were had since have set its attempts to nought
            if feed is None:
                return
            wait_s = retry_in_s(feed.attempts + 1, random.random, least_s=after_s or 0.0)
            if wait_s is not None:
                await execute(state.ATTEMPT_SQL, tenant, feed.id)
                await enqueue(JOB, {"tenant": tenant, "feed": feed.id, "round": feed.round}, after_s=wait_s)
                return
        await self._fail(FeedFault("FEED_UNREACHED", words))


async def end(
    work: Work,
    tenant: UUID,
    feed: FeedState,
    how: Literal["waiting", "failed"],
    cursor: Any,
    fault: FeedFault | None = None,
    *,
    hours: int,
) -> None:
    """End a walk in the current transaction, well (no fault) or not; the job is told."""
    now = work.now()
    due = now + (min(SOON, timedelta(hours=hours)) if fault else timedelta(hours=hours))
    said = (None, None) if fault is None else (fault.code, " ".join(fault.words.split())[:500])
    at = None if cursor is None else orjson.dumps(cursor).decode()
    await execute(state.END_SQL, tenant, feed.id, how, at, *said, now, due)
    if feed.job_id is not None:
        problems = [] if fault is None else [problem_of(fault)]
        await end_job(tenant, feed.job_id, "failed" if fault else "done", problems)


def problem_of(fault: FeedFault) -> Problem:
    """What a job says of a fault of the feed as a whole, which is in no line."""
    return replace(problem_at(0, fault.where, fault.code, fault.words), line=None)


def _codes(batch: Batch) -> Iterable[str]:
    for ready in batch.items.values():
        place = ready.item.place
        if place is not None and place.postcode and (place.latitude is None or place.longitude is None):
            code = normal_postcode(place.postcode)
            if not isinstance(code, Refusal):
                yield code
