"""Two sources in one graph, of which one is closed, and cities that have neither."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from tests.graph.asking import built_schema
from tests.labour.almanac import ALMANAC, NAMES, made_up, plugin_of
from waypost.calling import Calls
from waypost.composition import engine
from waypost.db import City, Database, execute
from waypost.graph import Asker, Engine, Graph, GraphRequest, Schema
from waypost.labour import LabourMarket
from waypost.occupations import Asking
from waypost.plugins import Plugins
from waypost.settings import Settings

HERE, ELSEWHERE = uuid4(), uuid4()
BOTH = """{ occupation(code: "soc-2020/2134") {
    title description namedBy { title } related figures { source { name } figures { name value } } } }"""


@dataclass
class Platform:
    """What Python fields may ask of the platform."""

    database: Database
    plugins: Plugins = field(default_factory=made_up)
    labour: LabourMarket = field(default_factory=lambda: LabourMarket(Calls()))
    settings: Settings = field(default_factory=lambda: Settings(secret_key="a key for tests alone"))

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        return [{"name": each, "active": tenant != ELSEWHERE} for each in (*NAMES, "keyed")]


@dataclass
class Town:
    """Asks the graphs."""

    engine: Engine
    schema: Schema
    platform: Platform

    async def body(self, query: str, tenant: UUID | None = HERE) -> Any:
        graph = Graph(self.schema, tenant, ("en",), self.platform)
        return orjson.loads((await self.engine.answer(graph, GraphRequest(query), Asker())).body)


@pytest.fixture
async def town(database: Database) -> Town:
    return Town(engine(database), built_schema(), Platform(database))


async def test_one_source_that_fails_costs_its_own_figures_and_says_where(town: Town) -> None:
    body = await town.body(BOTH)
    (error,) = body["errors"]
    assert error["path"] == ["occupation", "figures", 1, "figures"]
    assert error["extensions"]["code"] == "PLUGIN_PAUSED"
    found = body["data"]["occupation"]
    assert (found["title"], found["namedBy"]) == ("Programmers", {"title": "The Almanac"})
    assert [each["figures"] is None for each in found["figures"]] == [False, True]
    assert {"name": "almanac-moods", "value": 99.0} in found["figures"][0]["figures"]


async def test_related_codes_are_those_of_the_crosswalk_and_are_not_followed(town: Town) -> None:
    found = (await town.body(BOTH))["data"]["occupation"]
    assert found["related"] == ["soc-2010/2136", "soc-2010/2137"]
    one_step = await town.body('{ occupation(code: "soc-2010/5432") { related figures { source { name } } } }')
    assert one_step["data"]["occupation"] == {
        "related": ["soc-2020/5432"],
        "figures": [{"source": {"name": "almanac"}}],
    }


async def test_a_title_that_nobody_could_tell_is_null_and_says_so(town: Town) -> None:
    body = await town.body('{ occupation(code: "soc-2020/9999") { code title } }')
    assert body["data"]["occupation"] == {"code": "soc-2020/9999", "title": None}
    assert [each["path"] for each in body["errors"]] == [["occupation", "title"]]


async def test_a_city_without_sources_has_none(town: Town) -> None:
    assert await town.body('{ occupations(text: "bakers") { stale } }', ELSEWHERE) == {"data": {"occupations": []}}
    assert await town.body(BOTH, ELSEWHERE) == {"data": {"occupation": None}}


async def test_the_nation_asks_too(town: Town) -> None:
    body = await town.body('{ occupations(text: "dancers") { occupations { code } } }', None)
    assert body["data"]["occupations"][0]["occupations"] == [{"code": "soc-2020/3414"}]


async def test_what_a_city_set_takes_no_room_beside_each_answer(town: Town) -> None:
    """Answers are weighed without it, and a city may set much."""
    async with town.platform.database.transaction(City(HERE)):
        sql = "INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'almanac', $2)"
        await execute(sql, HERE, orjson.dumps({"much": "x" * 100_000}).decode())
    await town.body('{ occupations(text: "bakers") { stale } }')
    kept = town.platform.labour.answers._of[HERE].told
    assert kept
    assert max(len(question.settings_digest) for question in kept) < 100


async def test_a_source_cannot_read_a_secret_that_the_city_has_not(town: Town) -> None:
    async def find(asking: Asking, code: str) -> Any:
        await asking.secret("labour-key")

    town.platform.plugins = Plugins((plugin_of("keyed", replace(ALMANAC, find=find, search=None, figures=None)),))
    for tenant in (HERE, None):
        body = await town.body('{ occupation(code: "soc-2020/2134") { title } }', tenant)
        assert body["data"]["occupation"] == {"title": None}
        assert body["errors"][0]["extensions"]["code"] == "PLUGIN_FAILED"
        assert "labour-key" not in body["errors"][0]["message"]
