"""What is told of, to whom, and what is not."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from tests.live.stage import Process, Stage, make_token, socket
from tests.rooms import NOW, rolled_back
from waypost.access.tokens import digest_of
from waypost.db import City, System, execute, new_id
from waypost.graph.live import STATEMENTS
from waypost.tenancy.telling import Told, tell_all

ONE = "subscription { opportunityChanged(filter: {%s}) { id opportunity { title provider { name } } } }"


async def test_what_another_process_writes_arrives(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        id = await stage.offer("Film Lab")
        message = await client.next()
        assert message["data"] == {"opportunityChanged": {"id": id, "opportunity": {"title": "Film Lab"}}}
        assert message["extensions"]["eventId"]
    await process.quiet()


async def test_a_change_arrives_as_it_is_and_closing_as_null(process: Process, stage: Stage) -> None:
    id = await stage.offer("Old Words")
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await stage.act(process, "updateOpportunity", id, title="New Words")
        assert await client.title() == "New Words"
        await stage.act(process, "closeOpportunity", id)
        assert (await client.next())["data"]["opportunityChanged"] == {"id": id, "opportunity": None}


async def test_a_filter_keeps_others_away(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe({"kinds": ["JOB"]})
        await process.listening(1)
        await stage.offer("No Job")
        await stage.offer("A Job", kind="JOB")
        assert await client.title() == "A Job"


async def test_what_leaves_the_filter_is_told_as_null_to_who_had_it_and_to_nobody_else(
    process: Process, stage: Stage
) -> None:
    shown, other = await stage.offer("Shown", kind="COURSE"), await stage.offer("Other", kind="EVENT")
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe({"kinds": ["COURSE"]})
        await process.listening(1)
        await stage.act(process, "closeOpportunity", other)
        await stage.act(process, "updateOpportunity", shown, kind="EVENT")
        assert (await client.next())["data"]["opportunityChanged"] == {"id": shown, "opportunity": None}
        await stage.act(process, "updateOpportunity", shown, kind="COURSE")
        assert await client.title() == "Shown"


async def test_a_city_hears_its_own_and_the_nation_hears_all(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as city, socket(process, "/graphql") as nation:
        await city.subscribe()
        await nation.subscribe()
        await process.listening(2)
        await stage.offer("In Plymouth", "plymouth")
        await stage.offer("In Brighton")
        # Each city tells of its own in order; which of two cities is heard first, nobody says.
        assert {await nation.title(), await nation.title()} == {"In Plymouth", "In Brighton"}
        assert await city.title() == "In Brighton"


async def test_nationally_a_filter_names_cities(process: Process, stage: Stage) -> None:
    async with socket(process, "/graphql") as client:
        await client.subscribe({"cities": ["plymouth"]})
        await process.listening(1)
        await stage.offer("Brighton Only")
        await stage.offer("Plymouth Only", "plymouth")
        assert await client.title() == "Plymouth Only"


async def test_from_an_origin_what_has_no_place_is_left_out_as_in_discover(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe({"near": {"latitude": 50.82, "longitude": -0.14}, "withinMetres": 1000})
        await process.listening(1)
        await stage.offer("Nowhere", latitude=None, longitude=None, online=True)
        await stage.offer("Far Away", latitude=50.9)
        await stage.offer("Close By")
        assert await client.title() == "Close By"


async def test_two_clients_with_words_of_their_own_hear_the_same_change(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as one, socket(process, "/brighton/graphql") as two:
        await one.subscribe()
        await two.subscribe(query=ONE % "free: true", variables=None)
        await one.subscribe({"kinds": ["WORKSHOP"]})
        await process.listening(3)
        id = await stage.offer("For Both")
        assert await one.title() == "For Both"
        assert await one.title() == "For Both"
        await stage.act(process, "updateOpportunity", id, cost={"free": True})
        found = (await two.next())["data"]["opportunityChanged"]["opportunity"]
        assert found == {"title": "For Both", "provider": {"name": "Youth-Club"}}
    await process.quiet()


async def test_nothing_is_told_of_what_was_undone(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        async with rolled_back(stage.database, stage.towns["brighton"].here):
            await stage.offer("Undone")
        await stage.offer("Done")
        assert await client.title() == "Done"


async def test_transactions_that_overlap_are_all_told(process: Process, stage: Stage) -> None:
    """The event that is made first may hold last: it is not passed over."""
    tenant = stage.towns["brighton"].here.tenant_id
    made, other = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with stage.database.transaction(City(tenant)):
            await stage.offer("Made First")
            made.set()
            await other.wait()

    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        waiting = asyncio.create_task(slow())
        await made.wait()
        await stage.offer("Held First")
        first = await client.next()
        assert first["data"]["opportunityChanged"]["opportunity"]["title"] == "Held First"
        other.set()
        await waiting
        second = await client.next()
        assert second["data"]["opportunityChanged"]["opportunity"]["title"] == "Made First"
        assert second["extensions"]["eventId"] < first["extensions"]["eventId"]
        await client.send(type="complete", id="1")
        await client.subscribe(since=first["extensions"]["eventId"])
        assert await client.title() == "Made First"


# Who hears


async def test_a_token_that_is_revoked_ends_its_subscription_at_the_next_change(process: Process, stage: Stage) -> None:
    tenant = stage.towns["brighton"].here.tenant_id
    token = await make_token(stage.database, tenant)
    async with socket(process, "/brighton/graphql", token) as client:
        await client.subscribe()
        await process.listening(1)
        await stage.offer("While It Holds")
        assert await client.title() == "While It Holds"
        async with stage.database.transaction(System("tests")):
            await execute("UPDATE token SET revoked_at = now() WHERE digest = $1", digest_of(token))
        await stage.offer("Too Late")
        assert await client.error() == "UNAUTHENTICATED"
    await process.quiet()


async def test_a_token_that_expires_says_so(process: Process, stage: Stage) -> None:
    token = await make_token(stage.database, stage.towns["brighton"].here.tenant_id)
    async with socket(process, "/graphql", token) as client:
        await client.subscribe()
        await process.listening(1)
        async with stage.database.transaction(System("tests")):
            await execute("UPDATE token SET expires_at = now() WHERE digest = $1", digest_of(token))
        await stage.offer("Too Late Now", "plymouth")
        assert await client.error() == "TOKEN_EXPIRED"


async def test_a_membership_that_ends_ends_the_subscription(process: Process, stage: Stage) -> None:
    tenant = stage.towns["plymouth"].here.tenant_id
    token = await make_token(stage.database, tenant, "learner")
    async with socket(process, "/plymouth/graphql", token) as client:
        await client.subscribe()
        await process.listening(1)
        async with stage.database.transaction(City(tenant)):
            await execute("DELETE FROM membership WHERE tenant_id = $1 AND role = 'learner'", tenant)
        await stage.offer("After The End", "plymouth")
        assert await client.error() == "UNAUTHENTICATED"


# What was missed


async def test_who_comes_back_with_the_last_event_gets_what_it_missed_an_object_once(
    process: Process, stage: Stage
) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await stage.offer("Seen")
        last = (await client.next())["extensions"]["eventId"]
    await process.quiet()
    twice = await stage.offer("Missed Twice")
    await stage.offer("Missed Elsewhere", "plymouth")
    await stage.offer("Missed Once")
    await stage.act(process, "closeOpportunity", twice)
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe(since=last)
        assert await client.title() == "Missed Once"
        assert (await client.next())["data"]["opportunityChanged"] == {"id": twice, "opportunity": None}
        await stage.offer("And Then Live")
        assert await client.title() == "And Then Live"


async def test_what_happens_while_it_is_read_what_was_missed_comes_once(process: Process, stage: Stage) -> None:
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await stage.offer("Last Heard")
        last = (await client.next())["extensions"]["eventId"]
        await client.send(type="complete", id="1")
        await process.listening(0)
        async with AsyncExitStack() as busy:
            for _ in range(STATEMENTS):
                await busy.enter_async_context(process.platform.live._statements)
            await client.subscribe(since=last)
            await process.listening(1)
            await stage.offer("In Between")
        assert await client.title() == "In Between"
        await stage.offer("Then This")
        assert await client.title() == "Then This"


async def test_nationally_what_was_missed_comes_from_all_cities(process: Process, stage: Stage) -> None:
    async with socket(process, "/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await stage.offer("Before The Gap")
        last = (await client.next())["extensions"]["eventId"]
    await stage.offer("Gap In Plymouth", "plymouth")
    await stage.offer("Gap In Brighton")
    async with socket(process, "/graphql") as client:
        await client.subscribe(since=last)
        await stage.offer("After The Gap")
        titles = set()
        while "After The Gap" not in titles:
            titles.add(await client.title())
        assert {"Gap In Plymouth", "Gap In Brighton"} <= titles
        assert "Before The Gap" not in titles


async def test_what_is_too_old_or_unknown_is_not_replayed(process: Process) -> None:
    async with socket(process, "/brighton/graphql") as client:
        for last in ("0190163d-8694-739b-aea5-966c26f8ad91", "ffffffff-ffff-7fff-bfff-ffffffffffff"):
            await client.subscribe(since=last)
            assert await client.error() == "REPLAY_TOO_OLD"


async def test_another_citys_event_is_no_place_to_go_on_from(process: Process, stage: Stage) -> None:
    async with socket(process, "/plymouth/graphql") as there, socket(process, "/brighton/graphql") as here:
        await there.subscribe()
        await process.listening(1)
        await stage.offer("Somewhere Else", "plymouth")
        await here.subscribe(since=(await there.next())["extensions"]["eventId"])
        assert await here.error() == "REPLAY_TOO_OLD"


async def test_more_than_a_thousand_missed_changes_are_read_anew(process: Process, stage: Stage) -> None:
    tenant = stage.towns["brighton"].here.tenant_id
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe()
        await process.listening(1)
        await stage.offer("Before The Flood")
        last = (await client.next())["extensions"]["eventId"]
    async with stage.database.transaction(City(tenant)):
        for _ in range(2):
            told = [Told("opportunity.updated", "Opportunity", new_id()) for _ in range(501)]
            await tell_all(tenant, told, NOW)
    async with socket(process, "/brighton/graphql") as client:
        await client.subscribe(since=last)
        assert await client.error() == "REPLAY_TOO_OLD"
        await client.subscribe()
        await process.listening(1)
        await stage.offer("After The Flood")
        assert await client.title() == "After The Flood"
