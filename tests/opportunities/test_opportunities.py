from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tests.rooms import (
    LONDON,
    NOW,
    badge_words,
    done,
    found_issuer,
    found_tenant,
    opportunity_words,
    publish_badge,
    refused,
    rolled_back,
)
from waypost.badges.store import borrow, find_loans, write_badge
from waypost.badges.tables import Badge
from waypost.db import City, Database, National, fetch, fetchrow, fetchval, new_id
from waypost.opportunities import tables
from waypost.opportunities.store import (
    OpportunityText,
    OpportunityWords,
    close_opportunity,
    follow_badges,
    follow_provider,
    move_on,
    read_opportunity,
    write_opportunity,
)
from waypost.places.store import PlaceWords, write_place
from waypost.tenancy.entries import Cost, Here, Ref, Written, find_entry
from waypost.tenancy.outline import Area, outline


@pytest.fixture(scope="module")
async def tenant(database: Database) -> Here:
    return await found_tenant(database, "brighton")


@pytest.fixture(scope="module")
async def provider(database: Database, tenant: Here) -> UUID:
    return await found_issuer(database, tenant, "make-good-trouble")


@pytest.fixture(scope="module")
async def badge(database: Database, tenant: Here, provider: UUID) -> Ref:
    return Ref(await publish_badge(database, tenant, provider, "film-maker"), tenant.tenant_id)


@pytest.fixture(scope="module")
async def borrowed(database: Database, tenant: Here) -> Ref:
    home = await found_tenant(database, "plymouth")
    issuer = await found_issuer(database, home)
    await publish_badge(database, home, issuer, "smart-citizen", layer="rsa-2019/lead")
    async with database.transaction(National()):
        loans = await find_loans("badge", [("plymouth", "smart-citizen")])
    async with database.transaction(City(tenant.tenant_id)):
        return await borrow(tenant, loans["plymouth", "smart-citizen"])


@pytest.fixture
async def here(database: Database, tenant: Here) -> AsyncIterator[Here]:
    async with rolled_back(database, tenant) as city:
        yield city


async def write(here: Here, words: OpportunityWords, area: Area | None = None) -> Written:
    entry = await find_entry(tables.Opportunity, here, slug=words.slug)
    return done(await write_opportunity(here, words, entry, area, NOW))


async def test_an_opportunity_is_read_as_it_was_written(here: Here, provider: UUID, badge: Ref, borrowed: Ref) -> None:
    words = opportunity_words(
        provider,
        recurrence="FREQ=WEEKLY;BYDAY=SA",
        timezone="Europe/London",
        apply_by=NOW,
        capacity=12,
        cost=Cost(price=Decimal("12.50"), currency="GBP", note="Bring lunch"),
        age_min=11,
        age_max=19,
        url="https://example.org/film",
        accessibility=("bsl", "step-free"),
        badges=(borrowed, badge),
        text={"cy": OpportunityText("Ffilm", "Gwnewch ffilm.")},
        source_id="catalogue/all.toml#film-lab",
    )
    made = await write(here, words)
    assert await read_opportunity(here, made.id) == words
    assert await read_opportunity(here, new_id()) is None


async def test_the_same_words_change_nothing(here: Here, provider: UUID, badge: Ref) -> None:
    words = opportunity_words(provider, badges=(badge,))
    assert (await write(here, words)).created
    assert not (await write(here, words)).changed
    assert (await write(here, replace(words, badges=()))).changed


async def test_layers_and_skills_come_from_its_badges(here: Here, provider: UUID, badge: Ref, borrowed: Ref) -> None:
    await write(here, opportunity_words(provider, badges=(badge, borrowed)))
    layers = await fetch("SELECT layer FROM opportunity_layer ORDER BY layer")
    assert [row["layer"] for row in layers] == ["rsa-2019/engage", "rsa-2019/lead"]
    assert await fetchval("SELECT count(*) FROM opportunity_skill") == 2


async def test_they_follow_the_badge_when_it_changes(here: Here, provider: UUID, badge: Ref) -> None:
    await write(here, opportunity_words(provider, badges=(badge,)))
    entry = await find_entry(Badge, here, id=badge.id)
    done(await write_badge(here, badge_words(provider, "film-maker", layer="rsa-2019/lead"), entry, NOW))
    assert await follow_badges(here, [badge.id])
    assert await fetchval("SELECT layer FROM opportunity_layer") == "rsa-2019/lead"
    assert not await follow_badges(here, [badge.id])


async def test_it_is_found_by_title_summary_provider_and_skills_in_every_language(
    here: Here, provider: UUID, badge: Ref
) -> None:
    words = opportunity_words(provider, badges=(badge,), text={"cy": OpportunityText("Tŷ", "Ffilm")})
    await write(here, words)
    found = "SELECT count(*) FROM opportunity WHERE search @@ plainto_tsquery('simple', $1)"
    for text in ("film lab", "make", "trouble", "teamwork", "ty ffilm"):
        assert await fetchval(found, text) == 1, text
    assert await fetchval(found, "opera") == 0
    assert not await follow_provider(here, provider)


async def test_it_is_where_its_place_is_unless_it_has_a_point_of_its_own(here: Here, provider: UUID) -> None:
    place = done(await write_place(here, PlaceWords("hall", "Hall", "theatre", 50.8, -0.1), None, None))
    there = opportunity_words(provider, place_id=place.id, latitude=None, longitude=None)
    made = await write(here, there)
    assert await fetchval("SELECT latitude FROM opportunity") == 50.8
    read = await read_opportunity(here, made.id)
    assert read is not None
    assert (read.latitude, read.place_id) == (None, place.id)
    await write(here, replace(there, latitude=50.9, longitude=-0.2))
    assert await fetchval("SELECT latitude FROM opportunity") == 50.9


async def test_it_may_be_online_and_nowhere(here: Here, provider: UUID) -> None:
    await write(here, opportunity_words(provider, latitude=None, longitude=None, online=True))
    row = await fetchrow("SELECT latitude, outside_area, online FROM opportunity")
    assert row is not None
    assert tuple(row) == (None, False, True)


async def test_outside_its_city_it_is_flagged_not_refused(here: Here, provider: UUID) -> None:
    ring = [[-0.2, 50.8], [0.0, 50.8], [0.0, 50.9], [-0.2, 50.9], [-0.2, 50.8]]
    area = outline({"type": "Polygon", "coordinates": [ring]})
    assert isinstance(area, Area)
    await write(here, opportunity_words(provider, "in"), area)
    await write(here, opportunity_words(provider, "out", latitude=50.36), area)
    rows = await fetch("SELECT slug, outside_area FROM opportunity ORDER BY slug")
    assert [tuple(row) for row in rows] == [("in", False), ("out", True)]


async def test_when_it_happens_is_kept_in_columns_that_lists_use(here: Here, provider: UUID) -> None:
    await write(here, opportunity_words(provider, recurrence="FREQ=WEEKLY;COUNT=3"))
    row = await fetchrow("SELECT sort_starts_at, over_at, timezone FROM opportunity")
    assert row is not None
    start = opportunity_words(provider).starts_at
    assert start is not None
    assert tuple(row) == (start, start + timedelta(days=14, hours=3), "Europe/London")
    assert await fetchval("SELECT array_agg(weekday) FROM opportunity_weekday") == [6]


async def test_what_repeats_moves_on_as_time_passes_and_that_is_no_change(here: Here, provider: UUID) -> None:
    words = opportunity_words(provider, recurrence="FREQ=WEEKLY")
    made = await write(here, words)
    assert words.starts_at is not None
    later = words.starts_at + timedelta(days=8)
    assert await move_on(here, later) == 1
    assert await move_on(here, later) == 0
    moved = await fetchval("SELECT sort_starts_at FROM opportunity")
    assert moved.astimezone(LONDON).isoformat() == "2027-03-20T10:00:00+00:00"
    entry = await find_entry(tables.Opportunity, here, id=made.id)
    assert not done(await write_opportunity(here, words, entry, None, later)).changed


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"title": ""}, "INVALID", ("title",)),
        ({"title": "x" * 201}, "INVALID", ("title",)),
        ({"title": "a\nb"}, "INVALID", ("title",)),
        ({"summary": "nul \x00"}, "INVALID", ("summary",)),
        ({"url": "javascript:alert(1)"}, "INVALID", ("url",)),
        ({"contact_url": "http://"}, "INVALID", ("contactUrl",)),
        ({"text": {"cy": OpportunityText("", "x")}}, "INVALID", ("text", "cy", "title")),
        ({"badges": tuple(Ref(new_id(), new_id()) for _ in range(51))}, "INVALID", ("badges",)),
        ({"kind": "PARTY"}, "INVALID", ("kind",)),
        ({"latitude": None}, "INVALID", ("latitude",)),
        ({"latitude": None, "longitude": None}, "INVALID", ("place",)),
        ({"latitude": 91.0}, "INVALID_POINT", ("latitude",)),
        ({"recurrence": "FREQ=HOURLY"}, "RECURRENCE_INVALID", ("recurrence",)),
        ({"capacity": 0}, "INVALID", ("capacity",)),
        ({"apply_by": NOW.replace(year=9999)}, "INVALID", ("applyBy",)),
        ({"age_min": -1}, "INVALID", ("ageMin",)),
        ({"age_min": 20, "age_max": 19}, "INVALID", ("ageMin",)),
        ({"cost": Cost(price=Decimal(1))}, "INVALID", ("price",)),
        ({"cost": Cost(True, Decimal(1), "GBP")}, "INVALID", ("price",)),
        ({"cost": Cost(price=Decimal("NaN"), currency="GBP")}, "INVALID", ("price",)),
        ({"cost": Cost(price=Decimal("1.234"), currency="GBP")}, "INVALID", ("price",)),
        ({"cost": Cost(price=Decimal(1), currency="pounds")}, "INVALID", ("currency",)),
        ({"accessibility": ("magic",)}, "INVALID", ("accessibility",)),
        ({"text": {"fr": OpportunityText("x", "y")}}, "INVALID", ("text", "fr")),
        ({"provider_id": new_id()}, "NOT_FOUND", ("provider",)),
        ({"place_id": new_id()}, "NOT_FOUND", ("place",)),
        ({"badges": (Ref(new_id(), new_id()),)}, "NOT_FOUND", ("badges",)),
        ({"badges": (Ref(new_id(), new_id(), new_id()),)}, "NOT_FOUND", ("badges",)),
    ],
)
async def test_faults_are_refused_and_nothing_is_written(
    here: Here, provider: UUID, change: dict[str, Any], code: str, path: tuple[str, ...]
) -> None:
    words = opportunity_words(provider, **change)
    refusal = refused(await write_opportunity(here, words, None, None, NOW))
    assert (refusal.code, refusal.path) == (code, path)
    assert await fetchval("SELECT count(*) FROM opportunity") == 0


async def test_a_badge_is_named_once(here: Here, provider: UUID, badge: Ref) -> None:
    words = opportunity_words(provider, badges=(badge, badge))
    assert refused(await write_opportunity(here, words, None, None, NOW)).path == ("badges",)


async def test_a_closed_opportunity_keeps_its_words(here: Here, provider: UUID) -> None:
    made = await write(here, opportunity_words(provider))
    assert await close_opportunity(here, made.id)
    assert not await close_opportunity(here, made.id)
    row = await fetchrow("SELECT state, public FROM opportunity")
    assert row is not None
    assert tuple(row) == ("closed", True)
