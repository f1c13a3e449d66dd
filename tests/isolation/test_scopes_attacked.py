"""Every scope attacks every real table; each attack is believed because it succeeds once the wall is gone.

The SQL is raw: it never says `tenant_id = …`, so that nothing but the database holds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pytest

from tests.isolation.battlefield import (
    DENIED,
    SCOPES,
    Attack,
    Ground,
    attacks,
    lay_out,
    outcome,
    with_all_grants,
    without_policies,
    without_row_security,
)
from waypost.apps import core_app
from waypost.db import City, Kind, Learner, National, OwnedTable, Scope
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.db.connections import Connection, connect
from waypost.db.security import qualified
from waypost.plugins import load
from waypost.testing.databases import Server

TABLES: Final[tuple[type[OwnedTable], ...]] = (
    *BOOKKEEPING,
    *(table for app in (core_app(), *load().apps()) for table in app.tables),
)
NAMES: Final = [qualified(table) for table in TABLES]
CITY: Final = SCOPES[0]


@dataclass
class Field:
    """One database to be attacked by the login role."""

    app: Connection
    grounds: dict[str, Ground]

    async def differences(self, found: list[Attack]) -> list[str]:
        """Carry the attacks out; say which ended in another way than is right."""
        ends = [(attack, await outcome(self.app, attack.scope, attack.sql)) for attack in found]
        return [f"{attack}: {end} instead of {attack.right}" for attack, end in ends if end != attack.right]


@asynccontextmanager
async def field(server: Server, template: str, *spoils: str) -> AsyncIterator[Field]:
    """A copy of the platform's tables with rows in them, spoilt by what the functions of those names say."""
    spoil = {each.__name__: each for each in (without_row_security, without_policies, with_all_grants)}
    async with server.database(template) as name:
        admin = await connect(server.admin_url(name))
        grounds = await lay_out(admin, TABLES)
        for each in spoils:
            await admin.execute(spoil[each](grounds))
        await admin.close()
        app = await connect(await server.app_url(name))
        try:
            yield Field(app, {ground.name: ground for ground in grounds})
        finally:
            await app.close()


@pytest.fixture(scope="module")
async def whole(server: Server, whole_template: str) -> AsyncIterator[Field]:
    async with field(server, whole_template) as found:
        yield found


@pytest.fixture(scope="module")
async def unguarded(server: Server, whole_template: str) -> AsyncIterator[Field]:
    """Without row security; grants as they are."""
    async with field(server, whole_template, "without_row_security") as found:
        yield found


@pytest.fixture(scope="module")
async def razed(server: Server, whole_template: str) -> AsyncIterator[Field]:
    """Without row security, and with every grant."""
    async with field(server, whole_template, "without_row_security", "with_all_grants") as found:
        yield found


@pytest.fixture(scope="module")
async def bare(server: Server, whole_template: str) -> AsyncIterator[Field]:
    """With row security on and every grant, and not one policy."""
    async with field(server, whole_template, "without_policies", "with_all_grants") as found:
        yield found


@pytest.mark.parametrize("scope", SCOPES, ids=lambda scope: type(scope).__name__)
@pytest.mark.parametrize("name", NAMES)
async def test_a_scope_reaches_what_is_its_own_and_nothing_else(
    whole: Field, unguarded: Field, razed: Field, name: str, scope: Scope
) -> None:
    found = list(attacks(whole.grounds[name], scope))
    assert await whole.differences(found) == []
    # Where a policy was in the way, the same attack now reaches what it must not.
    held = [each for each in found if each.is_granted and each.right in {0, DENIED}]
    assert len(await unguarded.differences(held)) == len(held)
    # Where a grant was missing, likewise.
    refused = [each for each in found if each.right == DENIED]
    assert len(await razed.differences(refused)) == len(refused)


def test_every_kind_of_table_is_attacked_and_enough_is_held_by_policies(whole: Field) -> None:
    found = [each for ground in whole.grounds.values() for scope in SCOPES for each in attacks(ground, scope)]
    assert {each.ground.owned.kind for each in found} == set(Kind)
    held = {each.ground.name for each in found if each.is_granted and each.right in {0, DENIED}}
    bound = {name for name, ground in whole.grounds.items() if ground.lead is not None}
    assert held == bound


@pytest.mark.parametrize("name", NAMES)
async def test_without_a_scope_everything_is_refused(whole: Field, razed: Field, name: str) -> None:
    """Not even with every grant to every scope: the login inherits nothing."""
    for place in (whole, razed):
        ends = {await outcome(place.app, None, each.sql) for each in attacks(place.grounds[name], CITY)}
        assert ends == {DENIED}


@pytest.mark.parametrize("name", NAMES)
async def test_a_table_that_lost_its_policies_shows_nothing_to_anybody(bare: Field, name: str) -> None:
    for scope in SCOPES:
        for attack in attacks(bare.grounds[name], scope):
            expected = DENIED if attack.name == "inserts" else 0
            assert await outcome(bare.app, scope, attack.sql) == expected, str(attack)


async def counted(place: Field, scope: Scope, kind: Kind) -> dict[str, int | str]:
    """How many rows of each table of a kind a scope sees when it asks for all."""
    named = [ground.name for ground in place.grounds.values() if ground.owned.kind is kind]
    return {name: await outcome(place.app, scope, f"SELECT * FROM {name}") for name in named}


async def test_a_city_that_asks_for_everything_gets_its_own_alone(whole: Field, unguarded: Field) -> None:
    """Not even what others have published."""
    assert set((await counted(whole, CITY, Kind.TENANT)).values()) == {2}
    assert set((await counted(unguarded, CITY, Kind.TENANT)).values()) == {4}


async def test_the_nation_that_asks_for_everything_gets_what_is_public(whole: Field, unguarded: Field) -> None:
    seen = await counted(whole, National(), Kind.TENANT)
    public = {name for name, ground in whole.grounds.items() if ground.owned.public}
    assert {name for name, rows in seen.items() if rows == 2} == public
    assert {rows for name, rows in seen.items() if name not in public} == {DENIED}
    assert {(await counted(unguarded, National(), Kind.TENANT))[name] for name in public} == {4}


async def test_a_learner_that_asks_for_everything_gets_what_is_theirs(whole: Field, unguarded: Field) -> None:
    learner = next(scope for scope in SCOPES if isinstance(scope, Learner))
    assert set((await counted(whole, learner, Kind.PERSON)).values()) == {2}
    assert set((await counted(unguarded, learner, Kind.PERSON)).values()) == {4}


async def test_a_city_whose_id_is_nobodys_sees_nothing(whole: Field) -> None:
    """And one that forgot to say who it is: the role alone opens nothing."""
    seen = await counted(whole, City(UUID(int=1)), Kind.TENANT)
    assert set(seen.values()) == {0}
    await whole.app.execute("BEGIN; SET LOCAL ROLE waypost_city")
    try:
        assert {await whole.app.fetchval(f"SELECT count(*) FROM {name}") for name in seen} == {0}
    finally:
        await whole.app.execute("ROLLBACK")
