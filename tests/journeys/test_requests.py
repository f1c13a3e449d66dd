"""Stories of badges on request: what somebody shows, and what the issuer decides."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_claiming import arrives
from tests.journeys.test_progress import badge, earned
from tests.outbox.test_mail import Post, post, through
from waypost.access.people import find_person
from waypost.awards.request_effects import forget_requests
from waypost.db import City, Learner, execute, fetch, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId
from waypost.outbox import Work
from waypost.settings import Settings
from waypost.testing.working import work_off

__all__ = ["post"]
STAFF, ADMIN = "issuer-staff", "issuer-admin"
REQUEST = "id state statement evidence reason recipientName badge { id } issuer { slug } decidedAt award { id }"
SHOWN = f"request {{ {REQUEST} }}"
LIST = f"query($f: BadgeRequestFilter) {{ badgeRequests(filter: $f) {{ nodes {{ {REQUEST} }} }} }}"
MINE = f"{{ viewer {{ requests {{ nodes {{ {REQUEST} }} totalCount }} }} }}"
NODE = "query($id: ID!) { node(id: $id) { ... on BadgeRequest { statement } } }"
AWARD = "query($id: ID!) { node(id: $id) { ... on Award { state origin narrative evidence } } }"
FORBIDDEN = ("Refused", "FORBIDDEN", None)
MISSING = ("Refused", "NOT_FOUND", ["request"])
FILM, PAGE = "https://example.org/film", "https://example.org/a-page"


async def asked(stage: Stage, of: str, who: str, city: str | None = None, **more: Any) -> dict[str, Any]:
    """Somebody asks for a badge."""
    given = {"badge": of, "statement": "I *made* it.\n\nTwice.", "evidence": [FILM, PAGE], **more}
    request: dict[str, Any] = (await stage.done("requestBadge", given, SHOWN, who=who, city=city))["request"]
    return request


async def decided(stage: Stage, id: str, decision: str, who: str = STAFF, **more: str) -> dict[str, Any]:
    """The issuer decides."""
    given = {"request": id, "decision": decision, **more}
    request: dict[str, Any] = (await stage.done("decideRequest", given, SHOWN, who=who))["request"]
    return request


async def waiting(stage: Stage, who: str = STAFF, **filter: Any) -> list[str]:
    """Ids of the requests that somebody sees."""
    return [each["id"] for each in (await stage.read(LIST, who=who, f=filter))["badgeRequests"]["nodes"]]


async def mine(stage: Stage, who: str, city: str | None = "brighton") -> list[Any]:
    """Somebody's own requests."""
    found = (await stage.read(MINE, city, who))["viewer"]["requests"]
    assert found["totalCount"] == len(found["nodes"])
    nodes: list[Any] = found["nodes"]
    return nodes


async def test_what_is_approved_is_awarded_with_what_was_shown(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    request = await asked(stage, of, ada)
    assert (request["state"], request["evidence"]) == ("OPEN", [FILM, PAGE])
    assert (request["recipientName"], request["issuer"]) == ("Ada", {"slug": "youth-club"})
    assert request["id"] in await waiting(stage, states=["OPEN"])
    done = await decided(stage, request["id"], "APPROVE", narrative="Made two films.")
    assert done["state"] == "APPROVED"
    seen = await stage.read(AWARD, who=ada, id=(await mine(stage, ada))[0]["award"]["id"])
    award = {"state": "ACCEPTED", "origin": "request", "narrative": "Made two films.", "evidence": [FILM, PAGE]}
    assert seen["node"] == award
    assert await stage.events(request["id"]) == ["badge-request.made", "badge-request.decided"]
    data = (await stage.told_in("brighton", "badge-request.decided"))[-1]["data"]
    assert data["state"] == "approved"
    assert not {"I *made* it.", FILM} & set(data.values())


async def test_more_is_asked_for_and_shown(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    request = await asked(stage, of, ada)
    more = await decided(stage, request["id"], "ASK", reason="Show us the end.")
    assert (more["state"], more["reason"]) == ("MORE_WANTED", "Show us the end.")
    assert [each["reason"] for each in await mine(stage, ada)] == ["Show us the end."]
    again = await asked(stage, of, ada, evidence=[PAGE], statement="With the end.")
    assert (again["id"], again["state"]) == (request["id"], "OPEN")
    assert (again["evidence"], again["statement"]) == ([PAGE], "With the end.")
    assert len(await mine(stage, ada)) == 1
    assert (await decided(stage, request["id"], "APPROVE"))["state"] == "APPROVED"


async def test_who_was_refused_may_ask_again(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    request = await asked(stage, of, ada)
    done = await decided(stage, request["id"], "REFUSE", reason="This is somebody else's film.")
    assert (done["state"], done["reason"], done["award"]) == ("REFUSED", "This is somebody else's film.", None)
    assert (await asked(stage, of, ada))["id"] != request["id"]


async def test_a_request_is_decided_once(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    id = (await asked(stage, of, ada))["id"]
    given = [{"request": id, "decision": "APPROVE"}, {"request": id, "decision": "REFUSE", "reason": "No."}]
    first, second = await asyncio.gather(*(stage.act("decideRequest", each, SHOWN, who=STAFF) for each in given))
    assert sorted(each.get("code", "") for each in (first, second)) == ["", "WRONG_STATE"]
    for each in given:
        refused = await stage.refused("decideRequest", each, who=STAFF)
        assert refused == ("Refused", "WRONG_STATE", ["request"])


async def test_two_who_approve_at_once_award_it_once(stage: Stage) -> None:
    """And who asks twice at once asks once."""
    for round in range(3):
        of, ada = await badge(stage), await arrives(stage, f"ada {round}")
        made = await asyncio.gather(*(asked(stage, of, ada) for _ in range(2)))
        assert len({each["id"] for each in made}) == 1
        approved = {"request": made[0]["id"], "decision": "APPROVE"}
        deciders = (STAFF, ADMIN, "brighton curator")
        answers = await asyncio.gather(*(stage.act("decideRequest", approved, SHOWN, who=who) for who in deciders))
        assert sorted(each.get("code", "") for each in answers) == ["", "WRONG_STATE", "WRONG_STATE"]
        seen = (await stage.read("{ viewer { awards { nodes { origin } } } }", who=ada))["viewer"]["awards"]["nodes"]
        assert [each["origin"] for each in seen] == ["request"]


async def test_asking_twice_at_once_makes_one_request(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    made = await asyncio.gather(*(asked(stage, of, ada) for _ in range(4)))
    assert len({each["id"] for each in made}) == 1
    assert len(await mine(stage, ada)) == 1


async def test_what_is_withdrawn_is_not_decided(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    id = (await asked(stage, of, ada))["id"]
    gone = await stage.done("withdrawRequest", {"request": id}, SHOWN, who=ada, city=None)
    assert gone["request"]["state"] == "WITHDRAWN"
    given = {"request": id, "decision": "APPROVE"}
    assert (await stage.refused("decideRequest", given, who=STAFF))[1] == "WRONG_STATE"
    assert (await stage.refused("withdrawRequest", {"request": id}, who=ada, city=None))[1] == "WRONG_STATE"


async def test_a_refusal_says_why(stage: Stage) -> None:
    id = (await asked(stage, await badge(stage), await arrives(stage)))["id"]
    for decision in ("REFUSE", "ASK"):
        refused = await stage.refused("decideRequest", {"request": id, "decision": decision}, who=STAFF)
        assert refused == ("Invalid", "INVALID", ["reason"])


async def test_only_who_asks_and_who_decides_see_it(stage: Stage) -> None:
    ada, eve = await arrives(stage), await arrives(stage, "eve")
    id = (await asked(stage, await badge(stage), ada))["id"]
    await stage.admit("college staff", "brighton", "issuer-staff", issuer="college")
    for who in (ada, STAFF, ADMIN, "brighton curator"):
        assert (await stage.read(NODE, who=who, id=id))["node"]["statement"].startswith("I *made*")
    others = [(who, "brighton") for who in (eve, "college staff", "", "learner")]
    for who, city in (*others, (eve, None)):
        body = await stage.body(NODE, {"id": id}, city, who)
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND", who
    assert id in await waiting(stage)
    assert id not in await waiting(stage, "college staff")
    assert await mine(stage, eve) == await mine(stage, eve, None) == []
    assert await mine(stage, ada, None) == await mine(stage, ada)
    assert (await stage.read(NODE, None, ada, id=id))["node"]["statement"].startswith("I *made*")
    given = {"request": id, "decision": "APPROVE"}
    assert await stage.refused("decideRequest", given, who="college staff") == MISSING
    for who in ("learner", "employer"):
        assert await stage.refused("decideRequest", given, who=who) == FORBIDDEN
    assert await stage.refused("withdrawRequest", {"request": id}, who=eve, city=None) == MISSING
    assert (await stage.refused("decideRequest", given, who="plymouth curator", city="brighton"))[1] == "FORBIDDEN"


async def test_nobody_decides_their_own_request(stage: Stage) -> None:
    """Not even who may decide everybody else's."""
    person = stage.who[STAFF].person
    stage.who["staff as a learner"] = Asker(person)
    request = await asked(stage, await badge(stage), "staff as a learner", name="Sam")
    given = {"request": request["id"], "decision": "APPROVE"}
    assert await stage.refused("decideRequest", given, who=STAFF) == FORBIDDEN
    assert (await decided(stage, request["id"], "APPROVE", ADMIN))["state"] == "APPROVED"


async def test_who_has_the_badge_does_not_ask_for_it(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    await earned(stage, ada, of)
    given = {"badge": of, "statement": "Again."}
    refused = await stage.refused("requestBadge", given, who=ada, city=None)
    assert refused == ("AlreadyAwarded", "ALREADY_AWARDED", ["badge"])


async def test_what_they_got_meanwhile_is_not_approved_nor_what_nobody_is_given_any_more(stage: Stage) -> None:
    of, ada, ben = await badge(stage), await arrives(stage), await arrives(stage, "ben")
    requests = [await asked(stage, of, who) for who in (ada, ben)]
    await earned(stage, ada, of)
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE id = $1", named_by(of).row)
    approved = [{"request": each["id"], "decision": "APPROVE"} for each in requests]
    refused = await stage.refused("decideRequest", approved[1], who=STAFF)
    assert refused[:2] == ("NotAwardable", "NOT_AWARDABLE")
    await stage.run("brighton", "UPDATE badge SET state = 'published' WHERE id = $1", named_by(of).row)
    refused = await stage.refused("decideRequest", approved[0], who=STAFF)
    assert refused[:2] == ("AlreadyAwarded", "ALREADY_AWARDED")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, ["statement"]),
        ({"statement": "x" * 5_001}, ["statement"]),
        ({"evidence": [FILM] * 11}, ["evidence"]),
        ({"statement": "Hello.", "name": ""}, ["name"]),
    ],
)
async def test_what_cannot_be_decided_is_not_asked(stage: Stage, given: dict[str, Any], path: list[str]) -> None:
    who = await arrives(stage, "nameless", None)
    refused = await stage.refused(
        "requestBadge", {"badge": await badge(stage), "name": "Noa", **given}, who=who, city=None
    )
    assert refused == ("Invalid", "INVALID", path)


async def test_drafts_and_inventions_are_not_asked_for(stage: Stage) -> None:
    ada, here = await arrives(stage), stage.town("brighton").id
    made_up = [str(GlobalId("Badge", home, new_id())) for home in (here, new_id())]
    for id in (*made_up, "made up", ""):
        refused = await stage.refused("requestBadge", {"badge": id, "statement": "Hello."}, who=ada, city="brighton")
        assert refused[1:] == ("NOT_FOUND", ["badge"])
    draft = {"badge": stage.id("Badge", "brighton", "secret"), "statement": "Hello."}
    refused = await stage.refused("requestBadge", draft, who=ada, city=None)
    assert refused == ("NotAwardable", "NOT_AWARDABLE", ["badge"])
    stranger = {"badge": await badge(stage), "statement": "Hello."}
    assert (await stage.refused("requestBadge", stranger, who="stranger"))[1] == "UNAUTHENTICATED"


async def test_there_is_an_end_to_asking(stage: Stage) -> None:
    ada, of = await arrives(stage), await badge(stage)
    await asked(stage, of, ada)
    await stage.run(
        "brighton",
        "INSERT INTO badge_request (tenant_id, id, badge_id, issuer_id, recipient_id, person_id, state, requested_at) "
        "SELECT q.tenant_id, gen_random_uuid(), b.id, q.issuer_id, q.recipient_id, q.person_id, 'open', now() "
        "FROM badge_request q, LATERAL (SELECT id FROM badge WHERE id <> q.badge_id LIMIT 49) b WHERE q.person_id = $1",
        stage.who[ada].person,
    )
    async with stage.database.transaction(City(stage.town("brighton").id)):
        count = await fetchval("SELECT count(*) FROM badge_request WHERE person_id = $1", stage.who[ada].person)
    given = {"badge": await badge(stage), "statement": "One more."}
    payload = await stage.act("requestBadge", given, SHOWN, who=ada, city=None)
    assert (payload.get("code") == "INVALID") == (count >= 50)


async def test_who_asked_is_written_to(stage: Stage, post: Post) -> None:
    person = await find_person(stage.database, "ada@example.org", secret_key=SECRET, now=stage.build.world.now)
    assert not hasattr(person, "code")
    stage.who["ada"] = Asker(person)
    of = await badge(stage)
    request = await asked(stage, of, "ada", name="Ada Lovelace")
    await decided(stage, request["id"], "ASK", reason="Which engine?")
    await work_off(stage.database, through(post))
    await work_off(stage.database, through(post))
    ((to, letter),) = [each for each in post.sent if each[0] == ["ada@example.org"]]
    body = letter.get_body(("plain",))
    assert to == ["ada@example.org"]
    assert body is not None
    text = body.get_content()
    assert "Which engine?" in text
    assert "Hello Ada Lovelace" in text
    await decided(stage, request["id"], "APPROVE")
    await work_off(stage.database, through(post))
    assert post.sent[-1][1]["subject"].startswith("You have earned")
    async with stage.database.transaction(Learner(person)):
        assert [row["tenant_id"] for row in await fetch("SELECT tenant_id FROM known_in")] == [
            stage.town("brighton").id
        ]
        await execute("DELETE FROM known_in")


async def test_what_came_to_nothing_is_forgotten_after_the_citys_time(stage: Stage) -> None:
    ada = await arrives(stage)
    gone, kept = await asked(stage, await badge(stage), ada), await asked(stage, await badge(stage), ada)
    await decided(stage, gone["id"], "REFUSE", reason="No.")
    await decided(stage, kept["id"], "APPROVE")
    old = "UPDATE badge_request SET requested_at = now() - interval '10 years' WHERE person_id = $1"
    await stage.run("brighton", old, stage.who[ada].person)
    await forget_requests(Work(stage.database, Settings()))
    assert [each["id"] for each in await mine(stage, ada)] == [kept["id"]]
