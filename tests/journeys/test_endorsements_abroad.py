"""Stories of organisations that speak for those of another city: each acts in its own, and both say the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_endorsements import CLUB, FORBIDDEN, NODE, ON_ISSUER, badge, college
from waypost.badges.endorsing_abroad import carry
from waypost.db import City, Database, National, System, execute, fetch, new_id
from waypost.graph.ids import GlobalId
from waypost.outbox.work import Happened, Work
from waypost.testing.working import SETTINGS, work_off

FACTS = "id state comment reason endorser { slug city { slug } } badge { id } issuer { slug city { slug } }"
SHOWN = f"endorsement {{ {FACTS} }}"
ALL = f"{{ endorsements(first: 100) {{ nodes {{ {FACTS} }} }} }}"
ON_BADGE = "query($id: ID!) { badge(id: $id) { endorsements { id comment endorser { slug city { slug } } } } }"
AFAR = "afar"
ROWS_SQL = "SELECT * FROM endorsement WHERE tenant_id = $1"
EVENTS_SQL = """
SELECT tenant_id, id, type, object_type, object_id, person_id, happened_at FROM event
WHERE tenant_id = $1 AND object_type = 'Endorsement'
"""


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """The little country, with somebody who speaks for the college of Plymouth, and for that of Brighton."""
    found = await Stage.set_up(database)
    await found.admit(AFAR, "plymouth", "issuer-admin", issuer="college")
    await found.admit("plymouth club", "plymouth", "issuer-admin", issuer="youth-club")
    await found.admit("college admin", "brighton", "issuer-admin", issuer="college")
    return found


def afar(stage: Stage) -> str:
    return stage.id("Issuer", "plymouth", "college")


async def offered(stage: Stage, *, comment: str = "Well *made*.", **what: str) -> str:
    """Plymouth's college endorses something of Brighton's; answers the id that it has in Plymouth."""
    given = {"endorser": afar(stage), "comment": comment, **what}
    done = await stage.done("endorse", given, SHOWN, city="plymouth", who=AFAR)
    assert done["endorsement"]["state"] == "OFFERED"
    return str(done["endorsement"]["id"])


async def seen(stage: Stage, city: str, *, badge: str | None = None) -> list[dict[str, Any]]:
    """What the one, or the other, sees of what Plymouth's college has said."""
    who = {"plymouth": AFAR, "brighton": CLUB}[city]
    found = (await stage.read(ALL, city, who=who))["endorsements"]["nodes"]
    return [
        each
        for each in found
        if each["endorser"] == {"slug": "college", "city": {"slug": "plymouth"}}
        and (badge is None or each["badge"] == {"id": badge})
    ]


async def both(stage: Stage, of: str) -> list[tuple[str, str, str | None]]:
    """State, words and reason of an endorsed badge, as Plymouth and as Brighton have it."""
    rows = [each for city in ("plymouth", "brighton") for each in await seen(stage, city, badge=of)]
    return [(each["state"], each["comment"], each["reason"]) for each in rows]


async def in_brighton(stage: Stage, of: str) -> str:
    """The id that the endorsement of a badge has in Brighton."""
    [one] = await seen(stage, "brighton", badge=of)
    return str(one["id"])


async def decides(stage: Stage, id: str, decision: str, *, city: str = "brighton", **more: str) -> str:
    who = {"plymouth": AFAR, "brighton": CLUB}[city]
    given = {"endorsement": id, "decision": decision, **more}
    done = await stage.done("decideEndorsement", given, SHOWN, city=city, who=who)
    return str(done["endorsement"]["state"])


async def shown(stage: Stage, of: str, city: str | None = "brighton") -> list[Any]:
    found: list[Any] = (await stage.read(ON_BADGE, city, id=of))["badge"]["endorsements"]
    return found


async def test_what_the_endorsed_accepts_is_read_by_everybody_with_the_city_of_who_says_it(stage: Stage) -> None:
    of = await badge(stage)
    mine = await offered(stage, badge=of)
    assert await seen(stage, "brighton", badge=of) == []
    await work_off(stage.database)
    [arrived] = await seen(stage, "brighton", badge=of)
    assert (arrived["state"], arrived["comment"]) == ("OFFERED", "Well *made*.")
    assert await shown(stage, of) == await shown(stage, of, None) == []
    assert await decides(stage, arrived["id"], "ACCEPT") == "ACCEPTED"
    there = {"slug": "college", "city": {"slug": "plymouth"}}
    one = [{"id": arrived["id"], "comment": "Well *made*.", "endorser": there}]
    for city in ("brighton", None):
        assert await shown(stage, of, city) == one
    await work_off(stage.database)
    [told] = await seen(stage, "plymouth", badge=of)
    assert (told["id"], told["state"]) == (mine, "ACCEPTED")
    assert await stage.events(mine) == ["endorsement.offered", "endorsement.accepted"]
    assert await stage.events(arrived["id"]) == ["endorsement.offered", "endorsement.accepted"]


async def test_an_issuer_is_endorsed_as_its_badges_are(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    await offered(stage, issuer=club)
    await work_off(stage.database)
    [arrived] = [each for each in await seen(stage, "brighton") if each["issuer"]]
    await decides(stage, arrived["id"], "ACCEPT")
    await work_off(stage.database)
    [told] = [each for each in await seen(stage, "plymouth") if each["issuer"]]
    assert told["issuer"] == {"slug": "youth-club", "city": {"slug": "brighton"}}
    for city in ("brighton", None):
        found = (await stage.read(ON_ISSUER, city, id=club))["issuer"]["endorsements"]
        assert [each["id"] for each in found] == [arrived["id"]]
    await decides(stage, told["id"], "WITHDRAW", city="plymouth")
    await work_off(stage.database)
    assert (await stage.read(ON_ISSUER, id=club))["issuer"]["endorsements"] == []


async def test_both_sides_can_end_it_and_only_the_endorser_begins_again(stage: Stage) -> None:
    of = await badge(stage)
    mine = await offered(stage, badge=of)
    await work_off(stage.database)
    theirs = await in_brighton(stage, of)
    await decides(stage, theirs, "ACCEPT")
    await work_off(stage.database)
    assert await decides(stage, mine, "WITHDRAW", city="plymouth", reason="It changed.") == "WITHDRAWN"
    await work_off(stage.database)
    assert await both(stage, of) == [("WITHDRAWN", "Well *made*.", "It changed.")] * 2
    assert await shown(stage, of) == await shown(stage, of, None) == []
    assert await offered(stage, badge=of, comment="Again.") == mine
    await work_off(stage.database)
    assert await both(stage, of) == [("OFFERED", "Again.", None)] * 2
    await decides(stage, theirs, "REFUSE", reason="Thank you, no.")
    await work_off(stage.database)
    assert await both(stage, of) == [("REFUSED", "Again.", "Thank you, no.")] * 2
    again = {"endorser": afar(stage), "badge": of}
    refused = await stage.refused("endorse", again, city="plymouth", who=AFAR)
    assert refused == ("Refused", "ALREADY_ENDORSED", ["badge"])
    await decides(stage, theirs, "ACCEPT")
    await work_off(stage.database)
    assert await both(stage, of) == [("ACCEPTED", "Again.", None)] * 2


async def test_nobody_decides_for_the_other_side(stage: Stage) -> None:
    of = await badge(stage)
    mine = await offered(stage, badge=of)
    await work_off(stage.database)
    theirs = await in_brighton(stage, of)
    tries = (
        *((mine, "plymouth", who, decision) for who in (AFAR, "plymouth curator") for decision in ("ACCEPT", "REFUSE")),
        *((theirs, "brighton", who, "WITHDRAW") for who in (CLUB, "brighton curator")),
        *((theirs, "brighton", who, "ACCEPT") for who in (AFAR, "plymouth curator")),
        *((mine, "plymouth", who, "WITHDRAW") for who in (CLUB, "brighton curator")),
    )
    for id, city, who, decision in tries:
        given = {"endorsement": id, "decision": decision}
        assert await stage.refused("decideEndorsement", given, city=city, who=who) == FORBIDDEN, (city, who, decision)
    missing = ("Refused", "NOT_FOUND", ["endorsement"])
    for id, city, who in (
        (mine, "plymouth", "plymouth club"),
        (theirs, "brighton", "college admin"),
        (theirs, "plymouth", AFAR),
        (mine, "brighton", CLUB),
    ):
        given = {"endorsement": id, "decision": "WITHDRAW"}
        assert await stage.refused("decideEndorsement", given, city=city, who=who) == missing


@pytest.mark.parametrize("decision", ["ACCEPT", "REFUSE"])
async def test_a_decision_about_words_that_were_withdrawn_meanwhile_is_none(stage: Stage, decision: str) -> None:
    of = await badge(stage)
    mine = await offered(stage, badge=of)
    await work_off(stage.database)
    await asyncio.gather(
        decides(stage, await in_brighton(stage, of), decision), decides(stage, mine, "WITHDRAW", city="plymouth")
    )
    await work_off(stage.database)
    assert await both(stage, of) == [("WITHDRAWN", "Well *made*.", None)] * 2
    assert await shown(stage, of, None) == []


async def test_words_that_changed_while_they_were_accepted_are_offered_anew(stage: Stage) -> None:
    """Nobody puts other words under what was accepted."""
    of = await badge(stage)
    await offered(stage, badge=of)
    await work_off(stage.database)
    await decides(stage, await in_brighton(stage, of), "ACCEPT")
    await offered(stage, badge=of, comment="Dreadful.")
    await work_off(stage.database)
    assert await both(stage, of) == [("OFFERED", "Dreadful.", None)] * 2
    assert await shown(stage, of) == []


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_both_do_in_whatever_order_they_hear_of_it_both_say_the_same_in_the_end(
    stage: Stage, seed: int
) -> None:
    """Each story is carried late, twice, or in the wrong order; only what was accepted as it reads is shown."""
    chance, of = Random(seed), await badge(stage)
    mine = await offered(stage, badge=of, comment="0")
    await work_off(stage.database)
    accepted: set[str] = set()
    for n in range(1, 15):
        what = chance.choice(("endorse", "WITHDRAW", "ACCEPT", "ACCEPT", "REFUSE", "carry", "carry"))
        if what == "carry":
            await carried_again(stage, chance)
            continue
        if what == "endorse":
            given: Mapping[str, Any] = {"endorser": afar(stage), "badge": of, "comment": f"{n}"}
            await stage.act("endorse", given, city="plymouth", who=AFAR)
            continue
        theirs = await in_brighton(stage, of)
        id, city, who = (mine, "plymouth", AFAR) if what == "WITHDRAW" else (theirs, "brighton", CLUB)
        done = await stage.act("decideEndorsement", {"endorsement": id, "decision": what}, SHOWN, city=city, who=who)
        if what == "ACCEPT" and "endorsement" in done:
            accepted.add(done["endorsement"]["comment"])
    await work_off(stage.database)
    one, other = await both(stage, of)
    assert one == other
    assert [each["comment"] for each in await shown(stage, of, None)] == ([one[1]] if one[0] == "ACCEPTED" else [])
    assert one[0] != "ACCEPTED" or one[1] in accepted
    before = await stage.counted()
    await carried_again(stage, chance, all=True)
    assert await stage.counted() == before


async def carried_again(stage: Stage, chance: Random, *, all: bool = False) -> None:
    """Some of what happened is carried, in any order, as if nobody had done it yet."""
    rows: list[Any] = []
    for city in ("plymouth", "brighton"):
        async with stage.database.transaction(City(stage.town(city).id)):
            rows += await fetch(EVENTS_SQL, stage.town(city).id)
    chance.shuffle(rows)
    for row in rows if all else rows[:2]:
        await carry(Work(stage.database, SETTINGS), Happened(data={}, **dict(row)))


async def test_neither_city_learns_who_it_was_in_the_other_and_a_third_learns_nothing(stage: Stage) -> None:
    of = await badge(stage)
    before = await stage.counted()
    mine = await offered(stage, badge=of)
    await work_off(stage.database)
    theirs = await in_brighton(stage, of)
    await decides(stage, theirs, "ACCEPT")
    await work_off(stage.database)
    after = await stage.counted()
    changed = {name for name, content in after.items() if content != before[name]}
    kinds = ("endorsement", "address", "event")
    assert changed == {f"{city} {kind}" for city in ("plymouth", "brighton") for kind in kinds}
    people = {who: stage.who[who].person for who in (AFAR, CLUB)}
    for city, id, by in (("plymouth", mine, (people[AFAR], None)), ("brighton", theirs, (None, people[CLUB]))):
        here = stage.town(city).id
        async with stage.database.transaction(City(here)):
            rows = {row["id"]: row for row in await fetch(ROWS_SQL, here)}
        assert (rows[named_by(id).row]["offered_by"], rows[named_by(id).row]["decided_by"]) == by
    other = {"plymouth": stage.town("brighton").id, "brighton": stage.town("plymouth").id}
    for city, away in other.items():
        async with stage.database.transaction(City(stage.town(city).id)):
            assert await fetch(ROWS_SQL, away) == []
    async with stage.database.transaction(National()):
        assert await fetch("SELECT id FROM endorsement WHERE id = $1", named_by(mine).row) == []


async def test_before_it_is_accepted_nobody_else_sees_it_and_the_givers_own_row_never_shows(stage: Stage) -> None:
    of = await badge(stage)
    mine = await offered(stage, badge=of)
    await work_off(stage.database)
    theirs = await in_brighton(stage, of)
    for decision in ("", "ACCEPT"):
        if decision:
            await decides(stage, theirs, decision)
            await work_off(stage.database)
        hidden = {mine: ("plymouth", "brighton", None)} | ({} if decision else {theirs: ("brighton", None)})
        for id, cities in hidden.items():
            for city in cities:
                for who in ("", AFAR, CLUB, "plymouth club", "operator"):
                    body = await stage.body(NODE, {"id": id}, city, who)
                    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND", (id, city, who)
        for city, who in (("plymouth", "plymouth club"), ("brighton", "college admin")):
            listed = {each["id"] for each in (await stage.read(ALL, city, who=who))["endorsements"]["nodes"]}
            assert listed.isdisjoint(hidden)
    assert (await stage.read(NODE, None, id=theirs))["node"] == {"state": "ACCEPTED"}


async def test_nobody_endorses_their_own_in_another_city(stage: Stage) -> None:
    twin = await stage.build.issuer(stage.town("plymouth"), "club-afar", "Club Afar", "brighton-youth-club")
    for what in ({"badge": await badge(stage)}, {"issuer": stage.id("Issuer", "brighton", "youth-club")}):
        given = {"endorser": str(twin.gid), **what}
        refused = await stage.refused("endorse", given, city="plymouth", who="plymouth curator")
        assert refused == ("Invalid", "INVALID", ["endorser"])


async def test_what_another_city_does_not_show_is_not_endorsed(stage: Stage) -> None:
    here, there = stage.town("plymouth").id, stage.town("brighton").id
    of, draft, retired = await badge(stage), await badge(stage, state="draft"), await badge(stage)
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE id = $1", named_by(retired).row)
    how: dict[str, Any] = {"city": "plymouth", "who": AFAR}
    for id in (
        draft,
        str(GlobalId("Badge", there, new_id())),
        str(GlobalId("Badge", here, named_by(of).row)),
        str(GlobalId("Badge", stage.town("old-town").id, named_by(of).row)),
        str(GlobalId("Issuer", there, named_by(of).row)),
        str(GlobalId("Badge", new_id(), named_by(of).row)),
    ):
        refused = await stage.refused("endorse", {"endorser": afar(stage), "badge": id}, **how)
        assert refused == ("Refused", "NOT_FOUND", ["badge"])
    given = {"endorser": afar(stage), "badge": retired}
    assert await stage.refused("endorse", given, **how) == ("Refused", "CLOSED", ["badge"])
    left = {"endorser": afar(stage), "issuer": stage.id("Issuer", "old-town", "college")}
    assert (await stage.refused("endorse", left, **how))[1:] == ("CITY_CLOSED", ["issuer"])
    two = {"endorser": afar(stage), "badge": of, "issuer": college(stage)}
    assert await stage.refused("endorse", two, **how) == ("Invalid", "INVALID", ["badge"])
    for who in ("plymouth club", "brighton curator", CLUB):
        given = {"endorser": afar(stage), "badge": of}
        assert await stage.refused("endorse", given, city="plymouth", who=who) == FORBIDDEN


async def test_the_national_graph_gives_the_word_where_the_endorser_is(stage: Stage) -> None:
    of = await badge(stage)
    given = {"endorser": afar(stage), "badge": of}
    done = await stage.done("endorse", given, SHOWN, city=None, who="operator")
    assert named_by(done["endorsement"]["id"]).tenant == stage.town("plymouth").id
    assert done["endorsement"]["badge"] == {"id": of}
    await work_off(stage.database)
    assert (await both(stage, of))[1][0] == "OFFERED"


async def test_a_city_that_has_left_meanwhile_hears_nothing(stage: Stage) -> None:
    town = await stage.build.town("leaving", "Leaving", box=(51.3, -4.3, 51.5, -4.0))
    club = await stage.build.issuer(town, "club", "Club")
    await stage.reload()
    await offered(stage, issuer=str(club.gid))
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE tenant SET state = 'closed' WHERE id = $1", town.id)
    await stage.reload()
    await work_off(stage.database)
    async with stage.database.transaction(City(town.id)):
        assert await fetch(ROWS_SQL, town.id) == []
