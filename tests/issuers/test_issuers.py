from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from tests.rooms import done, found_tenant, refused, rolled_back
from waypost.db import Database, fetch, new_id
from waypost.issuers import tables
from waypost.issuers.store import (
    IssuerText,
    IssuerWords,
    OrganisationWords,
    close_issuer,
    ensure_organisation,
    read_issuer,
    write_issuer,
)
from waypost.tenancy.entries import Here, find_entry


@pytest.fixture(scope="module")
async def tenant(database: Database) -> Here:
    return await found_tenant(database, "brighton")


@pytest.fixture
async def here(database: Database, tenant: Here) -> AsyncIterator[Here]:
    async with rolled_back(database, tenant) as city:
        yield city


@pytest.fixture
async def words(here: Here) -> IssuerWords:
    organisation = await ensure_organisation(OrganisationWords("nspcc", "NSPCC", "charity"))
    assert isinstance(organisation, UUID)
    return IssuerWords(
        "nspcc",
        "NSPCC",
        "charity",
        organisation,
        roles=("endorses", "issues"),
        description="Keeps children safe.",
        url="https://example.org/nspcc",
        latitude=50.8,
        longitude=-0.1,
        text={"cy": IssuerText("NSPCC Cymru")},
    )


async def test_an_issuer_is_read_as_it_was_written(here: Here, words: IssuerWords) -> None:
    issuer = done(await write_issuer(here, words, None))
    assert await read_issuer(here, issuer.id) == words
    assert await read_issuer(here, new_id()) is None


async def test_the_same_words_change_nothing_and_others_do(here: Here, words: IssuerWords) -> None:
    done(await write_issuer(here, words, None))
    entry = await find_entry(tables.Issuer, here, slug="nspcc")
    assert not done(await write_issuer(here, words, entry)).changed
    assert done(await write_issuer(here, replace(words, roles=("issues",)), entry)).changed
    assert [row["role"] for row in await fetch("SELECT role FROM issuer_role")] == ["issues"]


async def test_an_issuer_stands_below_another_but_never_below_itself(here: Here, words: IssuerWords) -> None:
    top = done(await write_issuer(here, replace(words, slug="top"), None)).id
    below = done(await write_issuer(here, replace(words, slug="below", parent_id=top), None)).id
    entry = await find_entry(tables.Issuer, here, id=top)
    refusal = refused(await write_issuer(here, replace(words, slug="top", parent_id=below), entry))
    assert refusal.code == "PARENT_CYCLE"
    refusal = refused(await write_issuer(here, replace(words, parent_id=new_id()), None))
    assert (refusal.code, refusal.path) == ("NOT_FOUND", ("parent",))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, ("name",)),
        ({"kind": "gang"}, ("kind",)),
        ({"roles": ("rules",)}, ("roles",)),
        ({"latitude": None}, ("latitude",)),
        ({"longitude": 200.0}, ("longitude",)),
        ({"text": {"fr": IssuerText("x")}}, ("text", "fr")),
        ({"slug": "--"}, ("slug",)),
    ],
)
async def test_faults_are_refused_where_they_are(
    here: Here, words: IssuerWords, change: dict[str, Any], path: tuple[str, ...]
) -> None:
    assert refused(await write_issuer(here, replace(words, **change), None)).path == path


async def test_a_closed_issuer_is_off_the_lists(here: Here, words: IssuerWords) -> None:
    id = done(await write_issuer(here, words, None)).id
    assert await close_issuer(here, id)
    assert not await close_issuer(here, id)
