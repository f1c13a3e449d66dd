"""What happens in a city is told to those who asked for it: signed, again where it failed, and to nobody else."""

from __future__ import annotations

import base64
import hmac
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.journeys.stage import SECRET, Stage
from tests.webhooks.receiver import OK, Came, Receiver, receiving
from waypost.db import City, System, execute, fetch
from waypost.settings import Settings
from waypost.testing.working import work_off
from waypost.webhooks import sending

PLACE = {"name": "Kite Hill", "kind": "park", "location": {"latitude": 50.82, "longitude": -0.14}}
FAILED = b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
LATER = b"HTTP/1.1 503 Later\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n"
ENDLESS = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 100_000
NONSENSE = b"SSH-2.0-OpenSSH_9.6\r\n\r\n"
DELIVERIES = (
    "{ deliveries(first: 100) { nodes { id state attempts answer problem eventType webhook { id failures } } } }"
)


def settings_for(*receivers: Receiver) -> Settings:
    allowed = tuple(each for receiver in receivers for each in receiver.allowed)
    return Settings(secret_key=SECRET, allow_private_targets=allowed)


@pytest.fixture(autouse=True)
async def _alone(stage: Stage, receiver: Receiver) -> AsyncIterator[None]:
    stage.platform.settings = settings_for(receiver)
    yield
    for town in ("brighton", "plymouth"):
        await stage.run(town, "DELETE FROM webhook WHERE tenant_id = $1", stage.town(town).id)
    async with stage.database.transaction(System("tests")):
        await execute("DELETE FROM work")


async def hook(stage: Stage, receiver: Receiver, *events: str, town: str = "brighton") -> tuple[str, str]:
    given = {"url": receiver.url, "events": list(events or ("place.*",))}
    made = await stage.done("createWebhook", given, "secret webhook { id state }", city=town, who=f"{town} curator")
    return made["webhook"]["id"], made["secret"]


async def place(stage: Stage, town: str = "brighton") -> str:
    made = await stage.done("createPlace", PLACE, "place { id }", city=town, who=f"{town} curator")
    id: str = made["place"]["id"]
    return id


async def send(stage: Stage, receiver: Receiver, **more: Any) -> None:
    await work_off(stage.database, settings_for(receiver), raising=False, **more)


async def make_due(stage: Stage) -> None:
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE work SET due_at = now() WHERE state = 'due'")


async def deliveries(stage: Stage) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await stage.read(DELIVERIES, who="brighton curator"))["deliveries"]["nodes"]
    return found


def is_signed(came: Came, secret: str) -> bool:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{came.id}.{came.headers['webhook-timestamp']}.".encode() + came.body
    right = "v1," + base64.b64encode(hmac.digest(key, content, "sha256")).decode()
    return right in came.headers["webhook-signature"].split(" ")


async def test_who_asked_is_told_what_happened_in_few_words_and_signed(stage: Stage, receiver: Receiver) -> None:
    _, secret = await hook(stage, receiver)
    id = await place(stage)
    await send(stage, receiver)
    (came,) = receiver.came
    assert is_signed(came, secret)
    assert not is_signed(replace(came, body=came.body + b" "), secret)
    told = orjson.loads(came.body)
    assert told["type"] == "place.created"
    assert told["data"] == {"id": id, "object": "Place", "event": told["data"]["event"]}
    assert abs(int(came.headers["webhook-timestamp"]) - datetime.now(UTC).timestamp()) < 60
    assert "." not in came.id
    assert b"Kite" not in came.body
    (found,) = await deliveries(stage)
    assert (found["state"], found["attempts"], found["answer"]) == ("DELIVERED", 1, 204)


async def test_nobody_is_told_of_other_things_or_of_other_cities(stage: Stage, receiver: Receiver) -> None:
    await hook(stage, receiver, "badge.published")
    await hook(stage, receiver, "place.created", town="plymouth")
    await place(stage)
    await send(stage, receiver)
    assert receiver.came == []
    await place(stage, "plymouth")
    await send(stage, receiver)
    assert len(receiver.came) == 1


async def test_a_secret_is_shown_once_and_kept_sealed(stage: Stage, receiver: Receiver) -> None:
    id, secret = await hook(stage, receiver)
    async with stage.database.transaction(City(stage.town("brighton").id)):
        (row,) = await fetch("SELECT secret FROM webhook")
    assert secret.removeprefix("whsec_") not in row["secret"]
    fields = await stage.read('{ __type(name: "Webhook") { fields { name } } }')
    assert "secret" not in {each["name"] for each in fields["__type"]["fields"]}
    assert id


async def test_while_it_is_changed_both_secrets_sign_for_a_day(stage: Stage, receiver: Receiver) -> None:
    id, old = await hook(stage, receiver)
    made = await stage.done("rotateWebhookSecret", {"webhook": id}, "secret webhook { formerUntil }")
    await place(stage)
    await send(stage, receiver)
    (came,) = receiver.came
    assert is_signed(came, old)
    assert is_signed(came, made["secret"])
    await place(stage)
    later = datetime.now(UTC) + timedelta(hours=25)
    await send(stage, receiver, clock=lambda: later)
    came = receiver.came[-1]
    assert not is_signed(came, old)
    assert is_signed(came, made["secret"])


async def test_what_failed_is_sent_again_under_the_same_id_and_a_new_time(stage: Stage, receiver: Receiver) -> None:
    receiver.answers = [FAILED, OK]
    await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    (found,) = await deliveries(stage)
    assert (found["state"], found["answer"], found["problem"]) == ("DUE", 500, "answered 500")
    await send(stage, receiver)
    assert len(receiver.came) == 1, "not at once"
    await make_due(stage)
    await send(stage, receiver)
    assert [each.id for each in receiver.came] == [receiver.came[0].id] * 2
    (found,) = await deliveries(stage)
    assert (found["state"], found["attempts"], found["webhook"]["failures"]) == ("DELIVERED", 2, 0)


async def test_after_a_day_of_attempts_it_is_dead_and_can_be_replayed(stage: Stage, receiver: Receiver) -> None:
    receiver.answers = [FAILED]
    await hook(stage, receiver)
    await place(stage)
    for _ in range(9):
        await send(stage, receiver)
        await make_due(stage)
    (found,) = await deliveries(stage)
    assert (found["state"], found["attempts"]) == ("DEAD", 7)
    assert len(receiver.came) == 7
    receiver.answers = [OK]
    await stage.done("replayDelivery", {"delivery": found["id"]}, "delivery { state attempts }")
    assert await stage.refused("replayDelivery", {"delivery": found["id"]}) == ("Invalid", "INVALID", ["delivery"])
    await send(stage, receiver)
    (found,) = await deliveries(stage)
    assert (found["state"], found["attempts"]) == ("DELIVERED", 1)
    assert len({each.id for each in receiver.came}) == 1


async def test_a_receiver_that_is_gone_is_left_alone(stage: Stage, receiver: Receiver) -> None:
    receiver.answers = [GONE]
    await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    assert len(receiver.came) == 1
    (found,) = await deliveries(stage)
    assert found["state"] == "DEAD"
    shown = await stage.read("{ webhooks { nodes { state } } }", who="brighton curator")
    assert shown["webhooks"]["nodes"] == [{"state": "GONE"}]
    assert await stage.refused("replayDelivery", {"delivery": found["id"]}) == ("Refused", "CLOSED", None)


async def test_what_is_removed_is_told_nothing_more(stage: Stage, receiver: Receiver) -> None:
    id, _ = await hook(stage, receiver)
    await place(stage)
    await stage.done("removeWebhook", {"webhook": id}, "webhook { state }")
    await send(stage, receiver)
    assert receiver.came == []
    assert (await stage.read("{ webhooks { totalCount } }", who="brighton curator"))["webhooks"]["totalCount"] == 0
    assert await stage.refused("removeWebhook", {"webhook": id}) == ("Refused", "NOT_FOUND", ["webhook"])
    assert await stage.refused("rotateWebhookSecret", {"webhook": id}) == ("Refused", "NOT_FOUND", ["webhook"])


async def test_an_endpoint_that_fails_often_rests_and_nothing_is_lost(stage: Stage, receiver: Receiver) -> None:
    receiver.answers = [FAILED]
    await hook(stage, receiver)
    for _ in range(30):
        await place(stage)
    await send(stage, receiver)
    tried = len(receiver.came)
    assert 10 <= tried <= 10 + sending.OF_ONE
    await make_due(stage)
    await send(stage, receiver)
    assert len(receiver.came) == tried, "it rests"
    found = await deliveries(stage)
    assert sum(each["attempts"] for each in found) == tried, "what was not tried is not counted"
    receiver.answers = [OK]
    await make_due(stage)
    later = datetime.now(UTC) + timedelta(hours=2)
    await send(stage, receiver, clock=lambda: later)
    assert {each["state"] for each in await deliveries(stage)} == {"DELIVERED"}
    assert len({each.id for each in receiver.came}) == 30


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (MOVED, "answered 302"),
        (ENDLESS, "the answer was longer than 65536 bytes"),
        (NONSENSE, "the answer was no HTTP"),
        (b"", "no answer within 0.3 s"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nslow", "no answer within 0.3 s"),
    ],
)
async def test_a_bad_answer_is_a_failure_with_an_end(
    stage: Stage, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, answer: bytes, problem: str
) -> None:
    real = sending.Sender.__init__
    monkeypatch.setattr(sending.Sender, "__init__", lambda self, allowed: real(self, allowed, timeout_s=0.3))
    receiver.answers = [answer]
    await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    (found,) = await deliveries(stage)
    assert (found["state"], found["problem"]) == ("DUE", problem)


async def test_a_receiver_may_ask_for_time(stage: Stage, receiver: Receiver) -> None:
    receiver.answers = [LATER]
    await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    async with stage.database.transaction(System("tests")):
        (row,) = await fetch("SELECT due_at - now() AS wait FROM work")
    assert timedelta(seconds=7100) < row["wait"] <= timedelta(seconds=7200)


async def test_a_name_that_leads_inside_is_not_called(stage: Stage, receiver: Receiver) -> None:
    """It was public when the webhook was made: what it means is asked at every connection."""
    await hook(stage, receiver)
    url = f"http://localhost:{receiver.port}/"
    await stage.run("brighton", "UPDATE webhook SET url = $2 WHERE tenant_id = $1", stage.town("brighton").id, url)
    await place(stage)
    await work_off(stage.database, Settings(secret_key=SECRET), raising=False)
    (found,) = await deliveries(stage)
    assert (found["state"], found["problem"]) == ("DUE", "the name leads to an address that is not public")
    assert receiver.connections == 0


async def test_an_address_that_must_not_be_called_makes_no_webhook(stage: Stage, receiver: Receiver) -> None:
    for url in ("https://169.254.169.254/", "http://example.org/", f"http://127.0.0.1:{receiver.port + 1}/"):
        given = {"url": url, "events": ["place.created"]}
        assert await stage.refused("createWebhook", given) == ("Invalid", "INVALID", ["url"])
    given = {"url": "https://example.org/", "events": ["place.created", "everything"]}
    assert await stage.refused("createWebhook", given) == ("Invalid", "INVALID", ["events", "1"])


async def test_only_who_may_sees_and_makes_webhooks(stage: Stage, receiver: Receiver) -> None:
    id, _ = await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    (found,) = await deliveries(stage)
    for who, code in (
        ("stranger", "UNAUTHENTICATED"),
        ("issuer-admin", "FORBIDDEN"),
        ("plymouth curator", "FORBIDDEN"),
    ):
        for name, given in (
            ("createWebhook", {"url": receiver.url, "events": ["a.b"]}),
            ("rotateWebhookSecret", {"webhook": id}),
            ("removeWebhook", {"webhook": id}),
            ("replayDelivery", {"delivery": found["id"]}),
        ):
            assert (await stage.refused(name, given, who=who))[1] == code
        for query in ("{ webhooks { nodes { id } } }", DELIVERIES):
            body = await stage.body(query, who=who)
            assert body["errors"][0]["extensions"]["code"] == code
        body = await stage.body("query($id: ID!) { node(id: $id) { id } }", {"id": id}, who=who)
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    for query in (f'{{ node(id: "{id}") {{ id }} }}', f'{{ nodes(ids: ["{id}"]) {{ id }} }}'):
        body = await stage.body(query, city=None, who="brighton curator")
        assert body.get("data") in ({"node": None}, {"nodes": [None]})


async def test_deliveries_are_found_by_webhook_and_state(stage: Stage, receiver: Receiver) -> None:
    async with receiving(FAILED) as broken:
        stage.platform.settings = settings_for(receiver, broken)
        good, _ = await hook(stage, receiver)
        bad, _ = await hook(stage, broken)
        await place(stage)
        await work_off(stage.database, settings_for(receiver, broken), raising=False)
        query = "query($f: DeliveryFilter) { deliveries(filter: $f) { nodes { webhook { id } state } totalCount } }"
        for given, expected in (
            ({"webhook": good}, [(good, "DELIVERED")]),
            ({"webhook": bad}, [(bad, "DUE")]),
            ({"states": ["DUE", "DEAD"]}, [(bad, "DUE")]),
            ({"states": ["DELIVERED"], "webhook": bad}, []),
        ):
            found = (await stage.read(query, who="brighton curator", f=given))["deliveries"]
            assert [(each["webhook"]["id"], each["state"]) for each in found["nodes"]] == expected
            assert found["totalCount"] == len(expected)


async def test_a_city_has_so_many_webhooks_and_no_more(stage: Stage, receiver: Receiver) -> None:
    for _ in range(20):
        await hook(stage, receiver)
    given = {"url": receiver.url, "events": ["place.created"]}
    assert (await stage.refused("createWebhook", given))[1] == "INVALID"


async def test_what_was_told_is_forgotten_in_time(stage: Stage, receiver: Receiver) -> None:
    from waypost.outbox.work import Work
    from waypost.webhooks.effects import EFFECTS

    await hook(stage, receiver)
    await place(stage)
    await send(stage, receiver)
    (schedule,) = EFFECTS.schedules
    await schedule.run(Work(stage.database, settings_for(receiver)))
    assert len(await deliveries(stage)) == 1
    await stage.run(
        "brighton",
        "UPDATE delivery SET made_at = now() - interval '31 days' WHERE tenant_id = $1",
        stage.town("brighton").id,
    )
    await schedule.run(Work(stage.database, settings_for(receiver)))
    assert await deliveries(stage) == []
