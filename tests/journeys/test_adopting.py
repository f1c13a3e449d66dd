"""Stories of writing through the graph: badges that a city adopts from another."""

from __future__ import annotations

import pytest

from tests.journeys.stage import Stage, named_by
from tests.rooms import badge_words
from waypost.db import City, fetch, new_id
from waypost.graph.ids import GlobalId

SHOWN = "badge { id slug name state layer { code } issuer { slug } city { slug } skills { name } }"
MISSING = ("Refused", "NOT_FOUND", ["badge"])
FORBIDDEN = ("Refused", "FORBIDDEN", None)


def smart(stage: Stage) -> str:
    return stage.id("Badge", "plymouth", "smart-citizen")


async def test_an_adopted_badge_is_the_same_badge_of_the_same_issuer(stage: Stage) -> None:
    adopted = (await stage.done("adoptBadge", {"badge": smart(stage)}, SHOWN))["badge"]
    assert adopted == {
        "id": smart(stage),
        "slug": "smart-citizen",
        "name": "Smart Citizen",
        "state": "PUBLISHED",
        "layer": {"code": "rsa-2019/engage"},
        "issuer": {"slug": "youth-club"},
        "city": {"slug": "plymouth"},
        "skills": [{"name": "Curiosity"}, {"name": "Teamwork"}],
    }
    query = "query($id: ID!) { badge(id: $id) { name } }"
    for city in ("plymouth", None):
        assert await stage.read(query, city, id=smart(stage)) == {"badge": {"name": "Smart Citizen"}}


async def test_what_is_kept_of_an_adopted_badge_is_what_its_home_shows(stage: Stage) -> None:
    await stage.done("adoptBadge", {"badge": smart(stage)}, "badge { id }")
    here, badge = stage.town("brighton").id, named_by(smart(stage))
    async with stage.database.transaction(City(here)):
        sql = "SELECT home_tenant_id, object_type, version, name, layer, state FROM borrowed WHERE object_id = $1"
        rows = [dict(row) for row in await fetch(sql, badge.row)]
    assert rows == [
        {
            "home_tenant_id": badge.tenant,
            "object_type": "badge",
            "version": 1,
            "name": "Smart Citizen",
            "layer": "rsa-2019/engage",
            "state": "published",
        }
    ]


async def test_the_adoption_is_told_in_the_city_that_adopts(stage: Stage) -> None:
    badge = stage.id("Badge", "plymouth", "navigator")
    before = await stage.told_in("brighton", "badge.adopted")
    await stage.done("adoptBadge", {"badge": badge}, "badge { id }")
    assert await stage.told_in("plymouth", "badge.adopted") == []
    new = (await stage.told_in("brighton", "badge.adopted"))[len(before) :]
    told = [(each["object_id"], each["data"], each["person_id"]) for each in new]
    home = {"home": str(stage.town("plymouth").id)}
    assert told == [(named_by(badge).row, home, stage.who["brighton curator"].person)]


async def test_what_was_adopted_can_be_earned_here(stage: Stage) -> None:
    await stage.done("adoptBadge", {"badge": smart(stage)}, "badge { id }")
    club = stage.id("Issuer", "brighton", "youth-club")
    offer = {"title": "Walk", "summary": "Walk.", "kind": "EVENT", "provider": club, "online": True}
    shown = "opportunity { badges { id city { slug } } layers { code } }"
    made = await stage.done("createOpportunity", {**offer, "badges": [smart(stage)]}, shown)
    assert made["opportunity"] == {
        "badges": [{"id": smart(stage), "city": {"slug": "plymouth"}}],
        "layers": [{"code": "rsa-2019/engage"}],
    }


async def test_a_retired_badge_is_adopted_as_it_is(stage: Stage) -> None:
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    retired = await stage.build.badge(stage.town("plymouth"), badge_words(club, "old-hand"))
    await stage.run("plymouth", "UPDATE badge SET state = 'retired' WHERE id = $1", retired.id)
    adopted = await stage.done("adoptBadge", {"badge": str(retired.gid)}, "badge { name state }")
    assert adopted["badge"] == {"name": "Old Hand", "state": "RETIRED"}


async def test_a_citys_own_badge_is_not_adopted(stage: Stage) -> None:
    own = stage.id("Badge", "brighton", "explorer")
    assert await stage.refused("adoptBadge", {"badge": own}) == ("Invalid", "INVALID", ["badge"])


async def test_what_no_home_shows_is_not_found(stage: Stage) -> None:
    secret, badge = stage.id("Badge", "plymouth", "secret"), named_by(smart(stage))
    here, there = stage.town("brighton").id, stage.town("plymouth").id
    wrong_home = str(GlobalId("Badge", stage.town("old-town").id, badge.row))
    stolen = str(GlobalId("Badge", here, badge.row))
    gone = [str(GlobalId("Badge", home, new_id())) for home in (here, there, new_id())]
    other = stage.id("Issuer", "plymouth", "youth-club")
    disguised = str(GlobalId("Badge", there, named_by(other).row))
    for id in (secret, wrong_home, stolen, *gone, other, disguised, "made up", ""):
        assert await stage.refused("adoptBadge", {"badge": id}) == MISSING


@pytest.mark.parametrize("who", ["issuer-staff", "employer", "learner"])
async def test_who_may_not_decide_for_an_issuer_adopts_nothing(stage: Stage, who: str) -> None:
    assert await stage.refused("adoptBadge", {"badge": smart(stage)}, who=who) == FORBIDDEN


async def test_an_issuers_admin_may_adopt(stage: Stage) -> None:
    await stage.done("adoptBadge", {"badge": smart(stage)}, "badge { id }", who="issuer-admin")
