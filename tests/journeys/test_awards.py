"""Stories of awarding: giving a badge, answering, taking back, replacing, and who sees what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.journeys.stage import SECRET, Stage
from waypost.access.people import find_person
from waypost.awards.joining import join_address
from waypost.db import new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId

FACTS = (
    "id state narrative evidence awardedAt expiresAt decidedAt credentialUrl shareUrl revokedReason origin batch "
    "badge { slug } version { number } issuer { slug } recipient { name kind } city { slug } replacedBy { id }"
)
SHOWN = f"award {{ {FACTS} }}"
NOBODYS = "an issuer that is not there"
MINE = f"{{ viewer {{ awards {{ nodes {{ {FACTS} }} totalCount }} }} }}"


async def person(stage: Stage, email: str, town: str | None = "brighton") -> str:
    """Somebody who signs in with an address, to act for themselves; answers their name on the stage."""
    found = await find_person(stage.database, email, secret_key=SECRET, now=stage.build.world.now)
    assert not hasattr(found, "code")
    stage.who[email] = Asker(found, "learner", None, stage.town(town).id if town else None)
    return email


async def given(stage: Stage, badge: str = "film-maker", *, who: str = "issuer-staff", **facts: Any) -> dict[str, Any]:
    """An award, as its giver sees it."""
    recipient = {"name": "Ada Example", "email": "ada@example.org", **facts.pop("recipient", {})}
    input = {"badge": stage.id("Badge", "brighton", badge), "recipient": recipient, **facts}
    made = await stage.done("awardBadge", input, SHOWN, who=who)
    award: dict[str, Any] = made["award"]
    return award


@pytest.fixture
def ada() -> str:
    """An address that nobody has had before."""
    return f"ada.{new_id().hex}@example.org"


async def test_a_badge_that_was_given_is_accepted_by_who_signs_in_with_the_address(stage: Stage, ada: str) -> None:
    award = await given(
        stage,
        recipient={"email": ada.upper()},
        narrative="Made a *film*.\n\nIt was shown.",
        evidence=["https://films.example.org/" + "a" * 300],
        expiresAt="2127-01-01T00:00:00Z",
    )
    assert award["state"] == "OFFERED"
    assert award["credentialUrl"] is None
    assert award["recipient"] == {"name": "Ada Example", "kind": "PERSON"}
    assert award["version"] == {"number": 1}
    assert award["origin"] == "issuer"
    assert await stage.events(award["id"]) == ["award.created"]
    who = await person(stage, ada)
    seen = (await stage.read(MINE, who=who))["viewer"]["awards"]
    assert seen == {"nodes": [award], "totalCount": 1}
    taken = (await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=who))["award"]
    assert taken["state"] == "ACCEPTED"
    assert taken["decidedAt"] is not None
    assert taken["credentialUrl"].startswith("https://waypost.example/credentials/")
    assert await stage.events(award["id"]) == ["award.created", "award.accepted"]
    assert await stage.refused("acceptAward", {"award": award["id"]}, who=who) == (
        "WrongState",
        "WRONG_STATE",
        ["award"],
    )
    badge = "query($id: ID!) { badge(id: $id) { viewerAwards { id state } } }"
    held = await stage.read(badge, who=who, id=stage.id("Badge", "brighton", "film-maker"))
    assert held["badge"]["viewerAwards"] == [{"id": award["id"], "state": "ACCEPTED"}]
    assert (await stage.read(badge, id=stage.id("Badge", "brighton", "film-maker")))["badge"]["viewerAwards"] == []


async def test_a_learner_sees_what_they_earned_in_all_cities_at_once(stage: Stage, ada: str) -> None:
    one = await given(stage, recipient={"email": ada})
    badge = stage.id("Badge", "plymouth", "navigator")
    input = {"badge": badge, "recipient": {"name": "Ada", "email": ada}, "evidence": ["https://e.example.org/1"]}
    two = (await stage.done("awardBadge", input, SHOWN, city="plymouth", who="plymouth curator"))["award"]
    who = await person(stage, ada)
    seen = (await stage.read(MINE, None, who=who))["viewer"]["awards"]
    assert seen == {"nodes": [two, one], "totalCount": 2}
    first = (
        "query($after: String) { viewer { awards(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } } }"
    )
    page = (await stage.read(first, None, who=who))["viewer"]["awards"]
    rest = (await stage.read(first, None, who=who, after=page["pageInfo"]["endCursor"]))["viewer"]["awards"]
    assert [page["nodes"], rest["nodes"]] == [[{"id": two["id"]}], [{"id": one["id"]}]]
    node = "query($id: ID!) { node(id: $id) { id ... on Award { state recipient { name } } } }"
    found = (await stage.read(node, None, who=who, id=two["id"]))["node"]
    assert found == {"id": two["id"], "state": "OFFERED", "recipient": {"name": "Ada"}}
    # From the national graph they answer in whichever city it is.
    taken = await stage.done("acceptAward", {"award": two["id"]}, "award { state }", city=None, who=who)
    assert taken["award"] == {"state": "ACCEPTED"}
    other = await person(stage, f"other.{ada}")
    assert (await stage.read(MINE, None, who=other))["viewer"]["awards"] == {"nodes": [], "totalCount": 0}
    assert (await stage.body(node, {"id": two["id"]}, None, other))["data"] == {"node": None}


async def test_nobody_else_sees_or_answers_an_award(stage: Stage, ada: str) -> None:
    award = await given(stage, recipient={"email": ada})
    node = "query($id: ID!) { node(id: $id) { id } }"
    for who in ("brighton curator", "issuer-admin", "issuer-staff"):
        assert (await stage.read(node, who=who, id=award["id"]))["node"] == {"id": award["id"]}
    await stage.admit("college admin", "brighton", "issuer-admin", issuer="college")
    other = await person(stage, f"other.{ada}")
    for who in ("", "learner", "employer", "college admin", "plymouth curator", other):
        assert (await stage.body(node, {"id": award["id"]}, who=who))["data"] == {"node": None}, who
    for act in ("acceptAward", "declineAward"):
        for who in ("learner", "brighton curator", "college admin", other):
            refused = await stage.refused(act, {"award": award["id"]}, who=who)
            assert refused == ("Refused", "NOT_FOUND", ["award"]), who
    reason = {"award": award["id"], "reason": "Mistake"}
    for who in ("learner", "issuer-staff", "college admin", "employer"):
        assert (await stage.refused("revokeAward", reason, who=who))[1] == "FORBIDDEN", who
    listed = "{ awards(first: 100) { nodes { id issuer { slug } } totalCount } }"
    seen = (await stage.read(listed, who="issuer-admin"))["awards"]["nodes"]
    assert award["id"] in [each["id"] for each in seen]
    assert {each["issuer"]["slug"] for each in seen} == {"youth-club"}
    assert (await stage.read(listed, who="college admin"))["awards"]["nodes"] == []


async def test_an_award_is_taken_back_with_a_reason(stage: Stage, ada: str) -> None:
    award = await given(stage, recipient={"email": ada})
    input = {"award": award["id"], "reason": " "}
    assert (await stage.refused("revokeAward", input, who="issuer-admin"))[2] == ["reason"]
    done = await stage.done("revokeAward", {**input, "reason": "It was somebody else."}, SHOWN, who="issuer-admin")
    assert (done["award"]["state"], done["award"]["revokedReason"]) == ("REVOKED", "It was somebody else.")
    who = await person(stage, ada)
    assert (await stage.refused("acceptAward", {"award": award["id"]}, who=who))[1] == "WRONG_STATE"
    again = await given(stage, recipient={"email": ada})
    assert again["id"] != award["id"]


async def test_a_badge_is_given_once_unless_its_policy_says_otherwise(stage: Stage, ada: str) -> None:
    badge = stage.id("Badge", "brighton", "explorer")
    award = await given(stage, "explorer", recipient={"email": ada})
    input = {"badge": badge, "recipient": {"name": "Other", "email": ada}}
    assert await stage.refused("awardBadge", input) == ("AlreadyAwarded", "ALREADY_AWARDED", ["recipient"])
    policy = {"badge": badge, "repeats": "ALWAYS"}
    assert (await stage.refused("setAwardPolicy", policy, who="issuer-staff"))[1] == "FORBIDDEN"
    shown = "badge { slug } repeats"
    assert await stage.done("setAwardPolicy", policy, shown) == {
        "__typename": "SetAwardPolicySuccess",
        "badge": {"slug": "explorer"},
        "repeats": "ALWAYS",
    }
    await stage.done("awardBadge", input, SHOWN)
    await stage.done("setAwardPolicy", {"badge": badge, "repeats": "ONCE"}, shown)
    refused = await stage.refused("replaceAward", {"award": award["id"]}, who="issuer-admin")
    assert refused[:2] == ("AlreadyAwarded", "ALREADY_AWARDED")
    who = await person(stage, ada)
    await stage.done("declineAward", {"award": award["id"]}, SHOWN, who=who)
    assert (await stage.refused("awardBadge", input))[1] == "ALREADY_AWARDED"


async def test_a_replaced_award_leads_to_the_new_one(stage: Stage, ada: str) -> None:
    award = await given(stage, recipient={"email": ada})
    who = await person(stage, ada)
    await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=who)
    input = {"award": award["id"], "narrative": "Corrected."}
    done = await stage.done(
        "replaceAward", input, f"{SHOWN} replaced {{ state replacedBy {{ id }} }}", who="issuer-admin"
    )
    assert (done["award"]["state"], done["award"]["narrative"]) == ("ACCEPTED", "Corrected.")
    assert done["replaced"] == {"state": "REPLACED", "replacedBy": {"id": done["award"]["id"]}}
    assert await stage.events(award["id"]) == ["award.created", "award.accepted", "award.replaced"]


async def test_only_published_badges_of_this_city_are_given(stage: Stage) -> None:
    recipient = {"name": "Ada", "email": "ada@example.org"}
    draft = {"badge": stage.id("Badge", "brighton", "secret"), "recipient": recipient}
    assert await stage.refused("awardBadge", draft) == ("NotAwardable", "NOT_AWARDABLE", ["badge"])
    away = {"badge": stage.id("Badge", "plymouth", "navigator"), "recipient": recipient}
    assert await stage.refused("awardBadge", away) == ("Refused", "NOT_FOUND", ["badge"])
    foreign = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": recipient}
    for who in ("plymouth curator", "learner", "employer"):
        assert (await stage.refused("awardBadge", foreign, who=who))[1] == "FORBIDDEN", who


async def test_an_award_that_is_answered_while_it_is_taken_back_is_taken_back(stage: Stage, ada: str) -> None:
    who = await person(stage, ada)
    for act in ("acceptAward", "declineAward") * 3:
        award = await given(stage, recipient={"email": ada})
        taken, answered = await asyncio.gather(
            stage.act("revokeAward", {"award": award["id"], "reason": "Mistake."}, SHOWN, who="issuer-admin"),
            stage.act(act, {"award": award["id"]}, SHOWN, who=who),
        )
        told = sorted(await stage.events(award["id"]))  # both happened at one time: which began first is not told
        mine = (await stage.read(MINE, who=who))["viewer"]["awards"]["nodes"]
        (standing,) = [each for each in mine if each["id"] == award["id"]]
        if "code" not in answered and act == "declineAward":  # then there was nothing left to take back
            assert (taken["code"], told) == ("WRONG_STATE", ["award.created", "award.declined"])
            assert standing["state"] == "DECLINED"
            continue
        assert taken["__typename"] == "RevokeAwardSuccess"
        assert standing["state"] == "REVOKED"
        heard = [] if answered.get("code") == "WRONG_STATE" else ["award.accepted"]
        assert told == [*heard, "award.created", "award.revoked"]


async def test_of_a_child_only_the_guardian_is_written_to_and_answers(stage: Stage, ada: str) -> None:
    year = stage.build.world.now.year
    badge = stage.id("Badge", "brighton", "film-maker")
    child = {"name": "Kit", "birthYear": year - 9, "email": ada}
    assert (await stage.refused("awardBadge", {"badge": badge, "recipient": child}))[2] == ["recipient", "email"]
    award = await given(stage, recipient={"name": "Kit", "birthYear": year - 9, "email": None, "guardianEmail": ada})
    sibling = await given(stage, recipient={"name": "Sam", "birthYear": year - 9, "email": None, "guardianEmail": ada})
    twice = {"name": "kit", "birthYear": year - 9, "guardianEmail": ada}
    assert (await stage.refused("awardBadge", {"badge": badge, "recipient": twice}))[1] == "ALREADY_AWARDED"
    guardian = await person(stage, ada)
    for city in ("brighton", None):
        seen = (await stage.read(MINE, city, who=guardian))["viewer"]["awards"]["nodes"]
        assert [each["recipient"]["name"] for each in seen] == ["Sam", "Kit"]
    for each in (award, sibling):
        await stage.done("acceptAward", {"award": each["id"]}, SHOWN, who=guardian)


async def test_who_has_no_address_is_somebody_else_each_time_unless_the_issuer_has_a_reference(stage: Stage) -> None:
    badge = stage.id("Badge", "brighton", "leader")
    for _ in range(2):
        await stage.done("awardBadge", {"badge": badge, "recipient": {"name": "Emma"}}, SHOWN)
    pupil = {"badge": badge, "recipient": {"name": "Emma", "reference": "pupil-17"}}
    await stage.done("awardBadge", pupil, SHOWN)
    assert (await stage.refused("awardBadge", pupil))[1] == "ALREADY_AWARDED"


async def test_an_organisation_is_given_a_badge_and_its_people_accept_it(stage: Stage) -> None:
    college = stage.id("Issuer", "brighton", "college")
    award = await given(
        stage, "leader", recipient={"name": "College", "email": None, "kind": "ORGANISATION", "issuer": college}
    )
    await stage.admit("college head", "brighton", "issuer-admin", issuer="college")
    await stage.admit("college staff", "brighton", "issuer-staff", issuer="college")
    assert (await stage.refused("acceptAward", {"award": award["id"]}, who="college staff"))[1] == "NOT_FOUND"
    done = await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who="college head")
    assert done["award"]["state"] == "ACCEPTED"


@pytest.mark.parametrize(
    ("facts", "path"),
    [
        ({"recipient": {"name": " "}}, ["recipient", "name"]),
        ({"recipient": {"email": "no address"}}, ["recipient", "email"]),
        ({"recipient": {"birthYear": 1700}}, ["recipient", "birthYear"]),
        ({"recipient": {"guardianEmail": "g@example.org"}}, ["recipient", "guardianEmail"]),
        ({"recipient": {"reference": "x" * 150}}, ["recipient", "reference"]),
        ({"awardedAt": "2999-01-01T00:00:00Z"}, ["awardedAt"]),
        ({"expiresAt": "2001-01-01T00:00:00Z"}, ["expiresAt"]),
        ({"awardedAt": "0001-01-01T00:00:00+14:00"}, ["awardedAt"]),
        ({"expiresAt": "9999-12-31T23:59:59-14:00"}, ["expiresAt"]),
        ({"recipient": {"kind": "ORGANISATION", "issuer": NOBODYS}}, ["recipient", "issuer"]),
        ({"evidence": ["https://e.example.org"] * 11}, ["evidence"]),
        ({"narrative": "x" * 20_001}, ["narrative"]),
    ],
)
async def test_bad_input_is_refused_at_its_place(stage: Stage, facts: dict[str, Any], path: list[str]) -> None:
    recipient = {"name": "Ada", "email": "ada@example.org", **facts.pop("recipient", {})}
    if recipient.get("issuer") is NOBODYS:  # well formed, and of this city
        recipient["issuer"] = str(GlobalId("Issuer", stage.town("brighton").id, new_id()))
    input = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": recipient, **facts}
    assert await stage.refused("awardBadge", input) == ("Invalid", "INVALID", path)
    refused = await stage.refused("awardBadges", {"badge": input.pop("badge"), "awards": [input]})
    assert refused == ("Invalid", "INVALID", ["awards", "0", *path])


async def test_a_further_address_brings_what_was_given_to_it_and_counts_as_the_same_person(
    stage: Stage, ada: str
) -> None:
    one = await given(stage, recipient={"email": ada})
    two = await given(stage, "explorer", recipient={"email": f"new.{ada}"})
    child = await given(
        stage,
        recipient={
            "name": "Kit",
            "email": None,
            "birthYear": stage.build.world.now.year - 9,
            "guardianEmail": f"new.{ada}",
        },
    )
    who = await person(stage, ada)
    me = stage.who[who].person
    assert me is not None
    for _ in range(2):
        await join_address(stage.database, me, f"new.{ada}", secret_key=SECRET)
    for city in ("brighton", None):
        mine = (await stage.read(MINE, city, who=who))["viewer"]["awards"]["nodes"]
        assert [each["id"] for each in mine] == [child["id"], two["id"], one["id"]]
    assert stage.who[await person(stage, f"new.{ada}")].person == me
    again = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": {"name": "A", "email": f"new.{ada}"}}
    assert (await stage.refused("awardBadge", again))[1] == "ALREADY_AWARDED"
