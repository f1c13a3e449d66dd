"""Applying files tells what happened, as acts of the graph do."""

from __future__ import annotations

import pytest

from tests.tenancy.country import BADGE, CLUB, NOW, PATHWAY, WITH_PLUGIN, WITH_SECTION, WORKSHOP, Shelf, World

PLACE = """\
[[places]]
slug = "library"
name = "Library"
kind = "library"
latitude = 50.25
longitude = -0.75
"""
WHOLE = (
    CLUB.replace('roles = ["issues"', 'place = "library"\nroles = ["issues"')
    + PLACE
    + BADGE.format(slug="smart")
    + WORKSHOP.format(slug="lab")
    + 'badges = ["smart"]\n'
    + PATHWAY.format(slug="way")
    + 'badges = ["smart"]\nopportunities = ["lab"]\n'
)
TOLD_SQL = """
SELECT e.type, e.object_type, e.person_id, e.happened_at, e.version, e.data::text AS data
FROM event e WHERE tenant_id = $1 ORDER BY version, type
"""


async def told(world: World, city: str = "brighton") -> list[str]:
    """Everything that was told in a city, by transaction and name."""
    return [row["type"] for row in await world.rows(city, TOLD_SQL)]


async def test_every_entry_is_told_once_with_nobodys_name(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    rows = await world.rows("brighton", TOLD_SQL)
    assert [(row["type"], row["object_type"]) for row in rows] == [
        ("badge.created", "Badge"),
        ("issuer.created", "Issuer"),
        ("opportunity.created", "Opportunity"),
        ("pathway.created", "Pathway"),
        ("place.created", "Place"),
    ]
    assert {(row["person_id"], row["happened_at"], row["data"]) for row in rows} == {(None, NOW, "{}")}


async def test_what_did_not_change_is_not_told(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    before = await told(world)
    await world.apply()
    world.city("plymouth")
    await world.apply()
    assert await told(world) == before
    assert await told(world, "plymouth") == ["issuer.created"]


@pytest.mark.parametrize(
    ("old", "new", "happened"),
    [
        ('summary = "Make something."', 'summary = "Make more."', "opportunity.updated"),
        ('name = "Library"', 'name = "Old Library"', "place.updated"),
        ('text = "Stayed."', 'text = "Stayed on."', "badge.updated"),
        ('title = "First"', 'title = "The first"', "pathway.updated"),
        (PATHWAY.format(slug="way") + 'badges = ["smart"]\nopportunities = ["lab"]\n', "", "pathway.retired"),
        (WORKSHOP.format(slug="lab") + 'badges = ["smart"]\n', "", "opportunity.closed"),
    ],
)
async def test_an_entry_that_changes_is_told_and_no_other(world: World, old: str, new: str, happened: str) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    before = await told(world)
    if happened == "opportunity.closed":
        world.edit("brighton/catalogue/all.toml", 'opportunities = ["lab"]\n', "")
        await world.apply()
        before = await told(world)
    world.edit("brighton/catalogue/all.toml", old, new)
    await world.apply()
    assert await told(world) == [*before, happened]


async def test_a_plugins_part_of_an_entry_is_told_too(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    before = await told(world)
    world.edit("brighton/catalogue/all.toml", "creativity = 5", "creativity = 6")
    await world.apply()
    assert await told(world) == [*before, "badge.updated"]


async def test_what_is_written_again_and_stays_the_same_is_not_told(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    before = await told(world)
    world.edit("brighton/tenant.toml", "2.0", "1.0")
    assert "brighton badges/smart changed: essential" in await world.changes()
    assert await told(world) == before


async def test_what_names_something_that_comes_later_is_told_once(world: World) -> None:
    """Such an entry is written twice in its transaction."""
    child = '[[issuers]]\nslug = "child"\norganisation = "club"\nname = "Child"\nroles = ["issues"]\nparent = "club"\n'
    world.city("brighton", catalogue=child + CLUB)
    await world.apply()
    assert await told(world) == ["issuer.created", "issuer.created"]


async def test_events_have_the_version_that_their_transaction_gave_the_catalogue(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    tenant = await world.tenant("brighton")
    versions = [world.database.versions.of(tenant.id)]
    world.edit("brighton/catalogue/all.toml", 'name = "Library"', 'name = "Old Library"')
    await world.apply()
    versions.append(world.database.versions.of(tenant.id))
    rows = await world.rows("brighton", "SELECT DISTINCT version FROM event WHERE tenant_id = $1 ORDER BY version")
    assert [row["version"] for row in rows] == versions
