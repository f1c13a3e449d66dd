"""What comes of a request has its id, however far behind the scenes it comes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.outbox.test_working import CURATOR, KiteFlown, fly
from tests.rooms import found_tenant
from waypost.cli.logs import JsonLines
from waypost.db import City, Database, System, execute, fetch, fetchval, new_id
from waypost.outbox import Effects, Handler, Happened, JobKind, Work, enqueue
from waypost.outbox.jobs import begin_job
from waypost.outbox.work import Bundle, Spread, enqueue_all
from waypost.tenancy.entries import Here
from waypost.testing.working import work_off
from waypost.tracing import about, ids, request_id

REQUEST = "7f3a19c02be4"
log = logging.getLogger("waypost.kites")


class Lines(logging.Handler):
    """Writes lines while their task is at it, as the process does."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[dict[str, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(json.loads(JsonLines().format(record)))


@pytest.fixture
def written() -> Any:
    """The lines of the log."""
    handler, root = Lines(), logging.getLogger("waypost")
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.INFO)
    yield handler.lines
    root.removeHandler(handler)
    root.setLevel(level)


async def test_all_that_comes_of_a_request_has_its_id(database: Database, written: list[dict[str, str]]) -> None:
    here = await found_tenant(database, "etchingham")

    async def tells_more(work: Work, event: Happened) -> None:
        assert event.request == REQUEST
        log.info("a kite flies")
        async with work.database.transaction(City(event.tenant_id)):
            await replace(CURATOR, here=here).tell(KiteFlown(new_id(), event.data["height"] + 1))
            await enqueue("reel-in", {"tenant": event.tenant_id})

    async def breaks(_work: Work, _facts: Mapping[str, Any]) -> None:
        raise ValueError("the kite is in a tree")

    async def told_of(tenant: Any, events: Any) -> None:
        made = [("tell", {"to": tenant}) for _ in events]
        await enqueue_all(made, lane="to", requests=[each.request for each in events])

    seen: list[str | None] = []

    async def tell(_work: Work, _tools: Any, tasks: Any) -> Mapping[Any, Exception]:
        seen.extend(each.request for each in tasks)
        return {tasks[0].id: ValueError("nobody answers")}

    async def first_alone(work: Work, event: Happened) -> None:
        if event.data["height"] == 7:
            await tells_more(work, event)

    effects = Effects(
        handlers=(Handler("watch", frozenset({"kite.flown"}), first_alone),),
        jobs=(JobKind("reel-in", breaks),),
        spreads=(Spread("tell", told_of),),
        bundles=(Bundle("tell", tell),),
    )
    with about(request=REQUEST):
        await fly(database, here)
    await work_off(database, effects=effects, raising=False)
    assert request_id() is None
    async with database.transaction(City(here.tenant_id)):
        events = await fetch("SELECT id, request FROM event ORDER BY version, id")
    assert [each["request"] for each in events] == [REQUEST, REQUEST]
    assert seen == [REQUEST, REQUEST]
    async with database.transaction(System("tests")):
        waiting = {row["kind"]: row for row in await fetch("SELECT id, kind, request FROM work")}
        await execute("DELETE FROM work")
    assert {kind: row["request"] for kind, row in waiting.items()} == {"reel-in": REQUEST, "tell": REQUEST}
    common = {"request": REQUEST, "tenant": str(here.tenant_id)}
    (flies,) = [each for each in written if each["message"] == "a kite flies"]
    assert flies.items() >= {**common, "event": str(events[0]["id"])}.items()
    assert flies["work"]
    for kind, row in waiting.items():
        failures = [each for each in written if each["message"].startswith(f"{kind} failed")]
        assert failures[-1].items() >= {**common, "work": str(row["id"])}.items()


async def test_a_job_has_the_id_of_the_request_that_began_it(database: Database) -> None:
    here: Here = await found_tenant(database, "burwash")
    async with database.transaction(City(here.tenant_id)):
        with about(request=REQUEST):
            await begin_job(replace(CURATOR, here=here), "award-many", 3)
        await begin_job(replace(CURATOR, here=here), "award-many", 3)
        assert await fetchval("SELECT array_agg(request ORDER BY id) FROM job") == [REQUEST, None]


async def test_what_a_task_is_about_ends_with_its_block() -> None:
    with about(request=REQUEST, tenant=None):
        assert ids() == {"request": REQUEST}
        with about(work="a b=c"):
            assert (ids(), request_id()) == ({"work": "a%20b%3Dc"}, None)
        assert request_id() == REQUEST
    assert ids() == {}
