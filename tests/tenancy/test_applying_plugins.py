"""Plugins in tenants' files: switched on and off, settings, sections."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.tenancy.country import BADGE, CLUB, WITH_PLUGIN, WITH_SECTION, Shelf, Steps, World
from waypost.cities import store
from waypost.cities.rules import Decision, Wish, decide
from waypost.db import City, System, execute
from waypost.plugins import load
from waypost.tenancy.report import FilesRefused


async def test_a_plugin_is_switched_on_set_and_off_by_file_and_its_settings_stay(world: World) -> None:
    shelf = Shelf()
    world.plug(shelf.plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    tenant = await world.tenant("brighton")
    assert tenant.plugins == {"skills_builder"}
    assert [value.root for value in shelf.values.values()] == [{"creativity": 5}]
    assert await world.changes() == []
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    assert await world.changes() == ["brighton tenant/brighton changed: plugins.skills_builder"]
    assert (await world.tenant("brighton")).plugins == frozenset()
    kept = await world.rows("brighton", "SELECT settings FROM plugin_setting WHERE tenant_id = $1")
    assert kept == [{"settings": '{"framework": "2.0"}'}]
    assert shelf.values, "what the plugin stored stays"
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    assert await world.changes() == ["brighton tenant/brighton changed: plugins.skills_builder"]


async def test_sections_are_written_changed_and_cleared(world: World) -> None:
    shelf = Shelf()
    world.plug(shelf.plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    world.edit("brighton/catalogue/all.toml", "creativity = 5", "creativity = 6")
    assert await world.changes(dry_run=True) == ["brighton badges/smart changed: essential"]
    assert await world.changes() == ["brighton badges/smart changed: essential"]
    assert [value.root for value in shelf.values.values()] == [{"creativity": 6}]
    world.edit("brighton/catalogue/all.toml", "[badges.essential]\ncreativity = 6\n", "")
    assert await world.changes() == ["brighton badges/smart changed: essential"]
    assert shelf.values == {}
    assert await world.changes() == []


@pytest.mark.parametrize(
    ("function", "place"),
    [("write", "brighton badges/smart"), ("read", "brighton"), ("check", "tenants/brighton/catalogue/all.toml:")],
)
async def test_what_a_section_raises_says_whose_it_is(world: World, function: str, place: str) -> None:
    def torn(*given: object) -> Any:
        raise KeyError("page")

    plugin = Shelf().plugin()
    world.plug(plugin)
    world.city("brighton", WITH_PLUGIN, catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    broken: dict[str, Any] = {function: torn}
    world.plug(replace(plugin, sections=(replace(plugin.sections[0], **broken),)))
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    with pytest.raises(KeyError, match="page") as raised:
        await world.apply()
    (note,) = raised.value.__notes__
    assert note.startswith("The section badges.essential of the plugin skills_builder raised this, for ")
    assert place in note


async def test_changed_settings_write_the_plugins_sections_anew(world: World) -> None:
    shelf = Shelf()
    world.plug(shelf.plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    world.edit("brighton/tenant.toml", "2.0", "1.0")
    expected = ["brighton badges/smart changed: essential", "brighton settings/skills_builder changed: framework"]
    assert await world.changes(dry_run=True) == expected
    assert await world.changes() == expected
    assert await world.changes() == []


async def test_a_plugin_that_the_graph_switched_on_stays_and_is_not_the_files(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton")
    await world.apply()
    tenant = await world.tenant("brighton")
    async with world.database.transaction(System("tests")):
        sql = "INSERT INTO tenant_plugin (tenant_id, plugin, active, managed_by) VALUES ($1, $2, true, 'graph')"
        await execute(sql, tenant.id, "skills_builder")
    assert await world.changes() == []
    assert (await world.tenant("brighton")).plugins == {"skills_builder"}
    world.city("brighton", WITH_PLUGIN)
    with pytest.raises(FilesRefused, match='"skills_builder" is kept by graph in brighton: leave it out of the file'):
        await world.apply()


async def switched(world: World, slug: str, *, active: bool, settings: dict[str, str] | None = None) -> None:
    """What the graph does: it switches the plugin on or off, and sets it."""
    tenant = await world.tenant(slug)
    async with world.database.transaction(City(tenant.id)):
        standing = await store.read_standing(tenant.id, "skills_builder")
        wish = Wish("skills_builder", active, settings)
        decision = decide(wish, standing, load(["skills_builder"]), slug)
        assert isinstance(decision, Decision)
        await store.switch(tenant.id, "skills_builder", decision.keeper, active=active)
        await store.write_settings(tenant.id, "skills_builder", decision.settings, world.now)


async def test_what_the_graph_switched_is_neither_undone_by_files_nor_written_into_them(world: World) -> None:
    shelf = Shelf()
    world.plug(shelf.plugin())
    world.city("brighton", catalogue=CLUB + BADGE.format(slug="smart"))
    await world.apply()
    await switched(world, "brighton", active=True, settings={"framework": "1.0"})
    badge, tenant = await world.row("brighton", "badge", "smart"), await world.tenant("brighton")
    await shelf.write(tenant.id, badge["id"], Steps({"creativity": 5}))
    assert await world.changes() == []
    files = await world.export("brighton")
    assert "skills_builder" not in files["tenant.toml"]
    assert "essential" not in files["catalogue/all.toml"], "a section without its plugin would be a fault"
    world.replace("brighton", files)
    assert (world.faults(), await world.changes()) == ([], [])
    kept = await world.rows("brighton", "SELECT settings FROM plugin_setting WHERE tenant_id = $1")
    assert kept == [{"settings": '{"framework": "1.0"}'}]
    await switched(world, "brighton", active=False)
    assert await world.changes() == []


async def test_a_seed_leaves_the_last_word_to_the_graph_and_exports_it(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton", WITH_PLUGIN)
    text = (world.directory / "brighton/tenant.toml").read_text(encoding="utf-8")
    world.write("brighton/tenant.toml", 'files = "seed"\n' + text)
    await world.apply()
    await switched(world, "brighton", active=False)
    assert await world.changes() == []
    assert (await world.tenant("brighton")).plugins == frozenset()
    assert "skills_builder" not in (await world.export("brighton"))["tenant.toml"]
    await switched(world, "brighton", active=True, settings={"framework": "1.0"})
    assert await world.changes() == []
    files = await world.export("brighton")
    assert '[plugins.skills_builder]\nframework = "1.0"' in files["tenant.toml"]
    world.replace("brighton", files)
    assert (world.faults(), await world.changes()) == ([], [])


async def test_what_a_seeded_city_says_of_itself_is_exported_and_stays(world: World) -> None:
    world.city("brighton")
    text = (world.directory / "brighton/tenant.toml").read_text(encoding="utf-8")
    world.write("brighton/tenant.toml", 'files = "seed"\n' + text)
    await world.apply()
    tenant = await world.tenant("brighton")
    async with world.database.transaction(City(tenant.id)):
        said = {"name": "Brighton & Hove", "accent_colour": "#ffe08a", "languages": (*tenant.languages, "fr")}
        await store.write_city(tenant.id, said, world.now)
    assert await world.changes() == []
    files = await world.export("brighton")
    for line in ('name = "Brighton & Hove"', 'accent_colour = "#ffe08a"', '"fr"'):
        assert line in files["tenant.toml"]
    world.replace("brighton", files)
    assert (world.faults(), await world.changes()) == ([], [])


async def test_an_uninstalled_plugin_is_a_notice_where_it_was_and_what_it_keeps_stays(world: World) -> None:
    shelf = Shelf()
    world.plug(shelf.plugin())
    world.city("brighton", WITH_PLUGIN, catalogue=WITH_SECTION)
    await world.apply()
    world.plug()
    place = "tenants/brighton/tenant.toml:7: plugins.skills_builder"
    ways = "install it or take [plugins.skills_builder] out; what it keeps stays"
    assert world.faults() == [f'{place}: no plugin "skills_builder" is installed: {ways}; installed: nothing']
    world.edit("brighton/tenant.toml", "2.0", "1.0")
    world.edit("brighton/catalogue/all.toml", "have come along", "have come")
    world.edit("brighton/catalogue/all.toml", "creativity = 5", "creativity = 6")
    assert await world.changes(dry_run=True) == ["brighton badges/smart changed: description"]
    report = await world.apply()
    assert [str(change) for change in report.changes] == ["brighton badges/smart changed: description"]
    section, named = [world._short(str(notice)) for notice in report.notices]
    assert section.endswith('"essential" is not read: it may belong to skills_builder, which cannot be used')
    assert named == f'{place}: "skills_builder" is not installed any more: {ways}'
    assert (await world.tenant("brighton")).plugins == {"skills_builder"}
    kept = await world.rows("brighton", "SELECT settings FROM plugin_setting WHERE tenant_id = $1")
    assert kept == [{"settings": '{"framework": "2.0"}'}]
    assert [value.root for value in shelf.values.values()] == [{"creativity": 5}]
    world.plug(shelf.plugin())
    assert await world.changes() == [
        "brighton badges/smart changed: essential",
        "brighton settings/skills_builder changed: framework",
    ]


async def test_a_plugin_that_a_city_never_had_is_a_fault_for_the_database_too(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton", WITH_PLUGIN)
    await world.apply()
    world.plug()
    world.city("plymouth", "[plugins.skils_builder]\n")
    with pytest.raises(FilesRefused) as refusal:
        await world.apply()
    (fault,) = refusal.value.faults
    assert 'no plugin "skils_builder" is installed' in str(fault)


async def test_an_uninstalled_plugin_is_switched_off_by_taking_it_out(world: World) -> None:
    world.plug(Shelf().plugin())
    world.city("brighton", WITH_PLUGIN)
    await world.apply()
    world.plug()
    world.city("brighton")
    assert await world.changes() == ["brighton tenant/brighton changed: plugins.skills_builder"]
    assert (await world.tenant("brighton")).plugins == frozenset()
