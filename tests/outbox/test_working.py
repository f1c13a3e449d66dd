"""Events reach their handlers, jobs are done, and what fails is tried again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import pytest

from tests.rooms import NOW, found_tenant, rolled_back
from waypost.db import Actor, City, Database, System, execute, fetch, fetchval, new_id
from waypost.outbox import Act, Effects, Event, Handler, Happened, JobKind, Work, enqueue
from waypost.outbox.effects import sweep
from waypost.tenancy.entries import Here
from waypost.testing.working import work_off

HERE = Here(UUID(int=1), "brighton", ("en",), "Europe/London", "rsa-2019")
CURATOR = Act(HERE, UUID(int=2), "curator", None, NOW)


@dataclass(frozen=True)
class KiteFlown(Event):
    kite: UUID
    height: int


class Seen:
    """Remembers what came, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Happened] = []
        self.facts: list[Mapping[str, Any]] = []
        self.failures = failures

    async def event(self, _work: Work, event: Happened) -> None:
        self.events.append(event)
        self._fail()

    async def job(self, _work: Work, facts: Mapping[str, Any]) -> None:
        self.facts.append(facts)
        self._fail()

    def _fail(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ValueError("the kite is in a tree")

    def effects(self) -> Effects:
        return Effects(
            handlers=(Handler("watch", frozenset({"kite.flown"}), self.event),), jobs=(JobKind("reel-in", self.job),)
        )


async def fly(database: Database, here: Here, height: int = 7) -> UUID:
    kite = new_id()
    async with database.transaction(City(here.tenant_id)):
        await replace(CURATOR, here=here).tell(KiteFlown(kite, height))
    return kite


async def make_due(database: Database) -> None:
    async with database.transaction(System("tests")):
        await execute("UPDATE work SET due_at = now() WHERE state = 'due'")


async def test_every_event_reaches_its_handlers_once(database: Database) -> None:
    here, seen = await found_tenant(database, "hove"), Seen()
    kites = [await fly(database, here, height) for height in range(3)]
    await work_off(database, effects=seen.effects())
    await work_off(database, effects=seen.effects())
    assert [each.object_id for each in seen.events] == kites
    first = seen.events[0]
    assert (first.tenant_id, first.type, first.object_type) == (here.tenant_id, "kite.flown", "Kite")
    assert (first.data, first.person_id, first.happened_at) == ({"height": 0}, CURATOR.person, NOW)


async def test_what_was_undone_is_no_work(database: Database) -> None:
    here, seen = await found_tenant(database, "lewes"), Seen()
    async with rolled_back(database, here):
        await replace(CURATOR, here=here).tell(KiteFlown(new_id(), 1))
        await enqueue("reel-in", {"kite": new_id()})
    await work_off(database, effects=seen.effects())
    assert (seen.events, seen.facts) == ([], [])


async def test_a_job_is_done_after_its_transaction_with_its_facts(database: Database) -> None:
    here, seen, kite = await found_tenant(database, "rye"), Seen(), new_id()
    async with database.transaction(City(here.tenant_id)):
        await enqueue("reel-in", {"kite": kite, "metres": 3})
    async with database.transaction(System("tests")):
        await enqueue("reel-in", {"kite": None}, after_s=3600)
    assert await work_off(database, effects=seen.effects()) == 1
    assert seen.facts == [{"kite": str(kite), "metres": 3}]


async def test_work_is_done_on_behalf_of_the_act_that_asked_for_it_or_of_the_event(database: Database) -> None:
    here, who = await found_tenant(database, "shoreham"), Actor(UUID(int=2), "flyKite", "curator", UUID(int=3))
    named: list[Actor | None] = []

    async def job(work: Work, facts: Mapping[str, Any]) -> None:
        named.append(work.database.actor)
        if facts["again"]:
            async with work.database.transaction(City(here.tenant_id)):
                await enqueue("reel-in", {"again": 0})

    async def event(work: Work, _event: Happened) -> None:
        named.append(work.database.actor)

    effects = Effects(handlers=(Handler("watch", frozenset({"kite.flown"}), event),), jobs=(JobKind("reel-in", job),))
    async with database.transaction(City(here.tenant_id), who):
        await enqueue("reel-in", {"again": 1})
    await work_off(database, effects=effects)
    assert named == [who, who]
    await fly(database, here)
    async with database.transaction(City(here.tenant_id)):
        await enqueue("reel-in", {"again": 0})
    await work_off(database, effects=effects)
    assert named[2:] in ([None, Actor(UUID(int=2), "watch")], [Actor(UUID(int=2), "watch"), None])


async def test_what_fails_comes_again_and_is_dead_at_last(database: Database) -> None:
    here, seen = await found_tenant(database, "seaford"), Seen(failures=99)
    await fly(database, here)
    with pytest.raises(ValueError, match="tree"):
        await work_off(database, effects=seen.effects())
    for _ in range(9):
        await make_due(database)
        await work_off(database, effects=seen.effects(), raising=False)
    assert len(seen.events) == 7
    async with database.transaction(System("tests")):
        (row,) = await fetch("SELECT state, problem, attempts FROM work WHERE kind = 'on:watch'")
        await execute("DELETE FROM work")
    assert dict(row) == {"state": "dead", "problem": "ValueError: the kite is in a tree", "attempts": 7}


async def test_why_it_failed_is_written_down_whatever_the_words(database: Database) -> None:
    """Or nothing would be, and it would be begun anew each time that its lease ends."""

    async def job(_work: Work, _facts: Mapping[str, Any]) -> None:
        raise ValueError("a tree\0 and a \ud83d")

    async with database.transaction(System("tests")):
        await enqueue("reel-in", {})
    await work_off(database, effects=Effects(jobs=(JobKind("reel-in", job),)), raising=False)
    async with database.transaction(System("tests")):
        (problem,) = [
            row["problem"] for row in await fetch("DELETE FROM work WHERE kind = 'reel-in' RETURNING problem")
        ]
    assert problem == "ValueError: a tree\N{REPLACEMENT CHARACTER} and a \N{REPLACEMENT CHARACTER}"


async def test_a_job_hears_that_it_is_dead(database: Database) -> None:
    """And is not dead before it has heard that."""
    here, seen, ends = await found_tenant(database, "saltdean"), Seen(failures=99), Seen(failures=1)
    effects = Effects(jobs=(JobKind("reel-in", seen.job, dead=ends.job),))
    async with database.transaction(City(here.tenant_id)):
        await enqueue("reel-in", {"kite": 7})
    for _ in range(9):
        await work_off(database, effects=effects, raising=False)
        await make_due(database)
    assert (len(seen.facts), ends.facts) == (8, [{"kite": 7}] * 2)
    async with database.transaction(System("tests")):
        (row,) = await fetch("SELECT state, attempts FROM work WHERE kind = 'reel-in'")
        await execute("DELETE FROM work")
    assert dict(row) == {"state": "dead", "attempts": 7}


async def test_a_handler_does_once_what_it_remembers(database: Database) -> None:
    here, key = await found_tenant(database, "battle"), new_id()
    work = Work(database, None)  # type: ignore[arg-type]  # no settings are looked at
    answers = []
    for _ in range(2):
        async with work.once(here.tenant_id, "watch", key) as first:
            answers.append(first)
    assert answers == [True, False]
    async with database.transaction(City(here.tenant_id)):
        assert await fetchval("SELECT count(*) FROM handled") == 1


async def test_what_was_done_is_remembered_for_a_month_or_for_good(database: Database) -> None:
    here = await found_tenant(database, "winchelsea")
    work = Work(database, None)  # type: ignore[arg-type]  # no settings are looked at
    keys = {lasting: new_id() for lasting in (False, True)}
    for lasting, key in keys.items():
        async with work.once(here.tenant_id, "watch", key, lasting=lasting) as first:
            assert first
    async with database.transaction(City(here.tenant_id)):
        await execute("UPDATE handled SET handled_at = now() - interval '31 days'")
    await sweep(work)
    for lasting, key in keys.items():
        async with work.once(here.tenant_id, "watch", key, lasting=lasting) as first:
            assert first is not lasting
