"""Stories of who may do what: members, invitations, and tokens for programs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import orjson
import pytest

from tests.journeys.stage import SECRET, Stage, named_by
from waypost.access.memberships import Wish
from waypost.access.people import find_person
from waypost.access.tokens import Bearer, find_bearer
from waypost.db import City, System, execute, fetch, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId
from waypost.members.effects import invitation_letter
from waypost.outbox.work import Work
from waypost.settings import Settings

INVITED = "invitation { id state name address role issuer { slug } expiresAt }"
MEMBER = "member { id name role issuer { slug } }"
TOKEN = "secret token { id name role permissions expiresAt revokedAt lastUsedAt city { slug } issuer { slug } }"
MEMBERS = """query($filter: MemberFilter) { members(first: 100, filter: $filter) {
  nodes { id name role issuer { slug } } totalCount } }"""
NO_INVITERS = ("brighton curator", "issuer-staff", "employer", "learner", "plymouth admin", "stranger")


@pytest.fixture(scope="module", autouse=True)
async def admins(stage: Stage) -> None:
    """Both cities have an administrator."""
    for town in ("brighton", "plymouth"):
        await stage.admit(f"{town} admin", town, "city-admin")


async def signed_in(stage: Stage, name: str, town: str | None = "brighton", role: str = "learner") -> Asker:
    """Somebody without any role, signed in by a browser."""
    person = await find_person(stage.database, f"{name}@example.org", secret_key=SECRET, now=datetime.now(UTC))
    assert isinstance(person, UUID)
    tenant = None if town is None else stage.town(town).id
    stage.who[name] = Asker(person, role, None, tenant, session=True)
    return stage.who[name]


async def code_for(stage: Stage, invitation: str) -> str:
    """The code that stands in an invitation's letter."""
    named = named_by(invitation)
    work = Work(stage.database, Settings(secret_key=SECRET))
    letter = await invitation_letter(work, {"invitation": str(named.row), "tenant": str(named.tenant)})
    assert letter is not None
    asked = dict(parse_qsl(urlsplit(str(letter.values["link"])).query))
    assert asked["invitation"] == invitation
    return asked["code"]


async def invited(stage: Stage, role: str = "curator", *, who: str = "brighton admin", **facts: Any) -> dict[str, Any]:
    given = {"address": "new@example.org", "role": role, **facts}
    made = await stage.done("inviteMember", given, INVITED, who=who)
    found: dict[str, Any] = made["invitation"]
    return found


async def joined(stage: Stage, name: str, role: str, **facts: Any) -> str:
    """Let somebody be invited and accept; answers the member's id."""
    await signed_in(stage, name)
    invitation = (await invited(stage, role, address=f"{name}@example.org", name=name.title(), **facts))["id"]
    given = {"invitation": invitation, "code": await code_for(stage, invitation)}
    member = (await stage.done("acceptInvitation", given, MEMBER, who=name))["member"]
    return str(member["id"])


# Invitations


async def test_an_invitation_leads_to_a_role(stage: Stage) -> None:
    made = await invited(stage, address=" Ada@Example.org", name="Ada L.")
    assert (made["state"], made["address"], made["role"]) == ("open", "ada@example.org", "curator")
    await signed_in(stage, "ada")
    given = {"invitation": made["id"], "code": await code_for(stage, made["id"])}
    member = (await stage.done("acceptInvitation", given, MEMBER, who="ada"))["member"]
    assert (member["name"], member["role"], member["issuer"]) == ("Ada L.", "curator", None)
    place = {"name": "Ada's Hall", "kind": "other", "location": {"latitude": 50.82, "longitude": -0.14}}
    await stage.done("createPlace", place, "place { id }", who="ada")
    assert (await stage.events(made["id"]))[-1:] == ["invitation.made"]
    assert (await stage.events(member["id"])) == ["member.joined"]


async def test_whom_an_invitation_was_for_is_forgotten_when_it_is_over(stage: Stage) -> None:
    await joined(stage, "bob", "curator")
    withdrawn = await invited(stage, address="nobody@example.org")
    over = await stage.done("withdrawInvitation", {"invitation": withdrawn["id"]}, INVITED, who="brighton admin")
    assert (over["invitation"]["state"], over["invitation"]["address"]) == ("withdrawn", None)
    async with stage.database.transaction(City(stage.town("brighton").id)):
        rows = await fetch("SELECT address, name FROM invitation WHERE state <> 'open'")
    assert rows
    assert all(row["address"] is None and row["name"] is None for row in rows)


async def test_an_invitation_is_accepted_on_the_national_graph_too(stage: Stage) -> None:
    made = await invited(stage, address="far@example.org")
    await signed_in(stage, "far", None)
    given = {"invitation": made["id"], "code": await code_for(stage, made["id"])}
    done = await stage.done("acceptInvitation", given, MEMBER, city=None, who="far")
    assert done["member"]["role"] == "curator"


async def test_a_code_opens_its_own_invitation_once(stage: Stage) -> None:
    first, second = await invited(stage, address="one@example.org"), await invited(stage, address="two@example.org")
    await signed_in(stage, "one")
    codes = [await code_for(stage, each["id"]) for each in (first, second)]
    for code in ("", "x", codes[1], codes[0][:-1]):
        refused = await stage.refused("acceptInvitation", {"invitation": first["id"], "code": code}, who="one")
        assert refused == ("Refused", "NOT_FOUND", ["invitation"])
    given = {"invitation": first["id"], "code": codes[0]}
    await stage.done("acceptInvitation", given, MEMBER, who="one")
    await signed_in(stage, "thief")
    assert (await stage.refused("acceptInvitation", given, who="thief"))[1] == "INVITATION_OVER"


async def test_an_invitation_that_is_withdrawn_or_too_old_leads_nowhere(stage: Stage) -> None:
    await signed_in(stage, "late")
    withdrawn, old = await invited(stage, address="w@example.org"), await invited(stage, address="o@example.org")
    given = [{"invitation": each["id"], "code": await code_for(stage, each["id"])} for each in (withdrawn, old)]
    await stage.done("withdrawInvitation", {"invitation": withdrawn["id"]}, INVITED, who="brighton admin")
    await stage.run("brighton", "UPDATE invitation SET expires_at = created_at WHERE id = $1", named_by(old["id"]).row)
    for each in given:
        assert (await stage.refused("acceptInvitation", each, who="late"))[1] == "INVITATION_OVER"
    work = Work(stage.database, Settings(secret_key=SECRET))
    named = named_by(old["id"])
    assert await invitation_letter(work, {"invitation": str(named.row), "tenant": str(named.tenant)}) is None


async def test_inviting_again_sends_another_letter_and_makes_no_second_invitation(stage: Stage) -> None:
    first, second = await invited(stage, address="twice@example.org"), await invited(stage, address="Twice@example.org")
    other = await invited(stage, "city-admin", address="twice@example.org")
    assert first["id"] == second["id"]
    assert other["id"] != first["id"]
    async with stage.database.transaction(System("tests")):
        rows = await fetch("SELECT facts::text AS facts FROM work WHERE kind = 'mail'")
    sent = [orjson.loads(row["facts"])["invitation"] for row in rows]
    assert sent.count(str(named_by(first["id"]).row)) == 2
    assert all("@" not in row["facts"] for row in rows)


async def test_strangers_and_foreign_tokens_accept_nothing_and_learn_nothing(stage: Stage) -> None:
    made = await invited(stage, address="s@example.org")
    given = {"invitation": made["id"], "code": await code_for(stage, made["id"])}
    assert (await stage.refused("acceptInvitation", given, who="stranger"))[1] == "UNAUTHENTICATED"
    made_up = str(GlobalId("Invitation", stage.town("brighton").id, new_id()))
    await signed_in(stage, "curious")
    refused = await stage.refused("acceptInvitation", {"invitation": made_up, "code": "x"}, who="curious")
    assert refused == ("Refused", "NOT_FOUND", ["invitation"])


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"role": "king"}, ("Invalid", "INVALID", ["role"])),
        ({"role": "operator"}, ("Invalid", "INVALID", ["role"])),
        ({"role": "learner"}, ("Invalid", "INVALID", ["role"])),
        ({"role": "issuer-staff"}, ("Invalid", "INVALID", ["issuer"])),
        ({"address": "nobody"}, ("Invalid", "INVALID", ["address"])),
        ({"address": "a@b.org, c@d.org"}, ("Invalid", "INVALID", ["address"])),
        ({"address": "a@b.org\nBcc: c@d.org"}, ("Invalid", "INVALID", ["address"])),
        ({"address": "a@b.org\r\nBcc: c@d.org"}, ("Invalid", "INVALID", ["address"])),
    ],
)
async def test_who_is_invited_to_what_must_make_sense(stage: Stage, facts: dict[str, Any], expected: Any) -> None:
    given = {"address": "x@example.org", "role": "curator", **facts}
    assert await stage.refused("inviteMember", given, who="brighton admin") == expected


async def test_an_issuer_must_be_one_of_the_city(stage: Stage) -> None:
    foreign = {"address": "x@example.org", "role": "issuer-staff", "issuer": stage.id("Issuer", "plymouth", "college")}
    refused = await stage.refused("inviteMember", foreign, who="brighton admin")
    assert refused == ("Refused", "NOT_FOUND", ["issuer"])
    with_one = {"address": "x@example.org", "role": "curator", "issuer": stage.id("Issuer", "brighton", "college")}
    assert (await stage.refused("inviteMember", with_one, who="brighton admin"))[2] == ["issuer"]


# Nobody gives more than they have


@pytest.mark.parametrize("who", NO_INVITERS)
async def test_who_may_not_invite_invites_nobody(stage: Stage, who: str) -> None:
    refused = await stage.refused("inviteMember", {"address": "x@example.org", "role": "employer"}, who=who)
    assert refused[1] == ("UNAUTHENTICATED" if who == "stranger" else "FORBIDDEN")


async def test_an_issuers_administrator_gives_roles_of_that_issuer_alone(stage: Stage) -> None:
    club, college = (stage.id("Issuer", "brighton", slug) for slug in ("youth-club", "college"))
    for role in ("issuer-admin", "issuer-staff"):
        made = await invited(stage, role, who="issuer-admin", issuer=club, address=f"{role}@example.org")
        assert made["issuer"] == {"slug": "youth-club"}
        given = {"address": "x@example.org", "role": role, "issuer": college}
        assert (await stage.refused("inviteMember", given, who="issuer-admin"))[1:] == ("MORE_THAN_YOURS", ["issuer"])
    for role in ("city-admin", "curator"):
        given = {"address": "x@example.org", "role": role}
        assert (await stage.refused("inviteMember", given, who="issuer-admin"))[1:] == ("MORE_THAN_YOURS", ["role"])


async def test_an_issuers_administrator_touches_nobody_elses_members(stage: Stage) -> None:
    college = stage.id("Issuer", "brighton", "college")
    foreign = await joined(stage, "dean", "issuer-staff", issuer=college)
    curator = await joined(stage, "cora", "curator")
    for member in (foreign, curator):
        assert (await stage.refused("removeMember", {"member": member}, who="issuer-admin"))[1] in {
            "FORBIDDEN",
            "MORE_THAN_YOURS",
        }
        given = {"member": member, "name": "x"}
        assert (await stage.refused("updateMember", given, who="issuer-admin"))[1] in {"FORBIDDEN", "MORE_THAN_YOURS"}


async def test_a_curator_cannot_make_themselves_an_administrator(stage: Stage) -> None:
    member = await joined(stage, "climber", "curator")
    stage.who["climber"] = Asker(stage.who["climber"].person, "curator", None, stage.town("brighton").id)
    refused = await stage.refused("updateMember", {"member": member, "role": "city-admin"}, who="climber")
    assert refused[1] == "FORBIDDEN"


# Members


async def test_members_are_listed_to_who_may_know(stage: Stage) -> None:
    member = await joined(stage, "mia", "issuer-staff", issuer=stage.id("Issuer", "brighton", "college"))
    for who in ("brighton admin", "brighton curator", "operator"):
        seen = (await stage.read(MEMBERS, who=who))["members"]
        assert member in [each["id"] for each in seen["nodes"]]
        assert seen["totalCount"] == len(seen["nodes"])
    own = await stage.read(MEMBERS, who="issuer-admin")
    assert {each["issuer"]["slug"] for each in own["members"]["nodes"]} == {"youth-club"}
    only = {"roles": ["issuer-staff"], "issuer": stage.id("Issuer", "brighton", "college")}
    found = (await stage.read(MEMBERS, who="brighton admin", filter=only))["members"]["nodes"]
    assert {each["id"] for each in found} >= {member}
    assert {each["role"] for each in found} == {"issuer-staff"}
    for who, code in (("issuer-staff", "FORBIDDEN"), ("plymouth admin", "FORBIDDEN"), ("", "UNAUTHENTICATED")):
        body = await stage.body(MEMBERS, {}, who=who)
        assert body["errors"][0]["extensions"]["code"] == code
    assert (await stage.body(MEMBERS, {}, None, "brighton admin"))["errors"][0]["extensions"]["code"] == "CITY_NEEDED"


async def test_what_a_city_knows_of_its_members_is_read_nowhere_else(stage: Stage) -> None:
    member = await joined(stage, "hidden", "curator")
    invitation = (await invited(stage, address="hidden2@example.org"))["id"]
    token = (await stage.done("createToken", {"name": "x"}, TOKEN, who="brighton curator"))["token"]["id"]
    query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }"
    for id in (member, invitation, token):
        assert (await stage.read("query($id: ID!) { node(id: $id) { id } }", id=id, who="brighton admin"))["node"]
        for city, who in ((None, "brighton admin"), (None, "operator"), (None, ""), ("plymouth", "plymouth admin")):
            body = await stage.body(query, {"id": id}, city, who)
            assert body["data"] == {"node": None, "nodes": [None]}, (id, city, who)
            assert {each["extensions"]["code"] for each in body["errors"]} == {"NOT_FOUND"}
        for who in ("", "learner", "issuer-staff", "employer"):
            assert (await stage.body(query, {"id": id}, who=who))["data"]["node"] is None


async def test_members_see_themselves(stage: Stage) -> None:
    member = await joined(stage, "self", "curator")
    stage.who["self"] = Asker(stage.who["self"].person, "learner", None, stage.town("brighton").id)
    assert (await stage.read("query($id: ID!) { node(id: $id) { id } }", id=member, who="self"))["node"]


async def test_a_role_changes_and_what_was_given_with_the_old_one_is_over(stage: Stage) -> None:
    member = await joined(stage, "ann", "city-admin")
    person, here = stage.who["ann"].person, stage.town("brighton").id
    stage.who["ann"] = Asker(person, "city-admin", None, here)
    made = (await stage.done("createToken", {"name": "till"}, TOKEN, who="ann"))["secret"]
    pending = await invited(stage, who="ann", address="friend@example.org")
    changed = await stage.done("updateMember", {"member": member, "role": "curator"}, MEMBER, who="brighton admin")
    assert changed["member"]["role"] == "curator"
    assert not isinstance(await find_bearer(stage.database, made, datetime.now(UTC)), Bearer)
    query = "{ invitations(first: 100) { nodes { id } } }"
    listed = (await stage.read(query, who="brighton admin"))["invitations"]["nodes"]
    assert {"id": pending["id"]} not in listed
    assert (await stage.refused("inviteMember", {"address": "y@example.org", "role": "curator"}, who="ann"))[1] == (
        "FORBIDDEN"
    )


async def test_a_member_who_is_removed_is_out_at_once(stage: Stage) -> None:
    member = await joined(stage, "gone", "curator")
    stage.who["gone"] = Asker(stage.who["gone"].person, "curator", None, stage.town("brighton").id)
    secret = (await stage.done("createToken", {"name": "till"}, TOKEN, who="gone"))["secret"]
    removed = await stage.done("removeMember", {"member": member}, "removed", who="brighton admin")
    assert removed == {"__typename": "RemoveMemberSuccess", "removed": member}
    assert not isinstance(await find_bearer(stage.database, secret, datetime.now(UTC)), Bearer)
    assert (await stage.refused("createToken", {"name": "again"}, who="gone"))[1] == "FORBIDDEN"
    assert (await stage.refused("removeMember", {"member": member}, who="brighton admin"))[1] == "NOT_FOUND"
    assert (await stage.events(member))[-1] == "member.removed"
    await joined(stage, "gone", "curator")
    assert not isinstance(await find_bearer(stage.database, secret, datetime.now(UTC)), Bearer), "not even after return"


async def test_the_last_administrator_stays(stage: Stage) -> None:
    query = 'query { members(filter: {roles: ["city-admin"]}) { nodes { id } } }'
    only = (await stage.read(query, "plymouth", who="plymouth admin"))["members"]["nodes"]
    assert len(only) == 1
    member = only[0]["id"]
    for name, facts in (("removeMember", {}), ("updateMember", {"role": "curator"})):
        for who in ("plymouth admin", "operator"):
            refused = await stage.refused(name, {"member": member, **facts}, city="plymouth", who=who)
            assert refused == ("Refused", "LAST_ADMIN", ["member"])
    renamed = await stage.done(
        "updateMember", {"member": member, "name": "The boss"}, MEMBER, city="plymouth", who="plymouth admin"
    )
    assert renamed["member"]["name"] == "The boss"


async def test_two_administrators_who_remove_each_other_at_once_leave_one(stage: Stage) -> None:
    """Two are there, each removes the other: one of them is too late."""
    await stage.admit("plymouth second", "plymouth", "city-admin")
    query = 'query { members(filter: {roles: ["city-admin"]}) { nodes { id } } }'
    members = [each["id"] for each in (await stage.read(query, "plymouth", who="operator"))["members"]["nodes"]]
    assert len(members) == 2
    payloads = await asyncio.gather(
        *(stage.act("removeMember", {"member": each}, "removed", city="plymouth", who="operator") for each in members)
    )
    assert sorted(each.get("code", "") for each in payloads) == ["", "LAST_ADMIN"]


# Several cities, one person


async def test_one_person_has_roles_in_several_cities_and_each_holds_where_it_was_given(stage: Stage) -> None:
    ada = await signed_in(stage, "several", None)
    for city, role in (("brighton", "curator"), ("plymouth", "city-admin")):
        given = {"address": "several@example.org", "role": role}
        made = await stage.done(
            "inviteMember", given, INVITED, city=city, who=f"{city} admin" if city == "brighton" else "operator"
        )
        id = made["invitation"]["id"]
        accept = {"invitation": id, "code": await code_for(stage, id)}
        await stage.done("acceptInvitation", accept, MEMBER, city=None, who="several")
    who = await stage.read("{ viewer { memberships { role city { slug } } } }", None, "several")
    assert sorted((each["city"]["slug"], each["role"]) for each in who["viewer"]["memberships"]) == [
        ("brighton", "curator"),
        ("plymouth", "city-admin"),
    ]
    invite = {"address": "z@example.org", "role": "curator"}
    await stage.done("inviteMember", invite, INVITED, city="plymouth", who="several")
    assert (await stage.refused("inviteMember", invite, who="several"))[1] == "FORBIDDEN"
    # By an id the national graph knows the city, and so the role.
    place = stage.id("Issuer", "plymouth", "college")
    await stage.done(
        "updateIssuer", {"issuer": place, "url": "https://x.example"}, "issuer { id }", city=None, who="several"
    )
    stage.who["several"] = Asker(ada.person, "learner", None, None, session=True, wish=Wish("employer"))
    refused = await stage.refused("updateIssuer", {"issuer": place, "url": None}, city=None, who="several")
    assert refused[1] == "FORBIDDEN"


# Tokens


@pytest.fixture
async def admin(stage: Stage) -> str:
    return "brighton admin"


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
