from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.rooms import NOW, badge_words, done, found_issuer, found_tenant, publish_badge, refused, rolled_back
from waypost.badges import tables
from waypost.badges.rules import skill_names, wording
from waypost.badges.store import BadgeText, BadgeWords, CriterionWords, read_badge, retire_badge, write_badge
from waypost.db import Database, National, fetch, fetchrow, fetchval, new_id
from waypost.tenancy.entries import Cost, Here, Written, find_entry

LATER = NOW + timedelta(days=1)


@pytest.fixture(scope="module")
async def tenant(database: Database) -> Here:
    return await found_tenant(database, "plymouth")


@pytest.fixture(scope="module")
async def issuer(database: Database, tenant: Here) -> UUID:
    return await found_issuer(database, tenant)


@pytest.fixture
async def here(database: Database, tenant: Here) -> AsyncIterator[Here]:
    async with rolled_back(database, tenant) as city:
        yield city


async def write(here: Here, words: BadgeWords) -> Written:
    entry = await find_entry(tables.Badge, here, slug=words.slug)
    return done(await write_badge(here, words, entry, NOW if entry is None else LATER))


async def states(badge: UUID) -> list[tuple[int, str, str]]:
    sql = "SELECT number, state, name FROM badge_version WHERE badge_id = $1 ORDER BY number"
    return [tuple(row) for row in await fetch(sql, badge)]


async def test_a_badge_is_read_as_it_was_written(here: Here, issuer: UUID) -> None:
    words = badge_words(
        issuer,
        text={"cy": BadgeText("Dinesydd", "Disgrifiad", ("Un", "Dau"))},
        cost=Cost(free=True, note="Bring lunch"),
        category="skill",
        level="advanced",
        time_to_earn="weeks",
        urgent=True,
        skills=("Teamwork", "Wit"),
    )
    badge = await write(here, words)
    assert await read_badge(here, badge.id) == words
    assert await read_badge(here, new_id()) is None


async def test_the_same_words_change_nothing(here: Here, issuer: UUID) -> None:
    words = badge_words(issuer)
    badge = await write(here, words)
    assert badge.created
    assert not (await write(here, words)).changed
    assert await states(badge.id) == [(1, "published", "Smart Citizen")]


async def test_what_was_published_keeps_its_words_when_they_move_on(here: Here, issuer: UUID) -> None:
    badge = await write(here, badge_words(issuer))
    assert (await write(here, badge_words(issuer, name="Clever Citizen"))).changed
    assert await states(badge.id) == [(1, "published", "Smart Citizen"), (2, "published", "Clever Citizen")]
    assert await fetchval("SELECT name FROM badge") == "Clever Citizen"
    published = await fetch("SELECT published_at FROM badge_version ORDER BY number")
    assert [row["published_at"] for row in published] == [NOW, LATER]


@pytest.mark.parametrize(
    "change",
    [
        {"description": "Other."},
        {"layer": "rsa-2019/lead"},
        {"skills": ("Teamwork", "Wit")},
        {"criteria": (CriterionWords("Came along"), CriterionWords("Stayed"))},
        {"criteria": (CriterionWords("Stayed"), CriterionWords("Came along", skills=("Curiosity",)))},
        {"criteria": (CriterionWords("Came along", False, ("Curiosity",)), CriterionWords("Stayed"))},
        {"text": {"cy": BadgeText("Dinesydd", "Disgrifiad")}},
    ],
)
async def test_other_words_are_another_version(here: Here, issuer: UUID, change: dict[str, Any]) -> None:
    badge = await write(here, badge_words(issuer))
    await write(here, badge_words(issuer, **change))
    assert len(await states(badge.id)) == 2


@pytest.mark.parametrize("change", [{"image_url": "https://example.org/x"}, {"urgent": True}, {"level": "advanced"}])
async def test_minor_facts_change_without_a_version(here: Here, issuer: UUID, change: dict[str, Any]) -> None:
    badge = await write(here, badge_words(issuer))
    assert (await write(here, badge_words(issuer, **change))).changed
    assert len(await states(badge.id)) == 1


async def test_a_spelling_of_a_skill_is_no_other_version(here: Here, issuer: UUID) -> None:
    badge = await write(here, badge_words(issuer))
    await write(here, badge_words(issuer, skills=("TEAMWORK",)))
    assert len(await states(badge.id)) == 1


async def test_a_draft_is_rewritten_until_it_is_published(here: Here, issuer: UUID) -> None:
    draft = badge_words(issuer, state="draft", criteria=())
    badge = await write(here, draft)
    assert await read_badge(here, badge.id) == draft
    assert not (await write(here, draft)).changed
    await write(here, replace(draft, name="Draft"))
    assert await states(badge.id) == [(1, "draft", "Draft")]
    assert await fetchval("SELECT public FROM badge") is False
    await write(here, badge_words(issuer))
    assert await states(badge.id) == [(1, "published", "Smart Citizen")]
    row = await fetchrow("SELECT public, state, layer FROM badge")
    assert row is not None
    assert tuple(row) == (True, "published", "rsa-2019/engage")


async def test_a_draft_beside_a_published_version_leaves_it_in_force(here: Here, issuer: UUID) -> None:
    words = badge_words(issuer)
    badge = await write(here, words)
    await write(here, badge_words(issuer, name="Draft", state="draft"))
    assert await states(badge.id) == [(1, "published", "Smart Citizen"), (2, "draft", "Draft")]
    row = await fetchrow("SELECT name, state, public FROM badge")
    assert row is not None
    assert tuple(row) == ("Smart Citizen", "published", True)
    assert await read_badge(here, badge.id) == words
    assert not (await write(here, words)).changed, "the draft waits"
    await write(here, badge_words(issuer, name="New"))
    assert await states(badge.id) == [(1, "published", "Smart Citizen"), (2, "published", "New")]


async def test_a_retired_badge_stays_readable_and_names_its_successor(here: Here, issuer: UUID) -> None:
    old, new = await write(here, badge_words(issuer, "old")), await write(here, badge_words(issuer, "new"))
    assert await retire_badge(here, old.id, LATER, new.id)
    assert not await retire_badge(here, old.id, LATER, new.id)
    row = await fetchrow("SELECT state, public, retired_at, replaced_by_id FROM badge WHERE id = $1", old.id)
    assert row is not None
    assert tuple(row) == ("retired", True, LATER, new.id)
    read = await read_badge(here, old.id)
    assert read is not None
    assert (read.state, read.replaced_by_id) == ("retired", new.id)
    assert not (await write(here, read)).changed
    assert (await write(here, badge_words(issuer, "old"))).changed
    assert await fetchval("SELECT retired_at FROM badge WHERE id = $1", old.id) is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": " "}, "INVALID"),
        ({"name": "x" * 201}, "INVALID"),
        ({"image_url": "file:///etc/passwd"}, "INVALID"),
        ({"layer": "rsa-2019/sing"}, "LAYER_UNKNOWN"),
        ({"criteria": (CriterionWords("One"),)}, "NOT_PUBLISHABLE"),
        ({"description": ""}, "NOT_PUBLISHABLE"),
        ({"category": "magic"}, "INVALID"),
        ({"level": "black-belt"}, "INVALID"),
        ({"time_to_earn": "ages"}, "INVALID"),
        ({"state": "approved"}, "INVALID"),
        ({"skills": ("!",)}, "INVALID"),
        ({"skills": tuple(f"skill {n}" for n in range(101))}, "INVALID"),
        ({"criteria": tuple(CriterionWords(f"{n}") for n in range(51))}, "INVALID"),
        ({"criteria": (CriterionWords(""), CriterionWords("x"))}, "INVALID"),
        ({"text": {"cy": BadgeText("x", "y", ("a", "b", "c"))}}, "INVALID"),
        ({"issuer_id": new_id()}, "NOT_FOUND"),
        ({"replaced_by_id": new_id()}, "NOT_FOUND"),
    ],
)
async def test_faults_are_refused_and_nothing_is_written(
    here: Here, issuer: UUID, change: dict[str, Any], code: str
) -> None:
    assert refused(await write_badge(here, badge_words(issuer, **change), None, NOW)).code == code
    assert await fetchval("SELECT count(*) FROM badge") == 0
    assert await fetchval("SELECT count(*) FROM skill") == 0


def test_skills_of_criteria_are_skills_of_the_badge() -> None:
    here = Here(new_id(), "x", ("en",), "Europe/London", "rsa-2019")
    words = badge_words(new_id())
    assert skill_names(words) == ("Teamwork", "Curiosity")
    assert len(wording(here, words).skills) == 2


async def test_the_country_sees_a_published_badge_with_all_its_words(
    database: Database, tenant: Here, issuer: UUID
) -> None:
    await publish_badge(database, tenant, issuer, "public", text={"cy": BadgeText("C", "D", ("Un",))})
    async with database.transaction(National()):
        tally = [await fetchval(f"SELECT count(*) FROM {table}") for table in PUBLIC]
    assert tally == [1, 1, 2, 2, 3, 1, 2, 2]


PUBLIC = (
    "badge",
    "badge_version",
    "badge_text",
    "criterion",
    "criterion_text",
    "criterion_skill",
    "badge_skill",
    "skill_concept",
)
