"""A secret that settings name and nobody has set: strangers hear that something is missing, the log hears what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.http.stage import BASE_URL, SECRET_KEY, Cast
from tests.plugins.workshop import Workshop, workshop_in
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database, System, execute
from waypost.http import Platform, create_app
from waypost.settings import Settings

TIDE = """
    from starlette.responses import PlainTextResponse

    from waypost.db import City
    from waypost.outbox.incoming import IncomingHook
    from waypost.plugins import hookimpl
    from waypost.plugins.secrets import secret_of

    async def secret(work, tenant):
        async with work.database.transaction(City(tenant)):
            return await secret_of("tide-live", work.settings.load_secret_key())

    async def show(request, site):
        return PlainTextResponse(await secret(site.work, site.here.tenant_id))

    async def check(work, call):
        return await secret(work, call.tenant_id)

    async def handle(work, call):
        pass

    @hookimpl
    def waypost_routes(registrar):
        registrar.route("/show", show)
        registrar.incoming(IncomingHook(check, handle))
"""


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with workshop_in(tmp_path) as made:
        made.install("tide", TIDE, contributes=["route:show", "incoming:handle"])
        yield made


@pytest.fixture
async def platform(workshop: Workshop, cast: Cast, database: Database, app_url: str) -> AsyncIterator[Platform]:
    del workshop
    async with database.transaction(System("tenants")):
        on = "INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'tide') ON CONFLICT DO NOTHING"
        await execute(on, cast.alpha)
    settings = Settings(base_url=BASE_URL, plugins=("tide",), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        yield platform


@pytest.mark.parametrize(("method", "path"), [("GET", "/alpha/x/tide/show"), ("POST", "/hooks/tide/alpha")])
async def test_a_missing_secret_is_no_failure_of_the_plugin_and_named_in_the_log_alone(
    platform: Platform, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        answer = await client.request(method, path)
    assert answer.status_code == 503
    assert "not wholly set up in this city" in answer.text
    assert "tide-live" not in answer.text
    assert answer.headers["retry-after"]
    assert "plugin tide cannot answer in alpha: there is no secret called tide-live" in caplog.text
    assert platform.plugins.calls.failures == {}
