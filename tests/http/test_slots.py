"""What plugins show on a city's start page: words and links, whatever they are."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from tests.http.stage import BASE_URL, HOST, SECRET_KEY, Cast
from tests.plugins.workshop import Workshop, workshop_in
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import Database, System, execute
from waypost.http import Platform, create_app
from waypost.plugins import Link, Piece, State, load, slots
from waypost.settings import Settings

TIDE = """
    import asyncio

    from waypost.plugins import hookimpl

    SHOWN = []

    async def tides(site):
        if SHOWN == ["slow"]:
            await asyncio.sleep(60)
        if SHOWN == ["broken"]:
            raise LookupError("no tides")
        return SHOWN

    @hookimpl
    def waypost_pages(registrar):
        registrar.slot("city", tides)
"""
GOOD = Piece(
    "High <water>", "At 9 & at 21", (Link("Today's", "/x/tide/today"), Link("All", "https://tides.example/?a=1&b=2"))
)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop_in(tmp_path_factory.mktemp("plugins")) as made:
        made.install("tide", TIDE, contributes=["slot:city"])
        yield made


@pytest.fixture(scope="module")
async def platform(workshop: Workshop, cast: Cast, database: Database, app_url: str) -> AsyncIterator[Platform]:
    async with database.transaction(System("tenants")):
        await execute("INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'tide')", cast.alpha)
    settings = Settings(base_url=BASE_URL, plugins=("tide",), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        yield platform


async def page(platform: Platform, shown: list[Any], path: str = "/alpha/", base: str = BASE_URL) -> str:
    sys.modules["waypost_tide.plugin"].SHOWN[:] = shown
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        response = await client.get(path)
    assert response.status_code == 200
    return response.text


async def test_a_city_with_the_plugin_shows_its_words_and_links_as_text(platform: Platform) -> None:
    shown = await page(platform, [GOOD])
    assert "<h2>High &lt;water&gt;</h2>\n<p>At 9 &amp; at 21</p>" in shown
    assert '<a href="/alpha/x/tide/today">Today&#x27;s</a>' in shown
    assert '<a href="https://tides.example/?a=1&amp;b=2">All</a>' in shown
    assert "High" not in await page(platform, [GOOD], "/beta/")


async def test_on_a_city_s_own_host_its_links_have_no_prefix(platform: Platform) -> None:
    assert '<a href="/x/tide/today">' in await page(platform, [GOOD], "/", f"http://{HOST}")


@pytest.mark.parametrize(
    "shown",
    [
        ["broken"],
        ["slow"],
        ["<script>"],
        [GOOD] * 6,
        [Piece("")],
        [Piece("x" * 501)],
        [Piece("Tides", links=(Link("Now", "javascript:alert(1)"),))],
        [Piece("Tides", links=(Link("Now", "//evil.example"),))],
        [Piece("Tides", links=(Link("Now", "/\\evil.example"),))],
        [Piece("Tides", links=(Link("Now", "http://tides.example"),))],
        [Piece("Tides", links=(Link("Now", "/x y"),))],
        [Piece("Tides", links=(Link("", "/x"),))],
    ],
)
async def test_what_a_page_cannot_show_is_left_out_and_told_of(
    platform: Platform, shown: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slots, "PATIENCE_S", 0.05)
    platform.plugins.calls._records.clear()
    text = await page(platform, shown)
    assert "<h1>Alpha &amp; &lt;Sons&gt;</h1>" in text
    assert "<section>" not in text
    assert "the slot city of tide failed" in caplog.text


def test_there_is_no_other_slot(workshop: Workshop) -> None:
    workshop.install("ebb", TIDE.replace('"city"', '"moon"'), contributes=["slot:moon"])
    (ebb,) = [one for one in load(["ebb"]).installed if one.name == "ebb"]
    assert (ebb.state, ebb.reason) == (State.LEFT_OUT, "there is no slot moon on a page; there is city")
