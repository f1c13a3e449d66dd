"""What tenants show of each other, written in files as `tenant/slug`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tenancy.country import BADGE, CLUB, PATHWAY, WORKSHOP, World
from waypost.badges.store import retire_badge
from waypost.db import City
from waypost.tenancy.entries import Here
from waypost.tenancy.report import FilesRefused

LAB = WORKSHOP.format(slug="lab") + 'badges = ["smart", "plymouth/sea"]\n'
WAY = (
    PATHWAY.format(slug="way")
    + 'rule = "at-least:2"\nbadges = ["plymouth/sea", "smart"]\nopportunities = ["plymouth/swim"]\n'
)
BRIGHTON = CLUB + BADGE.format(slug="smart") + LAB + WAY
PLYMOUTH = CLUB + BADGE.format(slug="sea") + WORKSHOP.format(slug="swim")


def two_cities(world: World) -> None:
    world.city("brighton", catalogue=BRIGHTON)
    world.city("plymouth", catalogue=PLYMOUTH)


async def links(world: World) -> list[tuple[str, bool]]:
    """The badges of Brighton's lab and way, in order, and whether they are borrowed."""
    found = await world.rows(
        "brighton",
        """SELECT coalesce(b.slug, w.name) AS name, l.borrowed_id IS NOT NULL AS borrowed
           FROM (SELECT 1 AS part, tenant_id, own_badge_id, borrowed_id, position FROM opportunity_badge
                 UNION ALL SELECT 2, tenant_id, own_badge_id, borrowed_id, position FROM step_badge) l
           LEFT JOIN badge b ON b.tenant_id = l.tenant_id AND b.id = l.own_badge_id
           LEFT JOIN borrowed w ON w.tenant_id = l.tenant_id AND w.id = l.borrowed_id
           WHERE l.tenant_id = $1 ORDER BY l.part, l.position""",
    )
    return [(row["name"], row["borrowed"]) for row in found]


async def borrowed(world: World) -> list[dict[str, Any]]:
    return await world.rows(
        "brighton",
        "SELECT object_type, name, layer, state, version FROM borrowed WHERE tenant_id = $1 ORDER BY object_type",
    )


SHOWN: list[dict[str, Any]] = [
    {"object_type": "badge", "name": "sea", "layer": "rsa-2019/engage", "state": "published", "version": 1},
    {"object_type": "opportunity", "name": "swim", "layer": None, "state": "open", "version": None},
]
LINKS = [("smart", False), ("sea", True), ("sea", True), ("smart", False)]


async def test_a_badge_of_a_tenant_that_is_written_later_is_borrowed(world: World) -> None:
    two_cities(world)
    foreseen = await world.changes(dry_run=True)
    assert "brighton borrowings/plymouth/sea created" in foreseen
    assert "brighton borrowings/plymouth/swim created" in foreseen
    assert await world.changes() == foreseen
    assert await links(world) == LINKS
    assert await borrowed(world) == SHOWN
    assert await world.changes() == []
    layers = await world.rows("brighton", "SELECT DISTINCT layer FROM opportunity_layer WHERE tenant_id = $1")
    assert layers == [{"layer": "rsa-2019/engage"}]


async def test_borrowers_follow_what_changes_at_home(world: World) -> None:
    two_cities(world)
    await world.apply()
    world.edit(
        "plymouth/catalogue/all.toml", 'name = "sea"\n', 'name = "Deep sea"\nimage_url = "https://example.org/"\n'
    )
    world.edit("plymouth/catalogue/all.toml", 'layer = "engage"', 'layer = "lead"')
    foreseen = [
        "brighton borrowings/plymouth/sea changed: name, layer, image_url",
        "plymouth badges/sea changed: name, layer, image_url",
    ]
    assert await world.changes(dry_run=True) == foreseen
    assert await world.changes() == foreseen
    shown = (await borrowed(world))[0]
    assert shown == SHOWN[0] | {"name": "Deep sea", "layer": "rsa-2019/lead", "version": 2}
    assert await world.changes() == []
    layers = await world.rows(
        "brighton", "SELECT DISTINCT layer FROM opportunity_layer WHERE tenant_id = $1 ORDER BY 1"
    )
    assert [row["layer"] for row in layers] == ["rsa-2019/engage", "rsa-2019/lead"]


async def test_what_was_retired_at_home_stays_in_the_pathway_and_says_so(world: World) -> None:
    two_cities(world)
    await world.apply()
    world.edit("plymouth/catalogue/all.toml", 'layer = "engage"', 'layer = "engage"\nstate = "retired"')
    assert await world.changes() == [
        "brighton borrowings/plymouth/sea changed: state",
        "plymouth badges/sea changed: state",
    ]
    assert await links(world) == LINKS
    assert (await borrowed(world))[0]["state"] == "retired"
    assert await world.changes() == []


async def test_what_changed_at_home_without_files_is_caught_up_with(world: World) -> None:
    two_cities(world)
    world.edit("plymouth/tenant.toml", "standard", 'files = "seed"\nstandard')
    await world.apply()
    plymouth = await world.tenant("plymouth")
    sea = await world.row("plymouth", "badge", "sea")
    async with world.database.transaction(City(plymouth.id)):
        assert await retire_badge(Here.of(plymouth), sea["id"], world.now)
    foreseen = ["brighton borrowings/plymouth/sea changed: state"]
    assert await world.changes(dry_run=True) == foreseen
    assert await world.changes() == foreseen
    assert await world.changes() == []


async def test_a_new_borrowing_of_something_old_is_linked(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    world.city("plymouth", catalogue=PLYMOUTH)
    await world.apply()
    world.write("brighton/catalogue/all.toml", BRIGHTON)
    await world.apply()
    assert await links(world) == LINKS
    world.write(
        "brighton/catalogue/all.toml", BRIGHTON.replace('"plymouth/sea", "smart"]', '"smart"]').replace(':2"', ':1"')
    )
    assert await world.changes() == ["brighton pathways/way changed: steps"]
    assert await links(world) == [*LINKS[:2], ("smart", False)]


async def test_two_tenants_may_borrow_from_each_other(world: World) -> None:
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart") + LAB)
    lab = WORKSHOP.format(slug="swim") + 'badges = ["brighton/smart"]\n'
    world.city("plymouth", catalogue=CLUB + BADGE.format(slug="sea") + lab)
    await world.apply()
    assert await world.changes() == []
    assert len(await world.rows("plymouth", "SELECT FROM opportunity_badge WHERE tenant_id = $1")) == 1


async def test_a_clone_remembers_where_it_comes_from_without_borrowing(world: World) -> None:
    clone = BADGE.format(slug="clone").replace('layer = "engage"', 'layer = "engage"\nderived_from = "plymouth/sea"')
    world.city("brighton", catalogue=CLUB + clone)
    world.city("plymouth", catalogue=PLYMOUTH)
    assert "brighton borrowings" not in str(await world.changes())
    sea = await world.row("plymouth", "badge", "sea")
    row = await world.row("brighton", "badge", "clone")
    assert (row["derived_from_tenant_id"], row["derived_from_id"]) == (sea["tenant_id"], sea["id"])
    assert await borrowed(world) == []
    assert await world.changes() == []


async def test_files_that_make_a_circle_vanish_are_taken_in_any_order(world: World) -> None:
    """A row of before may contradict a file of now: it is written once more when the rest is."""
    awards = 'completion_badge = "{}"\n[[pathways.steps]]'

    def way(slug: str, asks: str, gives: str) -> str:
        text = PATHWAY.format(slug=slug).replace("[[pathways.steps]]", awards.format(gives))
        return f'{text}badges = ["{asks}"]\n'

    badges = CLUB + "".join(BADGE.format(slug=slug) for slug in ("x", "y", "z"))
    world.city("brighton", catalogue=badges + way("one", "z", "x") + way("two", "x", "y"))
    await world.apply()
    world.write("brighton/catalogue/all.toml", badges + way("one", "y", "x") + way("two", "z", "y"))
    assert await world.changes() == ["brighton pathways/one changed: steps", "brighton pathways/two changed: steps"]
    assert await world.changes() == []


async def test_a_row_that_a_seeded_home_never_published_cannot_be_borrowed(world: World) -> None:
    world.city(
        "plymouth",
        'files = "seed"\n',
        catalogue=CLUB + BADGE.format(slug="sea").replace('layer = "engage"', 'layer = "engage"\nstate = "draft"'),
    )
    await world.apply()
    # The file publishes it now, and a seed does not overwrite what is there.
    world.write("plymouth/catalogue/all.toml", PLYMOUTH)
    world.city("brighton", catalogue=BRIGHTON)
    for dry_run in (True, False):
        with pytest.raises(FilesRefused) as refusal:
            await world.apply(dry_run=dry_run)
        assert [world._short(str(fault)) for fault in refusal.value.faults] == [
            (
                'tenants/brighton/catalogue/all.toml:29: opportunities[0].badges[1]: the badge "plymouth/sea" is not '
                "published in the database, and its home only seeds by files"
            ),
            (
                'tenants/brighton/catalogue/all.toml:39: pathways[0].steps[0].badges[0]: the badge "plymouth/sea" is '
                "not published in the database, and its home only seeds by files"
            ),
        ]
