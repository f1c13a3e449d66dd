from __future__ import annotations

import pytest

from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.plugins import geocode, geocoders, load

SHETLAND = """
    import asyncio

    from waypost.plugins import hookimpl

    async def find_postcode(postcode):
        if postcode == "ZE19ZZ":
            raise LookupError("the register is closed")
        if postcode == "ZE18ZZ":
            await asyncio.sleep(60)
        return (60.1545, -1.1494) if postcode == "ZE10AA" else None

    @hookimpl
    def waypost_geocoders(registrar):
        registrar.geocoder(find_postcode)
"""


@pytest.fixture
def shetland(workshop: Workshop) -> Workshop:
    workshop.install("shetland", SHETLAND, contributes=["geocoder:find_postcode"])
    return workshop


async def test_a_plugin_finds_a_postcode_that_the_platform_does_not_know(shetland: Workshop) -> None:
    plugins = load(["shetland"])
    assert one(plugins, "shetland").reason == ""
    assert await geocode(plugins, {"shetland"}, "ZE10AA") == (60.1545, -1.1494)
    assert await geocode(plugins, {"shetland"}, "BR34HG") is None


async def test_a_geocoder_is_not_asked_where_its_plugin_is_off(shetland: Workshop) -> None:
    assert await geocode(load(["shetland"]), frozenset(), "ZE10AA") is None


@pytest.mark.parametrize("postcode", ["ZE19ZZ", "ZE18ZZ"])
async def test_a_geocoder_that_fails_or_is_late_does_not_know(
    shetland: Workshop, postcode: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(geocoders, "PATIENCE_S", 0.05)
    assert await geocode(load(["shetland"]), {"shetland"}, postcode) is None
    assert "a geocoder of shetland failed" in caplog.text
