"""What plugins do in the background reaches the cities that have them, and no others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from tests.outbox.test_worker import until
from tests.outbox.test_working import Seen, fly
from tests.plugins.workshop import Workshop
from tests.rooms import found_tenant
from waypost.calling import MOST_FAILURES, CallLate, Calls, PluginPaused
from waypost.db import Database, System, execute, fetch
from waypost.outbox import Effects, JobKind, Schedule, Work, enqueue
from waypost.outbox import worker as workers
from waypost.outbox.work import Addressed, Letter
from waypost.outbox.worker import Worker
from waypost.plugins import activation, load
from waypost.plugins.activation import where_active
from waypost.testing.working import SETTINGS, work_off

ON_SQL = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, $3, $2)"


async def switch(database: Database, tenant: UUID, plugin: str = "kites", *, on: bool) -> None:
    async with database.transaction(System("tenants", shared=True)):
        await execute(ON_SQL, tenant, on, plugin)


async def test_a_handler_hears_of_cities_that_have_its_plugin_alone(database: Database) -> None:
    with_it, off, without = [await found_tenant(database, slug) for slug in ("lewes", "ryde", "bude")]
    await switch(database, with_it.tenant_id, on=True)
    await switch(database, off.tenant_id, on=False)
    seen = Seen()
    kites = [await fly(database, here) for here in (with_it, off, without)]
    await work_off(database, effects=where_active("kites", seen.effects(), Calls(), frozenset({"kites"})))
    assert [event.object_id for event in seen.events if event.object_id in kites] == kites[:1]


async def test_a_handler_hears_nothing_of_a_city_that_lacks_what_its_plugin_requires(database: Database) -> None:
    whole, half = [await found_tenant(database, slug) for slug in ("deal", "rye")]
    for here, wind in ((whole, True), (half, False)):
        await switch(database, here.tenant_id, on=True)
        await switch(database, here.tenant_id, "wind", on=wind)
    seen = Seen()
    kites = [await fly(database, here) for here in (whole, half)]
    await work_off(database, effects=where_active("kites", seen.effects(), Calls(), frozenset({"kites", "wind"})))
    assert [event.object_id for event in seen.events if event.object_id in kites] == kites[:1]


def test_the_work_of_a_plugin_needs_all_that_is_required_in_turn(workshop: Workshop) -> None:
    for name, requires in (("string", ()), ("kites", ("string",)), ("show", ("kites",))):
        workshop.install(name, requires=requires)
    plugins = load(["string", "kites", "show"])
    (show,) = [plugin for plugin in plugins.ready if plugin.manifest.name == "show"]
    assert plugins.needs(show) == {"string", "kites", "show"}


async def test_a_schedule_that_hangs_holds_up_itself_alone(database: Database) -> None:
    ran: list[str] = []

    async def hang(_work: Work) -> None:
        ran.append("hang")
        await asyncio.Event().wait()

    async def tick(_work: Work) -> None:
        ran.append("tick")

    kites = where_active("kites", Effects(schedules=(Schedule("kites.hang", 60, hang),)), Calls(), frozenset({"kites"}))
    others = Effects(schedules=(Schedule("tick", 1, tick),))
    worker = Worker(Work(database, SETTINGS), Effects.joined((kites, others)))
    try:
        async with worker.running():
            await until(lambda: ran.count("tick") >= 2)
            for task in [*worker._begun]:
                task.cancel()
    finally:
        async with database.transaction(System("worker")):
            await execute("UPDATE schedule SET holder = NULL, due_at = now()")
    assert ran.count("hang") == 1


async def test_a_schedule_is_bounded_and_counted_and_rests_alone(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activation, "SCHEDULE_S", 0.01)
    calls, work = Calls(), Work(database, SETTINGS)

    async def hang(_work: Work) -> None:
        await asyncio.Event().wait()

    def plain(_work: Work) -> None:
        return None

    schedules = (Schedule("kites.hang", 60, hang), Schedule("kites.plain", 60, plain))  # type: ignore[arg-type]
    hanging, other = where_active("kites", Effects(schedules=schedules), calls, frozenset({"kites"})).schedules
    for _ in range(MOST_FAILURES):
        with pytest.raises(CallLate):
            await hanging.run(work)
    with pytest.raises(PluginPaused):
        await hanging.run(work)
    monkeypatch.undo()
    await other.run(work)
    assert calls.failures == {"kites": MOST_FAILURES}
    assert calls.rest_s("kites", None) == 0


@pytest.mark.parametrize("error", [asyncio.CancelledError(), SystemExit(1)])
async def test_a_job_that_would_end_its_worker_is_tried_again_like_others(
    database: Database, error: BaseException
) -> None:
    async def leave(_work: Work, _facts: Mapping[str, Any]) -> None:
        raise error

    effects = where_active("kites", Effects(jobs=(JobKind("kites.leave", leave),)), Calls(), frozenset({"kites"}))
    async with database.transaction(System("tests")):
        await enqueue("kites.leave", {})
    await work_off(database, effects=effects, raising=False)
    async with database.transaction(System("tests")):
        (row,) = await fetch("SELECT state, attempts, holder, problem FROM work WHERE kind = 'kites.leave'")
        await execute("DELETE FROM work")
    assert (row["state"], row["attempts"], row["holder"]) == ("due", 1, None)
    assert row["problem"].startswith("RuntimeError: it ")


def test_the_templates_of_a_letter_are_found_beside_its_plugin() -> None:
    async def facts(_work: Work, _facts: Mapping[str, Any]) -> Addressed | None:
        return None

    letter = Letter("kites.report", facts)
    (wrapped,) = where_active("kites", Effects(letters=(letter,)), Calls(), frozenset({"kites"})).letters
    assert wrapped.package == letter.package


async def test_work_that_hangs_while_it_holds_the_database_holds_up_no_other_work(database: Database) -> None:
    begun: list[str] = []
    done = asyncio.Event()

    async def hang(work: Work, _facts: Mapping[str, Any]) -> None:
        async with work.database.transaction(System("kites")):
            begun.append("hang")
            await asyncio.Event().wait()

    async def letter(_work: Work, _facts: Mapping[str, Any]) -> None:
        done.set()

    plugin = Effects(jobs=(JobKind("kites.hang", hang),))
    effects = Effects.joined(
        (where_active("kites", plugin, Calls(), frozenset({"kites"})), Effects(jobs=(JobKind("letter", letter),)))
    )
    async with database.transaction(System("tests")):
        for _ in range(12):
            await enqueue("kites.hang", {})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "STOP_WITHIN_S", 0.1)
        async with Worker(Work(database, SETTINGS), effects).running():
            await until(lambda: bool(begun))
            async with database.transaction(System("tests")):
                await enqueue("letter", {})
            await asyncio.wait_for(done.wait(), 20)
            assert begun == ["hang"], "one of the pool's four connections"
    async with database.transaction(System("tests")):
        await execute("DELETE FROM work")
