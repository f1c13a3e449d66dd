"""A plugin that one process switches on answers at once, there and in every other process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY, Cast
from tests.plugins.workshop import workshop_in
from tests.waiting import until
from waypost.access.people import create_token
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database
from waypost.http import Platform, create_app
from waypost.plugins import State
from waypost.refusal import Refusal
from waypost.settings import Settings

TIDE: Final = '''
    from waypost.graph import computed, query
    from waypost.plugins import hookimpl

    def high(parents, field, request):
        return ["twice a day" for _ in parents]

    @query
    class TideQuery:
        """What the tide does."""

        tide_high: str | None = computed(high, kept=True, doc="When it is high.")

    @hookimpl
    def waypost_graph(registrar):
        registrar.query(TideQuery)
'''
SET: Final = """
mutation($input: SetPluginInput!) {
  setPlugin(input: $input) { ... on SetPluginSuccess { plugin { active } } ... on Error { message } }
}"""


@pytest.fixture
async def two(tmp_path: Path, cast: Cast, app_url: str) -> AsyncIterator[list[Platform]]:
    """Two processes of one platform."""
    with workshop_in(tmp_path) as workshop:
        workshop.install("tide", TIDE, contributes=["query:tideHigh"])
        settings = Settings(base_url=BASE_URL, plugins=("tide",), secret_key=SECRET_KEY)
        async with AsyncExitStack() as stack:
            found = []
            for _ in range(2):
                plugins = load_plugins(settings)
                assert [(one.state, one.reason) for one in plugins.installed if one.name == "tide"] == [
                    (State.READY, "")
                ]
                found.append(Platform(settings, parts_of(plugins), app_url))
                await stack.enter_async_context(found[-1].opened())
            for each in found:
                versions = each.database.versions
                await until(lambda: versions.known)  # noqa: B023 - waited for within the round
            yield found


@pytest.fixture
async def clients(two: list[Platform]) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncClient(transport=httpx.ASGITransport(create_app(each)), base_url=BASE_URL)
            )
            for each in two
        ]


@pytest.fixture
async def boss(database: Database, cast: Cast) -> dict[str, str]:
    """The headers of somebody who administers Alpha."""
    facts: dict[str, Any] = {"tenant": cast.alpha, "role": "city-admin", "email": "boss@example.org"}
    made = await create_token(database, **facts, secret_key=SECRET_KEY, now=datetime.now(UTC))
    assert not isinstance(made, Refusal)
    return {"Authorization": f"Bearer {made.token}"}


async def asked(client: httpx.AsyncClient, query: str, **more: Any) -> dict[str, Any]:
    headers = more.pop("headers", {})
    answer = await client.post("/alpha/graphql", json={"query": query, **more}, headers=headers)
    found: dict[str, Any] = answer.json()
    return found


async def test_a_switch_is_known_here_at_once_and_elsewhere_in_a_moment(
    clients: list[httpx.AsyncClient], two: list[Platform], cast: Cast, boss: dict[str, str]
) -> None:
    here, there = clients
    for client in clients:  # an answer that is kept from before
        assert (await asked(client, "{ plugins { name active } }"))["data"]["plugins"][0]["active"] is False
    for active in (True, False):
        given = {"input": {"plugin": "tide", "active": active}}
        done = await asked(here, SET, variables=given, headers=boss)
        assert done["data"]["setPlugin"] == {"plugin": {"active": active}}
        assert ("errors" in await asked(here, "{ tideHigh }")) is not active
        assert (await asked(here, "{ plugins { name active } }"))["data"]["plugins"][0]["active"] is active

        def heard(wanted: bool = active) -> bool:
            tenant = two[1].directory.by_id(cast.alpha)
            return tenant is not None and ("tide" in tenant.plugins) is wanted

        await until(heard)
        assert ("errors" in await asked(there, "{ tideHigh }")) is not active
        assert (await asked(there, "{ plugins { name active } }"))["data"]["plugins"][0]["active"] is active
    sdl = (await here.get("/beta/schema.graphql")).text
    assert "tideHigh" not in sdl
