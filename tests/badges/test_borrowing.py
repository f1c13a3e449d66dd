from __future__ import annotations

from uuid import UUID

import pytest

from tests.rooms import (
    NOW,
    badge_words,
    done,
    found_issuer,
    found_tenant,
    opportunity_words,
    publish_badge,
)
from waypost.badges import tables
from waypost.badges.store import (
    Loan,
    borrow,
    borrow_all,
    find_loans,
    loans_of,
    refresh_borrowings,
    retire_badge,
    write_badge,
)
from waypost.db import City, Database, National, System, execute, fetchrow
from waypost.opportunities.store import write_opportunity
from waypost.tenancy.entries import Here, find_entry


@pytest.fixture(scope="module")
async def home(database: Database) -> Here:
    return await found_tenant(database, "plymouth")


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "brighton")


@pytest.fixture(scope="module")
async def issuer(database: Database, home: Here) -> UUID:
    return await found_issuer(database, home)


async def find(database: Database, slug: str) -> Loan:
    async with database.transaction(National()):
        return (await find_loans("badge", [("plymouth", slug)]))["plymouth", slug]


async def test_another_citys_badge_is_shown_through_a_row_of_ones_own(
    database: Database, home: Here, here: Here, issuer: UUID
) -> None:
    badge = await publish_badge(database, home, issuer, "smart-citizen")
    loan = await find(database, "smart-citizen")
    assert (loan.object_id, loan.home_tenant_id, loan.version, loan.state) == (badge, home.tenant_id, 1, "published")
    async with database.transaction(City(here.tenant_id)):
        ref = await borrow(here, loan)
        assert (ref.id, ref.home_tenant_id) == (badge, home.tenant_id)
        assert await borrow(here, loan) == ref
        assert await borrow_all(here, [loan]) == 0
        row = await fetchrow("SELECT name, layer, public FROM borrowed WHERE id = $1", ref.borrowed_id)
    assert row is not None
    assert tuple(row) == ("Smart Citizen", "rsa-2019/engage", True)


async def test_what_is_missing_or_not_published_cannot_be_borrowed(
    database: Database, home: Here, issuer: UUID
) -> None:
    await publish_badge(database, home, issuer, "secret", state="draft")
    names = [("plymouth", "secret"), ("plymouth", "missing"), ("atlantis", "smart-citizen")]
    async with database.transaction(National()):
        assert await find_loans("badge", names) == {}


async def test_nobody_borrows_from_themselves(database: Database, home: Here, issuer: UUID) -> None:
    await publish_badge(database, home, issuer, "own")
    loan = await find(database, "own")
    async with database.transaction(City(home.tenant_id)):
        with pytest.raises(ValueError, match="own"):
            await borrow(home, loan)


async def test_an_opportunity_can_be_borrowed_too(database: Database, home: Here, here: Here, issuer: UUID) -> None:
    async with database.transaction(City(home.tenant_id)):
        made = done(await write_opportunity(home, opportunity_words(issuer), None, None, NOW))
    async with database.transaction(National()):
        loan = (await loans_of("opportunity", [made.id]))[made.id]
    assert (loan.name, loan.layer, loan.slug) == ("Film Lab", None, "film-lab")
    async with database.transaction(City(here.tenant_id)):
        assert (await borrow(here, loan)).borrowed_id is not None


async def test_what_changes_at_home_changes_where_it_is_borrowed(
    database: Database, home: Here, here: Here, issuer: UUID
) -> None:
    old = await publish_badge(database, home, issuer, "changing")
    new = await publish_badge(database, home, issuer, "successor")
    loan = await find(database, "changing")
    async with database.transaction(City(here.tenant_id)):
        await borrow(here, loan)
    assert await refresh_borrowings(database, here) == 0
    async with database.transaction(City(home.tenant_id)):
        entry = await find_entry(tables.Badge, home, id=old)
        done(await write_badge(home, badge_words(issuer, "changing", name="Changed"), entry, NOW))
        await retire_badge(home, old, NOW, new)
    assert await refresh_borrowings(database, here) == 1
    assert await _shown(database, here, old) == ("Changed", 2, "retired", new)


async def test_what_its_home_no_longer_shows_is_withdrawn_and_keeps_its_words(
    database: Database, home: Here, here: Here, issuer: UUID
) -> None:
    badge = await publish_badge(database, home, issuer, "passing")
    loan = await find(database, "passing")
    async with database.transaction(City(here.tenant_id)):
        await borrow(here, loan)
    async with database.transaction(City(home.tenant_id)):
        await execute("UPDATE badge SET public = false WHERE id = $1", badge)
    assert await refresh_borrowings(database, here) == 1
    assert await refresh_borrowings(database, here) == 0
    assert await _shown(database, here, badge) == ("Passing", 1, "withdrawn", None)


async def test_a_city_is_found_by_a_slug_it_had_once(database: Database, home: Here, issuer: UUID) -> None:
    await publish_badge(database, home, issuer, "lasting")
    async with database.transaction(System("tests")):
        await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ('sutton', $1)", home.tenant_id)
    async with database.transaction(National()):
        found = await find_loans("badge", [("plymouth", "lasting"), ("sutton", "lasting")])
    assert found["plymouth", "lasting"] == found["sutton", "lasting"]


async def _shown(database: Database, here: Here, id: UUID) -> tuple[object, ...]:
    async with database.transaction(City(here.tenant_id)):
        row = await fetchrow("SELECT name, version, state, replaced_by FROM borrowed WHERE object_id = $1", id)
    assert row is not None
    return tuple(row)
