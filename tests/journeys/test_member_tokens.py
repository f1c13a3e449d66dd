"""Stories of tokens for programs: what they may, how long, and who takes them back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.joining import MEMBERS, TOKEN, invited, joined
from tests.journeys.stage import Stage
from waypost.access.tokens import Bearer, find_bearer
from waypost.db import City, System, execute, fetch, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId


@pytest.fixture(scope="module", autouse=True)
async def admins(stage: Stage) -> None:
    """Both cities have an administrator."""
    for town in ("brighton", "plymouth"):
        await stage.admit(f"{town} admin", town, "city-admin")


async def bearer(stage: Stage, secret: str, later: timedelta = timedelta()) -> Any:
    return await find_bearer(stage.database, secret, datetime.now(UTC) + later)


def asker(found: Bearer) -> Asker:
    return Asker(found.person_id, found.role, found.issuer_id, found.tenant_id, found.permissions)


async def test_a_token_acts_in_the_role_of_who_made_it_and_is_shown_once(stage: Stage) -> None:
    made = await stage.done("createToken", {"name": " The till ", "days": 7}, TOKEN, who="issuer-admin")
    token = made["token"]
    assert (token["name"], token["role"], token["permissions"], token["issuer"]) == (
        "The till",
        "issuer-admin",
        None,
        {"slug": "youth-club"},
    )
    found = await bearer(stage, made["secret"])
    assert isinstance(found, Bearer)
    assert asker(found) == stage.who["issuer-admin"]
    assert (await bearer(stage, made["secret"], timedelta(days=8))).code == "TOKEN_EXPIRED"
    async with stage.database.transaction(City(stage.town("brighton").id)):
        rows = await fetch("SELECT * FROM access_token")
    async with stage.database.transaction(System("tests")):
        rows += await fetch("SELECT * FROM token")
    assert made["secret"] not in " ".join(str(value) for row in rows for value in row.values())


async def test_a_token_can_do_less_than_its_role(stage: Stage) -> None:
    given = {"name": "events", "permissions": ["place.create", "token.create"]}
    made = await stage.done("createToken", given, TOKEN, who="brighton curator")
    assert made["token"]["permissions"] == ["place.create", "token.create"]
    found = await bearer(stage, made["secret"])
    stage.who["events"] = asker(found)
    place = {"name": "Kiosk", "kind": "other", "location": {"latitude": 50.82, "longitude": -0.14}}
    done = await stage.done("createPlace", place, "place { id }", who="events")
    assert (await stage.refused("closePlace", {"place": done["place"]["id"]}, who="events"))[1] == "FORBIDDEN"
    who = (await stage.read("{ viewer { permissions } }", who="events"))["viewer"]
    assert who["permissions"] == ["place.create", "token.create"]
    assert (await stage.body(MEMBERS, {}, who="events"))["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    # What it makes itself can do no more than it can.
    second = await stage.done("createToken", {"name": "child"}, TOKEN, who="events")
    assert second["token"]["permissions"] == ["place.create", "token.create"]
    more = {"name": "child", "permissions": ["place.close"]}
    assert (await stage.refused("createToken", more, who="events"))[1:] == ("MORE_THAN_YOURS", ["permissions", "0"])


async def test_a_token_that_is_kept_to_something_does_not_act_for_the_person_itself(stage: Stage) -> None:
    made = await stage.done("createToken", {"name": "x", "permissions": []}, TOKEN, who="brighton curator")
    stage.who["kept"] = asker(await bearer(stage, made["secret"]))
    way = {"invitation": str(GlobalId("Invitation", stage.town("brighton").id, new_id())), "code": "x"}
    assert (await stage.refused("acceptInvitation", way, who="kept"))[1] == "FORBIDDEN"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"days": 0}, ("Invalid", "INVALID", ["days"])),
        ({"days": 367}, ("Invalid", "INVALID", ["days"])),
        ({"permissions": ["king.be"]}, ("Invalid", "INVALID", ["permissions", "0"])),
        ({"permissions": ["place.create", "member.invite"]}, ("Refused", "MORE_THAN_YOURS", ["permissions", "1"])),
        ({"name": "x" * 300}, ("Invalid", "INVALID", ["name"])),
    ],
)
async def test_a_token_that_cannot_be_is_refused(stage: Stage, facts: dict[str, Any], expected: Any) -> None:
    assert await stage.refused("createToken", {"name": "x", **facts}, who="brighton curator") == expected


async def test_who_has_no_role_makes_no_token(stage: Stage) -> None:
    for who, code in (("learner", "FORBIDDEN"), ("stranger", "UNAUTHENTICATED"), ("operator", "INVALID")):
        assert (await stage.refused("createToken", {"name": "x"}, who=who))[1] == code


async def test_a_token_that_was_taken_back_opens_nothing(stage: Stage) -> None:
    made = await stage.done("createToken", {"name": "x"}, TOKEN, who="brighton curator")
    given = {"token": made["token"]["id"]}
    for who in ("issuer-admin", "employer", "plymouth admin"):
        assert (await stage.refused("revokeToken", given, who=who))[1] in {"NOT_FOUND", "FORBIDDEN"}
    done = await stage.done("revokeToken", given, "token { revokedAt }", city=None, who="brighton curator")
    assert done["token"]["revokedAt"]
    assert (await bearer(stage, made["secret"])).code == "TOKEN_REVOKED"
    again = await stage.done("revokeToken", given, "token { revokedAt }", who="brighton curator")
    assert again["token"] == done["token"]


async def test_what_a_program_makes_ends_with_its_own_token(stage: Stage) -> None:
    """Neither its time nor its being taken back is passed by whoever has the token."""
    made = await stage.done("createToken", {"name": "day", "days": 1}, TOKEN, who="issuer-admin")
    secrets, ends = [made["secret"]], made["token"]["expiresAt"]
    for name in ("child", "grandchild"):
        found = await bearer(stage, secrets[-1])
        stage.who["program"] = replace(asker(found), token=found.token_id)
        child = await stage.done("createToken", {"name": name, "days": 366}, TOKEN, who="program")
        assert child["token"]["expiresAt"] == ends
        secrets.append(child["secret"])
    other = await stage.done("createToken", {"name": "other"}, TOKEN, who="issuer-admin")
    await stage.done("revokeToken", {"token": made["token"]["id"]}, "token { id }", who="issuer-admin")
    assert [(await bearer(stage, secret)).code for secret in secrets] == ["TOKEN_REVOKED"] * 3
    assert isinstance(await bearer(stage, other["secret"]), Bearer)
    refused = await stage.refused("createToken", {"name": "late"}, who="program")
    assert refused[1] == "NOT_FOUND", "a request that was under way"


async def test_an_administrator_takes_back_the_tokens_of_others(stage: Stage) -> None:
    made = await stage.done("createToken", {"name": "lost"}, TOKEN, who="issuer-staff")
    await stage.done("revokeToken", {"token": made["token"]["id"]}, "token { id }", who="brighton admin")
    assert (await bearer(stage, made["secret"])).code == "TOKEN_REVOKED"


async def test_one_sees_ones_own_tokens_and_when_they_were_used(stage: Stage) -> None:
    query = "{ viewer { tokens { id name lastUsedAt city { slug } } } }"
    made = await stage.done("createToken", {"name": "mine"}, TOKEN, who="employer")
    first = (await stage.read(query, who="employer"))["viewer"]["tokens"][0]
    assert first == {"id": made["token"]["id"], "name": "mine", "lastUsedAt": None, "city": {"slug": "brighton"}}
    await bearer(stage, made["secret"])
    for city in ("brighton", None):
        assert (await stage.read(query, city, "employer"))["viewer"]["tokens"][0]["lastUsedAt"]
    others = (await stage.read(query, who="issuer-staff"))["viewer"]["tokens"]
    assert made["token"]["id"] not in [each["id"] for each in others]
    session = Asker(stage.who["employer"].person, "learner", None, None, session=True)
    stage.who["employer at home"] = session
    everywhere = (await stage.read(query, None, "employer at home"))["viewer"]["tokens"]
    assert made["token"]["id"] in [each["id"] for each in everywhere]


async def test_so_many_tokens_and_no_more(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from waypost.members import commands

    monkeypatch.setattr(commands, "MOST_TOKENS", 1)
    monkeypatch.setattr(commands, "MOST_INVITED", 1)
    await joined(stage, "busy", "city-admin", who="operator")
    stage.who["busy"] = Asker(stage.who["busy"].person, "city-admin", None, stage.town("brighton").id)
    await stage.done("createToken", {"name": "one"}, TOKEN, who="busy")
    assert (await stage.refused("createToken", {"name": "two"}, who="busy"))[1] == "TOO_MANY"
    await invited(stage, address="m1@example.org", who="busy")
    refused = await stage.refused("inviteMember", {"address": "m2@example.org", "role": "curator"}, who="busy")
    assert refused[1] == "TOO_MANY"


async def test_where_one_is_a_member_is_found_across_cities(stage: Stage) -> None:
    """The index names cities to ask, and proves nothing."""
    person = stage.who["brighton curator"].person
    async with stage.database.transaction(System("tests")):
        found = await fetch("SELECT tenant_id FROM person_tenant WHERE person_id = $1", person)
    assert [row["tenant_id"] for row in found] == [stage.town("brighton").id]
    async with stage.database.transaction(City(stage.town("plymouth").id)):
        await execute(
            "INSERT INTO person_tenant (person_id, tenant_id) VALUES ($1, $2)", person, stage.town("plymouth").id
        )
        assert await fetchval("SELECT count(*) FROM membership WHERE person_id = $1", person) == 0
    stage.who["curator at home"] = Asker(person, "learner", None, None, session=True)
    seen = await stage.read("{ viewer { memberships { city { slug } } } }", None, "curator at home")
    assert seen == {"viewer": {"memberships": [{"city": {"slug": "brighton"}}]}}
