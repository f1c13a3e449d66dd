"""Nothing of what somebody says of themselves to find out whether they fit a scheme stays anywhere."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import urlencode

import asyncpg
import httpx
import pytest

from tests.eligibility.test_graph import CODE, ELIGIBLE
from tests.tenancy.country import World
from tests.waiting import until
from waypost.http import Platform

AGE = "16.04294217"  # so odd that it stands nowhere by chance
SAID: dict[str, Any] = {
    "scheme": CODE,
    "about": "LEARNER",
    "facts": [{"fact": "age", "number": float(AGE)}],
    "on": "2026-05-01",
}
GIVEN = f'[{{ fact: "age", number: {AGE} }}]'
INLINE = f'{{ schemeEligibility(scheme: "{CODE}", about: LEARNER, facts: {GIVEN}) {{ verdict }} }}'
DEFAULT = f"""query($facts: [SchemeFactInput!]! = {GIVEN}) {{
    schemeEligibility(scheme: "{CODE}", about: LEARNER, facts: $facts) {{ verdict }} }}"""
WRONG = INLINE.replace("verdict", "verdicts")
HALF = INLINE[:-6]
MISSPELT = INLINE.replace("schemeEligibility", "schemeEligible")
TABLES = """
SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
"""


async def ask(client: httpx.AsyncClient, query: str, **variables: object) -> httpx.Response:
    return await client.post("/brighton/graphql", json={"query": query, "variables": variables})


async def test_the_answer_is_for_nobody_else_and_never_kept(client: httpx.AsyncClient, platform: Platform) -> None:
    platform.answers.clear()
    for query, variables in ((ELIGIBLE, SAID), (INLINE, {}), (DEFAULT, {}), (WRONG, {}), (HALF, {})):
        for _ in range(2):
            answer = await ask(client, query, **variables)
            assert answer.headers["cache-control"] == "private, no-store"
            assert "etag" not in answer.headers
    assert len(platform.answers) == 0
    await ask(client, '{ schemes { code } scheme(code: "x") { code } ' + INLINE[1:])
    assert len(platform.answers) == 0


async def test_it_stands_in_no_address(client: httpx.AsyncClient) -> None:
    asked = urlencode({"query": ELIGIBLE, "variables": json.dumps(SAID)})
    answer = await client.get(f"/brighton/graphql?{asked}", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["errors"][0]["extensions"]["code"] == "CONFIDENCE_NEEDS_POST"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_nothing_of_it_stays_in_logs_figures_memory_or_the_database(
    client: httpx.AsyncClient, platform: Platform, admin_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    platform.answers.clear()
    wrong = {**SAID, "facts": [*SAID["facts"], {"fact": AGE, "code": AGE}, {"fact": "age", "yes": AGE}]}
    twice = {**SAID, "facts": SAID["facts"] * 2}
    for query, variables in (
        *((ELIGIBLE, each) for each in (SAID, wrong, twice)),
        *((each, {}) for each in (INLINE, DEFAULT, WRONG, HALF, MISSPELT)),
    ):
        await ask(client, query, **variables)
    assert AGE not in " ".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert AGE not in (await client.get("/metrics")).text
    assert AGE not in repr(platform.answers.__dict__)
    known = [text for each in platform.engine._documents.values() for text in each._known]
    assert any("schemeEligibility" in text for text in known)  # what stands in variables alone is remembered
    assert not [text for text in known if AGE in text]
    connection = await asyncpg.connect(admin_url)
    try:
        for row in await connection.fetch(TABLES):
            sql = f"SELECT count(*) FROM {row['name']} AS held WHERE held::text LIKE '%' || $1 || '%'"
            assert await connection.fetchval(sql, AGE) == 0, row["name"]
    finally:
        await connection.close()


async def test_what_says_nothing_of_anybody_is_kept_until_the_scheme_changes(
    client: httpx.AsyncClient, platform: Platform, world: World
) -> None:
    await until(lambda: platform.database.versions.known and platform.graph(None).shared is not None)
    query = (
        '{ scheme(code: "brighton/first-shift") { summary } opportunity(slug: "job") { schemes { rules { code } } } }'
    )
    for city in ("/brighton", ""):
        asked = query if city else query.replace('slug: "job"', 'slug: "job", city: "brighton"')
        answers = [await client.post(f"{city}/graphql", json={"query": asked}) for _ in range(2)]
        assert all("etag" in answer.headers for answer in answers), answers[0].text
    world.edit("brighton/catalogue/all.toml", "First jobs beside school", "First shifts beside school")
    assert await world.changes() == ["brighton schemes/first-shift changed: summary"]

    async def told() -> bool:
        return "First shifts beside school" in (await ask(client, query)).text

    for _ in range(100):
        if await told():
            break
        await asyncio.sleep(0.05)
    assert await told()
