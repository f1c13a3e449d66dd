"""Stories of a badge's next version, while something else changes: its city's languages, its files, its creator."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import DRAFT, decided, submitted
from waypost.db import City, System, execute, fetch, new_id

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
