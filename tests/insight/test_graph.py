"""Figures through a city's graph: for everybody, and about nobody."""

from __future__ import annotations

import pytest

from tests.graph.asking import built_schema
from tests.insight.town import Earning
from waypost.graph import Schema

ALL = """
query($from: String, $to: String) { figures(from: $from, to: $to) {
    fromMonth toMonth learners badges learnersWithMoreThanOne shareWithMoreThanOne organisations
    months { fromMonth toMonth learners badges }
    layers { fromMonth toMonth badges groups { code name badges } together }
    kinds { groups { code name } } places { groups { name } } wards { together } deprivation { badges }
    ages { groups { code name badges } }
} }
"""


@pytest.fixture(scope="module")
def schema() -> Schema:
    return built_schema()


async def test_everybody_reads_what_a_city_has_released(town: Earning, schema: Schema) -> None:
    await town.awards(range(60), "2026-01")
    await town.awards(range(20), "2026-02", layer="participate")
    await town.awards(range(60, 100), "2026-02", layer="lead")
    await town.closes("2026-03-10")
    found = (await town.asks(schema, ALL))["data"]["figures"]
    assert (found["fromMonth"], found["toMonth"], found["learners"], found["badges"]) == (
        "2026-01",
        "2026-02",
        100,
        120,
    )
    assert (found["learnersWithMoreThanOne"], found["shareWithMoreThanOne"], found["organisations"]) == (20, 0.2, 2)
    assert found["months"][1] == {"fromMonth": "2026-02", "toMonth": "2026-02", "learners": 40, "badges": 60}
    assert found["layers"] == {
        "fromMonth": "2026-01",
        "toMonth": "2026-02",
        "badges": 120,
        "groups": [
            {"code": "rsa-2019/engage", "name": "Engage", "badges": 60},
            {"code": "rsa-2019/participate", "name": "Participate", "badges": 20},
            {"code": "rsa-2019/lead", "name": "Lead", "badges": 40},
        ],
        "together": None,
    }
    assert found["kinds"]["groups"] == [{"code": "WORKSHOP", "name": "Workshop"}]
    one = (await town.asks(schema, ALL, months={"from": "2026-02", "to": "2026-02"}))["data"]["figures"]
    assert (one["badges"], one["learners"], one["layers"]["badges"]) == (60, 40, 60)


async def test_a_city_where_nothing_was_released_says_so_with_nulls(town: Earning, schema: Schema) -> None:
    await town.awards(range(4), "2026-01")
    await town.closes("2026-03-10")
    found = (await town.asks(schema, ALL))["data"]["figures"]
    nothing: dict[str, object] = {"fromMonth": None, "toMonth": None, "badges": None, "groups": [], "together": None}
    assert (found["learners"], found["badges"], found["months"], found["layers"]) == (None, None, [], nothing)


@pytest.mark.parametrize(
    "month", ["", "2026", "2026-00", "2026-13", "2026-1", "26-01", "2026-01-01", "٢٠٢٦-٠١", "x" * 999]
)
async def test_what_is_no_month_is_refused(town: Earning, schema: Schema, month: str) -> None:
    answer = await town.asks(schema, ALL, months={"from": month})
    assert answer["data"]["figures"] is None
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"
    assert len(answer["errors"][0]["message"]) < 80


async def test_the_nation_has_no_figures_of_its_own(town: Earning, schema: Schema) -> None:
    answer = await town.asks(schema, ALL, nation=True)
    assert answer["errors"][0]["extensions"]["code"] == "CITY_NEEDED"
