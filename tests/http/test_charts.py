"""Charts over HTTP: found, kept, refused."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from tests.http.stage import HOST, Cast, Visit
from waypost.db import City, Database, execute, new_id

RELEASE_SQL = """
INSERT INTO figure_release (tenant_id, id, from_month, to_month, learners, badges, released_at)
VALUES ($1, $2, $3, $3, $4, $5, $6)
"""


@pytest.fixture(scope="module", autouse=True)
async def figures(database: Database, cast: Cast) -> None:
    async with database.transaction(City(cast.alpha)):
        for month, learners, badges in (("2026-01", 12, 20), ("2026-02", None, 9)):
            await execute(RELEASE_SQL, cast.alpha, new_id(), month, learners, badges, datetime.now(UTC))


async def test_a_chart_is_a_picture_that_anybody_may_keep_for_a_while(client: httpx.AsyncClient) -> None:
    answer = await client.get("/alpha/charts/months.svg")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "script" not in answer.text
    assert "Jan 2026: 20 badges, 12 new learners; Feb 2026: 9 badges, fewer than five new learners." in answer.text
    again = await client.get("/alpha/charts/months.svg", headers={"if-none-match": f'"x", W/{answer.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    head = await client.head("/alpha/charts/months.svg")
    assert (head.headers["etag"], head.content) == (answer.headers["etag"], b"")


async def test_the_same_is_a_table_to_take_along(client: httpx.AsyncClient) -> None:
    answer = await client.get("/alpha/charts/months.csv?from=2026-02")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="alpha-months.csv"'
    assert answer.text == "from,to,learners,badges\r\n2026-02,2026-02,,9\r\n"


@pytest.mark.parametrize(
    "path",
    [
        *("/alpha/charts/none.svg", "/alpha/charts/months.png", "/alpha/charts/months", "/alpha/charts/.svg"),
        *("/alpha/charts/months.svg.csv", "/nowhere/charts/months.svg", "/charts/months.svg", "/alpha/charts/"),
    ],
)
async def test_what_is_no_chart_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("query", ["from=2026", "to=2026-13", "from=%00", "to=", "from=2026-01'--"])
async def test_what_is_no_month_is_refused(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/alpha/charts/months.svg?{query}")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_charts_are_read_only(client: httpx.AsyncClient) -> None:
    answer = await client.post("/alpha/charts/months.svg")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_a_citys_own_host_has_its_charts_and_no_others(visit: Visit) -> None:
    async with visit(f"https://{HOST}") as own:
        assert (await own.get("/charts/months.svg")).status_code == 200
        assert (await own.get("/beta/charts/months.svg")).status_code == 404


async def test_old_names_lead_to_the_chart_of_today(client: httpx.AsyncClient) -> None:
    answer = await client.get("/old-alpha/charts/ages.csv?from=2026-01")
    assert (answer.status_code, answer.headers["location"]) == (308, "/alpha/charts/ages.csv?from=2026-01")


async def test_another_city_shows_nothing_of_it(client: httpx.AsyncClient) -> None:
    assert (await client.get("/beta/charts/months.csv")).text == "from,to,learners,badges\r\n"
