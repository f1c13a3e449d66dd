"""Local schemes in a tenant's files, and opportunities that are placements of them."""

from __future__ import annotations

import json

import pytest

from tests.tenancy.country import CLUB, WORKSHOP, World

SCHEME = """
[[schemes]]
slug = "first-shift"
name = "First Shift"
summary = "First jobs."
since = 2025-04-01
[schemes.text.cy]
name = "Shifft Gyntaf"
summary = "Swyddi cyntaf."
[[schemes.facts]]
code = "age"
about = "learner"
kind = "number"
words = "Age"
[[schemes.facts]]
code = "hours"
about = "placement"
kind = "number"
words = "Hours a week"
[[schemes.facts]]
code = "starts_on"
about = "placement"
kind = "date"
words = "First day"
[[schemes.windows]]
about = "learner"
until = 2027-03-31
words = "Until March 2027."
text.cy = "Tan fis Mawrth 2027."
[[schemes.rules]]
code = "age"
about = "learner"
fact = "age"
at_least = 16
until = 2026-03-31
words = "Sixteen."
text.cy = "Un ar bymtheg."
[[schemes.rules]]
code = "starts"
about = "placement"
fact = "starts_on"
at_most = 2027-03-31
when = { fact = "hours", at_least = 4 }
words = "Starts until March 2027."
[[schemes.funding]]
code = "help"
paid_to = "employer"
per = "placement"
amount = "250.00"
currency = "GBP"
words = "£250."
"""
PLACED = """
[opportunities.schemes.first-shift]
hours = 6
starts_on = 2027-01-04
"""
JOB = WORKSHOP.format(slug="saturday-job")
STORED = "SELECT slug, state, public, language, definition ->> 'name' AS name FROM scheme WHERE tenant_id = $1"
PLACEMENTS = """
SELECT scheme, local, facts::text AS facts, starts_on::text AS starts_on, public
FROM opportunity_scheme WHERE tenant_id = $1
"""


async def test_a_scheme_is_applied_changed_exported_and_closed_when_it_leaves_the_files(world: World) -> None:
    world.city("brighton", catalogue=SCHEME)
    assert world.faults() == []
    assert "brighton schemes/first-shift created" in await world.changes()
    assert await world.changes() == []
    expected = {"slug": "first-shift", "state": "open", "public": True, "language": "en", "name": "First Shift"}
    assert list(await world.rows("brighton", STORED)) == [expected]
    world.edit("brighton/catalogue/all.toml", "at_least = 16", "at_least = 15")
    assert await world.changes() == ["brighton schemes/first-shift changed: rules"]
    world.replace("brighton", await world.export("brighton"))
    assert world.faults() == []
    assert await world.changes() == []
    world.city("brighton", catalogue="")
    assert await world.changes() == ["brighton schemes/first-shift closed"]
    assert list(await world.rows("brighton", STORED)) == [expected | {"state": "closed"}]


async def test_an_opportunity_says_what_the_rules_of_a_scheme_look_at(world: World) -> None:
    when = "starts_at = 2027-01-04T00:30:00\n"
    world.city("brighton", catalogue=CLUB + SCHEME + JOB + when + PLACED)
    assert world.faults() == []
    await world.apply()
    assert await world.changes() == []
    (row,) = await world.rows("brighton", PLACEMENTS)
    facts = json.loads(row.pop("facts"))
    assert facts == {"hours": 6, "starts_on": "2027-01-04"}
    assert row == {"scheme": "first-shift", "local": True, "starts_on": "2027-01-04", "public": True}
    world.edit("brighton/catalogue/all.toml", "hours = 6", "hours = 7.5")
    assert await world.changes() == ["brighton opportunities/saturday-job changed: schemes"]
    world.edit("brighton/catalogue/all.toml", when, "starts_at = 2027-07-04T00:30:00\n")
    await world.apply()
    assert [each["starts_on"] for each in await world.rows("brighton", PLACEMENTS)] == ["2027-07-04"]
    exported = await world.export("brighton")
    world.city("brighton", catalogue=CLUB + SCHEME + JOB)
    assert "brighton opportunities/saturday-job changed: starts_at, schemes" in await world.changes()
    assert list(await world.rows("brighton", PLACEMENTS)) == []
    world.replace("brighton", exported)
    assert world.faults() == []
    await world.apply()
    assert json.loads((await world.rows("brighton", PLACEMENTS))[0]["facts"]) == facts | {"hours": 7.5}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('fact = "age"', 'fact = "aeg"', 'schemes[0].rules[0].fact: unknown fact "aeg"'),
        ('fact = "age"', 'fact = "hours"', '"hours" is a fact about the placement, not the learner'),
        ("at_least = 16", 'at_least = "16"', 'rules[0].at_least: must be a number, not "16"'),
        ("at_least = 16", "at_least = true", "must be a number, not true"),
        ("at_least = 16", "at_least = nan", "must be a number that people write"),
        ("at_least = 16", f"at_least = 1{'0' * 400}", "must be a number that people write"),
        ("at_least = 16", "", "schemes[0].rules[0]: compares with nothing"),
        ("at_least = 16", "at_least = 16\nat_most = 24", "not several"),
        ("at_least = 16", "one_of = []", "must name at least one value"),
        ("at_most = 2027-03-31", "at_most = 2027-03-31T10:00:00", "rules[1].at_most"),
        ("at_most = 2027-03-31", "at_most = 31", "must be a date, like 2021-02-03"),
        ("until = 2026-03-31", "until = 2026-03-31\nsince = 2026-04-01", "rules[0].until: 2026-03-31 is before"),
        ("until = 2026-03-31", 'until = "soon"', 'rules[0].until: "soon" is no date'),
        ("since = 2025-04-01", "since = 1066-10-14", "the year 1066 is not between 1900 and 2200"),
        ('code = "starts"\nabout = "placement"', 'code = "age"\nabout = "placement"', '"age" holds twice'),
        ('kind = "number"\nwords = "Age"', 'kind = "numbr"\nwords = "Age"', 'unknown kind of fact "numbr"'),
        ('kind = "number"\nwords = "Age"', 'kind = "yes-no"\nwords = "Age"', "does not go with the fact age"),
        ('about = "learner"\nuntil', 'about = "teacher"\nuntil', 'unknown subject "teacher"'),
        ('currency = "GBP"\n', "", "an amount needs its currency"),
        ('amount = "250.00"', 'percent = 100\namount = "250.00"', "give either an amount or a percent"),
        ('text.cy = "Un ar bymtheg."', 'text.pl = "Szesnaście."', 'rules[0].text.pl: "pl" is none of the languages'),
        ('words = "£250."', 'words = "£250."\nwhy = "so"', 'unknown key "why"'),
        ("hours = 6", "hour = 6", "opportunities[0].schemes.first-shift.hour: the scheme has no such fact"),
        ("hours = 6", 'hours = "six"', 'schemes.first-shift.hours: must be a number, not "six"'),
        ("opportunities.schemes.first-shift", "opportunities.schemes.last-shift", "last-shift"),
    ],
)
def test_what_is_wrong_in_a_scheme_is_told_with_file_line_and_key(
    world: World, before: str, after: str, words: str
) -> None:
    text = CLUB + SCHEME + JOB + PLACED
    assert before in text
    world.city("brighton", catalogue=text.replace(before, after, 1))
    faults = [str(fault) for fault in world.faults()]
    found = [fault for fault in faults if words in fault]
    assert found, faults
    assert all(fault.startswith("tenants/brighton/catalogue/all.toml:") for fault in found)
