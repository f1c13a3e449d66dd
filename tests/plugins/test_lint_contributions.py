"""Rules of the linter that plugins bring, and how those are refused that nobody could follow."""

from __future__ import annotations

import tomllib

import pytest

from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from tests.project.documents import ROOT
from waypost.outbox.linting import rule_of
from waypost.plugins import load

LINT = """
    from importlib.resources import files

    from waypost.plugins import hookimpl

    TIMETABLE = {
        "code": "TIDE_TIMETABLE",
        "check": "phrases",
        "severity": "warning",
        "explanation": {"en": "Tides are told by the table."},
        "mend": {"en": "Name the table."},
        "words": {"en": {"field": ["criteria"], "require": ["tide table"]}},
    }
    CHANGES

    @hookimpl
    def waypost_lint(registrar):
        registrar.rules([TIMETABLE])
        MORE
"""
RULES = """
[[rules]]
code = "TIDE_CRITERIA"
check = "criteria-few"
severity = "error"
least = 3
explanation.en = "A badge of the sea has {least} criteria; this one has {count}."
explanation.cy = "Mae {least} maen prawf."
mend.en = "Say more."
"""


def test_a_plugin_brings_rules_as_tables_and_as_a_file(workshop: Workshop) -> None:
    code = LINT.replace("CHANGES", "").replace("MORE", 'registrar.rules(files("waypost_tide") / "rules.toml")')
    workshop.install("tide", code, contributes=["lint_rule:TIDE_TIMETABLE", "lint_rule:TIDE_CRITERIA"])
    (workshop.folder / "waypost_tide" / "rules.toml").write_text(RULES, encoding="utf-8")
    plugins = load(["tide"])
    assert one(plugins, "tide").reason == ""
    first, second = plugins.lint_rules(["tide"])
    assert (first.code, first.words["en"]["require"]) == ("TIDE_TIMETABLE", ("tide table",))
    assert (second.code, second.facts) == ("TIDE_CRITERIA", {"least": 3})
    assert plugins.lint_rules(["essential"]) == ()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        (
            'TIMETABLE["code"] = "MOON_TABLE"',
            "the rule MOON_TABLE: its code must begin with TIDE_ and",
        ),
        ('TIMETABLE["code"] = "TIDE_table"', "the rule TIDE_table: its code must begin with TIDE_"),
        ('TIMETABLE["code"] = "TIDE_"', "the rule TIDE_: its code must begin with TIDE_"),
        ('TIMETABLE["severity"] = "loud"', "severity: 'loud' is not one of ['error', 'warning']"),
        ('TIMETABLE["check"] = "taste"', "check: 'taste' is not one of"),
        ('del TIMETABLE["mend"]', "mend: is missing"),
        ('TIMETABLE["mend"] = {"cy": "x"}', "mend.en: is missing"),
        ('TIMETABLE["mend"] = {"en": "{tide}"}', "mend.en: names {tide}; known here: nothing"),
        ('TIMETABLE["mend"] = {"en": "{"}', "mend.en: "),
        ('TIMETABLE["least"] = 3', "least: unknown to the check phrases"),
        ('TIMETABLE["least"] = "3"', "least: unknown to the check phrases"),
        ('TIMETABLE["field"] = ["skills"]', "field: is a list of words, and stands in words.en"),
        ('TIMETABLE.update(check="criteria-few", least="3")', "least: must be a whole number, 0 or more"),
        ('TIMETABLE.update(check="criteria-few", least=-3)', "least: must be a whole number, 0 or more"),
        ('TIMETABLE["check"] = "criteria-few"', "least: is missing"),
        ('TIMETABLE["check"] = "criteria-few"', "words.en.field: unknown; criteria-few takes no words"),
        ('TIMETABLE["words"]["en"]["requires"] = ["x"]', "words.en.requires: unknown; phrases takes field, avoid"),
        ('TIMETABLE["words"]["en"]["field"] = ["layer"]', "words.en.field: must be a list with one of name, "),
        ('TIMETABLE["words"]["en"]["require"] = ["tide", "!?"]', "words.en.require: '!?' has no word to look for"),
        ('del TIMETABLE["words"]["en"]["require"]', "words.en: phrases needs avoid or require"),
        ('del TIMETABLE["words"]', "words: are missing, and phrases finds nothing without"),
        ('TIMETABLE = "none"', "the rule ?: 'none' is not of type 'object'"),
    ],
)
def test_a_rule_that_could_not_be_followed_is_refused(workshop: Workshop, changes: str, fault: str) -> None:
    code = LINT.replace("CHANGES", changes).replace("MORE", "")
    workshop.install("tide", code, contributes=["lint_rule:TIDE_TIMETABLE"])
    assert fault in one(load(["tide"]), "tide").reason


def test_one_rule_is_no_list_of_rules(workshop: Workshop) -> None:
    code = LINT.replace("CHANGES", "").replace("MORE", "").replace("[TIMETABLE]", "TIMETABLE")
    workshop.install("tide", code)
    assert (
        one(load(["tide"]), "tide").reason == "rules are a list of tables, and this is one table alone: put it into [ ]"
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[[checklist]]", "ValueError: rules.toml has checklist where [[rules]] alone are read"),
        ("rules = 1", "where [[rules]] alone are read"),
        ("[[rules]", "waypost_lint failed: TOMLDecodeError"),
        (None, "waypost_lint failed: FileNotFoundError"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(workshop: Workshop, text: str | None, fault: str) -> None:
    code = LINT.replace("CHANGES", "").replace("MORE", 'registrar.rules(files("waypost_tide") / "rules.toml")')
    workshop.install("tide", code)
    if text is not None:
        (workshop.folder / "waypost_tide" / "rules.toml").write_text(text, encoding="utf-8")
    assert fault in one(load(["tide"]), "tide").reason


def test_codes_of_rules_carry_the_whole_prefix_and_are_none_of_the_platforms(workshop: Workshop) -> None:
    code = LINT.replace("CHANGES", 'TIMETABLE["code"] = "BADGE_NATION_TABLE"').replace("MORE", "")
    workshop.install("tide", code, prefix="badgeNation", contributes=["lint_rule:BADGE_NATION_TABLE"])
    assert one(load(["tide"]), "tide").reason == ""


def test_a_prefix_that_reads_like_the_platforms_codes_brings_no_rules(workshop: Workshop) -> None:
    code = LINT.replace("CHANGES", 'TIMETABLE["code"] = "SKILLS_FEW"').replace("MORE", "")
    workshop.install("tide", code, prefix="skills", contributes=["lint_rule:SKILLS_FEW"])
    assert one(load(["tide"]), "tide").reason == "the rule SKILLS_FEW: codes that begin with SKILLS_ are not a plugin's"


def test_the_rule_in_the_documentation_is_one_and_the_same_as_tables_and_as_a_file(workshop: Workshop) -> None:
    section = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8").partition("## `waypost_lint(")[2]
    code, file = (section.partition(f"```{kind}\n")[2].partition("```")[0] for kind in ("python", "toml"))
    workshop.install("essential", code, contributes=["lint_rule:ESSENTIAL_NAMED"])
    plugins = load(["essential"])
    assert one(plugins, "essential").reason == ""
    (tables,) = plugins.lint_rules(["essential"])
    (read,) = tomllib.loads(file)["rules"]
    assert tables == rule_of(read)


def test_a_rule_that_is_registered_twice_is_refused(workshop: Workshop) -> None:
    code = LINT.replace("CHANGES", "").replace("MORE", "registrar.rules([TIMETABLE])")
    workshop.install("tide", code, contributes=["lint_rule:TIDE_TIMETABLE"])
    assert one(load(["tide"]), "tide").reason == "lint_rule:TIDE_TIMETABLE is registered twice"
