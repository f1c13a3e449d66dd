from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.rooms import NOW, done, found_issuer, found_tenant, opportunity_words, refused, rolled_back
from waypost.db import City, Database, National, fetch, fetchrow, fetchval
from waypost.opportunities.store import write_opportunity
from waypost.places import tables
from waypost.places.store import PlaceWords, close_place, read_place, write_place
from waypost.tenancy.entries import Here, find_entry, managed_by_files, read_entries, tenant_area
from waypost.tenancy.outline import Area, outline

LIBRARY = PlaceWords(
    "jubilee-library",
    "Jubilee Library",
    "library",
    50.825,
    -0.1385,
    address="Jubilee Street",
    postcode="bn11ge",
    accessibility=("step-free", "hearing-loop"),
    text={"cy": "Llyfrgell Jubilee"},
    source_id="catalogue/places.toml#jubilee-library",
)


def box(south: float, west: float, north: float, east: float) -> Area:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    area = outline({"type": "Polygon", "coordinates": [ring]})
    assert isinstance(area, Area)
    return area


@pytest.fixture(scope="module")
async def tenant(database: Database) -> Here:
    return await found_tenant(database, "brighton")


@pytest.fixture
async def here(database: Database, tenant: Here) -> AsyncIterator[Here]:
    async with rolled_back(database, tenant) as city:
        yield city


async def test_a_place_is_read_as_it_was_written(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    assert (place.created, place.changed) == (True, True)
    read = await read_place(here, place.id)
    assert read == replace(LIBRARY, postcode="BN1 1GE", accessibility=("hearing-loop", "step-free"))


async def test_writing_the_same_words_again_changes_nothing(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    again = done(await write_place(here, LIBRARY, await find_entry(tables.Place, here, id=place.id), None))
    assert (again.id, again.created, again.changed) == (place.id, False, False)


async def test_what_is_no_longer_said_goes(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    entry = await find_entry(tables.Place, here, slug="jubilee-library")
    plain = replace(LIBRARY, accessibility=(), text={}, address=None)
    assert done(await write_place(here, plain, entry, None)).changed
    assert await read_place(here, place.id) == replace(plain, postcode="BN1 1GE")
    assert await fetchval("SELECT count(*) FROM place_text") == 1


async def test_a_place_outside_its_city_is_flagged_not_refused(here: Here) -> None:
    area = box(50.8, -0.2, 50.9, 0.0)
    eden = replace(LIBRARY, slug="eden-project", latitude=50.36, longitude=-4.74)
    done(await write_place(here, eden, None, area))
    done(await write_place(here, LIBRARY, None, area))
    rows = await fetch("SELECT slug, inside_area FROM place ORDER BY slug")
    assert [tuple(row) for row in rows] == [("eden-project", False), ("jubilee-library", True)]


async def test_a_place_has_an_address_that_needs_no_name(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    row = await fetchrow("SELECT tenant_id, object_type FROM address WHERE id = $1", place.id)
    assert row is not None
    assert tuple(row) == (here.tenant_id, "Place")


async def test_a_slug_is_given_once(here: Here) -> None:
    done(await write_place(here, LIBRARY, None, None))
    assert refused(await write_place(here, LIBRARY, None, None)).code == "SLUG_TAKEN"


async def test_a_slug_that_was_left_still_belongs_to_its_place(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    moved = replace(LIBRARY, slug="city-library")
    done(await write_place(here, moved, await find_entry(tables.Place, here, id=place.id), None))
    assert refused(await write_place(here, LIBRARY, None, None)).code == "SLUG_TAKEN"
    entry = await find_entry(tables.Place, here, slug="city-library")
    assert done(await write_place(here, LIBRARY, entry, None)).id == place.id
    assert [row["slug"] for row in await fetch("SELECT slug FROM former_slug")] == ["city-library"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slug": "Jubilee Library"}, "INVALID"),
        ({"name": " "}, "INVALID"),
        ({"kind": "castle"}, "INVALID"),
        ({"latitude": 90.5}, "INVALID_POINT"),
        ({"postcode": "nowhere"}, "INVALID_POSTCODE"),
        ({"accessibility": ("magic",)}, "INVALID"),
        ({"text": {"fr": "Bibliothèque"}}, "INVALID"),
        ({"text": {"en": "Library"}}, "INVALID"),
    ],
)
async def test_faults_are_refused_and_nothing_is_written(here: Here, change: dict[str, object], code: str) -> None:
    assert refused(await write_place(here, replace(LIBRARY, **change), None, None)).code == code  # type: ignore[arg-type]
    assert await fetchval("SELECT count(*) FROM place") == 0


async def test_a_closed_place_keeps_its_words_and_opens_when_written_again(here: Here) -> None:
    place = done(await write_place(here, LIBRARY, None, None))
    assert await close_place(here, place.id)
    assert not await close_place(here, place.id)
    entry = await find_entry(tables.Place, here, id=place.id)
    assert entry is not None
    assert (entry.state, entry.public) == ("closed", True)
    assert done(await write_place(here, LIBRARY, entry, None)).changed


async def test_the_graph_does_not_write_over_files_unless_they_are_a_seed(here: Here) -> None:
    files = replace(here, managed_by="files")
    place = done(await write_place(files, LIBRARY, None, None))
    entry = await find_entry(tables.Place, here, id=place.id)
    assert entry is not None
    refusal = managed_by_files(entry, here)
    assert refusal is not None
    assert (refusal.code, refusal.source) == ("MANAGED_BY_FILES", LIBRARY.source_id)
    assert managed_by_files(entry, files) is None
    assert managed_by_files(entry, replace(here, files="seed")) is None
    assert await read_entries(tables.Place, here) == (entry,)
    assert await read_entries(tables.Place, here, "graph") == ()


async def test_what_happens_at_a_place_moves_with_it(database: Database, tenant: Here) -> None:
    provider = await found_issuer(database, tenant)
    area = box(50.8, -0.2, 50.9, 0.0)
    async with database.transaction(City(tenant.tenant_id)):
        place = done(await write_place(tenant, LIBRARY, None, area))
        there = opportunity_words(provider, "there", place_id=place.id, latitude=None, longitude=None)
        near = opportunity_words(provider, "near", place_id=place.id)
        for words in (there, near):
            done(await write_opportunity(tenant, words, None, area, NOW))
        entry = await find_entry(tables.Place, tenant, id=place.id)
        done(await write_place(tenant, replace(LIBRARY, latitude=50.7), entry, area))
        rows = await fetch("SELECT slug, latitude, outside_area FROM opportunity ORDER BY slug")
    assert [tuple(row) for row in rows] == [("near", 50.82, False), ("there", 50.7, True)]


async def test_the_country_sees_a_place_with_its_words(database: Database, tenant: Here) -> None:
    async with database.transaction(City(tenant.tenant_id)):
        assert await tenant_area(tenant.tenant_id) is None
    async with database.transaction(National()):
        assert await fetchval("SELECT count(*) FROM place") == 1
        assert await fetchval("SELECT count(*) FROM place_text") == 2
        assert await fetchval("SELECT count(*) FROM place_accessibility") == 2
