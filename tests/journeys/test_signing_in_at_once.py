"""Stories of somebody who signs in while they are forgotten: neither act fails the other."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from tests.journeys.stage import SECRET, Stage
from tests.journeys.test_at_once import forgets, late
from waypost.access import addresses, identities, people
from waypost.access.addresses import may_take
from waypost.access.attempts import Asked, begin_with_link
from waypost.access.identities import ask_for_link, sign_in_by_link
from waypost.access.people import find_person
from waypost.access.tokens import SIGN_IN
from waypost.db import fetchval, new_id
from waypost.privacy.commands import unfinished

ASKED = Asked(browser="a browser", client="192.0.2.1")
NOW = datetime.now(UTC)


async def known(stage: Stage) -> tuple[UUID, str]:
    """Somebody who has signed in with an address, and that."""
    address = f"{new_id().hex}@example.org"
    person = await find_person(stage.database, address, secret_key=SECRET, now=NOW)
    assert isinstance(person, UUID)
    return person, address


async def test_a_letter_is_asked_for_by_who_is_being_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    person, address = await known(stage)
    late(monkeypatch, people, "execute", before=True, wait_s=1.5)
    asking = ask_for_link(stage.database, ASKED, address, secret_key=SECRET, now=NOW)
    await asyncio.gather(asking, forgets(stage, person))
    assert await unfinished(stage.database) == []


async def test_a_link_is_used_by_who_is_being_forgotten(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    person, _ = await known(stage)
    async with stage.database.transaction(SIGN_IN):
        link = await begin_with_link(ASKED, person, new_id(), SECRET, NOW)
    assert isinstance(link, UUID)
    late(monkeypatch, identities, "_begin", before=True)
    await asyncio.gather(sign_in_by_link(stage.database, link, None, NOW), forgets(stage, person))
    async with stage.database.transaction(SIGN_IN):
        assert not await fetchval("SELECT EXISTS (SELECT FROM session WHERE person_id = $1)", person)


async def test_a_link_is_used_while_its_address_becomes_somebody_elses_further_one(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    me, _ = await known(stage)
    address = f"{new_id().hex}@example.org"
    link = await ask_for_link(stage.database, ASKED, address, secret_key=SECRET, now=NOW)
    assert isinstance(link, UUID)
    async with stage.database.transaction(SIGN_IN):
        owner = await fetchval("SELECT person_id FROM sign_in_attempt WHERE id = $1", link)
    late(monkeypatch, identities, "_begin", before=True)
    late(monkeypatch, addresses, "execute", before=True)

    async def takes() -> bool:
        await asyncio.sleep(0.15)
        async with stage.database.transaction(SIGN_IN):
            return await may_take(me, owner, NOW)

    session, taken = await asyncio.gather(sign_in_by_link(stage.database, link, None, NOW), takes())
    assert session, "who pressed the link was first"
    assert not taken
