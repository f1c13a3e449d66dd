"""Stories of a badge's next version, while something else changes: its city's languages, its files, its creator."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.rooms import badge_words
from tests.school.stage import DRAFT, decided, submitted
from waypost.badges import tables
from waypost.badges.store import write_badge
from waypost.db import City, System, execute, fetch, new_id
from waypost.refusal import Invalid
from waypost.tenancy.entries import Written, find_entry

ADMIN = {"who": "college admin"}
CODES = ("SIMILAR_BADGE", "DESCRIPTION_OPENING", "CRITERION_OPENING")
REASONS = [{"code": each, "reason": "A test of its own."} for each in CODES]

LANGUAGES_SQL = """
SELECT x.language FROM badge b JOIN badge_text x ON x.tenant_id = b.tenant_id AND x.version_id = b.version_id
WHERE b.tenant_id = $1 AND b.id = $2 ORDER BY x.language
"""


@pytest.fixture
def name() -> str:
    """A badge's name that is like no other."""
    return f"{new_id().hex[-10:]} badge"


async def approved(stage: Stage, name: str, **facts: Any) -> str:
    """A badge of the college that a curator approved; its id."""
    draft = await submitted(stage, name=name, reasons=REASONS, **facts)
    await decided(stage, draft)
    return str(draft["badgeId"])


async def published(stage: Stage, name: str) -> str:
    badge = await approved(stage, name)
    await stage.done("publishBadge", {"badge": badge}, "badge { id }", **ADMIN)
    return badge


async def speaks(stage: Stage, *languages: str) -> None:
    async with stage.database.transaction(System("tests")):
        sql = "UPDATE tenant SET languages = $2 WHERE id = $1"
        await execute(sql, stage.town("brighton").id, list(languages))
    await stage.reload()


# A language less


async def test_what_was_approved_is_published_without_a_language_that_the_city_gave_up(stage: Stage, name: str) -> None:
    welsh = {"language": "cy", "name": f"Bathodyn {name}", "description": "", "criteria": []}
    badge = await approved(stage, name, translations=[welsh])
    await speaks(stage, "en")
    try:
        await stage.done("publishBadge", {"badge": badge}, "version { number }", **ADMIN)
        changed = await stage.done("updateBadgeDraft", {"badge": badge, "level": "advanced"}, DRAFT, **ADMIN)
        assert changed["draft"]["state"] == "DRAFT"
    finally:
        await speaks(stage, "en", "cy")
    assert await languages(stage, badge) == ["en"]


async def test_what_was_approved_is_published_in_the_language_that_is_the_citys_first_now(
    stage: Stage, name: str
) -> None:
    criteria = ["Mae wedi cynllunio.", "Mae wedi arwain."]
    welsh = {"language": "cy", "name": f"Bathodyn {name}", "description": "Mae.", "criteria": criteria}
    badge = await approved(stage, name, translations=[welsh])
    await speaks(stage, "cy")
    try:
        shown = "version { name criteria { text } }"
        done = await stage.done("publishBadge", {"badge": badge}, shown, **ADMIN)
        assert done["version"] == {"name": f"Bathodyn {name}", "criteria": [{"text": each} for each in criteria]}
    finally:
        await speaks(stage, "en", "cy")
    assert await languages(stage, badge) == ["cy"]


async def languages(stage: Stage, badge: str) -> list[str]:
    """In which languages a badge's version in force is there."""
    named = named_by(badge)
    async with stage.database.transaction(City(named.tenant)):
        return [row["language"] for row in await fetch(LANGUAGES_SQL, named.tenant, named.row)]


# Files


async def test_files_do_not_write_over_a_version_that_is_being_drafted(stage: Stage, name: str) -> None:
    """Its city said that files were a seed, and says now that they keep everything again."""
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    town = stage.town("plymouth")
    words = badge_words(club, f"kept-{name[:10]}", name=name)
    kept = await stage.build.badge(town, words)
    badge = str(kept.gid)
    await stage.kept_in_files(badge)
    how = {"city": "plymouth", "who": "plymouth curator"}
    async with stage.seeded("plymouth"):
        await stage.done("updateBadgeDraft", {"badge": badge, "description": "Else."}, DRAFT, **how)
    files = dataclasses.replace(town.here, managed_by="files")
    moved = dataclasses.replace(words, level="advanced")
    other = dataclasses.replace(words, description="As the file says it now.")
    async with stage.database.transaction(City(town.id)):
        at = await find_entry(tables.Badge, files, id=kept.id)
        assert isinstance(await write_badge(files, moved, at, stage.build.world.now), Written)
    for said in (other, dataclasses.replace(other, state="draft")):
        async with stage.database.transaction(City(town.id)):
            refused = await write_badge(files, said, at, stage.build.world.now)
        assert isinstance(refused, Invalid)
        assert words.slug in refused.message


# Whose it is


async def test_who_may_retire_a_badge_is_said_by_the_version_in_force(stage: Stage, name: str) -> None:
    badge = await published(stage, name)
    club = stage.id("Issuer", "brighton", "youth-club")
    given = {"badge": badge, "creator": club, "issuer": club}
    await stage.done("updateBadgeDraft", given, DRAFT, who="brighton curator")
    assert (await stage.refused("retireBadge", {"badge": badge}, who="issuer-admin"))[1] == "FORBIDDEN"
    done = await stage.done("retireBadge", {"badge": badge}, "badge { state }", **ADMIN)
    assert done["badge"] == {"state": "RETIRED"}


async def test_a_badge_that_was_never_published_is_given_up_by_whose_draft_it_is(stage: Stage, name: str) -> None:
    draft = await submitted(stage, name=name, reasons=REASONS)
    badge = {"badge": draft["badgeId"]}
    assert (await stage.refused("retireBadge", badge, who="issuer-admin"))[1] == "FORBIDDEN"
    assert (await stage.done("retireBadge", badge, "badge { state }", **ADMIN))["badge"] is None
