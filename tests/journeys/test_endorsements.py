"""Stories of organisations that speak for each other: given, accepted, refused, withdrawn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.rooms import badge_words
from waypost.db import Database, new_id
from waypost.graph.ids import GlobalId

SHOWN = "endorsement { id state comment reason endorser { slug } badge { id } issuer { slug } }"
LIST = "query($f: EndorsementFilter) { endorsements(filter: $f) { nodes { id state } } }"
ON_BADGE = "query($id: ID!) { badge(id: $id) { endorsements { id comment endorser { slug } } } }"
ON_ISSUER = "query($id: ID!) { issuer(id: $id) { endorsements { id comment endorser { slug } } } }"
NODE = "query($id: ID!) { node(id: $id) { ... on Endorsement { state } } }"
CLUB, COLLEGE = "issuer-admin", "college admin"
FORBIDDEN = ("Refused", "FORBIDDEN", None)


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """The little country, with somebody who speaks for the college, and a third."""
    found = await Stage.set_up(database)
    await found.build.issuer(found.town("brighton"), "museum", "Museum", roles=("provides",))
    await found.admit(COLLEGE, "brighton", "issuer-admin", issuer="college")
    await found.admit("museum admin", "brighton", "issuer-admin", issuer="museum")
    await found.admit("college staff", "brighton", "issuer-staff", issuer="college")
    return found


async def badge(stage: Stage, **facts: Any) -> str:
    """A new badge of the youth club."""
    club = stage.build.world.find("Issuer", "brighton", "youth-club").id
    made = await stage.build.badge(stage.town("brighton"), badge_words(club, f"badge-{new_id().hex}", **facts))
    return str(made.gid)


def college(stage: Stage) -> str:
    return stage.id("Issuer", "brighton", "college")


async def offered(stage: Stage, **what: str) -> str:
    """The college endorses something."""
    given = {"endorser": college(stage), "comment": "Well *made*.", **what}
    done = await stage.done("endorse", given, SHOWN, who=COLLEGE)
    assert done["endorsement"]["state"] == "OFFERED"
    return str(done["endorsement"]["id"])


async def decided(stage: Stage, id: str, decision: str, who: str = CLUB, **more: str) -> str:
    """Somebody decides."""
    given = {"endorsement": id, "decision": decision, **more}
    done = await stage.done("decideEndorsement", given, SHOWN, who=who)
    return str(done["endorsement"]["state"])


async def shown(stage: Stage, id: str, city: str | None = "brighton") -> list[Any]:
    """What everybody reads on a badge."""
    found: list[Any] = (await stage.read(ON_BADGE, city, id=id))["badge"]["endorsements"]
    return found


async def test_what_the_endorsed_accepts_is_read_by_everybody(stage: Stage) -> None:
    of = await badge(stage)
    id = await offered(stage, badge=of)
    assert await shown(stage, of) == await shown(stage, of, None) == []
    assert await decided(stage, id, "ACCEPT") == "ACCEPTED"
    one = [{"id": id, "comment": "Well *made*.", "endorser": {"slug": "college"}}]
    assert await shown(stage, of) == await shown(stage, of, None) == one
    assert await stage.events(id) == ["endorsement.offered", "endorsement.accepted"]
    assert (await stage.last_event(id))["person_id"] == stage.who[CLUB].person


async def test_an_issuer_is_endorsed_as_its_badges_are(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    id = await offered(stage, issuer=club)
    assert (await stage.read(ON_ISSUER, id=club))["issuer"]["endorsements"] == []
    await decided(stage, id, "ACCEPT")
    for city in ("brighton", None):
        seen = (await stage.read(ON_ISSUER, city, id=club))["issuer"]["endorsements"]
        assert [each["id"] for each in seen] == [id]
    await decided(stage, id, "WITHDRAW", COLLEGE, reason="Not any more.")
    assert (await stage.read(ON_ISSUER, id=club))["issuer"]["endorsements"] == []


async def test_both_sides_can_end_it_and_only_the_endorser_begins_again(stage: Stage) -> None:
    of = await badge(stage)
    id = await offered(stage, badge=of)
    assert await decided(stage, id, "ACCEPT") == "ACCEPTED"
    assert await decided(stage, id, "WITHDRAW", COLLEGE) == "WITHDRAWN"
    assert await shown(stage, of) == []
    assert await offered(stage, badge=of, comment="Again.") == id
    assert await decided(stage, id, "ACCEPT") == "ACCEPTED"
    assert await decided(stage, id, "REFUSE", reason="We changed it.") == "REFUSED"
    assert await shown(stage, of) == []
    given = {"endorser": college(stage), "badge": of}
    assert await stage.refused("endorse", given, who=COLLEGE) == ("Refused", "ALREADY_ENDORSED", ["badge"])


async def test_words_change_before_they_are_accepted_and_not_after(stage: Stage) -> None:
    """Nobody puts other words under what was accepted."""
    of = await badge(stage)
    id = await offered(stage, badge=of)
    assert await offered(stage, badge=of, comment="Better words.") == id
    await decided(stage, id, "ACCEPT")
    assert [each["comment"] for each in await shown(stage, of)] == ["Better words."]
    given = {"endorser": college(stage), "badge": of, "comment": "Dreadful."}
    assert await stage.refused("endorse", given, who=COLLEGE) == ("Refused", "ALREADY_ENDORSED", ["badge"])


async def test_nobody_decides_for_the_other_side(stage: Stage) -> None:
    of = await badge(stage)
    id = await offered(stage, badge=of)
    for who, decision in ((COLLEGE, "ACCEPT"), (COLLEGE, "REFUSE"), (CLUB, "WITHDRAW")):
        given = {"endorsement": id, "decision": decision}
        assert await stage.refused("decideEndorsement", given, who=who) == FORBIDDEN
    missing = ("Refused", "NOT_FOUND", ["endorsement"])
    for decision in ("ACCEPT", "REFUSE", "WITHDRAW"):
        given = {"endorsement": id, "decision": decision}
        assert await stage.refused("decideEndorsement", given, who="museum admin") == missing
        for who in ("college staff", "learner", "employer"):
            assert await stage.refused("decideEndorsement", given, who=who) == FORBIDDEN


async def test_only_the_two_and_the_city_see_what_is_not_decided(stage: Stage) -> None:
    of = await badge(stage)
    id = await offered(stage, badge=of)
    wanted = {"states": ["OFFERED"]}
    for who in (CLUB, COLLEGE, "brighton curator"):
        seen = (await stage.read(LIST, who=who, f=wanted))["endorsements"]["nodes"]
        assert {"id": id, "state": "OFFERED"} in seen
    assert (await stage.read(LIST, who="museum admin", f=wanted))["endorsements"]["nodes"] == []
    for who in ("", CLUB, "museum admin", "brighton curator"):
        body = await stage.body(NODE, {"id": id}, who=who)
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    body = await stage.body(LIST, who="learner")
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_nobody_endorses_their_own(stage: Stage) -> None:
    of, club = await badge(stage), stage.id("Issuer", "brighton", "youth-club")
    for what in ({"badge": of}, {"issuer": club}):
        refused = await stage.refused("endorse", {"endorser": club, **what}, who=CLUB)
        assert refused == ("Invalid", "INVALID", ["endorser"])
    made = await stage.build.issuer(stage.town("brighton"), "club-too", "Club Too", "brighton-youth-club")
    given = {"endorser": str(made.gid), "badge": of}
    assert await stage.refused("endorse", given) == ("Invalid", "INVALID", ["endorser"])


async def test_one_speaks_for_one_organisation_alone(stage: Stage) -> None:
    given = {"endorser": college(stage), "badge": await badge(stage)}
    for who in ("museum admin", CLUB, "college staff", "learner"):
        assert await stage.refused("endorse", given, who=who) == FORBIDDEN


async def test_what_is_not_shown_is_not_endorsed(stage: Stage) -> None:
    here, there = stage.town("brighton").id, stage.town("plymouth").id
    draft = await badge(stage, state="draft")
    retired = await badge(stage)
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE id = $1", named_by(retired).row)
    mine = {"endorser": college(stage)}
    missing = ("Refused", "NOT_FOUND", ["badge"])
    for id in (draft, stage.id("Badge", "plymouth", "secret"), str(GlobalId("Badge", here, new_id())), "made up"):
        assert await stage.refused("endorse", {**mine, "badge": id}, who=COLLEGE) == missing
    assert await stage.refused("endorse", {**mine, "badge": retired}, who=COLLEGE) == ("Refused", "CLOSED", ["badge"])
    foreign = {"endorser": str(GlobalId("Issuer", there, named_by(college(stage)).row)), "badge": await badge(stage)}
    assert await stage.refused("endorse", foreign, who="brighton curator") == ("Refused", "NOT_FOUND", ["endorser"])
    for what in ({}, {"badge": await badge(stage), "issuer": stage.id("Issuer", "brighton", "museum")}):
        assert await stage.refused("endorse", {**mine, **what}, who=COLLEGE) == ("Invalid", "INVALID", ["badge"])


async def test_two_at_the_same_time_make_one(stage: Stage) -> None:
    of = await badge(stage)
    ids = await asyncio.gather(*(offered(stage, badge=of) for _ in range(3)))
    assert len(set(ids)) == 1


async def test_a_decision_holds_once(stage: Stage) -> None:
    """Accepted and withdrawn at once: one after the other, and the second sees the first."""
    of = await badge(stage)
    id = await offered(stage, badge=of)
    first, second = await asyncio.gather(
        stage.act("decideEndorsement", {"endorsement": id, "decision": "REFUSE"}, SHOWN, who=CLUB),
        stage.act("decideEndorsement", {"endorsement": id, "decision": "WITHDRAW"}, SHOWN, who=COLLEGE),
    )
    assert sorted(each.get("code", "") for each in (first, second)) == ["", "WRONG_STATE"]
