from __future__ import annotations

import pytest

from waypost.db import Database, National, fetch
from waypost.db.connections import connect
from waypost.standards.reference import built_in, load_reference
from waypost.standards.rules import LayerUnknown, layer_code, qualified, relations
from waypost.standards.store import known_layers

KNOWN = frozenset({"rsa-2019/engage", "rsa-2019/lead", "rsa-2025/explorer"})


def test_a_layer_is_qualified_by_the_standard_of_the_tenant() -> None:
    assert qualified("engage", "rsa-2019") == "rsa-2019/engage"
    assert layer_code("engage", "rsa-2019", KNOWN) == "rsa-2019/engage"


def test_a_qualified_layer_may_be_of_another_standard() -> None:
    assert layer_code("rsa-2025/explorer", "rsa-2019", KNOWN) == "rsa-2025/explorer"


def test_an_unknown_layer_is_refused_naming_those_there_are() -> None:
    refusal = layer_code("explorer", "rsa-2019", KNOWN)
    assert isinstance(refusal, LayerUnknown)
    assert refusal.code == "LAYER_UNKNOWN"
    assert "rsa-2019/engage" in refusal.message


def test_the_first_standard_has_four_layers_and_is_no_progression() -> None:
    standards, _ = built_in()
    first = standards[0]
    assert first.code == "rsa-2019"
    assert first.endorsed_by == ("City & Guilds", "RSA")
    assert not first.is_progression
    assert [layer.name for layer in first.layers] == ["Engage", "Participate", "Demonstrate", "Lead"]
    assert [layer.position for layer in first.layers] == [1, 2, 3, 4]


def test_the_second_has_five_and_is_one() -> None:
    standards, _ = built_in()
    assert standards[1].is_progression
    assert [layer.code for layer in standards[1].layers] == [
        "rsa-2025/explorer",
        "rsa-2025/practitioner",
        "rsa-2025/collaborator",
        "rsa-2025/innovator",
        "rsa-2025/leader",
    ]


def test_the_crosswalk_leads_both_ways_between_layers_that_there_are() -> None:
    standards, crosswalk = built_in()
    codes = {layer.code for standard in standards for layer in standard.layers}
    pairs = {(pair.from_code, pair.to_code) for pair in crosswalk}
    assert {code for pair in pairs for code in pair} == codes
    assert pairs == {(to, of) for of, to in pairs}


def test_a_crosswalk_with_an_unknown_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="isRelatedTo"):
        relations([{"from": "a", "to": "b", "relation": "is"}])


async def test_loading_again_changes_nothing(database: Database, admin_url: str) -> None:
    before = await _rows(database)
    connection = await connect(admin_url)
    await load_reference(connection)
    await connection.close()
    assert await _rows(database) == before
    assert len(before) == 9


async def test_what_was_changed_by_hand_is_put_right(database: Database, admin_url: str) -> None:
    connection = await connect(admin_url)
    await connection.execute("UPDATE layer SET name = 'Lost' WHERE code = 'rsa-2019/lead'")
    await load_reference(connection)
    assert await connection.fetchval("SELECT name FROM layer WHERE code = 'rsa-2019/lead'") == "Lead"
    await connection.close()


async def test_every_scope_reads_the_layers(database: Database) -> None:
    async with database.transaction(National()):
        assert "rsa-2019/engage" in await known_layers()


async def _rows(database: Database) -> list[tuple[object, ...]]:
    # xmin tells whether a row was written again.
    async with database.transaction(National()):
        return [tuple(row) for row in await fetch("SELECT xmin::text, code, name FROM layer ORDER BY code")]
