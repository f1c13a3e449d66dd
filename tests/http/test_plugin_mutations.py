"""Mutations of plugins: what one fails at is undone, told and counted; what hangs keeps nobody else from writing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY, Cast, GiveToken
from tests.plugins.workshop import Workshop, workshop_in
from waypost.access.people import create_token
from waypost.calling import MOST_FAILURES
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import City, Database, System, execute, fetchval
from waypost.graph import in_time
from waypost.http import Platform, create_app
from waypost.plugins import State
from waypost.refusal import Refusal
from waypost.settings import Settings

TIDE = '''
    import asyncio
    from dataclasses import dataclass
    from typing import Any
    from uuid import UUID

    import strawberry

    from waypost.db import new_id
    from waypost.graph import act, column, mutation, payload, value
    from waypost.graph.inputs import needed
    from waypost.outbox import Event, command
    from waypost.plugins import Granted, hookimpl
    from waypost.refusal import Refusal

    WARN = Granted("tide.warn", "Warn of high water.", roles={"curator"})
    BEGUN = []
    GONE_ON = []

    @dataclass(frozen=True)
    class TideWarned(Event):
        tide: UUID

    @strawberry.input(description="A warning.")
    class TideWarnInput:
        how: str = needed("How.")

    @value
    class TideWarnSuccess:
        """Everybody knows."""

        how: str = column(doc="How.")

    async def _warn(act, how):
        await act.tell(TideWarned(new_id()))
        BEGUN.append(how)
        if how == "hangs":
            await asyncio.sleep(60)
        if how == "goes on":
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                await asyncio.sleep(0.7)
            GONE_ON.append(how)
        if how == "raises":
            raise LookupError("the password is swordfish")
        if how == "refuses":
            return Refusal(code="TOO_LATE", message="The water is here.")
        return {"wrong": 1} if how == "lies" else {"how": how}

    @command(may=WARN)
    async def warned(act, how):
        return await _warn(act, how)

    async def warn(act, given):
        return await (_warn if given["how"] == "unasked" else warned)(act, given["how"])

    @mutation
    class TideMutation:
        tide_warn: payload("TideWarnPayload", TideWarnSuccess) | None = act(warn, TideWarnInput, doc="Warn.")

    @hookimpl
    def waypost_permissions(registrar):
        registrar.permission(WARN)

    @hookimpl
    def waypost_graph(registrar):
        registrar.node(TideWarnSuccess)
        registrar.input(TideWarnInput)
        registrar.mutation(TideMutation)
'''
WARN = """
mutation($how: String!) {
  tideWarn(input: { how: $how }) { ... on TideWarnSuccess { how } ... on Error { code } }
}
"""
ISSUER = """
mutation($name: String!) { createIssuer(input: { name: $name, kind: "charity", roles: ["provides"] }) {
  __typename ... on Error { code message }
} }
"""
EVENTS = "SELECT count(*) FROM event WHERE type = 'tide.warned'"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop_in(tmp_path_factory.mktemp("plugins")) as made:
        types = ["type:TideWarnInput", "type:TideWarnSuccess"]
        made.install("tide", TIDE, contributes=["permission:tide.warn", "mutation:tideWarn", *types])
        yield made


@pytest.fixture
async def platform(workshop: Workshop, cast: Cast, database: Database, app_url: str) -> AsyncIterator[Platform]:
    async with database.transaction(System("tenants")):
        await execute(
            "INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'tide') ON CONFLICT DO NOTHING", cast.alpha
        )
    settings = Settings(base_url=BASE_URL, plugins=("tide",), secret_key=SECRET_KEY)
    plugins = load_plugins(settings)
    assert [(one.state, one.reason) for one in plugins.installed if one.name == "tide"] == [(State.READY, "")]
    made = Platform(settings, parts_of(plugins), app_url)
    async with made.opened():
        yield made


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(create_app(platform)), base_url=BASE_URL) as made:
        yield made


async def send(client: httpx.AsyncClient, token: str, query: str, city: str = "alpha", **variables: Any) -> Any:
    asked = {"query": query, "variables": variables}
    answer = await client.post(f"/{city}/graphql", json=asked, headers={"Authorization": f"Bearer {token}"})
    return answer.json()


async def told(database: Database, cast: Cast) -> int:
    async with database.transaction(City(cast.alpha)):
        return int(await fetchval(EVENTS))


async def test_what_a_mutation_fails_at_is_undone_told_and_counted(
    client: httpx.AsyncClient,
    platform: Platform,
    database: Database,
    cast: Cast,
    give_token: GiveToken,
    caplog: pytest.LogCaptureFixture,
) -> None:
    curator = await give_token(cast.alpha)
    before = await told(database, cast)
    assert (await send(client, curator, WARN, how="well"))["data"] == {"tideWarn": {"how": "well"}}
    assert (await send(client, curator, WARN, how="refuses"))["data"] == {"tideWarn": {"code": "TOO_LATE"}}
    for number, how in enumerate(("raises", "lies"), start=1):
        body = await send(client, curator, WARN, how=how)
        (error,) = body["errors"]
        assert (error["path"], error["extensions"]["code"]) == (["tideWarn"], "PLUGIN_FAILED")
        assert body["data"] == {"tideWarn": None}
        assert "swordfish" not in str(body)
        assert platform.plugins.calls.failures["tide"] == number
    assert "Mutation.tideWarn of the plugin tide failed" in caplog.text
    assert await told(database, cast) == before + 1


async def test_what_was_done_without_asking_for_a_permission_is_undone(
    client: httpx.AsyncClient, database: Database, cast: Cast, give_token: GiveToken, caplog: pytest.LogCaptureFixture
) -> None:
    before = await told(database, cast)
    learner = await create_token(
        database,
        tenant=cast.alpha,
        role="learner",
        email="ada@example.org",
        secret_key=SECRET_KEY,
        now=datetime.now(UTC),
    )
    assert not isinstance(learner, Refusal)
    for token in (learner.token, await give_token(cast.alpha)):
        body = await send(client, token, WARN, how="unasked")
        assert body["errors"][0]["extensions"]["code"] == "PLUGIN_FAILED", body
    assert "Mutation.tideWarn asked for no permission" in caplog.text
    refused = await send(client, learner.token, WARN, how="well")
    assert refused["data"] == {"tideWarn": {"code": "FORBIDDEN"}}
    assert await told(database, cast) == before


async def test_mutations_that_hang_keep_nobody_else_from_writing_and_end(
    client: httpx.AsyncClient,
    database: Database,
    cast: Cast,
    give_token: GiveToken,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(in_time, "ACT_S", 4.0)
    curator, other = await give_token(cast.alpha), await give_token(cast.beta)
    before = await told(database, cast)
    begun: list[str] = sys.modules["waypost_tide.plugin"].BEGUN
    begun.clear()
    hanging = [asyncio.create_task(send(client, curator, WARN, how="hangs")) for _ in range(MOST_FAILURES)]
    while len(begun) < 2:  # noqa: ASYNC110 - nothing there tells of itself
        await asyncio.sleep(0.01)
    for number in range(3):
        body = await send(client, other, ISSUER, city="beta", name=f"Sailing {number}")
        assert body["data"]["createIssuer"]["__typename"] == "CreateIssuerSuccess", body
    assert not any(task.done() for task in hanging), "they went on meanwhile"
    assert len(begun) <= 3, "and the others waited for their turn"
    for body in await asyncio.gather(*hanging):
        assert body["errors"][0]["extensions"]["code"] == "PLUGIN_FAILED"
    assert await told(database, cast) == before
    body = await send(client, curator, WARN, how="well")
    assert body["errors"][0]["extensions"]["code"] == "PLUGIN_PAUSED"


async def test_what_goes_on_when_its_time_is_over_writes_nothing_in_the_end(
    client: httpx.AsyncClient, database: Database, cast: Cast, give_token: GiveToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_time, "ACT_S", 0.2)
    before = await told(database, cast)
    gone_on: list[str] = sys.modules["waypost_tide.plugin"].GONE_ON
    body = await send(client, await give_token(cast.alpha), WARN, how="goes on")
    assert body["errors"][0]["extensions"]["code"] == "PLUGIN_FAILED"
    while not gone_on:  # noqa: ASYNC110 - nothing there tells of itself
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.3)
    assert await told(database, cast) == before
