"""Rows become files that are taken back unchanged."""

from __future__ import annotations

import json
import tomllib

import pytest

from tests.tenancy.country import BADGE, CLUB, PATHWAY, SQUARE, WITH_PLUGIN, WITH_SECTION, WORKSHOP, Shelf, World
from tests.tenancy.test_applying import WHOLE, made_in_the_graph
from waypost.tenancy.exporting import export_tenant


async def test_what_is_exported_is_taken_back_unchanged_and_exported_alike(world: World) -> None:
    world.plug(Shelf().plugin())
    more = 'formerly = ["old"]\nhosts = ["a.example.org"]\ngroups = ["net"]\nreview = "net"\nexample = true\n'
    world.city(
        "brighton", more + WITH_PLUGIN, catalogue=WHOLE + PATHWAY.format(slug="out") + 'badges = ["plymouth/smart"]\n'
    )
    world.city("plymouth", WITH_PLUGIN, catalogue=WITH_SECTION)
    world.network("net", catalogue=CLUB)
    await world.apply()
    exported = {slug: await world.export(slug) for slug in ("brighton", "plymouth", "net")}
    for slug, files in exported.items():
        world.replace(slug, files)
    assert world.faults() == []
    assert await world.changes() == []
    assert {slug: await world.export(slug) for slug in exported} == exported
    assert sorted(exported["net"]) == ["catalogue/all.toml", "catalogue/organisations.toml", "tenant.toml"]


async def test_an_export_reads_as_a_person_would_write_it(world: World) -> None:
    world.city("brighton", catalogue=WHOLE)
    await world.apply()
    files = await world.export("brighton")
    assert tomllib.loads(files["tenant.toml"])["look"] == {"primary_colour": "#0b5d6b", "accent_colour": "#ffd166"}
    written = files["catalogue/all.toml"]
    assert '[[badges]]\nslug = "smart"\nname = "smart"\n' in written
    assert 'layer = "engage"' in written
    assert "starts_at = 2027-07-03T10:00:00\n" in written
    assert 'postcode = "BN1 1GE"' in written
    assert "creator" not in written
    assert json.loads(files["area.geojson"])["type"] == "Polygon"
    assert len(files["area.geojson"].splitlines()) == 12


async def test_an_hour_that_comes_twice_keeps_its_offset(world: World) -> None:
    workshop = WORKSHOP.format(slug="night") + "starts_at = 2027-10-31T01:30:00Z\n"
    world.city("brighton", catalogue=CLUB + workshop)
    await world.apply()
    files = await world.export("brighton")
    assert "starts_at = 2027-10-31T01:30:00+00:00" in files["catalogue/all.toml"]
    world.replace("brighton", files)
    assert await world.changes() == []


async def test_entries_stand_in_the_files_that_they_came_from(world: World) -> None:
    world.city("brighton")
    world.write("brighton/catalogue/young.toml", BADGE.format(slug="smart"))
    await world.apply()
    files = await world.export("brighton")
    assert list(tomllib.loads(files["catalogue/young.toml"])) == ["badges"]
    assert list(tomllib.loads(files["catalogue/all.toml"])) == ["issuers"]


async def test_what_was_closed_is_left_out_and_what_was_retired_stays_with_all_that_it_names(world: World) -> None:
    retired = BADGE.format(slug="old").replace('layer = "engage"', 'layer = "engage"\nstate = "retired"')
    world.city("brighton", catalogue=CLUB + retired + BADGE.format(slug="smart"))
    await world.apply()
    files = await world.export("brighton")
    assert 'state = "retired"' in files["catalogue/all.toml"]
    world.write("brighton/catalogue/all.toml", "")
    await world.apply()
    files = await world.export("brighton")
    assert [name for name in files if name.startswith("catalogue")] == []
    world.replace("brighton", files)
    assert await world.changes() == []


async def test_the_export_of_a_seeded_tenant_has_what_the_graph_made(world: World) -> None:
    world.city("brighton", 'files = "seed"\n')
    await world.apply()
    await made_in_the_graph(world, "wild")
    files = await world.export("brighton")
    assert 'slug = "wild"' in files["catalogue/badges.toml"]
    world.replace("brighton", files)
    assert world.faults() == []
    assert await world.changes() == []


async def test_a_tenant_that_is_not_there_has_no_export(world: World) -> None:
    assert await export_tenant(world.database, world.known, "nowhere") is None


@pytest.mark.parametrize(
    "text", ['It\'s "so"\n\nNew paragraph — with `code` \\ and é 🎓', "  spaces around  ", "#[x] = 'y'"]
)
async def test_any_words_survive(world: World, text: str) -> None:
    description = json.dumps(text, ensure_ascii=False)
    world.city("brighton", catalogue=CLUB + f"description = {description}\n")
    world.write("brighton/area.geojson", SQUARE)
    await world.apply()
    files = await world.export("brighton")
    assert tomllib.loads(files["catalogue/all.toml"])["issuers"][0]["description"] == text
    world.replace("brighton", files)
    assert await world.changes() == []
