from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.rooms import NOW, found_issuer, found_tenant, refused
from waypost.access.people import NewToken, address_digest, create_token, find_person, normal_address
from waypost.access.tokens import Bearer, digest_of, find_bearer, make_token, revoke_token
from waypost.db import City, Database, Learner, System, execute, fetch, fetchrow, fetchval
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here

KEY = "secret"


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "brighton")


async def token_for(database: Database, here: Here | None, **changes: Any) -> NewToken:
    asked = {"role": "curator", "email": "Ada@Example.org", "secret_key": KEY, "now": NOW, **changes}
    made = await create_token(database, tenant=here.tenant_id if here else None, **asked)
    assert isinstance(made, NewToken), made
    return made


async def test_a_token_finds_its_bearer(database: Database, here: Here) -> None:
    made = await token_for(database, here)
    bearer = await find_bearer(database, made.token, NOW)
    assert bearer == Bearer(made.person_id, here.tenant_id, "curator", None, made.id)


async def test_an_operators_token_belongs_to_no_tenant(database: Database) -> None:
    made = await token_for(database, None, role="operator")
    bearer = await find_bearer(database, made.token, NOW)
    assert isinstance(bearer, Bearer)
    assert (bearer.tenant_id, bearer.role) == (None, "operator")


async def test_an_issuers_token_says_whose(database: Database, here: Here) -> None:
    issuer = await found_issuer(database, here)
    made = await token_for(database, here, role="issuer-staff", issuer=issuer)
    bearer = await find_bearer(database, made.token, NOW)
    assert isinstance(bearer, Bearer)
    assert bearer.issuer_id == issuer


async def test_an_expired_token_opens_nothing(database: Database, here: Here) -> None:
    made = await token_for(database, here, days=1)
    assert isinstance(await find_bearer(database, made.token, NOW + timedelta(hours=23)), Bearer)
    refusal = refused(await find_bearer(database, made.token, NOW + timedelta(days=1)))
    assert refusal.code == "TOKEN_EXPIRED"


async def test_a_revoked_token_opens_nothing(database: Database, here: Here) -> None:
    made = await token_for(database, here)
    async with database.transaction(System("tests")):
        assert await revoke_token(made.id, NOW)
        assert not await revoke_token(made.id, NOW)
    assert refused(await find_bearer(database, made.token, NOW)).code == "TOKEN_REVOKED"


async def test_a_token_is_worth_no_more_than_its_membership(database: Database, here: Here) -> None:
    made = await token_for(database, here, email="gone@example.org")
    async with database.transaction(City(here.tenant_id)):
        await execute("DELETE FROM membership WHERE person_id = $1", made.person_id)
    assert refused(await find_bearer(database, made.token, NOW)).code == "TOKEN_UNKNOWN"


@pytest.mark.parametrize("token", ["", "wp_", "wp_made-up", "Bearer", "wp_\x00"])
async def test_a_made_up_token_opens_nothing(database: Database, token: str) -> None:
    assert refused(await find_bearer(database, token, NOW)).code == "TOKEN_UNKNOWN"


async def test_use_is_noted_at_most_once_a_minute(database: Database, here: Here) -> None:
    made = await token_for(database, here)

    async def used(seconds: int) -> object:
        await find_bearer(database, made.token, NOW + timedelta(seconds=seconds))
        async with database.transaction(System("tests")):
            return await fetchval("SELECT last_used_at FROM token WHERE id = $1", made.id)

    assert await used(0) == NOW
    assert await used(59) == NOW
    assert await used(61) == NOW + timedelta(seconds=61)


async def test_neither_token_nor_address_is_kept_in_the_open(database: Database, here: Here) -> None:
    made = await token_for(database, here)
    async with database.transaction(System("tests")):
        rows = [*await fetch("SELECT * FROM token"), *await fetch("SELECT * FROM identity")]
    everything = " ".join(str(value) for row in rows for value in row.values())
    assert made.token not in everything
    assert "ada" not in everything.lower().split()
    assert "example.org" not in everything
    async with database.transaction(Learner(made.person_id)):
        row = await fetchrow("SELECT address FROM person_address")
        assert row is not None
        assert row["address"] == "ada@example.org"


async def test_one_address_is_one_person_however_it_is_typed(database: Database) -> None:
    people = {await find_person(database, email, secret_key=KEY, now=NOW) for email in (" Bob@X.org", "bob@x.ORG")}
    assert len(people) == 1
    assert await find_person(database, "rob@x.org", secret_key=KEY, now=NOW) not in people


async def test_a_second_token_makes_no_second_membership(database: Database, here: Here) -> None:
    first = await token_for(database, here, email="twice@example.org")
    await token_for(database, here, email="twice@example.org")
    async with database.transaction(City(here.tenant_id)):
        members = "SELECT count(*) FROM membership WHERE person_id = $1"
        assert await fetchval(members, first.person_id) == 1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"role": "king"}, ("role",)),
        ({"role": "operator"}, ("role",)),
        ({"role": "issuer-admin"}, ("issuer",)),
        ({"email": "nobody"}, ("email",)),
        ({"days": 0}, ("days",)),
        ({"days": 99999}, ("days",)),
    ],
)
async def test_roles_addresses_and_times_that_do_not_go_together_are_refused(
    database: Database, here: Here, change: dict[str, Any], path: tuple[str, ...]
) -> None:
    asked = {"role": "curator", "email": "a@b.org", "secret_key": KEY, "now": NOW, **change}
    assert refused(await create_token(database, tenant=here.tenant_id, **asked)).path == path


def test_tokens_are_long_random_and_known_by_their_beginning() -> None:
    tokens = {make_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(token.startswith("wp_") and len(token) == 46 for token in tokens)
    assert len(digest_of(tokens.pop())) == 64


def test_a_digest_depends_on_the_key() -> None:
    address = normal_address("Ada@Example.org ")
    assert not isinstance(address, Refusal)
    assert address_digest(address, "a") != address_digest(address, "b")
