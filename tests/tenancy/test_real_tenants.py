"""The five tenants that are shipped."""

from __future__ import annotations

import random
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.tenancy.country import Shelf, World
from waypost.tenancy import InstalledPlugin
from waypost.tenancy.report import FilesRefused
from waypost.tenancy.toml_text import toml_text

SHIPPED = Path(__file__).parents[2] / "tenants"
SLUGS = ("badge-nation", "brighton", "plymouth", "southampton", "waltham-forest")


@pytest.fixture
def shipped(world: World) -> World:
    """The world with copies of the shipped folders."""
    world.plug(Shelf().plugin(), InstalledPlugin("badge_nation"), InstalledPlugin("kickstart"))
    for slug in SLUGS:
        shutil.copytree(SHIPPED / slug, world.directory / slug)
    return world


async def test_they_are_applied_as_foreseen_and_then_nothing_changes(shipped: World) -> None:
    assert shipped.faults() == []
    foreseen = await shipped.changes(dry_run=True)
    assert await shipped.changes() == foreseen
    assert await shipped.changes() == []
    assert {tenant.slug for tenant in (await shipped.directory_now()).tenants} >= set(SLUGS)


async def test_their_exports_are_taken_back_unchanged(shipped: World) -> None:
    await shipped.apply()
    exported = {slug: await shipped.export(slug) for slug in SLUGS}
    for slug, files in exported.items():
        shipped.replace(slug, files)
    assert shipped.faults() == []
    assert await shipped.changes() == []
    assert {slug: await shipped.export(slug) for slug in SLUGS} == exported


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_is_edited_is_applied_as_foreseen_and_then_nothing_changes(shipped: World, seed: int) -> None:
    chance = random.Random(seed)
    await shipped.apply()
    for _ in range(4):
        for _ in range(chance.randint(1, 4)):
            edit(shipped, chance)
        try:
            foreseen = await shipped.changes(dry_run=True)
        except FilesRefused:
            # Something that others name went away.
            for slug in SLUGS:
                shutil.copytree(SHIPPED / slug, shipped.directory / slug, dirs_exist_ok=True)
            foreseen = await shipped.changes(dry_run=True)
        assert await shipped.changes() == foreseen
        assert await shipped.changes() == []


def edit(world: World, chance: random.Random) -> None:
    """Change, reverse, take out or put back something in one file of one tenant."""
    path = chance.choice(sorted(world.directory.glob("*/catalogue/*.toml")))
    kept = SHIPPED / path.relative_to(world.directory)
    data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    kind = chance.choice(sorted(data))
    entries: list[dict[str, Any]] = data[kind]
    match chance.choice(["words", "order", "out", "back"]):
        case "words":
            entry = chance.choice(entries)
            key = "title" if "title" in entry else "name"
            entry[key] = f"{entry[key]} {chance.randint(1, 99)}"
        case "order":
            entries.reverse()
        case "out":
            entries.remove(chance.choice(entries))
        case _:
            data = tomllib.loads(kept.read_text(encoding="utf-8"))
    path.write_text(toml_text(data) if data.get(kind) else "", encoding="utf-8")
