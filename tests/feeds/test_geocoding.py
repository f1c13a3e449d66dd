"""Places of a feed that have a postcode and no point, where the platform's own table knows too few of them."""

from __future__ import annotations

from typing import Any

from tests.feeding import codes, outside, paged, pull, read, reader, with_kind
from waypost.db import Database
from waypost.feeds.walking import MOST_GEOCODED
from waypost.outbox.feeding import FeedKind
from waypost.plugins import GeocoderRegistrar, Plugins

MANY = MOST_GEOCODED + 10


class Geocoder:
    """Knows all postcodes but some; counts what it is asked."""

    def __init__(self) -> None:
        self.nowhere: set[str] = set()
        self.asked: list[str] = []

    async def __call__(self, postcode: str) -> tuple[float, float] | None:
        self.asked.append(postcode)
        return None if postcode in self.nowhere else (60.1, -1.1)


def with_geocoder(geocoder: Geocoder) -> Plugins:
    plugins = with_kind(FeedKind("flockBirds", pull=pull, read=read))
    (plugin,) = plugins.in_order()
    plugin.by(GeocoderRegistrar).geocoder(geocoder)
    return plugins


def hides(count: int) -> list[dict[str, Any]]:
    """So many places to watch birds from, each with a postcode of its own."""
    return [
        {
            "id": f"{number:03}",
            "title": "Bird watching",
            "place": {"source_id": f"hide-{number}", "name": f"Hide {number}", "postcode": code_of(number)},
        }
        for number in range(count)
    ]


def code_of(number: int) -> str:
    return f"ZE9 {number % 10}{'ABDEFGH'[number // 10]}A"


async def test_more_postcodes_than_are_asked_for_at_once_are_found_the_next_time(database: Database) -> None:
    geocoder = Geocoder()
    async with outside(paged(hides(MANY), size=MANY)) as server:
        here = await reader(database, "unst", with_geocoder(geocoder), server)
        assert codes(await here.reads()) == ["NO_PLACE"] * 10
        assert (len(await here.rows()), len(geocoder.asked)) == (MOST_GEOCODED, MOST_GEOCODED)
        job = await here.reads()
    assert (job["problems"], len(await here.rows())) == ([], MANY)


async def test_postcodes_that_nobody_knows_do_not_keep_others_from_being_found(database: Database) -> None:
    geocoder = Geocoder()
    geocoder.nowhere |= set(sorted(code_of(number).replace(" ", "") for number in range(MANY))[:MOST_GEOCODED])
    async with outside(paged(hides(MANY), size=MANY)) as server:
        here = await reader(database, "yell", with_geocoder(geocoder), server)
        for _ in range(6):
            await here.reads()
    assert len(await here.rows()) == MANY - MOST_GEOCODED


async def test_what_was_found_once_is_known_while_no_geocoder_answers(database: Database) -> None:
    geocoder = Geocoder()
    items = hides(2)
    async with outside(paged(items, size=MANY)) as server:
        here = await reader(database, "foula", with_geocoder(geocoder), server)
        await here.reads()
        geocoder.nowhere |= set(geocoder.asked)
        items[1]["title"] = "Seal watching"
        job = await here.reads()
    assert job["problems"] == []
    assert [row["title"] for row in await here.rows()] == ["Bird watching", "Seal watching"]
