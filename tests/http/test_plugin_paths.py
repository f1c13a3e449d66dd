"""Paths of plugins, and calls from outside: believed, kept, handled once, and nothing lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY, Cast, GiveToken
from tests.plugins.workshop import Workshop, workshop_in
from waypost.calling import MOST_FAILURES, Call
from waypost.cli.parts import load_plugins, parts_of
from waypost.composition import effects
from waypost.db import City, Database, System, execute, fetch, fetchval
from waypost.http import Platform, create_app, plugin_paths
from waypost.outbox import incoming
from waypost.plugins import State
from waypost.settings import Settings
from waypost.testing.working import work_off

TIDE = """
    import asyncio

    from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse

    from waypost.db import City, fetchval
    from waypost.outbox.incoming import Forged, IncomingHook
    from waypost.plugins import Granted, hookimpl

    HANDLED = []
    WARN = Granted("tide.warn", "Warn of high water.", roles={"curator"})

    async def show(request, site):
        async with site.work.database.transaction(City(site.here.tenant_id, quiet=True)):
            tenants = await fetchval("SELECT count(*) FROM event")
        facts = {"port": request.path_params["port"], "slug": site.here.slug, "rows": tenants,
                 "may": site.may("badge.review") and site.may(WARN), "known": site.person is not None}
        return JSONResponse(facts, headers={"set-cookie": "waypost=mine"})

    def write(request, site):
        return PlainTextResponse("written")

    async def echo(request, site):
        return PlainTextResponse(await request.body())

    async def bad(request, site):
        match request.path_params["how"]:
            case "raises":
                raise LookupError("the password is swordfish")
            case "hangs":
                await asyncio.sleep(60)
        return {"no": "response"}

    async def odd(request, site):
        async def parts():
            yield b"one"
            if request.path_params["how"] == "hangs":
                await asyncio.sleep(60)
            if request.path_params["how"] == "endless":
                while True:
                    yield b"x" * 1_000_000
            raise LookupError("the password is swordfish")

        match request.path_params["how"]:
            case "injects":
                return PlainTextResponse("x", headers={"location": "/a\\r\\nset-cookie: waypost=mine"})
            case "counts":
                return PlainTextResponse("x", status_code=999)
            case "bakes":
                response = PlainTextResponse("x")
                response.raw_headers.append((b"Set-Cookie", b"waypost=mine"))
                return response
            case "misses":
                return FileResponse("/nowhere")
        return StreamingResponse(parts())

    def check(work, call):
        if call.headers.get("x-tide") != "swordfish":
            raise Forged("no")
        return call.json()["id"]

    async def handle(work, call):
        if call.json()["id"] == "storm":
            raise LookupError("not today")
        HANDLED.append((call.tenant_id, call.json()["id"], dict(call.headers)))

    @hookimpl
    def waypost_permissions(registrar):
        registrar.permission(WARN)

    @hookimpl
    def waypost_routes(registrar):
        registrar.route("/ports/{port}", show)
        registrar.route("/ports/{port}", write, methods=["POST"])
        registrar.route("/echo", echo, methods=["PUT"])
        registrar.route("/bad/{how}", bad)
        registrar.route("/odd/{how}", odd)
        registrar.incoming(IncomingHook(check, handle, headers=frozenset({"x-kind"})))
"""
CONTRIBUTES = [
    "route:show",
    "route:write",
    "route:echo",
    "route:bad",
    "route:odd",
    "incoming:handle",
    "permission:tide.warn",
]
HOOK = "/hooks/tide/alpha"
BELIEVED = {"x-tide": "swordfish", "x-kind": "tide.changed", "authorization-of-ours": "no"}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop_in(tmp_path_factory.mktemp("plugins")) as made:
        made.install("tide", TIDE, contributes=CONTRIBUTES)
        yield made


@pytest.fixture
async def platform(workshop: Workshop, cast: Cast, database: Database, app_url: str) -> AsyncIterator[Platform]:
    async with database.transaction(System("tenants")):
        for tenant in (cast.alpha, cast.gone):
            on = "INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'tide') ON CONFLICT DO NOTHING"
            await execute(on, tenant)
    settings = Settings(base_url=BASE_URL, plugins=("tide",), secret_key=SECRET_KEY)
    plugins = load_plugins(settings)
    assert [(one.state, one.reason) for one in plugins.installed if one.name == "tide"] == [(State.READY, "")]
    platform = Platform(settings, parts_of(plugins), app_url)
    async with platform.opened():
        yield platform


@pytest.fixture
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


def handled() -> list[tuple[UUID, str, dict[str, str]]]:
    import sys

    found: list[Any] = sys.modules["waypost_tide.plugin"].HANDLED
    return found


# Paths


async def test_a_plugin_answers_where_it_is_on_and_knows_who_asks(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    stranger = await client.get("/alpha/x/tide/ports/hull")
    assert stranger.json() == {"port": "hull", "slug": "alpha", "rows": 0, "may": False, "known": False}
    token = {"Authorization": f"Bearer {await give_token(cast.alpha)}"}
    curator = await client.get("/alpha/x/tide/ports/hull", headers=token)
    assert (curator.json()["may"], curator.json()["known"]) == (True, True)
    for path in ("/beta/x/tide/ports/hull", "/nowhere/x/tide/ports/hull", "/alpha/x/ebb/ports/hull", "/alpha/x/tide"):
        assert (await client.get(path)).status_code == 404


async def test_its_answers_have_the_headers_of_ours_and_set_no_cookie(client: httpx.AsyncClient) -> None:
    response = await client.get("/alpha/x/tide/ports/hull")
    assert "set-cookie" not in response.headers
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_methods_are_those_that_it_registered(client: httpx.AsyncClient) -> None:
    assert (await client.post("/alpha/x/tide/ports/hull")).text == "written"
    assert (await client.head("/alpha/x/tide/ports/hull")).status_code == 200
    refused = await client.delete("/alpha/x/tide/ports/hull")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, POST")


async def test_a_closed_city_is_only_read(client: httpx.AsyncClient) -> None:
    assert (await client.get("/gone/x/tide/ports/hull")).status_code == 200
    assert (await client.post("/gone/x/tide/ports/hull")).status_code == 403


async def test_a_page_of_somebody_else_s_writes_nothing(client: httpx.AsyncClient) -> None:
    foreign, own = {"Origin": "https://evil.example"}, {"Origin": BASE_URL}
    assert (await client.post("/alpha/x/tide/ports/hull", headers=foreign)).status_code == 403
    assert (await client.post("/alpha/x/tide/ports/hull", headers=own)).status_code == 200
    assert (await client.get("/alpha/x/tide/ports/hull", headers=foreign)).status_code == 200


async def test_a_body_is_read_up_to_a_megabyte(client: httpx.AsyncClient) -> None:
    assert (await client.put("/alpha/x/tide/echo", content=b"x" * 1_000_000)).content == b"x" * 1_000_000
    assert (await client.put("/alpha/x/tide/echo", content=b"x" * 1_000_001)).status_code == 413


async def test_one_that_fails_costs_its_answer_alone(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, platform: Platform
) -> None:
    monkeypatch.setattr(plugin_paths, "PATIENCE_S", 0.05)
    statuses = [(await client.get(f"/alpha/x/tide/bad/{how}")).status_code for how in ("raises", "hangs", "lies")]
    assert statuses == [500, 503, 500]
    for _ in range(MOST_FAILURES):
        response = await client.get("/alpha/x/tide/bad/raises")
        assert response.status_code == 500
        assert "swordfish" not in response.text
    assert platform.plugins.calls.failures["tide"] == MOST_FAILURES + 3


async def test_the_log_says_which_plugin_broke_at_which_path(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    await client.get("/alpha/x/tide/bad/lies")
    assert "instead of a Response" in caplog.text
    assert "The plugin tide raised this at GET /bad/{how}, for alpha." in caplog.text


@pytest.mark.parametrize(
    ("how", "status"),
    [("raises", 500), ("hangs", 503), ("endless", 500), ("injects", 500), ("counts", 500), ("misses", 500)],
)
async def test_a_response_that_cannot_be_sent_costs_an_answer_and_no_connection(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, platform: Platform, how: str, status: int
) -> None:
    monkeypatch.setattr(plugin_paths, "PATIENCE_S", 0.3)
    response = await client.get(f"/alpha/x/tide/odd/{how}")
    assert (response.status_code, response.headers.get("set-cookie")) == (status, None)
    assert "swordfish" not in response.text
    assert platform.plugins.calls.failures["tide"] == 1


async def test_no_way_leads_to_a_cookie(client: httpx.AsyncClient) -> None:
    response = await client.get("/alpha/x/tide/odd/bakes")
    assert (response.status_code, response.headers.get("set-cookie")) == (200, None)


@pytest.mark.parametrize("path", ["bad", "odd"], ids=["in its endpoint", "in the midst of its answer"])
async def test_a_path_that_keeps_hanging_rests_and_nothing_else_of_its_plugin(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, platform: Platform, cast: Cast, path: str
) -> None:
    async def rests_until() -> object:
        shown = await client.post("/alpha/graphql", json={"query": "{ plugins { name pausedUntil } }"})
        return next(each["pausedUntil"] for each in shown.json()["data"]["plugins"] if each["name"] == "tide")

    monkeypatch.setattr(plugin_paths, "PATIENCE_S", 0.01)
    for _ in range(MOST_FAILURES):
        assert (await client.get(f"/alpha/x/tide/{path}/hangs")).status_code == 503
    resting = await client.get(f"/alpha/x/tide/{path}/raises")
    assert resting.status_code == 503
    assert 0 < int(resting.headers["retry-after"]) <= 30
    assert 'waypost_plugin_paused_tenants{plugin="tide"} 1' in (await client.get("/metrics")).text
    monkeypatch.undo()
    assert (await client.get("/alpha/x/tide/ports/hull")).status_code == 200
    assert await rests_until() is None
    for _ in range(MOST_FAILURES):
        with pytest.raises(ZeroDivisionError):
            await platform.plugins.calls.make(Call("tide", "its field", cast.alpha), lambda: 1 / 0)
    assert await rests_until() is not None
    assert (await client.get("/alpha/x/tide/ports/hull")).status_code == 200


async def test_its_permissions_are_held_shown_and_given_to_tokens_where_it_is_on(
    client: httpx.AsyncClient, cast: Cast, give_token: GiveToken
) -> None:
    async def asked(city: str, query: str, token: str, **variables: Any) -> Any:
        told = {"query": query, "variables": variables}
        response = await client.post(f"/{city}/graphql", json=told, headers={"Authorization": f"Bearer {token}"})
        assert "errors" not in response.json(), response.text
        return response.json()["data"]

    make = """mutation ($to: [String!]!) { createToken(input: {name: "Buoy", days: 7, permissions: $to}) {
      __typename ... on Error { code } ... on CreateTokenSuccess { secret } } }"""
    curator = await give_token(cast.alpha)
    held = (await asked("alpha", "{ viewer { permissions } }", curator))["viewer"]["permissions"]
    assert "tide.warn" in held
    made = (await asked("alpha", make, curator, to=["tide.warn"]))["createToken"]
    kept = (await asked("alpha", "{ viewer { permissions } }", made["secret"]))["viewer"]["permissions"]
    assert kept == ["tide.warn"]
    elsewhere = await give_token(cast.beta)
    assert "tide.warn" not in (await asked("beta", "{ viewer { permissions } }", elsewhere))["viewer"]["permissions"]
    assert (await asked("beta", make, elsewhere, to=["tide.warn"]))["createToken"]["code"] == "INVALID"


# Calls from outside


async def worked(platform: Platform, database: Database, **how: Any) -> int:
    return await work_off(database, platform.settings, effects=effects(platform.plugins), **how)


async def test_a_call_is_kept_sealed_answered_at_once_and_handled_in_the_worker(
    client: httpx.AsyncClient, platform: Platform, database: Database, cast: Cast
) -> None:
    response = await client.post(HOOK, json={"id": "one", "name": "Ada Lovelace"}, headers=BELIEVED)
    assert (response.status_code, response.json()) == (200, {"received": True, "new": True})
    assert handled() == []
    async with database.transaction(City(cast.alpha, quiet=True)):
        rows = await fetch("SELECT sealed, key FROM incoming_call WHERE handled_at IS NULL")
    assert len(rows) == 1
    assert "Ada Lovelace" not in rows[0]["sealed"]  # three letters alone come up in sealed text by chance
    await worked(platform, database)
    assert handled() == [(cast.alpha, "one", {"x-kind": "tide.changed"})]
    async with database.transaction(City(cast.alpha, quiet=True)):
        assert await fetchval("SELECT count(*) FROM incoming_call WHERE sealed IS NOT NULL") == 0


async def test_the_same_call_again_is_answered_and_not_done_again(
    client: httpx.AsyncClient, platform: Platform, database: Database
) -> None:
    handled().clear()
    answers = await asyncio.gather(*(client.post(HOOK, json={"id": "two"}, headers=BELIEVED) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [200] * 5
    assert sorted(answer.json()["new"] for answer in answers) == [False] * 4 + [True]
    await worked(platform, database)
    assert (await client.post(HOOK, json={"id": "two"}, headers=BELIEVED)).json()["new"] is False
    await worked(platform, database)
    assert len(handled()) == 1


async def test_a_forged_call_leaves_nothing(client: httpx.AsyncClient, database: Database, cast: Cast) -> None:
    forged = await client.post(HOOK, json={"id": "three"}, headers={"x-tide": "carp"})
    assert forged.status_code == 401
    broken = await client.post(HOOK, content=b"<html>", headers=BELIEVED)
    assert broken.status_code == 500  # its sender tries again
    async with database.transaction(City(cast.alpha, quiet=True)):
        assert await fetchval("SELECT count(*) FROM incoming_call WHERE sealed IS NOT NULL") == 0


async def test_strangers_cannot_make_a_plugin_rest(client: httpx.AsyncClient, platform: Platform, cast: Cast) -> None:
    for _ in range(MOST_FAILURES + 1):  # what its check cannot read, it raises at
        assert (await client.post(HOOK, content=b"<html>", headers=BELIEVED)).status_code == 500
    assert platform.plugins.calls.rest_s("tide", cast.alpha) == 0
    assert (await client.post(HOOK, json={"id": "real"}, headers=BELIEVED)).json()["new"] is True


@pytest.mark.parametrize("path", ["/hooks/tide/beta", "/hooks/tide/gone", "/hooks/ebb/alpha", "/hooks/tide/nowhere"])
async def test_no_call_is_taken_where_the_plugin_is_off_or_the_city_closed(
    client: httpx.AsyncClient, path: str
) -> None:
    assert (await client.post(path, json={"id": "four"}, headers=BELIEVED)).status_code == 404


async def test_calls_are_posted_and_bounded(client: httpx.AsyncClient) -> None:
    assert (await client.get(HOOK)).status_code == 405
    large = json.dumps({"id": "five", "more": "x" * incoming.MOST_BYTES}).encode()
    assert (await client.post(HOOK, content=large, headers=BELIEVED)).status_code == 413


async def test_a_flood_waits_outside(client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "MOST_WAITING", 0)
    response = await client.post(HOOK, json={"id": "six"}, headers=BELIEVED)
    assert (response.status_code, response.headers["retry-after"]) == (429, "30")


async def test_what_fails_is_tried_again_and_stays_until_it_was_handled(
    client: httpx.AsyncClient, platform: Platform, database: Database, cast: Cast
) -> None:
    assert (await client.post(HOOK, json={"id": "storm"}, headers=BELIEVED)).status_code == 200
    with pytest.raises(LookupError, match="not today"):
        await worked(platform, database)
    async with database.transaction(City(cast.alpha, quiet=True)):
        assert await fetchval("SELECT count(*) FROM incoming_call WHERE sealed IS NOT NULL") == 1
    async with database.transaction(System("queue")):
        assert await fetchval("SELECT count(*) FROM work WHERE kind = 'incoming.tide'") == 1


async def test_what_came_before_the_plugin_was_switched_off_waits_until_it_is_on_again(
    client: httpx.AsyncClient, platform: Platform, database: Database, cast: Cast
) -> None:
    async def switch(*, on: bool) -> None:
        async with database.transaction(System("tenants", shared=True)):
            sql = "UPDATE tenant_plugin SET active = $2 WHERE tenant_id = $1 AND plugin = 'tide'"
            await execute(sql, cast.alpha, on)

    handled().clear()
    assert (await client.post(HOOK, json={"id": "seven"}, headers=BELIEVED)).status_code == 200
    await switch(on=False)
    try:
        await worked(platform, database, raising=False)
        assert handled() == []
        async with database.transaction(System("queue")):
            waits = "SELECT state, attempts, due_at > now() + interval '59 minutes' AS later FROM work WHERE kind = $1"
            rows = [dict(row) for row in await fetch(waits, "incoming.tide")]
            assert {"state": "due", "attempts": 0, "later": True} in rows
            await execute("UPDATE work SET due_at = now() WHERE kind = 'incoming.tide'")
    finally:
        await switch(on=True)
    await worked(platform, database, raising=False)
    assert "seven" in [id for _, id, _ in handled()]
