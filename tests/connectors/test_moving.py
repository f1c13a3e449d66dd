"""An account stays where something was given by it: looked for elsewhere it would be given a second time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.connectors.fake_credly import ORGANISATION, TOKEN, FakeCredly
from tests.connectors.http_server import BROKEN, Fault
from tests.connectors.stage import OWNER, Issuing, row_id
from waypost.connectors import ledger
from waypost.connectors.carrying import read_parcel
from waypost.connectors.holding import AccountChanged
from waypost.connectors.reconciling import Comparing
from waypost.connectors.registry import Connectors
from waypost.connectors.stepping import Step, run_step
from waypost.db import City, execute, fetch, fetchval

ELSEWHERE = "11111111-1111-4111-8111-111111111111"
HERE = {"organisation": ORGANISATION, "token": "credly-live", "sandbox": "true"}


async def moves(stage: Issuing, account: str) -> dict[str, Any]:
    return await stage.changed(account, settings={**HERE, "organisation": ELSEWHERE})


async def settings_of(stage: Issuing) -> str:
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        return str(await fetchval("SELECT settings::text FROM issuing_account"))


async def agreed(stage: Issuing) -> dict[str, Any]:
    """Let Ada earn a film maker and agree, with nothing of it done yet; answers the facts of the step."""
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love", work=False)
    (record,) = await stage.records("Ada Love")
    return {"tenant": stage.town("brighton").id, "record": row_id(record["id"])}


async def test_an_account_moves_as_long_as_nothing_was_sent(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    done = await moves(stage, account)
    assert done["__typename"] == "UpdateIssuingAccountSuccess"
    assert ELSEWHERE in await settings_of(stage)
    assert (await stage.the_account())["templates"] == [], "nothing is known of the other place's"
    fake.organisation = ELSEWHERE
    await stage.agrees("Ada Love")
    assert len(fake.of(linked)) == 1


async def test_where_it_is_is_written_down_also_where_a_default_says_so(stage: Issuing) -> None:
    account = await stage.account(organisation=ORGANISATION, token="credly-live")
    assert json.loads(await settings_of(stage)) == {
        "organisation": ORGANISATION,
        "token": "credly-live",
        "sandbox": False,
    }
    assert (await stage.changed(account, settings=HERE))["__typename"] == "UpdateIssuingAccountSuccess"
    assert json.loads(await settings_of(stage))["sandbox"] is True


@pytest.mark.parametrize("duplicates", [False, True], ids=["once", "often"])
async def test_what_may_have_been_sent_holds_it(
    stage: Issuing, fake: FakeCredly, account: str, duplicates: bool
) -> None:
    film = fake.template("Film Maker", duplicates=duplicates)
    await stage.link("brighton", "film-maker", await stage.share(account, "brighton"), film)
    await agreed(stage)
    fake.server.faults.append(Fault(lost=True))
    await stage.works_off(patient=False)
    assert [each["state"] for each in await stage.entries()] == ["sending"]
    before = await settings_of(stage)
    for other in ({"organisation": ELSEWHERE}, {"sandbox": "false"}):
        refused = await stage.changed(account, settings={**HERE, **other})
        assert (refused["code"], refused["path"]) == ("ACCOUNT_IN_USE", ["settings"])
        assert next(iter(other)) in refused["message"]
    refused = await stage.changed(account, settings={name: HERE[name] for name in ("organisation", "token")})
    assert refused["code"] == "ACCOUNT_IN_USE", "left out it would be the live one"
    assert await settings_of(stage) == before
    await stage.works_off()
    await stage.reconciles()
    assert [each["state"] for each in await stage.entries()] == ["pending"]
    assert len(fake.of(film)) == 1


async def test_what_is_in_doubt_and_what_was_removed_there_hold_it_too(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    film = fake.template("Film Maker", duplicates=True)
    await stage.link("brighton", "film-maker", await stage.share(account, "brighton"), film)
    fake.server.faults.append(Fault(BROKEN))
    await agreed(stage)
    await stage.works_off()
    assert [each["state"] for each in await stage.entries()] == ["doubtful"]
    assert (await moves(stage, account))["code"] == "ACCOUNT_IN_USE"
    await stage.reconciles()
    assert [each["state"] for each in await stage.entries()] == ["pending"]
    assert (await moves(stage, account))["code"] == "ACCOUNT_IN_USE"
    fake.badges.clear()
    await stage.reconciles()
    assert [each["state"] for each in await stage.entries()] == ["missing"]
    assert (await moves(stage, account))["code"] == "ACCOUNT_IN_USE"
    (record,) = await stage.records("Ada Love")
    await stage.done("retryIssuing", {"record": record["id"]}, "record { id }", who="brighton club")
    await stage.changed(account, on=False)
    await stage.works_off()
    assert [each["state"] for each in await stage.entries()] == ["due"]
    assert (await moves(stage, account))["code"] == "ACCOUNT_IN_USE", "it may come to light again"


async def test_all_else_can_be_changed(stage: Issuing, fake: FakeCredly, linked: str, account: str) -> None:
    await agreed(stage)
    await stage.works_off()
    assert [each["state"] for each in await stage.entries()] == ["pending"]
    assert (await stage.changed(account, name="Ours"))["account"]["name"] == "Ours"
    assert (await stage.changed(account, on=False))["account"]["state"] == "OFF"
    assert (await stage.changed(account, on=True))["account"]["state"] == "ON"
    await stage.secret(TOKEN, "credly-new")
    for other in ({}, {"token": "credly-new"}, {"token": "credly-new", "letters": "false"}):
        done = await stage.changed(account, settings={**HERE, **other})
        assert done["__typename"] == "UpdateIssuingAccountSuccess", done
    await stage.works_off()
    await stage.earner("Bob Free")
    await stage.earns("Bob Free", "brighton", "film-maker")
    await stage.agrees("Bob Free")
    assert len(fake.of(linked)) == 2
    assert fake.server.asked[-1].body["suppress_badge_notification_email"] is True


async def test_an_account_that_a_stricter_schema_refuses_can_be_renamed_and_switched_off(
    stage: Issuing, account: str
) -> None:
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        await execute("""UPDATE issuing_account SET settings = settings || '{"gone": "1"}'""")
    assert (await stage.changed(account, name="Old"))["account"]["name"] == "Old"
    assert (await stage.changed(account, on=False))["account"]["state"] == "OFF"
    refused = await stage.changed(account, on=True)
    assert "gone" in refused["message"], refused


@pytest.mark.parametrize("waited", [False, True], ids=["new", "waited"])
async def test_what_begins_to_be_sent_while_an_account_is_changed_holds_it(
    stage: Issuing, fake: FakeCredly, linked: str, account: str, monkeypatch: pytest.MonkeyPatch, waited: bool
) -> None:
    """Whoever sends has decided, and not written it down for good yet."""
    facts = await agreed(stage)
    if waited:
        await stage.switch(on=False)
        await stage.works_off()
        await stage.switch(on=True)
        assert [(each["state"], each["attempts"]) for each in await stage.entries()] == [("due", 0)]
    begins, goes_on, really = asyncio.Event(), asyncio.Event(), ledger.begin

    async def begin(*args: Any) -> None:
        begins.set()
        await goes_on.wait()
        await really(*args)

    monkeypatch.setattr(ledger, "begin", begin)
    sending = asyncio.create_task(run_step(stage.work, Connectors.of(stage.plugins), facts))
    await begins.wait()
    changing = asyncio.create_task(moves(stage, account))
    await stage.waiting(1)
    goes_on.set()
    await sending
    assert (await changing)["code"] == "ACCOUNT_IN_USE"
    assert len(fake.of(linked)) == 1


async def test_whoever_opened_an_account_before_it_moved_sends_nothing_and_learns_nothing(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    facts = await agreed(stage)
    before = await stage.opened(account)
    parcel = await read_parcel(stage.work, facts["tenant"], "en", facts["record"])
    assert parcel is not None
    assert (await moves(stage, account))["__typename"] == "UpdateIssuingAccountSuccess"
    with pytest.raises(AccountChanged):
        await Step(stage.work, before, parcel).decide(searched=False)
    assert await stage.entries() == []
    with pytest.raises(AccountChanged):
        await Comparing(stage.work, before).page([])
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        assert await fetch("SELECT 1 FROM issuing_template") == []
    fake.organisation = ELSEWHERE
    await stage.works_off()
    assert len(fake.of(linked)) == 1, "the step opens it anew"


async def test_whoever_opened_an_account_before_it_was_switched_off_sends_nothing(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    facts = await agreed(stage)
    before = await stage.opened(account)
    parcel = await read_parcel(stage.work, facts["tenant"], "en", facts["record"])
    assert parcel is not None
    await stage.changed(account, on=False)
    with pytest.raises(AccountChanged):
        await Step(stage.work, before, parcel).decide(searched=False)
    await stage.changed(account, on=True)
    await stage.works_off()
    assert len(fake.of(linked)) == 1
