"""Plugins object to submissions, in the cities that have them and in no others."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from tests.rooms import found_tenant
from tests.school.stage import DRAFT, proposed, set_up
from waypost.composition import engine
from waypost.db import City, Database, System, execute, fetchval, new_id
from waypost.outbox import Submission, Verdict
from waypost.plugins import Plugins, load, verdict_on, vetoes
from waypost.tenancy.entries import Here

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
OBJECT = """
    import asyncio

    from waypost.db import execute, fetchval
    from waypost.plugins import hookimpl
    from waypost.refusal import Refused

    async def tide(submission):
        name = submission.words["name"]
        if name == "Broken":
            await fetchval("select 1 / 0")
        if name == "Half-written":
            await execute("delete from event")
            raise LookupError("the almanac is lost")
        if name == "Slow":
            await fetchval("select pg_sleep(60)::text")
        if name == "Odd":
            return "no"
        if name == "Ebb":
            return Refused(code="LOW_TIDE", message=f"Wait, round {submission.round} of {submission.here.slug}.")
        return None

    @hookimpl
    def waypost_submission(registrar):
        registrar.veto(tide)
"""
ON_SQL = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'tide', $2)"


@pytest.fixture
def plugins(workshop: Workshop) -> Plugins:
    workshop.install("tide", OBJECT, contributes=["veto:tide"])
    found = load(["tide"])
    assert one(found, "tide").reason == ""
    return found


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "whitby")


async def asked(database: Database, plugins: Plugins, here: Here, name: str, *active: str) -> Verdict:
    """What plugins say of a draft called so; fails if the transaction did not live on."""
    badge, draft, creator, organisation = (new_id() for _ in range(4))
    submission = Submission(here, NOW, badge, draft, 1, creator, organisation, here.tenant_id, {"name": name})
    async with database.transaction(City(here.tenant_id)):
        verdict = await verdict_on(plugins, active, submission)
        assert await fetchval("SELECT 1") == 1
    return verdict


async def test_a_veto_refuses_with_words_and_a_code_of_its_own(
    database: Database, plugins: Plugins, here: Here
) -> None:
    refusal = (await asked(database, plugins, here, "Ebb", "tide")).refusal
    assert refusal is not None
    assert (refusal.code, refusal.message) == ("LOW_TIDE", "Wait, round 1 of whitby.")
    assert await asked(database, plugins, here, "Flood", "tide") == Verdict()


async def test_a_veto_is_not_asked_where_its_plugin_is_off(database: Database, plugins: Plugins, here: Here) -> None:
    assert await asked(database, plugins, here, "Ebb") == Verdict()
    assert await asked(database, plugins, here, "Broken", "essential") == Verdict()


@pytest.mark.parametrize("name", ["Broken", "Half-written", "Slow", "Odd"])
async def test_a_veto_that_fails_refuses_nothing_and_is_told_of(
    database: Database,
    plugins: Plugins,
    here: Here,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(vetoes, "PATIENCE_S", 0.2)
    assert await asked(database, plugins, here, name, "tide") == Verdict(None, ("tide",))
    assert plugins.calls.failures == {"tide": 1}
    assert "a veto of tide failed" in caplog.text


async def test_a_city_that_has_the_plugin_is_refused_and_its_neighbour_is_not(
    database: Database, plugins: Plugins
) -> None:
    stage = await set_up(database)
    stage.engine = engine(database, plugins)
    async with database.transaction(System("tenants", shared=True)):
        await execute(ON_SQL, stage.town("brighton").id, True)
        await execute(ON_SQL, stage.town("plymouth").id, False)
    await stage.reload()

    async def submits(city: str, who: str, name: str) -> dict[str, object]:
        draft = await proposed(stage, city, name=name)
        return await stage.act("submitBadge", {"badge": draft["badgeId"]}, DRAFT, city=city, who=who)

    refused = await submits("brighton", "college admin", "Ebb")
    assert (refused["__typename"], refused["code"]) == ("Refused", "LOW_TIDE")
    assert (await submits("plymouth", "plymouth college", "Ebb"))["__typename"] == "SubmitBadgeSuccess"
    assert (await submits("brighton", "college admin", "Flood"))["__typename"] == "SubmitBadgeSuccess"
    # What could not be asked passes, and the event says so.
    assert (await submits("brighton", "college admin", "Odd"))["__typename"] == "SubmitBadgeSuccess"
    told = await stage.told_in("brighton", "badge.submitted")
    assert [each["data"]["unasked"] for each in told] == [[], ["tide"]]
    assert all(isinstance(each["object_id"], UUID) for each in told)


def test_a_veto_that_the_manifest_does_not_announce_leaves_its_plugin_out(workshop: Workshop) -> None:
    workshop.install("tide", OBJECT)
    assert "does not name under contributes: veto:tide" in one(load(["tide"]), "tide").reason
