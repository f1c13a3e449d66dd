"""One city's own feed, read into another city and back: nothing changes on the way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx
import pytest

from waypost.cli.parts import parts_of
from waypost.db import City
from waypost.http import Platform, create_app
from waypost.opportunities.store import OpportunityWords, write_opportunity
from waypost.places.store import PlaceWords, write_place
from waypost.plugins import Plugins
from waypost.settings import Settings
from waypost.tenancy.entries import Cost, Written

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
# What belongs to one city alone: its ids, and when it wrote a row.
OWN = ("id", "organization_id", "service_id", "location_id", "link_id", "last_modified", "updated")


@pytest.fixture(scope="module")
async def platform(app_url: str, plugins: Plugins) -> AsyncIterator[Platform]:
    settings = Settings(base_url="http://127.0.0.1", secret_key="a key for tests alone")
    made = Platform(settings, parts_of(plugins), app_url)
    async with made.opened():
        yield made


@asynccontextmanager
async def published(platform: Platform, tools: Any) -> AsyncIterator[Any]:
    """The platform on a real socket, as a directory."""
    await platform.refresh()
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:

        async def respond(path: str, query: Mapping[str, str]) -> Any:
            answer = await client.get(f"{path}?{urlencode(query)}")
            tag = {"etag": answer.headers["etag"]} if "etag" in answer.headers else {}
            return answer.status_code, {"content-type": answer.headers["content-type"], **tag}, answer.content

        async with tools.directory(respond) as server:
            server.client = client
            yield server


async def furnish(here: Any) -> None:
    """Everything that an opportunity can be."""
    club = await here.issuer("film-club", "Film Club", "We make films.")
    async with here.database.transaction(City(here.tenant)):
        hall = PlaceWords(
            *("hall", "Town Hall", "community-centre", 50.82, -0.14),
            address="1 High Street",
            postcode="BN3 1AA",
            accessibility=("step-free", "hearing-loop"),
        )
        place = await write_place(here.here, hall, None, None)
        assert isinstance(place, Written)
        for number, facts in enumerate(KINDS_OF_THING):
            words = OpportunityWords(
                **{
                    "slug": f"thing-{number}",
                    "title": f"Thing {number}",
                    "summary": "What it is.",
                    "kind": "EVENT",
                    "provider_id": club if number % 2 else here.issuers["council"],
                    "online": True,
                    **({"place_id": place.id, "online": False} if facts.get("placed") else {}),
                    **{key: value for key, value in facts.items() if key != "placed"},
                }
            )
            written = await write_opportunity(here.here, words, None, None, NOW)
            assert isinstance(written, Written), written


def at(year: int, month: int, day: int, hour: int) -> datetime:
    return datetime(year, month, day, hour, tzinfo=LONDON)


KINDS_OF_THING: tuple[dict[str, Any], ...] = (
    {},
    {"placed": True, "kind": "WORKSHOP", "accessibility": ("bsl", "step-free")},
    {"latitude": 50.7, "longitude": -0.2, "online": False},
    {"placed": True, "online": True},
    {"starts_at": at(2027, 3, 6, 10), "ends_at": at(2027, 3, 6, 13)},
    {"starts_at": at(2027, 7, 6, 10), "ends_at": at(2027, 7, 9, 13)},
    {"starts_at": at(2027, 7, 6, 22), "ends_at": at(2027, 7, 7, 2)},
    {"starts_at": at(2027, 7, 6, 10)},
    {"starts_at": at(2027, 3, 28, 0), "ends_at": at(2027, 3, 28, 5)},
    {"starts_at": at(2027, 3, 6, 10), "ends_at": at(2027, 3, 6, 12), "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU"},
    {"starts_at": at(2027, 3, 6, 10), "recurrence": "FREQ=MONTHLY;BYDAY=1SA;UNTIL=20280101T000000Z"},
    {"starts_at": at(2027, 3, 6, 10), "recurrence": "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=MO,SA;BYSETPOS=-1;COUNT=4"},
    {"cost": Cost(free=True)},
    {"cost": Cost(price=Decimal("12.50"), currency="GBP", note="half for members")},
    {"cost": Cost(price=Decimal("9.00"), currency="EUR")},
    {"cost": Cost(note="Ask at the door")},
    {"cost": Cost(free=False)},
    {"age_min": 11, "age_max": 16, "capacity": 12, "apply_by": at(2027, 3, 1, 12)},
    {"url": "https://example.org/a", "contact_url": "https://example.org/ask"},
    {"title": "Tea & <cake>", "summary": "One < two, and 3 > 2.\n\nTea & cake & more."},
    {"title": "Crëfft & ćakes ☂", "summary": "Dewch â het."},
    {"licence": "CC0", "source": "Somebody else"},
)


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_ids(inner) for key, inner in sorted(value.items()) if key not in OWN}
    return [without_ids(each) for each in value] if isinstance(value, list) else value


async def feed_of(server: Any, slug: str) -> list[Any]:
    answer = await server.client.get(f"/{slug}/feeds/opportunities/services?per_page=500")
    assert answer.status_code == 200
    return sorted((without_ids(each) for each in answer.json()["contents"]), key=lambda each: str(each["name"]))


def source(server: Any, slug: str) -> dict[str, Any]:
    names = {"Film Club": "film-club", "Council": "council"}
    return {"url": f"{server.url}/{slug}/feeds/opportunities", "providers": names, "per_page": 7}


async def test_a_feed_goes_from_city_to_city_and_back_without_change(tools: Any, platform: Platform) -> None:
    first = await tools.town("first", name="First Town", licence="CC BY 4.0")
    second = await tools.town("second", name="Second Town")
    third = await tools.town("third", name="Third Town")
    await furnish(first)
    for here in (second, third):
        await here.issuer("film-club", "Film Club", "We make films.")
    async with published(platform, tools) as server:
        there = await feed_of(server, "first")
        assert len(there) == len(KINDS_OF_THING)
        await second.sets(there=source(server, "first"))
        job = await second.reads(server.port)
        assert (job["state"], job["done"], job["problems"]) == ("done", len(there), [])
        assert await feed_of(server, "second") == there
        await third.sets(there=source(server, "second"))
        job = await third.reads(server.port)
        assert job["problems"] == []
        assert await feed_of(server, "third") == there
        # And home again: the same things, so that not a word of them changes.
        before = await first.rows()
        await first.sets(there=source(server, "third"))
        job = await first.reads(server.port)
        assert job["problems"] == []
        assert await first.rows() == before
        # A second time round nothing is written anywhere.
        rows = [await here.rows() for here in (second, third)]
        for here in (second, third):
            await here.reads(server.port)
        assert [await here.rows() for here in (second, third)] == rows


async def test_a_citys_page_says_where_things_come_from_and_leads_to_its_own_feed(
    tools: Any, platform: Platform
) -> None:
    here = await tools.town("credited", name="Credited Town")
    council = {"url": "https://a.example/api", "attribution": "From <the> Council.", "licence": "OGL-UK-3.0"}
    long = {"url": "https://b.example/api", "attribution": "x" * 600}
    await here.sets(a=council, b=long, c={**council, "url": "https://c.example"}, d={"url": "https://d.example"})
    async with published(platform, tools) as server:
        page = (await server.client.get("/credited/")).text
        assert "<h2>Where this comes from</h2>\n<p>From &lt;the&gt; Council. (OGL-UK-3.0)</p>" in page
        assert '<a href="/credited/feeds/opportunities">What is on here, as open data</a>' in page
        assert (await server.client.get("/credited/feeds/opportunities")).status_code == 200
