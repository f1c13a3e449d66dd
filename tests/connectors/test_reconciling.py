"""Here and Credly drift apart: it is noticed, mended where it can be, told where it cannot."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from uuid import UUID

import orjson
import pytest

from tests.connectors.fake_credly import ORGANISATION, FakeCredly
from tests.connectors.http_server import THROTTLED, Reply
from tests.connectors.stage import OWNER, Issuing, row_id
from tests.rooms import NOW
from waypost.connectors import Access, Figure, Issued, Throttled, hints, reconciling
from waypost.connectors.effects import read_hint
from waypost.connectors.hints import Fruitless, hints_for
from waypost.connectors.reconciling import RECONCILE, reconcile_all
from waypost.connectors.registry import Connectors
from waypost.db import City, System, execute, fetchval
from waypost.outbox import Later
from waypost.outbox.incoming import Forged, Incoming, arrived
from waypost_credly.connector import Credly


@pytest.fixture
async def badge(stage: Issuing, fake: FakeCredly, linked: str) -> str:
    """Ada's badge at Credly."""
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love")
    (made,) = fake.of(linked)
    return str(made["id"])


async def state(stage: Issuing) -> str:
    return str((await stage.records("Ada Love"))[0]["state"])


async def test_what_the_earner_does_there_is_seen_and_is_no_drift(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    fake.decide(badge, "accepted")
    await stage.reconciles()
    assert (await state(stage), await stage.drifts()) == ("ACCEPTED", [])
    account = await stage.the_account()
    assert (account["state"], account["elsewhere"]) == ("ON", 0)
    (template,) = account["templates"]
    assert (template["name"], template["issued"], template["accepted"]) == ("Film Maker", 1, 1)


async def test_what_was_revoked_there_by_hand_is_told(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    fake.decide(badge, "revoked")
    await stage.reconciles()
    (drift,) = await stage.drifts()
    assert (drift["kind"], drift["state"], drift["externalId"]) == ("OTHER_STATE", "OPEN", badge)
    assert drift["difference"] == "It was pending here, and is revoked there."
    assert await state(stage) == "REVOKED"
    await stage.reconciles()
    assert len(await stage.drifts()) == 1, "told once"
    done = await stage.done(
        "settleIssuingDrift", {"drift": drift["id"]}, "drift { state }", city=OWNER, who=f"{OWNER} admin"
    )
    assert done["drift"]["state"] == "SETTLED"


async def test_a_revocation_that_did_not_hold_is_mended(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    (record,) = await stage.records("Ada Love")
    given = {"award": record["award"]["id"], "reason": "Given by mistake."}
    await stage.done("revokeAward", given, "award { id }", who="brighton club")
    await stage.works_off()
    fake.badges[badge]["state"] = "accepted"
    await stage.reconciles()
    assert fake.badges[badge]["state"] == "revoked"
    (drift,) = await stage.drifts()
    assert (drift["kind"], drift["state"]) == ("OTHER_STATE", "MENDED")
    assert await state(stage) == "REVOKED"


async def test_what_is_missing_there_is_told_and_sent_again_when_somebody_asks(
    stage: Issuing, fake: FakeCredly, badge: str
) -> None:
    lost = fake.badges.pop(badge)
    await stage.reconciles()
    (drift,) = await stage.drifts()
    assert (drift["kind"], drift["state"]) == ("MISSING_THERE", "OPEN")
    (record,) = await stage.records("Ada Love")
    assert record["state"] == "MISSING"
    assert fake.badges == {}, "somebody may have had a reason"
    await stage.done("retryIssuing", {"record": record["id"]}, "record { id }", who="brighton club")
    await stage.works_off()
    (again,) = fake.badges.values()
    assert (again["id"] != lost["id"], await state(stage)) == (True, "PENDING")


async def test_what_comes_back_is_settled(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    lost = fake.badges.pop(badge)
    await stage.reconciles()
    fake.badges[badge] = lost
    await stage.reconciles()
    states = {(each["kind"], each["state"]) for each in await stage.drifts()}
    assert ("MISSING_THERE", "SETTLED") in states
    assert ("MISSING_THERE", "OPEN") not in states
    assert await state(stage) == "PENDING"


async def test_what_is_unknown_here_is_found_over_all_pages(
    stage: Issuing, fake: FakeCredly, linked: str, badge: str
) -> None:
    for number in range(4):
        fake.by_hand(linked, f"someone-{number}@example.org")
    stray = fake.by_hand(linked, "stray@example.org", "waypost:00000000-0000-4000-8000-000000000001")
    await stage.reconciles()
    (drift,) = await stage.drifts()
    assert (drift["kind"], drift["externalId"], drift["state"]) == ("UNKNOWN_HERE", stray, "OPEN")
    assert (await stage.the_account())["elsewhere"] == 4, "what others gave is counted, and nobody's business here"


async def test_what_a_backup_forgot_is_found_again(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    """The entry was set back to before its sending was answered."""
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        sql = "UPDATE issuing_entry SET state = 'sending', external_id = NULL, url = NULL"
        await execute(sql)
    await stage.reconciles()
    (drift,) = await stage.drifts()
    assert (drift["kind"], drift["state"], drift["externalId"]) == ("UNKNOWN_HERE", "MENDED", badge)
    assert (await state(stage), len(fake.badges)) == ("PENDING", 1)


@pytest.mark.parametrize("asks", [{"Retry-After": "0"}, {}], ids=["for a time", "for some time"])
async def test_a_page_that_asks_for_patience_gets_it(
    stage: Issuing, fake: FakeCredly, badge: str, monkeypatch: pytest.MonkeyPatch, asks: dict[str, str]
) -> None:
    """Or a large account would be begun again from its first page, each time."""
    monkeypatch.setattr(reconciling, "UNSAID_S", 0.0)
    searched = "high_volume_issued_badge_search"
    refused = Reply(429, THROTTLED.body, asks)
    whole, left = fake.answer, [refused, refused]
    fake.server.work = lambda asked: left.pop() if left and searched in asked.path else whole(asked)
    fake.decide(badge, "accepted")
    before = len(fake.server.asked)
    await stage.reconciles()
    assert await state(stage) == "ACCEPTED"
    paths = Counter(each.path.rpartition("/")[2] for each in fake.server.asked[before:])
    assert (paths[searched], paths["badge_templates"]) == (3, 1)


async def test_a_badge_that_nobody_can_read_keeps_nothing_else_from_being_compared(
    stage: Issuing, fake: FakeCredly, linked: str, badge: str
) -> None:
    """Credly adds a state one day."""
    await stage.earner("Bob Free")
    await stage.earns("Bob Free", "brighton", "film-maker")
    await stage.agrees("Bob Free")
    fake.badges[badge]["state"] = "sleeping"
    (other,) = (each["id"] for each in fake.of(linked) if each["id"] != badge)
    lost = fake.badges.pop(other)
    await stage.reconciles()
    assert [(each["kind"], each["externalId"]) for each in await stage.drifts()] == [("MISSING_THERE", lost["id"])]
    assert await state(stage) == "PENDING"
    assert (await stage.the_account())["reconciledAt"] is not None


async def test_figures_that_cannot_be_had_hold_up_nothing(
    stage: Issuing, fake: FakeCredly, linked: str, badge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take several calls for each template, and a platform may want hours of patience for that."""

    async def throttled(self: Credly, access: Access, template: str) -> Figure:
        raise Throttled("the platform answered 429: too much was asked", 3_600)

    monkeypatch.setattr(Credly, "analytics", throttled)
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        await execute("UPDATE issuing_entry SET state = 'due', external_id = NULL, attempts = 0, begun_at = NULL")
    fake.badges.clear()
    await stage.reconciles()
    assert (await state(stage), len(fake.of(linked))) == ("PENDING", 1)
    assert (await stage.the_account())["reconciledAt"] is not None


async def test_a_next_page_elsewhere_is_not_asked_for(
    stage: Issuing, fake: FakeCredly, linked: str, badge: str
) -> None:
    """Or the account's token would go there."""
    for number in range(4):
        fake.by_hand(linked, f"someone-{number}@example.org")
    fake.foreign_next = "http://127.0.0.1:9"
    stage.later += timedelta(hours=7)
    await reconcile_all(stage.work)
    errors = await stage.works_off(patient=False)
    assert [str(each) for each in errors] == ["the platform's next page lies outside the account, and is not asked for"]


async def test_an_account_that_is_being_compared_is_not_compared_a_second_time(
    stage: Issuing, fake: FakeCredly, badge: str
) -> None:
    """A large one takes longer than it is until the next round."""
    stage.later += timedelta(hours=7)
    await reconcile_all(stage.work)
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE work SET holder = id, due_at = now() + interval '1 minute' WHERE kind = $1", RECONCILE)
    await reconcile_all(stage.work)
    async with stage.database.transaction(System("tests")):
        assert await fetchval("SELECT count(*) FROM work WHERE kind = $1", RECONCILE) == 1


async def test_what_was_asked_for_twice_is_compared_once(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    """As when a platform was away for some rounds, and is back."""
    stage.later += timedelta(hours=7)
    for _ in range(3):
        await reconcile_all(stage.work)
    before = len(fake.server.asked)
    await stage.works_off()
    paths = Counter(each.path.rpartition("/")[2] for each in fake.server.asked[before:])
    assert (paths["high_volume_issued_badge_search"], paths["badge_templates"]) == (1, 1)


# Webhooks


def call(stage: Issuing, body: object, town: str = OWNER) -> Incoming:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return arrived(stage.work, stage.town(town).id, raw, {})


async def test_a_webhook_is_a_hint_and_read_again(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    hook = hints_for(Credly(sandbox=fake.url))
    event = fake.decide(badge, "accepted")
    fake.decide(badge, "rejected")
    said = call(stage, fake.webhook(event))
    key = await hook.check(stage.work, said)  # type: ignore[misc]  # an awaitable
    assert key == f"{ORGANISATION}:{event}"
    await hook.handle(stage.work, said)  # type: ignore[misc]  # an awaitable
    await stage.works_off()
    assert await state(stage) == "REJECTED", "as it is now, not as the event was"
    await hook.handle(stage.work, said)  # type: ignore[misc]  # an awaitable
    await stage.works_off()
    assert await state(stage) == "REJECTED"


@pytest.mark.parametrize("reading", [1, 2])
async def test_what_was_read_before_does_not_overtake_what_was_read_later(
    stage: Issuing, fake: FakeCredly, badge: str, monkeypatch: pytest.MonkeyPatch, reading: int
) -> None:
    """Two workers hear of one badge at once, and the slower one has the older answer."""
    connectors, account = Connectors.of(stage.plugins), row_id((await stage.the_account())["id"])
    well, readings = Credly.read, 0

    async def hear(event: str) -> None:
        facts = {"tenant": stage.town(OWNER).id, "account": account, "hint": orjson.dumps([event, ORGANISATION])}
        await read_hint(stage.work, connectors, facts)

    async def read(self: Credly, access: Access, id: str) -> Issued:
        nonlocal readings
        readings += 1
        found = await well(self, access, id)
        if readings == reading:
            await hear(fake.decide(badge, "revoked"))
        return found

    monkeypatch.setattr(Credly, "read", read)
    event = fake.decide(badge, "accepted")
    with suppress(Later):
        await hear(event)
    await hear(event)
    await stage.works_off()
    assert await state(stage) == "REVOKED"
    assert [each["difference"] for each in await stage.drifts()] == ["It was pending here, and is revoked there."]


async def test_a_forged_webhook_changes_nothing(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    hook = hints_for(Credly(sandbox=fake.url))
    good = fake.webhook(fake.event("badge.state.changed", badge))
    other = {**good, "organization_id": "11111111-1111-4111-8111-111111111111"}
    unkept = {**good, "organization_id": "\0"}
    for body in (b"<html>", b"[]", {}, {"id": 1}, {**good, "id": "x" * 300}, other, unkept, {**good, "id": ""}):
        with pytest.raises(Forged):
            await hook.check(stage.work, call(stage, body))  # type: ignore[misc]  # an awaitable
    with pytest.raises(Forged):
        await hook.check(stage.work, call(stage, good, "brighton"))  # type: ignore[misc]  # an awaitable
    # The organisation's id is no secret: a made-up event is asked for, and is not there.
    for id in ("00000000-0000-4000-8000-000000000000", "../badges"):
        said = call(stage, {**good, "id": id, "badge": {"state": "revoked"}})
        await hook.handle(stage.work, said)  # type: ignore[misc]  # an awaitable
        await stage.works_off()
    assert await state(stage) == "PENDING"


async def test_forged_webhooks_cost_so_many_calls_and_no_more(
    stage: Issuing, fake: FakeCredly, badge: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Then not even a true one is followed for a while; the comparison finds what it was about."""
    monkeypatch.setattr(hints, "MOST_FRUITLESS", 3)
    hook, good = hints_for(Credly(sandbox=fake.url)), fake.webhook(fake.decide(badge, "accepted"))
    for number in range(9):
        forged = {**good, "id": f"00000000-0000-4000-8000-00000000000{number}"}
        await hook.handle(stage.work, call(stage, forged))  # type: ignore[misc]  # an awaitable
    await hook.handle(stage.work, call(stage, good))  # type: ignore[misc]  # an awaitable
    before = len(fake.server.asked)
    await stage.works_off()
    assert [each.path.split("/")[-2] for each in fake.server.asked[before:]] == ["events"] * 3
    assert caplog.text.count("3 calls within the hour were about nothing") == 1
    assert await state(stage) == "PENDING"
    await stage.reconciles()
    assert await state(stage) == "ACCEPTED"


def test_hints_are_followed_again_when_an_hour_has_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "MOST_FRUITLESS", 2)
    fruitless, account, other = Fruitless(), UUID(int=1), UUID(int=2)
    for minute in (0, 30):
        assert not fruitless.too_many(account, NOW + timedelta(minutes=minute))
        fruitless.note(account, NOW + timedelta(minutes=minute))
    assert fruitless.too_many(account, NOW + timedelta(minutes=59))
    assert not fruitless.too_many(other, NOW + timedelta(minutes=59))
    assert not fruitless.too_many(account, NOW + timedelta(minutes=60))
    fruitless.note(account, NOW + timedelta(minutes=60))
    assert fruitless.too_many(account, NOW + timedelta(minutes=89))
    assert not fruitless.too_many(account, NOW + timedelta(minutes=90))


async def test_a_webhook_about_a_template_is_heard_and_left(stage: Issuing, fake: FakeCredly, badge: str) -> None:
    event = fake.event("badge_template.changed", badge)
    fake.events[event]["badge_template"] = fake.events[event].pop("badge")["badge_template"]
    hook = hints_for(Credly(sandbox=fake.url))
    await hook.handle(stage.work, call(stage, fake.webhook(event)))  # type: ignore[misc]  # an awaitable
    await stage.works_off()
    assert await state(stage) == "PENDING"
