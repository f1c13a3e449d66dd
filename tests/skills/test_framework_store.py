"""Frameworks are written whole, in place and never back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import asyncpg
import pytest

from tests.frameworks import CHANGED, id_of, item, linked, package
from tests.rooms import found_tenant
from waypost.db import City, Database, execute, fetch
from waypost.db.migrate import owner
from waypost.outbox.frameworks import Package
from waypost.skills.framework_store import Imported, Shelf, country, load_packages, own, write_package

TREE_SQL = """
SELECT statement, position, last, place, depth, retired_at IS NOT NULL AS retired FROM {table}
WHERE framework_id = $1 ORDER BY position, retired_at IS NOT NULL, statement
"""
# As rows were stored before anybody looked at their dates.
ASTRAY_SQL = "UPDATE {table} SET changed_at = '2999-01-01' WHERE {key} = $1"
TITLES_SQL = "SELECT title FROM framework WHERE id = ANY($1::uuid[]) ORDER BY title"
LATER = CHANGED + timedelta(days=1)


@asynccontextmanager
async def nation(admin_url: str) -> AsyncIterator[Shelf]:
    async with owner(admin_url) as connection:
        yield country(connection)


async def written(shelf: Shelf, package: Package) -> Imported:
    done = await write_package(shelf, package, "tests")
    assert isinstance(done, Imported), done
    return done


async def refused(shelf: Shelf, package: Package) -> list[tuple[str, str]]:
    done = await write_package(shelf, package, "tests")
    assert not isinstance(done, Imported), done
    return [(each.code, each.place) for each in done]


async def tree(shelf: Shelf, name: str) -> list[tuple[str, int]]:
    rows: Sequence[asyncpg.Record] = await shelf.fetch(TREE_SQL.format(table=shelf.item._meta.tablename), id_of(name))
    return [(row["statement"], 0 if row["retired"] else row["position"]) for row in rows]


async def test_the_same_again_changes_nothing(admin_url: str) -> None:
    same = package("same", {"a": {"b": {}}, "c": {}})
    async with nation(admin_url) as shelf:
        first, again = await written(shelf, same), await written(shelf, same)
    assert (first.items, first.created, first.changed, first.retired) == (3, 3, 0, 0)
    assert (again.items, again.created, again.changed, again.retired) == (3, 0, 0, 0)


async def test_what_changed_changes_in_place_and_what_vanished_is_retired(admin_url: str) -> None:
    before = package("grows", {"a": {"b": {}}, "c": {}})
    after = package("grows", {"c": {"d": {}}, "a": {}}, changed_at=LATER)
    async with nation(admin_url) as shelf:
        await written(shelf, before)
        done = await written(shelf, after)
        assert (done.created, done.changed, done.retired) == (1, 2, 1)
        shown = await tree(shelf, "grows")
        assert [each for each in shown if each[1]] == [("c", 1), ("d", 2), ("a", 3)]
        assert ("b", 0) in shown
        back = await written(shelf, package("grows", {"a": {"b": {}}, "c": {}}, changed_at=LATER))
        assert back.retired == 1
        assert await tree(shelf, "grows") == [("a", 1), ("b", 2), ("d", 0), ("c", 3)]


async def test_words_that_were_changed_later_stay_while_the_tree_moves(admin_url: str) -> None:
    newer = package("words", {"a": {}, "b": {}}, changed_at=LATER)
    older = tuple(replace(each, statement="of old", changed_at=CHANGED) for each in newer.items)
    turned = replace(newer, items=older[::-1], associations=())
    async with nation(admin_url) as shelf:
        await written(shelf, newer)
        await written(shelf, turned)
        assert await tree(shelf, "words") == [("b", 1), ("a", 2)]


async def test_a_package_that_is_older_than_what_is_here_is_refused(admin_url: str) -> None:
    async with nation(admin_url) as shelf:
        await written(shelf, package("back", {"a": {}}, changed_at=LATER))
        assert await refused(shelf, package("back", {})) == [("OLDER_PACKAGE", "CFDocument")]


async def test_what_is_dated_more_than_a_day_ahead_is_refused_wherever_it_says_so(admin_url: str) -> None:
    """Else no true date could ever take its place."""
    now = datetime.now(UTC)
    whole = package("ahead", {"a": {}}, changed_at=now + timedelta(days=2))
    one = replace(package("ahead-item", {}), items=(item("ahead-item/a", changed_at=now + timedelta(days=400)),))
    async with nation(admin_url) as shelf:
        said = [("DATED_AHEAD", place) for place in ("CFDocument", "ahead/a", "ahead/a isChildOf ahead")]
        assert await refused(shelf, whole) == said
        assert await refused(shelf, one) == [("DATED_AHEAD", "ahead-item/a")]
        done = await write_package(shelf, one, "tests")
        assert not isinstance(done, Imported)
        assert "correct the date" in str(done[0])
        await written(shelf, package("nearly", {"a": {}}, changed_at=now + timedelta(hours=20)))


async def test_a_date_without_a_zone_is_in_utc(admin_url: str) -> None:
    """As plugins' formats may give it."""
    may, april = (CHANGED.replace(month=month, tzinfo=None) for month in (5, 4))
    async with nation(admin_url) as shelf:
        await written(shelf, package("zoneless", {"a": {}}, changed_at=may))
        assert (await written(shelf, package("zoneless", {"a": {}}, changed_at=may))).changed == 0
        assert await refused(shelf, package("zoneless", {"a": {}}, changed_at=april)) == [
            ("OLDER_PACKAGE", "CFDocument")
        ]


async def test_what_was_stored_with_a_date_ahead_gives_way_to_a_true_one(admin_url: str) -> None:
    async with nation(admin_url) as shelf:
        await written(shelf, package("astray", {"a": {}, "b": {}}))
        for table, key in (("framework", "id"), ("framework_item", "framework_id")):
            await shelf.fetch(ASTRAY_SQL.format(table=table, key=key), id_of("astray"))
        true = package("astray", {"a": {}, "b": {}}, title="Found again")
        corrected = replace(true, items=(replace(true.items[0], statement="right"), *true.items[1:]))
        done = await written(shelf, corrected)
        assert (done.title, done.changed) == ("Found again", 2)
        assert await tree(shelf, "astray") == [("right", 1), ("b", 2)]
        assert await refused(shelf, package("astray", {}, changed_at=CHANGED - timedelta(days=1))) == [
            ("OLDER_PACKAGE", "CFDocument")
        ]


async def test_a_plugins_framework_that_was_dated_ahead_is_mended_by_its_next_and_an_operators_is_left(
    admin_url: str,
) -> None:
    async with owner(admin_url) as connection:
        shelf = country(connection)
        for name, source in (("brought", "plugin:brought"), ("fetched", "tests")):
            assert isinstance(await write_package(shelf, package(name, {"a": {}}), source), Imported)
            await shelf.fetch(ASTRAY_SQL.format(table="framework", key="id"), id_of(name))
        load = {name: partial(package, name, {"a": {}}, title="Mended") for name in ("brought", "fetched")}
        await load_packages(connection, load)
        rows = await shelf.fetch(TITLES_SQL, [id_of("brought"), id_of("fetched")])
        assert [row["title"] for row in rows] == ["Fetched", "Mended"]


async def test_an_identifier_belongs_to_one_framework_for_ever(admin_url: str) -> None:
    first = package("first", {"a": {}})
    thief = replace(package("thief", {}), items=(item("first/a"),))
    async with nation(admin_url) as shelf:
        await written(shelf, first)
        assert await refused(shelf, thief) == [("IDENTIFIER_ELSEWHERE", "first/a")]


async def test_a_crosswalk_between_two_others_needs_both_to_be_here(admin_url: str) -> None:
    walk = package("walk", {}, linked("left/a", "exactMatchOf", "right/a"))
    async with nation(admin_url) as shelf:
        await written(shelf, package("left", {"a": {}}))
        assert await refused(shelf, walk) == [("DANGLING_ASSOCIATION", "left/a exactMatchOf right/a")]
        await written(shelf, package("right", {"a": {}}))
        assert (await written(shelf, walk)).associations == 1


async def test_a_citys_own_framework_is_its_own_and_gives_way_to_the_countrys(
    admin_url: str, database: Database
) -> None:
    here, other = await found_tenant(database, "own-one"), await found_tenant(database, "own-other")
    ours = package("ours", {"a": {}})
    for tenant in (here.tenant_id, other.tenant_id):
        async with database.transaction(City(tenant)):
            assert (await written(own(tenant), ours)).created == 1
            assert await tree(own(tenant), "ours") == [("a", 1)]
    async with database.transaction(City(here.tenant_id)):
        assert len(await fetch("SELECT FROM own_framework_item")) == 1
        await execute("DELETE FROM own_framework_item WHERE tenant_id = $1", other.tenant_id)
    async with database.transaction(City(other.tenant_id)):
        assert len(await fetch("SELECT FROM own_framework_item")) == 1
    async with nation(admin_url) as shelf:
        await written(shelf, package("theirs", {"a": {}}))
    async with database.transaction(City(here.tenant_id)):
        shelf = own(here.tenant_id)
        assert await refused(shelf, package("theirs", {})) == [("NATIONAL_FRAMEWORK", "CFDocument.identifier")]
        thief = replace(package("city-thief", {}), items=(item("theirs/a"),))
        assert await refused(shelf, thief) == [("IDENTIFIER_ELSEWHERE", "theirs/a")]


async def test_a_city_writes_nothing_of_the_countrys(database: Database) -> None:
    here = await found_tenant(database, "no-writer")
    for table in ("framework", "framework_item", "framework_association"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.transaction(City(here.tenant_id)):
                await execute(f"DELETE FROM {table}")
