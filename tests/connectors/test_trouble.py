"""Lost answers, late ones, throttling, a secret that is not good any more: nothing is given twice, nothing is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from tests.connectors.fake_credly import ORGANISATION, TOKEN, FakeCredly
from tests.connectors.http_server import BROKEN, THROTTLED, UNAVAILABLE, Fault, Reply
from tests.connectors.stage import OWNER, Issuing
from waypost.connectors import Access, Page, Template, registry
from waypost.db import City, System, execute, fetch
from waypost.outbox import Later
from waypost_credly.connector import Credly


@pytest.fixture(params=[False, True], ids=["once", "often"])
async def film(request: pytest.FixtureRequest, stage: Issuing, fake: FakeCredly, account: str) -> str:
    """A template that one earner cannot have twice, then one that they can; its badge's earner has agreed."""
    made = fake.template("Film Maker", duplicates=request.param)
    grant = await stage.share(account, "brighton")
    await stage.link("brighton", "film-maker", grant, made)
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    return made


async def state(stage: Issuing) -> str:
    (record,) = await stage.records("Ada Love")
    return str(record["state"])


async def test_a_lost_answer_is_found_out(stage: Issuing, fake: FakeCredly, film: str) -> None:
    fake.server.faults.append(Fault(lost=True))
    await stage.agrees("Ada Love")
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == fake.server.count("POST") == 1


async def test_an_answer_that_says_nothing_is_found_out(stage: Issuing, fake: FakeCredly, film: str) -> None:
    """Nothing was done; where it could be given twice that is only sure after a while."""
    fake.server.faults.append(Fault(BROKEN))
    await stage.agrees("Ada Love")
    if fake.templates[film]["allow_duplicate_badges"]:
        assert (await state(stage), fake.of(film)) == ("DOUBTFUL", [])
        await stage.works_off()
        assert fake.of(film) == [], "not even tried again"
        await stage.reconciles(later=timedelta(minutes=50))
        assert (await state(stage), fake.of(film)) == ("DOUBTFUL", []), "it could still arrive"
        await stage.reconciles(later=timedelta(minutes=20))
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == 1


async def test_what_is_done_after_the_connection_was_cut_is_not_done_again(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    fake.server.faults.append(Fault(delayed_s=0.4))
    await stage.agrees("Ada Love", work=False)
    working = asyncio.create_task(stage.works_off())
    await working
    await fake.server.quiet()
    await stage.works_off()
    await stage.reconciles()
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == 1


async def test_an_answer_that_comes_too_late_is_found_out(
    stage: Issuing, fake: FakeCredly, film: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "ANSWER_S", 0.3)
    fake.server.faults.append(Fault(late_s=1.0))
    await stage.agrees("Ada Love")
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == fake.server.count("POST") == 1


@pytest.mark.parametrize("reply", [THROTTLED, UNAVAILABLE], ids=["throttled", "unavailable"])
async def test_what_was_not_done_is_done_later(stage: Issuing, fake: FakeCredly, film: str, reply: object) -> None:
    fake.server.faults.append(Fault(reply, times=3))  # type: ignore[arg-type]  # a reply
    await stage.agrees("Ada Love", work=False)
    errors = await stage.works_off(patient=False)
    (error,) = errors
    assert isinstance(error, Later)
    assert error.after_s == (7 if reply is THROTTLED else None)
    searched = len(fake.server.asked)
    await stage.works_off()
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == 1
    asked = [each.method for each in fake.server.asked[searched:]]
    assert asked == ["GET", "POST"] * 3, "it is looked for before each further attempt"


async def test_a_secret_that_is_not_good_any_more_stops_everything_and_loses_nothing(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    fake.token = "another"
    await stage.agrees("Ada Love")
    account = await stage.the_account()
    assert (account["state"], TOKEN in str(account)) == ("FAILING", False)
    assert "401" in account["problem"]
    assert await state(stage) == "DUE"
    await stage.earner("Bob Free")
    await stage.earns("Bob Free", "brighton", "film-maker")
    before = len(fake.server.asked)
    await stage.agrees("Bob Free")
    assert len(fake.server.asked) == before, "it is not tried with every award"
    await stage.secret("another")
    await stage.reconciles()
    assert (await stage.the_account())["state"] == "ON"
    await stage.reconciles()
    assert sorted(each["recipient_email"] for each in fake.of(film)) == [
        "ada.love@example.org",
        "bob.free@example.org",
    ]


async def test_what_is_revoked_while_the_secret_is_not_good_is_taken_back_once_it_is(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    await stage.agrees("Ada Love")
    (record,) = await stage.records("Ada Love")
    fake.token = "another"
    given = {"award": record["award"]["id"], "reason": "Given by mistake."}
    await stage.done("revokeAward", given, "award { id }", who="brighton club")
    await stage.works_off()
    assert ((await stage.the_account())["state"], await state(stage)) == ("FAILING", "PENDING")
    await stage.secret("another")
    await stage.reconciles(later=timedelta(minutes=31))
    assert [each["state"] for each in fake.of(film)] == ["revoked"]
    assert await state(stage) == "REVOKED"


async def test_an_account_whose_secret_is_missing_says_so(stage: Issuing, fake: FakeCredly) -> None:
    account = await stage.account(organisation=ORGANISATION, token="nobody-set-it", sandbox="true")
    fake.template("Film Maker")
    link = await stage.link("brighton", "film-maker", await stage.share(account, "brighton"))
    assert link["state"] == "REFUSED"
    (found,) = (await stage.read("{ issuingAccounts { nodes { problem } } }", OWNER, f"{OWNER} admin"))[
        "issuingAccounts"
    ]["nodes"]
    assert found["problem"] == "there is no secret called nobody-set-it here; set it with `waypost secrets set`"


async def test_a_plugin_that_is_switched_off_sends_nothing_and_keeps_everything(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    await stage.switch(on=False)
    before = len(fake.server.asked)
    await stage.agrees("Ada Love")
    await stage.reconciles()
    assert len(fake.server.asked) == before
    await stage.switch(on=True)
    consent = await stage.read("{ viewer { issuingConsents { nodes { id } } } }", "brighton", "Ada Love")
    assert len(consent["viewer"]["issuingConsents"]["nodes"]) == 1
    await stage.agrees("Ada Love")
    assert await state(stage) == "PENDING"


async def test_templates_that_cannot_be_given_are_not_linked(stage: Issuing, fake: FakeCredly, account: str) -> None:
    grant = await stage.share(account, "brighton")
    archived = fake.template("Film Maker", state="archived")
    for template, words in (
        (archived, "The template is archived there; only an active one is given."),
        ("00000000-0000-4000-8000-000000000000", "The platform has no template of this id in this account."),
        (None, "At the platform no active template is called like the badge; name one by its id."),
    ):
        link = await stage.link("brighton", "film-maker", grant, template)
        assert (link["state"], link["problem"]) == ("REFUSED", words)
    for _ in range(2):
        fake.template("Film Maker")
    link = await stage.link("brighton", "film-maker", grant)
    assert link["problem"] == "At the platform 2 active templates are called like the badge; name one by its id."


async def test_a_badge_that_is_linked_anew_while_its_template_is_looked_for_gets_the_new_one(
    stage: Issuing, fake: FakeCredly, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await stage.share(account, "brighton")
    wrong, meant = fake.template("Film Maker"), fake.template("Film Maker, second edition")
    given = {"badge": stage.id("Badge", "brighton", "film-maker"), "grant": grant}
    lists, again = Credly.templates, [{**given, "template": meant}]

    async def meanwhile(connector: Credly, access: Access, after: str | None = None) -> Page[Template]:
        if again:
            await stage.done("linkBadgeTemplate", again.pop(), "link { id }", who="brighton club")
        return await lists(connector, access, after)

    monkeypatch.setattr(Credly, "templates", meanwhile)
    await stage.done("linkBadgeTemplate", {**given, "template": wrong}, "link { id }", who="brighton club")
    await stage.works_off()
    links = "{ issuingLinks { nodes { state templateId } } }"
    found = await stage.read(links, "brighton", "brighton club")
    assert found["issuingLinks"]["nodes"] == [{"state": "LINKED", "templateId": meant}]


async def test_a_platform_that_names_a_time_while_templates_are_looked_for_is_left_alone_until_then(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    grant = await stage.share(account, "brighton")
    fake.template("Film Maker")
    maintenance = Reply(503, UNAVAILABLE.body, {**UNAVAILABLE.headers, "Retry-After": "90"})
    fake.server.faults.append(Fault(maintenance, methods=frozenset({"GET"})))
    given = {"badge": stage.id("Badge", "brighton", "film-maker"), "grant": grant}
    await stage.done("linkBadgeTemplate", given, "link { id }", who="brighton club")
    (error,) = await stage.works_off(patient=False)
    assert isinstance(error, Later)
    assert error.after_s == 90


async def test_a_search_that_is_refused_is_made_again_later(stage: Issuing, fake: FakeCredly, film: str) -> None:
    fake.server.faults += [Fault(lost=True), Fault(Reply(422, {"data": {}}), methods=frozenset({"GET"}))]
    await stage.agrees("Ada Love", work=False)
    for _ in range(2):
        errors = await stage.works_off(patient=False)
        assert [type(each) for each in errors] == [Later]
        await stage.hurry()
    await stage.works_off()
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == fake.server.count("POST") == 1


async def test_who_is_known_otherwise_meanwhile_is_sent_as_they_are_looked_for(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    """The entry was made while a child had no account of its own."""
    fake.server.faults.append(Fault(THROTTLED))
    await stage.agrees("Ada Love", work=False)
    await stage.works_off(patient=False)
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        await execute("UPDATE issuing_entry SET earner = 'waypost:00000000-0000-4000-8000-000000000001'")
    fake.server.faults.append(Fault(lost=True))
    await stage.works_off()
    await stage.reconciles()
    assert await state(stage) == "PENDING"
    assert len(fake.of(film)) == fake.server.count("POST") - 1 == 1


async def test_a_template_that_is_archived_later_refuses_and_says_so(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    fake.templates[film]["state"] = "archived"
    await stage.agrees("Ada Love")
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["problem"]) == (
        "FAILED",
        "The badge template is archived. (badge_template_id: is archived)",
    )


async def test_what_is_in_doubt_by_one_template_is_not_given_by_another_meanwhile(
    stage: Issuing, fake: FakeCredly, film: str
) -> None:
    """The other template would not refuse it when the first one arrives after all."""
    fake.server.faults += [Fault(BROKEN), Fault(THROTTLED)]
    await stage.agrees("Ada Love", work=False)
    for _ in range(2):
        await stage.works_off(patient=False)
        await stage.hurry()
    other = fake.template("Film Maker, second edition")
    (grant,) = (await stage.read("{ issuingGrants { nodes { id } } }", "brighton", "brighton club"))["issuingGrants"][
        "nodes"
    ]
    await stage.link("brighton", "film-maker", grant["id"], other)
    assert (await state(stage), fake.of(film), fake.of(other)) == ("DOUBTFUL", [], [])
    await stage.reconciles(later=timedelta(hours=2))
    assert (await state(stage), fake.of(film), len(fake.of(other))) == ("PENDING", [], 1)


async def test_two_workers_at_once_give_it_once(stage: Issuing, fake: FakeCredly, film: str) -> None:
    """The same piece of work twice, as when a worker's lease ran out while it was not dead."""
    await stage.agrees("Ada Love", work=False)
    await stage.works_off()
    (record,) = await stage.records("Ada Love")
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        await execute("UPDATE issuing_entry SET state = 'due', external_id = NULL, attempts = 0, begun_at = NULL")
    fake.badges.clear()
    facts = {"tenant": stage.town("brighton").id, "record": (await stage.entries())[0]["id"]}
    from waypost.connectors.registry import Connectors
    from waypost.connectors.stepping import run_step

    connectors = Connectors.of(stage.plugins)
    fake.server.faults.append(Fault(late_s=0.3))
    outcomes = await asyncio.gather(
        *(run_step(stage.work, connectors, facts) for _ in range(4)), return_exceptions=True
    )
    assert not [each for each in outcomes if isinstance(each, Exception) and not isinstance(each, Later)]
    await stage.works_off()
    await stage.reconciles()
    counts = Counter(each["recipient_email"] for each in fake.of(film))
    assert counts == {"ada.love@example.org": 1}
    assert record["state"] == "PENDING"


async def test_the_queue_is_left_empty(stage: Issuing, fake: FakeCredly, film: str) -> None:
    await stage.agrees("Ada Love")
    async with stage.database.transaction(System("tests")):
        assert await fetch("SELECT kind FROM work WHERE kind LIKE 'issuing%'") == []
