"""Stories of who may do what: members, invitations, and tokens for programs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tests.journeys.joining import INVITED, MEMBER, MEMBERS, NO_INVITERS, TOKEN, code_for, invited, joined, signed_in
from tests.journeys.stage import SECRET, Stage, named_by
from waypost.access.memberships import Wish
from waypost.access.tokens import Bearer, find_bearer
from waypost.db import City, System, fetch, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId
from waypost.members import commands
from waypost.members.commands import MOST_LETTERS
from waypost.members.effects import invitation_letter
from waypost.outbox.work import Work
from waypost.settings import Settings


@pytest.fixture(scope="module", autouse=True)
async def admins(stage: Stage) -> None:
    """Both cities have an administrator."""
    for town in ("brighton", "plymouth"):
        await stage.admit(f"{town} admin", town, "city-admin")


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


async def test_one_address_gets_so_many_letters_a_day_whoever_invites(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    to = {"address": "Flooded@example.org", "issuer": club}
    many = [
        stage.act("inviteMember", {**to, "role": role}, "invitation { id }", who=who)
        for role in ("employer", "issuer-staff")
        for who in ("issuer-admin", "brighton admin")
        for _ in range(MOST_LETTERS)
    ]
    answers = await asyncio.gather(*many)
    made = [each["invitation"]["id"] for each in answers if each["__typename"] == "InviteMemberSuccess"]
    assert len(made) == MOST_LETTERS
    assert await letters_to(stage, made) == MOST_LETTERS
    refused = await stage.refused("inviteMember", {**to, "role": "employer"}, who="issuer-admin")
    assert refused == ("Refused", "TOO_MANY", ["address"])
    await invited(stage, "employer", who="issuer-admin", address="dry@example.org", issuer=club)
    await stage.run("brighton", "UPDATE invitation SET letters_at = ARRAY[now() - interval '1 day']")
    await invited(stage, "employer", who="issuer-admin", **to)


async def test_a_letter_sent_again_counts_for_who_sends_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "MOST_INVITED", 3)
    await joined(stage, "keen", "city-admin", who="operator")
    stage.who["keen"] = Asker(stage.who["keen"].person, "city-admin", None, stage.town("brighton").id)
    for _ in range(3):
        await invited(stage, who="keen", address="again@example.org")
    refused = await stage.refused("inviteMember", {"address": "next@example.org", "role": "curator"}, who="keen")
    assert refused == ("Refused", "TOO_MANY", None)


async def letters_to(stage: Stage, invitations: list[str]) -> int:
    """How many letters wait for some invitations."""
    async with stage.database.transaction(System("tests")):
        return int(
            await fetchval(
                "SELECT count(*) FROM work WHERE kind = 'mail' AND (facts ->> 'invitation')::uuid = ANY($1)",
                [named_by(each).row for each in invitations],
            )
        )


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
        ({"address": "a\0b@example.org"}, ("Invalid", "INVALID", ["address"])),
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
    await stage.done("updateMember", {"member": member, "role": "city-admin"}, MEMBER, who="brighton admin")
    assert not isinstance(await find_bearer(stage.database, made, datetime.now(UTC)), Bearer), "not even after return"
    await stage.done("updateMember", {"member": member, "role": "curator"}, MEMBER, who="brighton admin")
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
