from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.rooms import found_tenant
from waypost.db import City, Database, fetch, new_id
from waypost.db.rows import sync, sync_all, tenant_key, upsert
from waypost.skills.tables import Skill
from waypost.tenancy.entries import Here
from waypost.tenancy.tables import FormerSlug


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "rows")


@pytest.fixture
async def city(database: Database, here: Here) -> AsyncIterator[Here]:
    async with database.transaction(City(here.tenant_id)):
        yield here


async def test_a_row_is_inserted_then_changed_then_left_alone(city: Here) -> None:
    row = {"tenant_id": city.tenant_id, "id": new_id(), "code": "a", "name": "A", "framework": None}
    assert await upsert(Skill, [row]) == 1
    assert await upsert(Skill, [{**row, "name": "B", "framework": "f"}]) == 1
    assert await upsert(Skill, [{**row, "name": "B", "framework": "f"}]) == 0
    assert await upsert(Skill, []) == 0


async def test_rows_of_one_owner_replace_each_other_and_others_stay(city: Here) -> None:
    badge = {"object_type": "Badge", "object_id": new_id(), "public": False}
    place = {"object_type": "Place", "object_id": new_id(), "public": False}
    owner = {"tenant_id": city.tenant_id, "object_type": "Badge"}
    other = {"tenant_id": city.tenant_id, "object_type": "Place"}
    await sync(FormerSlug, other, [{**place, "slug": "x"}])
    assert await sync(FormerSlug, owner, [{**badge, "slug": "a"}, {**badge, "slug": "b"}]) == 2
    assert await sync(FormerSlug, owner, [{**badge, "slug": "b"}, {**badge, "slug": "c"}]) == 2
    assert await _slugs(city) == ["b", "c", "x"]
    assert await sync(FormerSlug, owner, []) == 2
    assert await _slugs(city) == ["x"]
    assert await sync_all(FormerSlug, [owner, other], [{**owner, **badge, "slug": "z"}]) == 2
    assert await _slugs(city) == ["z"]
    assert await sync_all(FormerSlug, [], []) == 0


def test_an_owner_is_named_by_tenant_and_more(here: Here) -> None:
    assert tenant_key(here.tenant_id, place_id=here.tenant_id) == {
        "tenant_id": here.tenant_id,
        "place_id": here.tenant_id,
    }


async def _slugs(city: Here) -> list[str]:
    sql = "SELECT slug FROM former_slug WHERE tenant_id = $1 ORDER BY slug"
    return [row["slug"] for row in await fetch(sql, city.tenant_id)]
