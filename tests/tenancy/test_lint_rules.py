"""A tenant's own rules for badges, in its files."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tenancy.country import World
from waypost.school.files import LINT_RULES

RULE = """
[[lint_rules]]
slug = "no-jargon"
field = "description"
avoid = ["stakeholder"]
explanation = "Others read it."
mend = "Say who."
"""
STORED = "SELECT slug, severity, state, public, words ->> 'avoid' AS avoid FROM lint_rule WHERE tenant_id = $1"


@pytest.fixture(autouse=True)
def ruled(world: World) -> None:
    """Files may speak of rules."""
    world.known = replace(world.known, kinds=(*world.known.kinds, LINT_RULES))


async def test_a_rule_is_applied_changed_and_closed_when_it_leaves_the_files(world: World) -> None:
    world.city("brighton", catalogue=RULE)
    assert "brighton lint_rules/no-jargon created" in await world.changes()
    assert await world.changes() == []
    (row,) = await world.rows("brighton", STORED)
    expected = {"slug": "no-jargon", "severity": "warning", "state": "open", "public": False}
    assert row == {**expected, "avoid": '["stakeholder"]'}
    world.edit("brighton/catalogue/all.toml", '["stakeholder"]', '["stakeholder", "synergy"]')
    assert await world.changes() == ["brighton lint_rules/no-jargon changed: avoid"]
    exported = await world.export("brighton")
    world.replace("brighton", exported)
    assert await world.changes() == []
    world.city("brighton", catalogue="")
    assert await world.changes() == ["brighton lint_rules/no-jargon closed"]
    assert (await world.rows("brighton", STORED))[0]["state"] == "closed"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"description"', '"picture"', '"picture"'),
        ('["stakeholder"]', "[]", "names no words to avoid or to require"),
        ('["stakeholder"]', '["synergy", "!?"]', 'avoid: "!?" has no word to look for'),
        ("avoid =", 'require = ["…"]\navoid =', 'require: "…" has no word to look for'),
        ("mend =", 'language = "pl"\nmend =', "is none of the tenant's languages"),
        ("mend =", 'severity = "deadly"\nmend =', '"deadly"'),
    ],
)
def test_what_is_no_rule_is_told_with_its_place(world: World, before: str, after: str, words: str) -> None:
    world.city("brighton", catalogue=RULE.replace(before, after))
    assert words in " ".join(world.faults())
