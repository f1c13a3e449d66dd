"""Stories of badges that are earned in another city than that of who gives them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_award_batches import BEGUN
from tests.journeys.test_awards import person
from tests.journeys.test_claiming import AWARD, arrives
from tests.journeys.test_pathways import job
from tests.journeys.test_progress import badge
from waypost.db import City, fetch, new_id
from waypost.graph.ids import GlobalId

WHERE = "opportunity { id title city { slug } }"
SHOWN = f"award {{ id {WHERE} }}"
LISTED = f"query($f: AwardFilter) {{ awards(filter: $f) {{ nodes {{ {WHERE} }} }} }}"
MINE = f"{{ viewer {{ awards {{ nodes {{ {WHERE} }} }} }} }}"
CODES = "codes { id code opportunity { id city { slug } } }"
EARNED_SQL = "SELECT id, earned_in_tenant_id FROM award WHERE tenant_id = $1"
STAFF, ADMIN = "issuer-staff", "issuer-admin"


async def earned_in(stage: Stage, award: str) -> str:
    """The slug of the city in which an award of Brighton was earned."""
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        rows = {row["id"]: row["earned_in_tenant_id"] for row in await fetch(EARNED_SQL, here)}
    home = rows[named_by(award).row]
    return next(slug for slug, town in stage.build.world.towns.items() if town.id == home)


async def gives(stage: Stage, of: str, email: str, doing: str | None, **how: Any) -> dict[str, Any]:
    to = {"name": "Ada", "email": email}
    made = await stage.done("awardBadge", {"badge": of, "recipient": to, "opportunity": doing}, SHOWN, who=STAFF, **how)
    award: dict[str, Any] = made["award"]
    return award


async def test_a_badge_is_given_for_what_somebody_took_part_in_in_another_city(stage: Stage) -> None:
    of, doing, ada = await badge(stage), await job(stage, "plymouth"), f"ada.{new_id().hex}@example.org"
    award = await gives(stage, of, ada, doing)
    shown = award["opportunity"]
    assert (shown["id"], shown["city"]) == (doing, {"slug": "plymouth"})
    assert shown["title"]
    assert await earned_in(stage, award["id"]) == "plymouth"
    who = await person(stage, ada)
    for city in ("brighton", None):
        assert (await stage.read(MINE, city, who=who))["viewer"]["awards"]["nodes"] == [{"opportunity": shown}]
    listed = await stage.read(LISTED, who=ADMIN, f={"badge": of})
    assert listed["awards"]["nodes"] == [{"opportunity": shown}]


async def test_what_was_taken_part_in_at_home_was_earned_at_home(stage: Stage) -> None:
    doing = await job(stage)
    for opportunity in (doing, None):
        award = await gives(stage, await badge(stage), "ada@example.org", opportunity)
        assert await earned_in(stage, award["id"]) == "brighton"
        assert (award["opportunity"] or {}).get("id") == opportunity


async def test_nothing_becomes_the_awarding_citys_own_by_that(stage: Stage) -> None:
    """It is named, not borrowed: no list shows it, and its city hears nothing of who took part."""
    doing = await job(stage, "plymouth")
    before = await stage.counted()
    await gives(stage, await badge(stage), "ada@example.org", doing)
    after = await stage.counted()
    changed = {name for name, rows in after.items() if rows != before.get(name)}
    assert "brighton borrowed" not in changed
    assert not [name for name in changed if name.startswith("plymouth")]


@pytest.mark.parametrize("what", ["draft", "nothing", "another's id", "wrong home", "another kind"])
async def test_what_its_city_does_not_show_cannot_be_named(stage: Stage, what: str) -> None:
    here, there = stage.town("brighton").id, stage.town("plymouth").id
    doing = named_by(await job(stage, "plymouth")).row
    if what == "draft":
        await stage.run(
            "plymouth", "UPDATE opportunity SET public = false WHERE tenant_id = $1 AND id = $2", there, doing
        )
    meant = {
        "draft": GlobalId("Opportunity", there, doing),
        "nothing": GlobalId("Opportunity", there, new_id()),
        "another's id": GlobalId("Opportunity", here, doing),
        "wrong home": GlobalId("Opportunity", stage.town("old-town").id, doing),
        "another kind": GlobalId("Place", there, doing),
    }[what]
    of, to = await badge(stage), {"name": "Ada", "email": "ada@example.org"}
    missing = ("Refused", "NOT_FOUND", ["opportunity"])
    one = {"badge": of, "recipient": to, "opportunity": str(meant)}
    assert await stage.refused("awardBadge", one, who=STAFF) == missing
    assert await stage.refused("createClaimCode", {"badge": of, "opportunity": str(meant)}, who=STAFF) == missing
    awards = [{"recipient": {"name": "B"}}, {"recipient": to, "opportunity": str(meant)}]
    refused = await stage.refused("awardBadges", {"badge": of, "awards": awards}, who=STAFF)
    assert refused == ("Refused", "NOT_FOUND", ["awards", "1", "opportunity"])


async def test_each_of_a_list_was_earned_where_it_says(stage: Stage) -> None:
    of, away, home = await badge(stage), await job(stage, "plymouth"), await job(stage)
    awards = [
        {"recipient": {"name": f"Pupil {n}", "reference": f"{new_id()}"}, "opportunity": doing}
        for n, doing in enumerate((away, home, None, away))
    ]
    await stage.done("awardBadges", {"badge": of, "awards": awards}, BEGUN, who=STAFF)
    found = (
        await stage.read(
            "query($f: AwardFilter) { awards(filter: $f) { nodes { id opportunity { id } } } }",
            who=ADMIN,
            f={"badge": of},
        )
    )["awards"]["nodes"]
    cities = sorted([((each["opportunity"] or {}).get("id", ""), await earned_in(stage, each["id"])) for each in found])
    assert cities == sorted([(away, "plymouth"), (away, "plymouth"), (home, "brighton"), ("", "brighton")])


async def test_who_uses_a_code_earned_the_badge_where_the_code_says(stage: Stage) -> None:
    doing = await job(stage, "plymouth")
    terms = {"badge": await badge(stage), "opportunity": doing}
    [code] = (await stage.done("createClaimCode", terms, CODES, who=STAFF))["codes"]
    assert code["opportunity"] == {"id": doing, "city": {"slug": "plymouth"}}
    for n, city in enumerate((None, "plymouth")):
        ada = await arrives(stage, f"ada {n}")
        award = (await stage.done("claimBadge", {"code": code["code"]}, AWARD, who=ada, city=city))["award"]
        assert award["opportunity"] == {"id": doing}
        assert await earned_in(stage, award["id"]) == "plymouth"


async def test_what_stands_in_an_awards_place_was_earned_where_that_was(stage: Stage) -> None:
    for city in ("plymouth", "brighton"):
        doing = await job(stage, city)
        award = await gives(stage, await badge(stage), "ada@example.org", doing)
        new = (await stage.done("replaceAward", {"award": award["id"]}, SHOWN, who=ADMIN))["award"]
        assert new["opportunity"] == award["opportunity"]
        assert await earned_in(stage, new["id"]) == city


async def test_what_is_not_shown_any_more_does_not_show_on_the_award(stage: Stage) -> None:
    doing = await job(stage, "plymouth")
    of = await badge(stage)
    await gives(stage, of, "ada@example.org", doing)
    there = named_by(doing)
    sql = "UPDATE opportunity SET public = false WHERE tenant_id = $1 AND id = $2"
    await stage.run("plymouth", sql, there.tenant, there.row)
    listed = await stage.read(LISTED, who=ADMIN, f={"badge": of})
    assert listed["awards"]["nodes"] == [{"opportunity": None}]
