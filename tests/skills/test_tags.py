from __future__ import annotations

from tests.rooms import found_tenant
from waypost.db import City, Database, National, fetch
from waypost.skills.rules import skill_id
from waypost.skills.store import ensure_skills, publish_concepts


async def test_two_cities_share_a_concept_and_keep_their_spelling(database: Database) -> None:
    for slug, name in (("east", "Team Work"), ("west", "team-work")):
        here = await found_tenant(database, slug)
        async with database.transaction(City(here.tenant_id)):
            ids = await ensure_skills(here, [name])
            await publish_concepts(here, tuple(ids.values()))
            assert [row["name"] for row in await fetch("SELECT name FROM skill")] == [name]
    async with database.transaction(National()):
        assert [row["name"] for row in await fetch("SELECT name FROM skill_concept")] == ["Team Work"]
        assert len(await fetch("SELECT FROM skill WHERE public")) == 2


async def test_a_tag_is_nobodys_business_until_it_is_published(database: Database) -> None:
    here = await found_tenant(database, "north")
    async with database.transaction(City(here.tenant_id)):
        await ensure_skills(here, ["Secret handshakes"])
    async with database.transaction(National()):
        assert not await fetch("SELECT FROM skill WHERE id = $1", skill_id("secret handshakes"))
        assert not await fetch("SELECT FROM skill_concept WHERE id = $1", skill_id("secret handshakes"))


async def test_asking_again_changes_nothing_and_the_first_spelling_stays(database: Database) -> None:
    here = await found_tenant(database, "south")
    async with database.transaction(City(here.tenant_id)):
        first = await ensure_skills(here, ["Public Speaking", "public speaking", "Listening"])
        again = await ensure_skills(here, ["PUBLIC SPEAKING"])
        assert first["Public Speaking"] == first["public speaking"] == again["PUBLIC SPEAKING"]
        names = [row["name"] for row in await fetch("SELECT name FROM skill ORDER BY name")]
        assert names == ["Listening", "Public Speaking"]
        assert await ensure_skills(here, []) == {}
        await publish_concepts(here, ())
