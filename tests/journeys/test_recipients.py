"""Stories of recipients: told apart, found again, forgotten and given something anew."""

from __future__ import annotations

import asyncio
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_award_batches import awards_of, job_of
from tests.journeys.test_award_batches import given as sent
from tests.journeys.test_award_effects import ada, letters, post, settings, time_passes
from tests.journeys.test_awards import MINE, SHOWN, given, person
from tests.journeys.test_claiming import STAFF, arrives, claims, coded
from tests.journeys.test_progress import badge
from tests.journeys.test_requests import asked, decided
from tests.outbox.test_mail import Post
from waypost.access.people import address_digest
from waypost.awards.joining import join_address
from waypost.awards.keeping import forget
from waypost.awards.known import forget_strangers
from waypost.awards.store import write_award
from waypost.composition import personal
from waypost.db import City, System, execute, fetchval, new_id
from waypost.learners.people import find_people
from waypost.members.effects import clean
from waypost.outbox import Act, Work
from waypost.refusal import Refusal
from waypost.settings import Settings
from waypost.tenancy.directory import Tenant, load_directory
from waypost.testing.working import work_off

__all__ = ["ada", "post", "settings"]
MISSING = ("Refused", "NOT_FOUND", ["recipient", "id"])
OLD_SQL = """
WITH old AS (UPDATE award SET awarded_at = now() - interval '2 years', created_at = now() - interval '2 years'
             WHERE tenant_id = $1 AND id = $2 RETURNING recipient_id)
UPDATE recipient SET created_at = now() - interval '2 years'
WHERE tenant_id = $1 AND id = (SELECT recipient_id FROM old)
"""


async def mine(stage: Stage, who: str, city: str | None = "brighton") -> list[str]:
    """What somebody sees that they were given, the newest first."""
    return [each["id"] for each in (await stage.read(MINE, city, who=who))["viewer"]["awards"]["nodes"]]


async def gave(stage: Stage, of: str, who: str = STAFF, **recipient: Any) -> dict[str, Any]:
    """An award of a badge to somebody as the issuer names them."""
    input = {"badge": of, "recipient": {"name": "Ada", **recipient}}
    award: dict[str, Any] = (await stage.done("awardBadge", input, SHOWN, who=who))["award"]
    return award


async def long_known(stage: Stage, of: str, **recipient: Any) -> dict[str, Any]:
    """An award to somebody whom the city has known for longer than it keeps who never answers."""
    award = await gave(stage, of, **recipient)
    await stage.run("brighton", OLD_SQL, stage.town("brighton").id, named_by(award["id"]).row)
    return award


async def test_who_was_forgotten_and_comes_again_is_given_what_anybody_is(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    lost = []
    for _ in range(2):
        lost.append(await given(stage, recipient={"email": ada}))
        await time_passes(stage, settings, days=366)
    count = len(letters(post, ada))
    award = await given(stage, recipient={"email": ada})
    assert award["recipient"]["name"] == "Ada Example"
    await work_off(stage.database, settings)
    assert len(letters(post, ada)) == count + 1
    who = await person(stage, ada)
    assert await mine(stage, who) == [award["id"]], "what was forgotten is nobody's"
    await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=who)
    twice = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": {"name": "A", "email": ada}}
    assert (await stage.refused("awardBadge", twice))[1] == "ALREADY_AWARDED"


async def test_who_was_forgotten_claims_by_a_code(stage: Stage, settings: Settings, ada: str) -> None:
    of, pupil = await badge(stage), {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    await given(stage, recipient={"email": ada})
    await coded(stage, of, recipients=[pupil])
    await time_passes(stage, settings, days=366)
    who = await person(stage, ada)
    (open_code,), (own,) = await coded(stage, of), await coded(stage, of, recipients=[pupil])
    assert own["recipientName"] == "Amy"
    award = await claims(stage, open_code["code"], who, name="Ada")
    assert award["recipient"] == {"name": "Ada"}
    assert await mine(stage, who) == [award["id"]]
    assert (await claims(stage, own["code"], await arrives(stage, "amy")))["recipient"] == {"name": "Amy"}


async def test_nothing_is_given_to_a_row_that_was_emptied(stage: Stage, settings: Settings, ada: str) -> None:
    award = await given(stage, recipient={"email": ada})
    shown = "query($id: ID!) { node(id: $id) { ... on Award { recipient { id } } } }"
    recipient = (await stage.read(shown, who=STAFF, id=award["id"]))["node"]["recipient"]
    await time_passes(stage, settings, days=366)
    input = {"badge": await badge(stage), "recipient": recipient}
    for who in (STAFF, "brighton curator"):
        assert await stage.refused("awardBadge", input, who=who) == MISSING, who


async def test_who_was_given_something_lately_is_kept_however_long_ago_it_was_earned(
    stage: Stage, settings: Settings, ada: str
) -> None:
    await long_known(stage, await badge(stage), email=ada)
    late = await given(stage, recipient={"email": ada}, awardedAt="2020-01-31T12:00:00Z")
    await time_passes(stage, settings, days=1)
    seen = (
        await stage.read(
            "query($id: ID!) { node(id: $id) { ... on Award { state recipient { name } } } }", who=STAFF, id=late["id"]
        )
    )["node"]
    assert seen == {"state": "OFFERED", "recipient": {"name": "Ada"}}


async def test_who_asks_for_a_badge_is_kept_until_that_is_decided(stage: Stage, settings: Settings, ada: str) -> None:
    await long_known(stage, await badge(stage), email=ada)
    who = await person(stage, ada)
    request = await asked(stage, await badge(stage), who, name="Ada")
    await time_passes(stage, settings, days=1)
    await decided(stage, request["id"], "APPROVE")
    seen = (await stage.read(MINE, who=who))["viewer"]["awards"]["nodes"]
    assert [each["origin"] for each in seen] == ["request", "issuer"]


async def test_who_was_made_a_code_lately_is_kept(stage: Stage, settings: Settings) -> None:
    amy = {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    await long_known(stage, await badge(stage), **amy)
    (code,) = await coded(stage, await badge(stage), recipients=[amy])
    await time_passes(stage, settings, days=1)
    assert (await claims(stage, code["code"], await arrives(stage, "amy")))["recipient"] == {"name": "Amy"}


@pytest.mark.parametrize(("closes_days", "kept"), [(None, False), (380, False), (500, True)])
async def test_a_code_that_nobody_used_keeps_its_pupil_until_it_closes_or_is_old(
    stage: Stage, settings: Settings, closes_days: int | None, kept: bool
) -> None:
    closes = None if closes_days is None else (datetime.now(UTC) + timedelta(days=closes_days)).isoformat()
    amy = {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    (code,) = await coded(stage, await badge(stage), recipients=[amy], closesAt=closes)
    await time_passes(stage, settings, days=400)
    name = (
        await stage.read(
            "query($id: ID!) { node(id: $id) { ... on ClaimCode { recipientName } } }", who=STAFF, id=code["id"]
        )
    )["node"]
    assert name == {"recipientName": "Amy" if kept else ""}


async def test_who_is_given_something_while_the_unclaimed_are_forgotten_is_kept(stage: Stage, ada: str) -> None:
    award = await long_known(stage, await badge(stage), email=ada)
    town, of = stage.town("brighton"), named_by(await badge(stage)).row
    recipient = "SELECT recipient_id FROM award WHERE id = $1"
    tenant = next(each for each in (await load_directory(stage.database)).tenants if each.id == town.id)
    async with stage.database.transaction(City(town.id)):
        to = await fetchval(recipient, named_by(award["id"]).row)
        made = await write_award(Act(town.here, None, None, None, datetime.now(UTC)), of, to)
        assert not isinstance(made, Refusal)
        forgetting = asyncio.create_task(forgets(stage, tenant), context=Context())
        await asyncio.sleep(0.5)
        assert not forgetting.done(), "it waits for who is giving"
    await forgetting
    async with stage.database.transaction(City(town.id)):
        assert await fetchval("SELECT display_name FROM recipient WHERE id = $1", to) == "Ada"


async def forgets(stage: Stage, tenant: Tenant) -> None:
    async with stage.database.transaction(City(tenant.id)):
        await forget(personal(), tenant, datetime.now(UTC))


async def test_a_child_is_the_same_child_after_the_guardians_addresses_were_joined(stage: Stage, ada: str) -> None:
    of, other, year = await badge(stage), await badge(stage), datetime.now(UTC).year
    kit: dict[str, Any] = {"name": "Kit", "birthYear": year - 9}
    await gave(stage, of, **kit, guardianEmail=f"new.{ada}")
    await gave(stage, other, **kit, guardianEmail=ada)
    me = stage.who[await person(stage, ada)].person
    assert me is not None
    await join_address(stage.database, me, f"new.{ada}", secret_key=SECRET)
    for guardian in (f"new.{ada}", ada):
        for each in (of, other):
            input = {"badge": each, "recipient": {**kit, "name": "KIT", "guardianEmail": guardian}}
            assert (await stage.refused("awardBadge", input))[1] == "ALREADY_AWARDED"
            sibling = {"badge": each, "recipient": {**kit, "birthYear": year - 7, "guardianEmail": guardian}}
            answer = await stage.act("awardBadge", sibling, SHOWN)
            assert answer.get("code") == (None if guardian != ada else "ALREADY_AWARDED"), "a brother is somebody else"


async def test_an_address_that_is_said_later_is_that_of_who_has_the_reference(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    amy = f"pupil-{new_id().hex}"
    first = await gave(stage, await badge(stage), reference=amy)
    await work_off(stage.database, settings)
    second = await gave(stage, await badge(stage), reference=amy, email=ada)
    third = await gave(stage, await badge(stage), reference=amy)
    await work_off(stage.database, settings)
    assert len(letters(post, ada)) == 2, "the first was given before anybody could be written to"
    for city in ("brighton", None):
        assert await mine(stage, await person(stage, ada), city) == [each["id"] for each in (third, second, first)]


async def test_a_guardian_who_is_named_later_answers_for_who_has_the_reference(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    kit, year = f"pupil-{new_id().hex}", datetime.now(UTC).year
    first = await gave(stage, await badge(stage), reference=kit)
    await work_off(stage.database, settings)
    second = await gave(stage, await badge(stage), reference=kit, birthYear=year - 9, guardianEmail=ada)
    await work_off(stage.database, settings)
    ((_, text),) = letters(post, ada)
    assert "under 13" in text
    assert await mine(stage, await person(stage, ada)) == [second["id"], first["id"]]


async def test_two_addresses_of_one_reference_are_refused(stage: Stage, ada: str) -> None:
    of, amy, year = await badge(stage), f"pupil-{new_id().hex}", datetime.now(UTC).year
    await gave(stage, await badge(stage), reference=amy, email=ada)
    await gave(stage, await badge(stage), email=f"new.{ada}")
    me = stage.who[await person(stage, ada)].person
    assert me is not None
    await join_address(stage.database, me, f"new.{ada}", secret_key=SECRET)
    await gave(stage, await badge(stage), reference=amy, email=f"new.{ada}")
    for facts, field in (
        ({"email": f"other.{ada}"}, "email"),
        ({"birthYear": year - 9, "guardianEmail": ada}, "guardianEmail"),
    ):
        to = {"name": "Amy", "reference": amy, **facts}
        refused = await stage.refused("awardBadge", {"badge": of, "recipient": to})
        assert refused == ("Invalid", "INVALID", ["recipient", field])
        for skip in (False, True):
            listed = {"badge": of, "awards": [{"recipient": {"name": "Ben"}}, {"recipient": to}], "skipHeld": skip}
            refused = await stage.refused("awardBadges", listed)
            assert refused == ("Invalid", "INVALID", ["awards", "1", "recipient", field])


async def test_two_addresses_of_one_reference_stop_a_file(stage: Stage, ada: str) -> None:
    amy, ben = f"pupil-{new_id().hex}", f"pupil-{new_id().hex}"
    await gave(stage, await badge(stage), "issuer-admin", reference=amy, email=ada)
    content = f"name,email,reference\nAmy,other.{ada},{amy}\nBen,ben.{ada},{ben}\nBen,bob.{ada},{ben}\n"
    for skip in (False, True):
        job = await sent(stage, content, skipHeld=skip)
        found = await job_of(stage, job)
        assert found["state"] == "failed"
        assert (2, "email", "INVALID") in found["problems"]
        assert await awards_of(stage, job) == 0


async def test_a_guardian_who_claimed_by_a_code_is_written_to(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    year = datetime.now(UTC).year
    kit: dict[str, Any] = {"name": "Kit", "birthYear": year - 9, "reference": f"pupil-{new_id().hex}"}
    (code,) = await coded(stage, await badge(stage), recipients=[kit])
    await claims(stage, code["code"], await person(stage, ada, None))
    await work_off(stage.database, settings)
    assert letters(post, ada) == []
    award = await gave(stage, await badge(stage), **kit)
    await work_off(stage.database, settings)
    ((_, text),) = letters(post, ada)
    assert "Kit is under 13" in text
    await stage.done("revokeAward", {"award": award["id"], "reason": "A mistake."}, SHOWN, who="issuer-admin")
    await work_off(stage.database, settings)
    assert len(letters(post, ada)) == 2


@pytest.mark.parametrize("guarded", [True, False])
async def test_an_answer_to_a_child_goes_to_the_guardian_alone(
    stage: Stage, settings: Settings, post: Post, ada: str, guarded: bool
) -> None:
    who = await person(stage, ada, None)
    request = await asked(stage, await badge(stage), who, name="Kit")
    person_id, guardian_id = ("NULL", "$2") if guarded else ("$2", "NULL")
    facts = f"person_id = {person_id}, guardian_id = {guardian_id}, birth_year = $3"
    child = f"UPDATE recipient SET {facts} WHERE tenant_id = $1 AND person_id = $2"
    year = datetime.now(UTC).year - 9
    await stage.run("brighton", child, stage.town("brighton").id, stage.who[who].person, year)
    await decided(stage, request["id"], "REFUSE", reason="No.")
    await work_off(stage.database, settings)
    assert len(letters(post, ada)) == (1 if guarded else 0)


FINDS = "SELECT count(*) FROM identity i JOIN person p ON p.id = i.person_id WHERE i.digest = $1"


async def is_found(stage: Stage, address: str) -> bool:
    """Whether an address leads to anybody."""
    async with stage.database.transaction(System("tests")):
        return bool(await fetchval(FINDS, address_digest(address, SECRET)))


async def nights_pass(stage: Stage, settings: Settings, days: float) -> None:
    """All that forgets with time has its turn, as of some time ahead."""
    await time_passes(stage, settings, days=days)
    at = datetime.now(UTC) + timedelta(days=days)
    for forgets_them in (forget_strangers, clean):
        await forgets_them(Work(stage.database, settings, clock=lambda: at))


async def test_an_address_leads_to_nobody_any_more_when_who_had_it_was_forgotten(
    stage: Stage, settings: Settings, ada: str
) -> None:
    for who in ("ada", "parent", "claims", "came"):
        child = {"birthYear": datetime.now(UTC).year - 9, "guardianEmail": f"{who}.{ada}"}
        facts: dict[str, Any] = child if who == "parent" else {"email": f"{who}.{ada}"}
        award = await gave(stage, await badge(stage), **facts)
        if who == "claims":
            await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=await person(stage, f"claims.{ada}"))
    came = stage.who[await person(stage, f"came.{ada}")].person
    await nights_pass(stage, settings, 300)
    assert all([await is_found(stage, f"{who}.{ada}") for who in ("ada", "parent", "claims", "came")])
    await nights_pass(stage, settings, 366)
    for who, found in (("ada", False), ("parent", False), ("claims", True), ("came", True)):
        assert await is_found(stage, f"{who}.{ada}") == found, who
    async with stage.database.transaction(System("tests")):
        assert not await fetchval("SELECT count(*) FROM known_in WHERE person_id = $1", came)
    award = await gave(stage, await badge(stage), email=f"ada.{ada}")
    assert await mine(stage, await person(stage, f"ada.{ada}"), None) == [award["id"]]


async def test_who_was_named_just_now_is_kept_for_what_they_may_be_given(
    stage: Stage, settings: Settings, ada: str
) -> None:
    home = stage.town("brighton").id
    old = await find_people(stage.database, home, [ada], secret_key=SECRET, now=datetime.now(UTC))
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE known_in SET noted_at = now() - interval '1 year' WHERE person_id = $1", old[ada])
    assert await find_people(stage.database, home, [ada], secret_key=SECRET, now=datetime.now(UTC)) == old
    await forget_strangers(Work(stage.database, settings))
    async with stage.database.transaction(System("tests")):
        assert await fetchval("SELECT count(*) FROM known_in WHERE person_id = $1", old[ada])
