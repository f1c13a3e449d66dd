from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from waypost.apps import core_app
from waypost.db import City as CityScope
from waypost.db import National, fetchval
from waypost.db.migrate import migrate, roll_back

if TYPE_CHECKING:
    from tests.conftest import Country
    from waypost.plugins import Plugins


async def test_what_a_badge_shows_is_read_back_as_it_was_written(country: Country) -> None:
    city = await country.founds("catalogue-round")
    badge = await city.writes_badge("film")
    assert await city.shows(badge, {"creativity": 5, "problem-solving": 0, "adapting": 15})
    assert await city.shown() == {badge: {"problem-solving": 0, "creativity": 5, "adapting": 15}}


async def test_writing_the_same_again_changes_nothing(country: Country) -> None:
    city = await country.founds("catalogue-same")
    badge = await city.writes_badge("film")
    assert await city.shows(badge, {"creativity": 5})
    assert not await city.shows(badge, {"creativity": 5})


async def test_what_is_no_longer_said_is_no_longer_shown(country: Country) -> None:
    city = await country.founds("catalogue-less")
    badge = await city.writes_badge("film")
    other = await city.writes_badge("camera")
    await city.shows(badge, {"creativity": 5, "teamwork": 2})
    await city.shows(other, {"teamwork": 9})
    assert await city.shows(badge, {"creativity": 6})
    assert await city.shown() == {badge: {"creativity": 6}, other: {"teamwork": 9}}
    assert await city.shows(badge, None)
    assert await city.shown() == {other: {"teamwork": 9}}
    assert not await city.shows(badge, None)


async def test_a_city_that_moves_to_another_version_writes_its_badges_anew(country: Country) -> None:
    city = await country.founds("catalogue-moves")
    badge = await city.writes_badge("film")
    await city.shows(badge, {"creativity": 5})
    await city.chooses("1.0")
    assert await city.shown() == {badge: {"2.0/creativity": 5}}, "it must not pass for what the files say"
    assert await city.shows(badge, {"creativity": 5, "aiming-high": 1})
    assert await city.rows() == [("1.0/aiming-high", 1), ("1.0/creativity", 5)]
    assert await city.shown() == {badge: {"creativity": 5, "aiming-high": 1}}


async def test_what_a_draft_shows_is_hidden_nationally_until_its_badge_is_published(country: Country) -> None:
    city = await country.founds("catalogue-draft")
    badge = await city.writes_badge("film", state="draft")
    await city.shows(badge, {"creativity": 5})

    async def seen() -> int:
        async with country.database.transaction(National()):
            return int(
                await fetchval("SELECT count(*) FROM plugin_skills_builder.badge_essential WHERE badge_id = $1", badge)
            )

    assert await seen() == 0
    await city.writes_badge("film")
    assert await city.shown() != {badge: {"creativity": 5}}, "what is stored has grown stale"
    assert await city.shows(badge, {"creativity": 5})
    assert await city.shown() == {badge: {"creativity": 5}}
    assert await seen() == 1


async def test_a_city_sees_nothing_that_another_citys_badges_show(country: Country) -> None:
    city, other = await country.founds("catalogue-one"), await country.founds("catalogue-other")
    badge = await city.writes_badge("film")
    await city.shows(badge, {"creativity": 5})
    assert await other.rows() == []
    assert not await other.shows(badge, {"creativity": 7}), "another city's badge is not there"
    assert await city.rows() == [("2.0/creativity", 5)]


async def test_the_database_itself_refuses_a_step_that_does_not_exist(country: Country) -> None:
    city = await country.founds("catalogue-steps")
    badge = await city.writes_badge("film")
    with pytest.raises(asyncpg.CheckViolationError):
        await city.shows(badge, {"creativity": 16})


async def test_a_city_cannot_write_the_framework(country: Country) -> None:
    city = await country.founds("catalogue-owner")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with country.database.transaction(CityScope(city.here.tenant_id)):
            await fetchval("DELETE FROM framework_item RETURNING 1")


async def test_migrating_and_loading_the_framework_again_changes_nothing(
    admin_url: str, plugins: Plugins, country: Country
) -> None:
    assert await migrate(admin_url, [core_app(plugins.frameworks()), *plugins.apps()]) == []
    async with country.database.transaction(National()):
        assert await fetchval("SELECT count(*) FROM framework_item WHERE depth = 1") == 16
        assert await fetchval("SELECT count(*) FROM framework_item WHERE depth = 2") == 256


async def test_its_tables_can_be_taken_back_and_made_again(admin_url: str, plugins: Plugins) -> None:
    (app,) = plugins.apps()
    assert [step.number for step in await roll_back(admin_url, app, to=1)] == [2]
    assert [step.number for step in await migrate(admin_url, [app])] == [2]
    assert [step.number for step in await roll_back(admin_url, app, to=0)] == [2, 1]
    assert [step.number for step in await migrate(admin_url, [app])] == [1, 2]
