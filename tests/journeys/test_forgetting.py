"""Stories of somebody who wants to know what is kept of them, and to be forgotten."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.journeys.kept_of_people import (
    AWARD_SQL,
    CODE_SQL,
    COUNTED_SQL,
    DONE_SQL,
    EVIDENCE_SQL,
    FOLLOWS_SQL,
    NOBODY_S,
    RECIPIENT_SQL,
    REQUEST_EVIDENCE_SQL,
    REQUEST_SQL,
    UPLOAD_SQL,
)
from tests.journeys.stage import SECRET, Stage
from tests.journeys.test_writes import sent
from waypost.access.attempts import Asked, begin_with_link
from waypost.access.identities import ask_for_link, sign_in_by_link, sign_in_by_provider
from waypost.access.oidc import Proved
from waypost.access.people import address_digest, find_person, subject_digest
from waypost.composition import effects, personal
from waypost.db import City, Database, Learner, System, execute, new_id
from waypost.db.connections import connect
from waypost.graph import GlobalId
from waypost.outbox.work import Work
from waypost.privacy import commands
from waypost.privacy.commands import Known, erase_person, export_person, unfinished
from waypost.refusal import Invalid
from waypost.testing.working import SETTINGS

NAME, ADDRESS, GUARDIAN = "Ethelburga Featherstonehaugh", "Ethelburga@example.org", "guardian-of-e@example.org"
KNOWN = Known(ADDRESS.lower(), address_digest(ADDRESS.lower(), SECRET))
TEXT_SQL = """
SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


async def found(url: str, *marks: str) -> dict[str, int]:
    """In which tables of the whole database, as text, do the marks stand? And in how many rows?"""
    admin = await connect(url)
    try:
        counted: dict[str, int] = {}
        for table in await admin.fetch(TEXT_SQL):
            sql = f"SELECT count(*) FROM {table['name']} t WHERE lower(t::text) ~ $1"
            number = await admin.fetchval(sql, "|".join(marks).lower())
            if number:
                counted[table["name"]] = number
        return counted
    finally:
        await admin.close()


async def everywhere(stage: Stage, who: str) -> tuple[UUID, str]:
    """Somebody of whom everything is kept that can be, in two cities; answers the person and the address' digest."""
    database = stage.database
    await stage.admit(who, "brighton", "curator")
    person = stage.who[who].person
    assert person is not None
    digest = address_digest(ADDRESS.lower(), SECRET)
    async with database.transaction(System("sign-in")):
        await execute("INSERT INTO identity (digest, person_id) VALUES ($1, $2)", digest, person)
        await execute(
            "INSERT INTO session (digest, person_id, created_at, seen_at, expires_at)"
            " VALUES ($1, $2, now(), now(), now())",
            f"session {person}",
            person,
        )
    async with database.transaction(Learner(person)):
        await execute("INSERT INTO person_profile (person_id, name, language) VALUES ($1, $2, 'cy')", person, NAME)
        await execute(
            "INSERT INTO person_address (person_id, id, address, verified_at) VALUES ($1, $2, $3, now())",
            *(person, new_id(), ADDRESS.lower()),
        )
    for town in ("brighton", "plymouth"):
        here = stage.town(town).id
        async with database.transaction(City(here)):
            known, by_address, child = new_id(), new_id(), new_id()
            await execute(RECIPIENT_SQL, here, known, NAME, None, person, GUARDIAN)
            await execute(RECIPIENT_SQL, here, by_address, NAME, ADDRESS, None, None)
            await execute(RECIPIENT_SQL, here, child, "A child of theirs", None, None, ADDRESS)
            for recipient in (known, by_address, child):
                award = new_id()
                told = None if recipient == child else f"{NAME} made a film."
                await execute(AWARD_SQL, here, award, recipient, told)
                if recipient != child:
                    await execute(EVIDENCE_SQL, here, award, f"https://example.org/{ADDRESS}")
                await execute(COUNTED_SQL, here, award, person if recipient == known else recipient)
            did = new_id()
            for sql in DONE_SQL:
                await execute(sql, here, did, person)
            for sql in FOLLOWS_SQL:
                await execute(sql, here, did)
            request, upload = new_id(), new_id()
            await execute(REQUEST_SQL, here, request, known, person, f"I am {NAME}.")
            await execute(REQUEST_EVIDENCE_SQL, here, request, f"https://example.org/{ADDRESS}")
            await execute(CODE_SQL, here, new_id(), known, f"For {NAME}")
            await execute(UPLOAD_SQL, here, upload, person)
            await execute(
                "INSERT INTO upload_chunk (tenant_id, upload_id, position, content) VALUES ($1, $2, 0, $3)",
                *(here, upload, NAME.encode()),
            )
            await execute(
                "INSERT INTO unsubscribed (tenant_id, letter, digest) VALUES ($1, 'reminder', $2)", here, digest
            )
            await execute("UPDATE membership SET name = $3 WHERE tenant_id = $1 AND person_id = $2", here, person, NAME)
            await execute(
                "INSERT INTO invitation (tenant_id, id, address, name, role, code_digest, invited_by, created_at,"
                " expires_at) VALUES ($1, $2, $3, $4, 'curator', 'x', $5, now(), now())",
                *(here, new_id(), ADDRESS, NAME, person),
            )
    await stage.done("createPlace", await sent(stage, "createPlace", "brighton"), "", who=who)
    return person, digest


async def counted(url: str, sql: str) -> Any:
    admin = await connect(url)
    try:
        return await admin.fetchval(sql)
    finally:
        await admin.close()


@pytest.fixture(autouse=True)
async def nobody_known(admin_url: str) -> AsyncIterator[None]:
    """Each story begins without anybody who earned something."""
    yield
    admin = await connect(admin_url)
    await admin.execute(
        "DELETE FROM counted_award; DELETE FROM badge_request; DELETE FROM upload; DELETE FROM award;"
        "DELETE FROM recipient;"
        "DELETE FROM invitation; DELETE FROM unsubscribed; DELETE FROM kept_answer; DELETE FROM job;"
        "DELETE FROM endorsement; DELETE FROM review_comment; DELETE FROM webhook;"
        "DELETE FROM person_profile;"
        f"DELETE FROM person_address WHERE address = lower('{ADDRESS}'); UPDATE membership SET name = NULL;"
        f"DELETE FROM identity WHERE digest = '{address_digest(ADDRESS.lower(), SECRET)}'"
    )
    await admin.close()


@pytest.mark.parametrize("city", ["brighton", "plymouth", None])
async def test_nothing_is_left_of_who_wants_to_be_forgotten(stage: Stage, admin_url: str, city: str | None) -> None:
    who = f"ethelburga of {city}"
    person, digest = await everywhere(stage, who)
    marks = (NAME, "ethelburga", GUARDIAN, digest)
    before = await found(admin_url, *marks)
    assert {"public.recipient", "public.person_profile", "public.identity", "public.invitation"} <= set(before)
    payload = await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", who=who, city=city)
    assert payload["erasedAt"]
    assert await found(admin_url, *marks) == {}
    ids = await found(admin_url, str(person))
    assert set(ids) <= {f"public.{each}" for each in (*NOBODY_S, "person", "event", "audit", "invitation")}
    # Of whom they are is known by ids that lead to nobody; what was answered them is not theirs to have any more.
    assert {f"public.{each}" for each in NOBODY_S} <= set(ids)
    assert await counted(admin_url, "SELECT count(*) FROM kept_answer") == 0
    for table in ("job_problem", "delivery"):
        assert await counted(admin_url, f"SELECT count(*) FROM {table}") == 2, table
    assert await counted(admin_url, "SELECT count(*) FROM counted_award") == 6
    assert await counted(admin_url, "SELECT count(*) FROM upload_chunk") == 0
    assert await counted(admin_url, "SELECT count(*) FROM award") == 6
    assert await counted(admin_url, "SELECT count(*) FROM recipient WHERE display_name = 'A child of theirs'") == 2
    assert await unfinished(stage.database) == []
    assert await stage.refused("createPlace", await sent(stage, "createPlace", "brighton"), who=who) == (
        "Refused",
        "FORBIDDEN",
        None,
    )


async def test_others_keep_what_is_theirs(stage: Stage, admin_url: str) -> None:
    person, _ = await everywhere(stage, "ethelburga the second")
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, new_id(), "Somebody Else", "else@example.org", new_id(), None)
    before = await found(admin_url, "somebody else", "brighton.curator@example.org")
    await erase_person(stage.database, personal(), person)
    assert await found(admin_url, "somebody else", "brighton.curator@example.org") == before
    assert await stage.read("{ viewer { memberships { role } } }", who="brighton curator") == {
        "viewer": {"memberships": [{"role": "curator"}]}
    }


async def test_an_address_that_was_only_typed_takes_nothing_from_its_owner(stage: Stage, admin_url: str) -> None:
    await stage.admit("thief", "brighton", "learner")
    thief = stage.who["thief"].person
    assert thief is not None
    here = stage.town("brighton").id
    async with stage.database.transaction(Learner(thief)):
        await execute(
            "INSERT INTO person_address (person_id, id, address) VALUES ($1, $2, $3)", thief, new_id(), ADDRESS
        )
    async with stage.database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, new_id(), NAME, ADDRESS, None, None)
    shown = json.loads((await stage.done("exportMyData", {}, "data", who="thief"))["data"])
    assert "recipient" not in shown["cities"]["brighton"]
    await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", who="thief")
    assert (await found(admin_url, NAME)) == {"public.recipient": 1}


async def test_an_address_that_changed_hands_shows_and_takes_nothing_of_whom_it_was_before(
    stage: Stage, admin_url: str
) -> None:
    """Somebody gave an address up that a city still has of them and of their child; another proves it now."""
    await stage.admit("before", "brighton", "learner")
    await stage.admit("after", "brighton", "learner")
    before, after = stage.who["before"].person, stage.who["after"].person
    assert before is not None
    assert after is not None
    here, mine, child = stage.town("brighton").id, new_id(), new_id()
    async with stage.database.transaction(Learner(after)):
        await execute(
            "INSERT INTO person_address (person_id, id, address, verified_at) VALUES ($1, $2, $3, now())",
            *(after, new_id(), ADDRESS.lower()),
        )
    async with stage.database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, mine, NAME, ADDRESS, before, None)
        await execute(RECIPIENT_SQL, here, child, "A child", None, None, ADDRESS)
        await execute("UPDATE recipient SET guardian_id = $3 WHERE tenant_id = $1 AND id = $2", here, child, before)
        for recipient in (mine, child):
            await execute(AWARD_SQL, here, new_id(), recipient, "They made a film.")
    kept = await found(admin_url, NAME, ADDRESS, str(before))
    shown = json.loads((await stage.done("exportMyData", {}, "data", who="after"))["data"])["cities"]["brighton"]
    assert not {"recipient", "award"} & set(shown)
    await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", who="after")
    assert await found(admin_url, NAME, ADDRESS, str(before)) == {**kept, "public.person_address": 1}
    await erase_person(stage.database, personal(), before)
    assert await found(admin_url, NAME, ADDRESS) == {}


async def test_all_that_is_kept_is_told_and_no_secret(stage: Stage, admin_url: str) -> None:
    person, digest = await everywhere(stage, "ethelburga the third")
    text = (await stage.done("exportMyData", {}, "data", who="ethelburga the third", city=None))["data"]
    told = json.loads(text)
    assert told["person"] == str(person)
    assert set(told["cities"]) == {"brighton", "plymouth"}
    assert {each["display_name"] for each in told["cities"]["plymouth"]["recipient"] if "display_name" in each} == {
        NAME
    }
    assert len(told["cities"]["plymouth"]["award"]) == 2
    assert told["own"]["person_profile"][0]["name"] == NAME
    assert told["own"]["token"][0]["role"] == "curator"
    assert digest not in text
    assert "digest" not in text
    assert "A child of theirs" not in text


@pytest.mark.parametrize("name", ["exportMyData", "eraseMe"])
async def test_a_stranger_is_told_nothing(stage: Stage, name: str) -> None:
    given = {"confirm": "ERASE"} if name == "eraseMe" else {}
    for city in ("brighton", None):
        assert await stage.refused(name, given, who="stranger", city=city) == ("Refused", "UNAUTHENTICATED", None)


@pytest.mark.parametrize("word", ["", "erase", "yes", "ERASE ME"])
async def test_who_does_not_mean_it_is_kept(stage: Stage, word: str) -> None:
    kind, _, path = await stage.refused("eraseMe", {"confirm": word}, who="learner")
    assert (kind, path) == ("Invalid", ["confirm"])
    assert (await stage.read("{ viewer { id } }", who="learner"))["viewer"]


async def test_an_interrupted_forgetting_is_noticed_and_finished(
    stage: Stage, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _ = await everywhere(stage, "ethelburga the fourth")

    async def broken(*_: object) -> int:
        raise asyncpg.ConnectionDoesNotExistError

    with monkeypatch.context() as patch:
        patch.setattr(commands, "_forget_in", broken)
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await erase_person(stage.database, personal(), person)
    assert await unfinished(stage.database) == [person]
    assert await erase_person(stage.database, personal(), person) > 0
    assert await unfinished(stage.database) == []
    assert await found(admin_url, NAME) == {}


async def test_what_was_only_offered_to_them_is_nobody_s_to_claim(stage: Stage, admin_url: str) -> None:
    await stage.admit("ethelburga the seventh", "brighton", "learner")
    person = stage.who["ethelburga the seventh"].person
    here, known, offered, earned = stage.town("brighton").id, new_id(), new_id(), new_id()
    async with stage.database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, known, NAME, None, person, None)
        for award in (offered, earned):
            await execute(AWARD_SQL, here, award, known, None)
        await execute("UPDATE award SET state = 'offered' WHERE tenant_id = $1 AND id = $2", here, offered)
    await stage.done("eraseMe", {"confirm": "ERASE"}, "", who="ethelburga the seventh")
    badge = await counted(admin_url, f"SELECT badge_id FROM award WHERE id = '{offered}'")
    code = {"badge": str(GlobalId("Badge", here, badge)), "awards": [str(GlobalId("Award", here, offered))]}
    kind, why, path = await stage.refused("createClaimCode", code)
    assert (kind, why, path) == ("Refused", "NOT_FOUND", ["awards", "0"])
    assert await counted(admin_url, "SELECT array_agg(state ORDER BY state) FROM award") == ["accepted", "expired"]


async def test_the_worker_finishes_what_was_interrupted_and_looks_again_at_what_came_late(
    stage: Stage, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, _ = await everywhere(stage, "ethelburga the sixth")
    here = stage.town("brighton").id
    (finish,) = [each for each in effects().schedules if each.name == "privacy.finish"]
    assert finish.every_s == 3_600

    async def broken(*_: object) -> int:
        raise asyncpg.ConnectionDoesNotExistError

    with monkeypatch.context() as patch:
        patch.setattr(commands, "_forget_in", broken)
        with pytest.raises(asyncpg.ConnectionDoesNotExistError):
            await erase_person(stage.database, personal(), person)
    await finish.run(Work(stage.database, SETTINGS))
    assert await unfinished(stage.database) == []
    assert await found(admin_url, NAME) == {}
    async with stage.database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, new_id(), NAME, None, person, None)
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    await finish.run(Work(stage.database, SETTINGS, lambda: tomorrow))
    assert await found(admin_url, NAME) == {"public.recipient": 1}, "who was forgotten long ago is not looked for"
    await finish.run(Work(stage.database, SETTINGS))
    assert await found(admin_url, NAME) == {}


async def not_at_all(_database: Database, _person: UUID, _address: str) -> None:
    raise AssertionError("nobody takes what was given to who is being forgotten")


async def test_what_comes_while_somebody_is_being_forgotten_is_forgotten_too(
    stage: Stage, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A city that was gone through already awards them something, and they try to come back in."""
    who = "ethelburga the fifth"
    person, digest = await everywhere(stage, who)
    passed = 0
    now, forget = datetime.now(UTC), commands._forget_in_tenants
    proved = Proved("https://provider.example", "ethelburga", ADDRESS, NAME)
    asked = Asked(browser="a browser", client="192.0.2.1")
    async with stage.database.transaction(System("sign-in")):
        subject = subject_digest(proved.issuer, proved.subject, SECRET)
        await execute("INSERT INTO identity (digest, person_id) VALUES ($1, $2)", subject, person)
        link = await begin_with_link(asked, person, new_id(), SECRET, now)
    assert isinstance(link, UUID)

    async def forgetting(*args: Any) -> int:
        nonlocal passed
        touched = await forget(*args)
        passed += 1
        if passed == 1:
            recipient = {"name": NAME, "email": ADDRESS}
            badge = stage.id("Badge", "brighton", "explorer")
            given = {"badge": badge, "narrative": f"{NAME} found it.", "recipient": recipient}
            await stage.done("awardBadge", given, "")
            assert await ask_for_link(stage.database, asked, ADDRESS.lower(), secret_key=SECRET, now=now) is None
            assert await sign_in_by_link(stage.database, link, None, now) is None
            how: dict[str, Any] = {
                "join": not_at_all,
                "trusted": True,
                "before": None,
                "secret_key": SECRET,
                "now": now,
            }
            assert await sign_in_by_provider(stage.database, proved, **how) is None
            refused = await find_person(stage.database, ADDRESS, secret_key=SECRET, now=now)
            assert isinstance(refused, Invalid)
        return touched

    monkeypatch.setattr(commands, "_forget_in_tenants", forgetting)
    await stage.done("eraseMe", {"confirm": "ERASE"}, "", who=who)
    assert passed == 2
    assert await unfinished(stage.database) == []
    assert await found(admin_url, NAME, ADDRESS, digest) == {}
    again = await find_person(stage.database, ADDRESS, secret_key=SECRET, now=now)
    assert again not in {person, None}, "whoever comes by that address now is somebody new"


async def test_who_has_no_account_is_forgotten_by_their_address(stage: Stage, admin_url: str) -> None:
    database = stage.database
    here = stage.town("brighton").id
    async with database.transaction(City(here)):
        await execute(RECIPIENT_SQL, here, new_id(), NAME, ADDRESS, None, None)
    assert NAME in await export_person(database, personal(), None, stage.build.world.now, KNOWN)
    assert await erase_person(database, personal(), None, KNOWN) == 1
    assert await erase_person(database, personal(), None, KNOWN) == 0
    assert await found(admin_url, NAME) == {}
