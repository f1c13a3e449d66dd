"""Secrets that settings name: kept sealed, read by their tenant alone, never shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.rooms import found_tenant
from waypost.db import City, Database, execute, fetchval
from waypost.outbox.sealing import Unsealable
from waypost.plugins.secrets import (
    MOST_BYTES,
    BadSecret,
    MissingSecret,
    remove_secret,
    secret_of,
    secrets_in,
    set_secret,
)
from waypost.plugins.settings import problems_in, sentence
from waypost.tenancy.entries import Here

KEY = "a key for tests alone"
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"token": {"type": "string", "format": "secret"}},
}


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "whitby")


@pytest.fixture(scope="module")
async def there(database: Database) -> Here:
    return await found_tenant(database, "ryde")


async def keep(database: Database, at: Here, name: str, value: str) -> None:
    async with database.transaction(City(at.tenant_id)):
        await set_secret(at.tenant_id, name, value, secret_key=KEY, now=NOW)


async def read(database: Database, at: Here, name: str, key: str = KEY) -> str:
    async with database.transaction(City(at.tenant_id)):
        return await secret_of(name, key)


async def test_a_secret_is_read_by_its_own_tenant_and_by_nobody_else(
    database: Database, here: Here, there: Here
) -> None:
    await keep(database, here, "credly-live", "swordfish")
    assert await read(database, here, "credly-live") == "swordfish"
    with pytest.raises(MissingSecret, match="credly-live here; set it with `waypost secrets set`"):
        await read(database, there, "credly-live")
    with pytest.raises(Unsealable):
        await read(database, here, "credly-live", "another platform's key")


async def test_it_lies_sealed_and_nothing_of_it_moves_to_another_tenant_or_name(
    database: Database, here: Here, there: Here
) -> None:
    await keep(database, here, "one", "swordfish")
    async with database.transaction(City(here.tenant_id)):
        sealed = await fetchval("SELECT sealed FROM plugin_secret WHERE name = 'one'")
        assert "swordfish" not in sealed
        await execute("UPDATE plugin_secret SET name = 'two' WHERE name = 'one'")
    with pytest.raises(Unsealable):
        await read(database, here, "two")
    async with database.transaction(City(there.tenant_id)):
        put = "INSERT INTO plugin_secret (tenant_id, name, sealed, changed_at) VALUES ($1, 'one', $2, now())"
        await execute(put, there.tenant_id, sealed)
    with pytest.raises(Unsealable):
        await read(database, there, "one")


async def test_setting_it_again_replaces_it_and_the_list_has_names_alone(database: Database, there: Here) -> None:
    await keep(database, there, "feed", "old")
    await keep(database, there, "feed", "new")
    assert await read(database, there, "feed") == "new"
    async with database.transaction(City(there.tenant_id)):
        assert [one.name for one in await secrets_in(there.tenant_id) if one.name == "feed"] == ["feed"]
        await remove_secret(there.tenant_id, "feed")
        with pytest.raises(MissingSecret):
            await remove_secret(there.tenant_id, "feed")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("", "x"),
        ("Credly", "x"),
        ("two words", "x"),
        ("a" * 64, "x"),
        ("fine", ""),
        ("fine", "  \n"),
        ("fine", "nul\0"),
        ("fine", "x" * (MOST_BYTES + 1)),
    ],
)
async def test_what_is_no_secret_is_refused(database: Database, here: Here, name: str, value: str) -> None:
    with pytest.raises(BadSecret):
        await keep(database, here, name, value)


@pytest.mark.parametrize("value", ["sk_live_51H8xyz", "c3dvcmRmaXNo==", "Bearer abc", "a" * 64 + " "])
def test_settings_name_a_secret_and_what_looks_like_one_is_refused_without_being_repeated(value: str) -> None:
    assert problems_in({"token": "credly-live"}, SCHEMA) == []
    (problem,) = problems_in({"token": value}, SCHEMA)
    assert sentence(problem).startswith("token: must be the name of a secret")
    assert value not in sentence(problem)


@pytest.mark.parametrize(
    "more",
    [{"maxLength": 5}, {"minLength": 500}, {"pattern": "^credly-"}, {"enum": ["credly-live"]}, {"type": "integer"}],
)
def test_whatever_else_is_wrong_with_a_secret_it_is_not_repeated(more: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"token": {"type": "string", "format": "secret", **more}}}
    value = "sk-live-swordfish"
    (problem,) = problems_in({"token": value}, schema)
    assert sentence(problem).startswith("token: must be the name of a secret")


def test_a_secret_that_reads_like_a_name_is_too_long_for_one() -> None:
    assert [value.keys for value in problems_in({"token": "a" * 64}, SCHEMA)] == [("token",)]
