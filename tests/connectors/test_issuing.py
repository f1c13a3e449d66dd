"""An award is given at Credly too, once, to who agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.connectors.fake_credly import FakeCredly
from tests.connectors.stage import OWNER, Issuing, row_id
from waypost.awards.rules import AwardWords
from waypost.awards.store import write_award
from waypost.db import City, fetch
from waypost.graph import GlobalId
from waypost.learners.people import find_people
from waypost.learners.recipients import find_recipients
from waypost.learners.rules import Who
from waypost.outbox import Act
from waypost.refusal import Refusal


async def has(stage: Issuing, name: str = "Ada Love") -> str:
    """Let somebody agree by their first award, which is given; answers its id in the graph."""
    await stage.earner(name)
    award = await stage.earns(name, "brighton", "film-maker")
    await stage.agrees(name)
    return str(GlobalId("Award", stage.town("brighton").id, award))


async def awards(stage: Issuing, who: Who) -> UUID:
    """Give somebody a badge whom only their issuer knows, as if they had accepted it."""
    here, badge = stage.town("brighton").here, stage.build.world.find("Badge", "brighton", "film-maker")
    addresses = [each for each in (who.guardian_address or who.address,) if each]
    people = await find_people(stage.database, here.tenant_id, addresses, secret_key="x", now=stage.now)
    async with stage.database.transaction(City(here.tenant_id)):
        issuer = stage.build.world.find("Issuer", "brighton", "youth-club").id
        [to] = await find_recipients(here, [who], people, issuer, stage.now)
        made = await write_award(Act(here, None, None, None, stage.now), badge.id, to, AwardWords(), accepted=True)
    assert not isinstance(made, Refusal)
    await stage.works_off()
    return made.award


async def club_records(stage: Issuing) -> list[dict[str, Any]]:
    shown = "{ issuingRecords { nodes { state problem } } }"
    nodes: list[dict[str, Any]] = (await stage.read(shown, "brighton", "brighton club"))["issuingRecords"]["nodes"]
    return nodes


async def test_an_award_is_given_to_who_agrees(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    await stage.earner("Ada Love")
    award = await stage.earns("Ada Love", "brighton", "film-maker")
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["platform"], record["owner"]["slug"]) == ("NEEDS_CONSENT", "Credly", OWNER)
    assert fake.badges == {}, "nothing is sent before"
    await stage.agrees("Ada Love")
    (badge,) = fake.of(linked)
    assert (badge["issued_to"], badge["recipient_email"]) == ("E. Arner", "ada.love@example.org")
    assert badge["expires_at"] is None
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["externalId"], record["url"]) == ("PENDING", badge["id"], badge["badge_url"])
    (entry,) = await stage.entries()
    assert (entry["award_id"], entry["state"], entry["attempts"]) == (award, "pending", 1)
    await stage.earns("Ada Love", "brighton", "explorer")
    assert len(fake.badges) == 1, "no template is linked to that"
    sent = fake.server.asked[-1].body
    assert sent["expires_at"] is False, "null would be the template's own"


async def test_an_earner_is_called_there_as_the_badges_issuer_calls_them(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    asker = await stage.earner("Ada Love")
    here, college = stage.town("brighton").here, stage.build.world.find("Issuer", "brighton", "college").id
    assert asker.person is not None
    who = Who(name="Countess Lovelace", address="ada@college.example.org")
    async with stage.database.transaction(City(here.tenant_id)):
        await find_recipients(here, [who], {"ada@college.example.org": asker.person}, college, stage.now)
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love")
    (badge,) = fake.of(linked)
    assert badge["issued_to"] == "E. Arner", "what another issuer calls them is not told to this one"


async def test_what_one_has_not_accepted_is_not_given(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    await has(stage)
    await stage.build.badge(stage.town("brighton"), _words(stage, "leader"))
    template = fake.template("Leader")
    (grant,) = (await stage.read("{ issuingGrants { nodes { id } } }", "brighton", "brighton club"))["issuingGrants"][
        "nodes"
    ]
    await stage.link("brighton", "leader", grant["id"])
    award = await stage.earns("Ada Love", "brighton", "leader", accepted=False)
    assert fake.of(template) == []
    id = str(GlobalId("Award", stage.town("brighton").id, award))
    await stage.done("acceptAward", {"award": id}, "award { id }", who="Ada Love")
    await stage.works_off()
    assert len(fake.of(template)) == 1, "linked by the badge's name, and agreed to before"


def _words(stage: Issuing, slug: str) -> Any:
    from tests.rooms import badge_words

    return badge_words(stage.build.world.find("Issuer", "brighton", "youth-club").id, slug)


async def test_consent_is_ones_own_and_withdrawn_nothing_more_is_sent(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    await has(stage)
    await stage.earner("Bob Free")
    await stage.earns("Bob Free", "brighton", "film-maker")
    (hers,), (his,) = await stage.records("Ada Love"), await stage.records("Bob Free")
    for who in ("Bob Free", "brighton club", f"{OWNER} admin"):
        payload = await stage.act("agreeToIssuing", {"record": hers["id"]}, who=who)
        assert payload["code"] == "NOT_FOUND", "nobody agrees for somebody else"
    consent = await stage.agrees("Bob Free")
    assert len(fake.of(linked)) == 2
    refused = await stage.act("withdrawFromIssuing", {"consent": consent}, who="Ada Love")
    assert refused["code"] == "NOT_FOUND"
    done = await stage.done("withdrawFromIssuing", {"consent": consent}, "consent { withdrawnAt }", who="Bob Free")
    assert done["consent"]["withdrawnAt"] is not None
    await _linked_too(stage, fake)
    before = len(fake.server.asked)
    await stage.earns("Bob Free", "brighton", "explorer")
    assert len(fake.server.asked) == before, "not a single call"
    assert [each["state"] for each in await stage.records("Bob Free")] == ["PENDING", "NEEDS_CONSENT"]
    await stage.done("agreeToIssuing", {"record": his["id"]}, "consent { withdrawnAt }", who="Bob Free")
    await stage.works_off()
    assert [each["state"] for each in await stage.records("Bob Free")] == ["PENDING", "PENDING"]
    shown = "{ viewer { issuingConsents { nodes { platform withdrawnAt } } } }"
    consents = (await stage.read(shown, "brighton", "Bob Free"))["viewer"]["issuingConsents"]["nodes"]
    assert consents == [{"platform": "Credly", "withdrawnAt": None}]


async def _linked_too(stage: Issuing, fake: FakeCredly) -> None:
    fake.template("Explorer")
    shown = "{ issuingGrants { nodes { id } } }"
    (grant,) = (await stage.read(shown, "brighton", "brighton club"))["issuingGrants"]["nodes"]
    assert (await stage.link("brighton", "explorer", grant["id"]))["state"] == "LINKED"


async def test_what_is_withdrawn_while_it_waits_is_never_sent(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    from tests.connectors.http_server import UNAVAILABLE, Fault

    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    fake.server.faults.append(Fault(UNAVAILABLE, times=1))
    consent = await stage.agrees("Ada Love", work=False)
    errors = await stage.works_off(patient=False)
    assert [type(each).__name__ for each in errors] == ["Later"]
    await stage.done("withdrawFromIssuing", {"consent": consent}, "consent { id }", who="Ada Love")
    await stage.works_off()
    assert fake.badges == {}
    (record,) = await stage.records("Ada Love")
    assert record["state"] == "WITHDRAWN"


async def test_what_is_revoked_here_is_revoked_there(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    award = await has(stage)
    given = {"award": award, "reason": "It was somebody else's film."}
    await stage.done("revokeAward", given, "award { state }", who="brighton club")
    await stage.works_off()
    (badge,) = fake.of(linked)
    assert (badge["state"], badge["revocation_reason"]) == ("revoked", "It was somebody else's film.")
    assert (await stage.records("Ada Love"))[0]["state"] == "REVOKED"
    # Awarded anew, it is given anew: what is revoked does not stand in the way.
    await stage.earns("Ada Love", "brighton", "film-maker")
    assert sorted(each["state"] for each in fake.of(linked)) == ["pending", "revoked"]
    assert [each["state"] for each in await stage.records("Ada Love")] == ["REVOKED", "PENDING"]


async def test_a_revocation_says_nothing_of_who_withdrew(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    award = await has(stage)
    shown = "{ viewer { issuingConsents { nodes { id } } } }"
    (consent,) = (await stage.read(shown, "brighton", "Ada Love"))["viewer"]["issuingConsents"]["nodes"]
    await stage.done("withdrawFromIssuing", {"consent": consent["id"]}, "consent { id }", who="Ada Love")
    given = {"award": award, "reason": "Ada copied it."}
    await stage.done("revokeAward", given, "award { state }", who="brighton club")
    await stage.works_off()
    (badge,) = fake.of(linked)
    assert (badge["state"], badge["revocation_reason"]) == ("revoked", "Revoked by its issuer.")


async def test_what_is_replaced_here_is_replaced_there(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    award = await has(stage)
    await stage.done("replaceAward", {"award": award}, "award { id }", who="brighton club")
    await stage.works_off()
    old, new = fake.of(linked)
    assert (old["replacement_badge_id"], new["replacement_badge_id"]) == (new["id"], None)
    records = {each["externalId"]: each["state"] for each in await stage.records("Ada Love")}
    assert records == {old["id"]: "REPLACED", new["id"]: "PENDING"}
    assert fake.server.count("PUT") == 0, "what is replaced is not revoked, there it cannot be"


async def test_a_lost_answer_to_a_replacement_replaces_once(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    from tests.connectors.http_server import Fault

    award = await has(stage)
    fake.server.faults.append(Fault(lost=True))
    await stage.done("replaceAward", {"award": award}, "award { id }", who="brighton club")
    await stage.works_off()
    old, new = fake.of(linked)
    assert old["replacement_badge_id"] == new["id"]
    records = {each["externalId"]: each["state"] for each in await stage.records("Ada Love")}
    assert records == {old["id"]: "REPLACED", new["id"]: "PENDING"}


async def test_nothing_about_children_and_organisations_is_ever_sent(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    year = stage.now.year
    child = Who("Kit Small", birth_year=year - 9, guardian_address="parent@example.org")
    for who in (child, Who("Sea Scouts", "organisation", "scouts@example.org"), Who("No Address", reference="p-1")):
        await awards(stage, who)
    assert fake.server.count("POST") == 0
    records = await club_records(stage)
    assert {each["state"] for each in records} == {"NOT_SENT"}
    assert {each["problem"].split()[0] for each in records} == {"Nothing", "Only", "No"}


async def test_what_the_platform_refuses_is_told_without_naming_anybody(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    fake.by_hand(linked, "ada.love@example.org")
    await has(stage)
    assert len(fake.of(linked)) == 1
    (record,) = await club_records(stage)
    assert record["state"] == "FAILED"
    assert record["problem"] == "The user already has this badge. (recipient_email: … has it already)"
    (mine,) = await stage.records("Ada Love")
    fake.badges.clear()
    await stage.done("retryIssuing", {"record": mine["id"]}, "record { id }", who="brighton club")
    await stage.works_off()
    assert (await stage.records("Ada Love"))[0]["state"] == "PENDING"
    again = await stage.act("retryIssuing", {"record": mine["id"]}, who="brighton club")
    assert again["code"] == "WRONG_STATE"


async def test_an_expiring_award_expires_there_too(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    await stage.earner("Ada Love")
    until = (stage.now + timedelta(days=365)).replace(microsecond=0)
    await stage.earns("Ada Love", "brighton", "film-maker", expires_at=until)
    await stage.agrees("Ada Love")
    (badge,) = fake.of(linked)
    assert badge["expires_at"] == until.strftime("%Y-%m-%d %H:%M:%S +0000")


async def test_who_is_forgotten_is_sent_nowhere(stage: Issuing, fake: FakeCredly, linked: str) -> None:
    await has(stage)
    record = row_id((await stage.records("Ada Love"))[0]["id"])
    await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", city=None, who="Ada Love")
    await stage.works_off()
    async with stage.database.transaction(City(stage.town("brighton").id)):
        (left,) = await fetch("SELECT external_id, url FROM issuing_record WHERE id = $1", record)
        assert tuple(left.values()) == (None, None)
        assert await fetch("SELECT 1 FROM issuing_consent") == []
    before = len(fake.server.asked)
    await stage.works_off()
    assert len(fake.server.asked) == before


async def test_what_was_forgotten_is_not_learnt_again_from_the_platform(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    await has(stage)
    record = row_id((await stage.records("Ada Love"))[0]["id"])
    await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", city=None, who="Ada Love")
    await stage.works_off()
    (badge,) = fake.of(linked)
    fake.decide(badge["id"], "accepted")
    await stage.reconciles()
    assert [each["state"] for each in await stage.entries()] == ["accepted"]
    async with stage.database.transaction(City(stage.town("brighton").id)):
        (left,) = await fetch("SELECT state, external_id, url, problem FROM issuing_record WHERE id = $1", record)
    assert tuple(left.values()) == ("accepted", None, None, None)
