from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.rooms import (
    NOW,
    done,
    found_issuer,
    found_tenant,
    opportunity_words,
    publish_badge,
    refused,
    rolled_back,
)
from waypost.badges.store import borrow, find_loans
from waypost.db import City, Database, National, fetch, fetchrow, fetchval, new_id
from waypost.opportunities.store import write_opportunity
from waypost.pathways import tables
from waypost.pathways.store import (
    Edges,
    PathwayText,
    PathwayWords,
    Rule,
    StepWords,
    edges_elsewhere,
    read_pathway,
    retire_pathway,
    write_pathway,
)
from waypost.tenancy.entries import Here, Ref, Written, find_entry

NOWHERE = Edges()


@dataclass(frozen=True)
class Town:
    """A city with an issuer, two badges and an opportunity, and a badge borrowed from another."""

    here: Here
    home: Here
    words: PathwayWords
    first: Ref
    second: Ref
    borrowed: Ref
    lab: Ref

    def pathway(self, *steps: StepWords, **changes: Any) -> PathwayWords:
        return replace(self.words, steps=steps, **changes)


@pytest.fixture(scope="module")
async def town(database: Database) -> Town:
    here, home = await found_tenant(database, "brighton"), await found_tenant(database, "plymouth")
    issuer = await found_issuer(database, here)
    first = await publish_badge(database, here, issuer, "first")
    second = await publish_badge(database, here, issuer, "second")
    await publish_badge(database, home, await found_issuer(database, home), "smart-citizen")
    async with database.transaction(National()):
        loans = await find_loans("badge", [("plymouth", "smart-citizen")])
    async with database.transaction(City(here.tenant_id)):
        borrowed = await borrow(here, loans["plymouth", "smart-citizen"])
        lab = done(await write_opportunity(here, opportunity_words(issuer), None, None, NOW)).id
    words = PathwayWords("film", "Film", "Make films.", issuer, state="published")
    own = here.tenant_id
    return Town(here, home, words, Ref(first, own), Ref(second, own), borrowed, Ref(lab, own))


@pytest.fixture
async def here(database: Database, town: Town) -> AsyncIterator[Here]:
    async with rolled_back(database, town.here) as city:
        yield city


async def write(here: Here, words: PathwayWords) -> Written:
    entry = await find_entry(tables.Pathway, here, slug=words.slug)
    return done(await write_pathway(here, words, entry, NOWHERE))


async def test_a_pathway_is_read_as_it_was_written(here: Here, town: Town) -> None:
    words = town.pathway(
        StepWords("discover", "Discover", badges=(town.borrowed, town.first), opportunities=(town.lab,)),
        StepWords("practise", "Practise", rule=Rule("at-least", 1), optional=True),
        StepWords("camera", "Camera", parent="practise", rule=Rule("any"), badges=(town.second,)),
        rule=Rule("any"),
        interests=("digital", "film"),
        outcomes=(town.lab.id,),
        text={"cy": PathwayText("Ffilm", "Gwnewch", {"discover": "Darganfod"})},
        source_id="catalogue/all.toml#film",
    )
    made = await write(here, words)
    assert await read_pathway(here, made.id) == words
    assert not (await write(here, words)).changed
    assert await read_pathway(here, new_id()) is None


async def test_steps_keep_their_ids_when_others_come_go_and_move(here: Here, town: Town) -> None:
    one, two, three = (StepWords(key, key.title()) for key in ("one", "two", "three"))
    made = await write(here, town.pathway(one, two, replace(three, parent="two")))
    before = await _steps(made)
    await write(here, town.pathway(three, StepWords("new", "New"), replace(one, parent="three")))
    after = await _steps(made)
    assert list(after) == ["three", "one", "new"]
    assert (after["one"], after["three"]) == (before["one"], before["three"])
    assert await fetchval("SELECT count(*) FROM step_text") == 3


async def test_links_of_steps_follow_the_words(here: Here, town: Town) -> None:
    made = await write(here, town.pathway(StepWords("a", "A", badges=(town.first, town.borrowed))))
    assert (await write(here, town.pathway(StepWords("a", "A", badges=(town.borrowed, town.second))))).changed
    rows = await fetch("SELECT badge_id, borrowed_id, pathway_id FROM step_badge ORDER BY position")
    assert [tuple(row) for row in rows] == [
        (town.borrowed.id, town.borrowed.borrowed_id, made.id),
        (town.second.id, None, made.id),
    ]


async def test_a_draft_is_shown_to_nobody_and_what_is_retired_stays_readable(here: Here, town: Town) -> None:
    words = town.pathway(StepWords("a", "A", badges=(town.first,)))
    made = await write(here, replace(words, state="draft"))
    assert await _public(made) == {False}
    await write(here, words)
    assert await _public(made) == {True}
    assert await retire_pathway(here, made.id)
    assert not await retire_pathway(here, made.id)
    row = await fetchrow("SELECT state, public FROM pathway")
    assert row is not None
    assert tuple(row) == ("retired", True)


async def test_two_pathways_of_one_city_may_not_ask_for_each_other(here: Here, town: Town) -> None:
    up = town.pathway(StepWords("a", "A", badges=(town.first,)), completion_badge_id=town.second.id)
    down = town.pathway(
        StepWords("a", "A", badges=(town.second,)), completion_badge_id=town.first.id, slug="down", name="Down"
    )
    await write(here, replace(up, state="draft"))
    refusal = refused(await write_pathway(here, down, None, NOWHERE))
    assert refusal.code == "PATHWAY_CYCLE"
    assert '"Down" needs a badge awarded by "Film"' in refusal.message


async def test_nor_may_those_of_two_cities_over_borrowed_badges(database: Database, town: Town) -> None:
    async with database.transaction(National()):
        loans = await find_loans("badge", [("brighton", "first")])
    async with database.transaction(City(town.home.tenant_id)):
        borrowed = await borrow(town.home, loans["brighton", "first"])
        issuer = await fetchval("SELECT id FROM issuer")
        away = PathwayWords(
            "away",
            "Away",
            "",
            issuer,
            steps=(StepWords("a", "A", badges=(borrowed,)),),
            completion_badge_id=town.borrowed.id,
            state="published",
        )
        done(await write_pathway(town.home, away, None, NOWHERE))
    async with database.transaction(National()):
        elsewhere = await edges_elsewhere(town.here.tenant_id)
    words = town.pathway(StepWords("a", "A", badges=(town.borrowed,)), completion_badge_id=town.first.id)
    async with database.transaction(City(town.here.tenant_id)):
        refusal = refused(await write_pathway(town.here, words, None, elsewhere))
        assert '"Film" needs a badge awarded by "Away"' in refusal.message
        other = replace(words, completion_badge_id=town.second.id)
        done(await write_pathway(town.here, other, None, elsewhere))
    async with database.transaction(National()):
        assert await fetchval("SELECT count(*) FROM step_badge") == 2


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"issuer_id": new_id()}, ("issuer",)),
        ({"completion_badge_id": new_id()}, ("completionBadge",)),
        ({"outcomes": (new_id(),)}, ("outcomes",)),
        ({"steps": (StepWords("a", "A", badges=(Ref(new_id(), new_id()),)),)}, ("steps",)),
        ({"steps": (StepWords("a", "A", badges=(Ref(new_id(), new_id(), new_id()),)),)}, ("steps",)),
        ({"steps": (StepWords("a", "A", opportunities=(Ref(new_id(), new_id()),)),)}, ("steps",)),
    ],
)
async def test_what_is_not_there_is_not_found_and_nothing_is_written(
    here: Here, town: Town, change: dict[str, Any], path: tuple[str, ...]
) -> None:
    words = replace(town.pathway(StepWords("a", "A")), **change)
    refusal = refused(await write_pathway(here, words, await find_entry(tables.Pathway, here, slug="x"), NOWHERE))
    assert (refusal.code, refusal.path) == ("NOT_FOUND", path)


async def _steps(pathway: Written) -> dict[str, object]:
    rows = await fetch("SELECT key, id FROM step WHERE pathway_id = $1 ORDER BY position", pathway.id)
    return {row["key"]: row["id"] for row in rows}


async def _public(pathway: Written) -> set[bool]:
    sql = "SELECT public FROM {} UNION SELECT public FROM pathway WHERE id = $1"
    tables_ = ("pathway_text", "step", "step_text", "step_badge")
    return {row["public"] for table in tables_ for row in await fetch(sql.format(table), pathway.id)}
