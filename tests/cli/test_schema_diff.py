from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from graphql import build_schema
from hypothesis import given
from hypothesis import strategies as st

from tests.cli.conftest import Waypost
from waypost.cli.changes import Announced, Change, Weight, changes, coordinate_in, unannounced

OLD = """
directive @lang(tag: String, strict: Boolean) on QUERY | FIELD
interface Node { id: ID! }
interface Named { name: String! }
enum Kind { CITY TOWN }
union Found = Place | Badge
input Near { metres: Int, point: String = "here" }
type Place implements Node & Named { id: ID!, name: String!, kind: Kind }
type Badge implements Node { id: ID!, name: String!, level: Int!, cost: Int }
type Query { place(id: ID!, near: Near, first: Int = 20): Place, found: [Found!]! }
"""


def between(before: str, after: str, *more: tuple[str, str]) -> list[Change]:
    """What changes when these words of the old schema become those."""
    text = OLD
    for old, new in ((before, after), *more):
        assert old in text
        text = text.replace(old, new)
    return changes(build_schema(OLD), build_schema(text))


@pytest.mark.parametrize(
    ("before", "after", "weight", "coordinate"),
    [
        (", cost: Int", "", Weight.BREAKING, "Badge.cost"),
        ("level: Int!", "level: Int", Weight.BREAKING, "Badge.level"),
        ("level: Int!", "level: String!", Weight.BREAKING, "Badge.level"),
        ("id: ID!, near: Near,", "id: ID!,", Weight.BREAKING, "Query.place(near:)"),
        ("near: Near,", "near: Near!,", Weight.BREAKING, "Query.place(near:)"),
        ("first: Int = 20", "first: Int = 20, city: ID!", Weight.BREAKING, "Query.place(city:)"),
        ("metres: Int,", "metres: Int, unit: String!,", Weight.BREAKING, "Near.unit"),
        ("metres: Int,", "metres: Float,", Weight.BREAKING, "Near.metres"),
        ("CITY TOWN", "CITY", Weight.BREAKING, "Kind.TOWN"),
        ("Place | Badge", "Place", Weight.BREAKING, "Found"),
        ("Node & Named", "Node", Weight.BREAKING, "Place"),
        ("enum Kind { CITY TOWN }", "scalar Kind", Weight.BREAKING, "Kind"),
        (", strict: Boolean", "", Weight.BREAKING, "@lang(strict:)"),
        (" | FIELD", "", Weight.BREAKING, "@lang"),
        ("first: Int = 20", "first: Int = 10", Weight.DANGEROUS, "Query.place(first:)"),
        ("first: Int = 20", "first: Int = 20, city: ID", Weight.DANGEROUS, "Query.place(city:)"),
        ("metres: Int,", "metres: Int, unit: String,", Weight.DANGEROUS, "Near.unit"),
        ("CITY TOWN", "CITY TOWN VILLAGE", Weight.DANGEROUS, "Kind.VILLAGE"),
        ("type Badge implements Node {", "type Badge implements Node & Named {", Weight.DANGEROUS, "Badge"),
        ("cost: Int", "cost: Int, urgent: Boolean", Weight.SAFE, "Badge.urgent"),
        ("cost: Int", "cost: Int!", Weight.SAFE, "Badge.cost"),
        ("cost: Int", '"In pence." cost: Int', Weight.SAFE, "Badge.cost"),
        ("type Query {", "type Skill { a: Int } type Query { skill: Skill, ", Weight.SAFE, "Query.skill"),
        (" | FIELD", " | FIELD | MUTATION", Weight.SAFE, "@lang"),
    ],
)
def test_each_change_is_weighed_and_named(before: str, after: str, weight: Weight, coordinate: str) -> None:
    found = between(before, after)
    assert (weight, coordinate) in [(each.weight, each.coordinate) for each in found]
    assert found[0].weight is weight, "the heaviest comes first"


def test_a_type_that_is_gone_is_named_by_its_name() -> None:
    found = between(
        "type Badge implements Node { id: ID!, name: String!, level: Int!, cost: Int }", "", (" | Badge", "")
    )
    assert [each.coordinate for each in found if each.weight is Weight.BREAKING] == ["Badge", "Found"]


def test_a_member_of_a_union_that_comes_is_dangerous() -> None:
    found = between("type Query {", "type Skill { a: Int } type Query {", ("Place | Badge", "Place | Badge | Skill"))
    assert [(each.weight, each.coordinate) for each in found] == [(Weight.DANGEROUS, "Found"), (Weight.SAFE, "Skill")]


def test_nothing_changes_between_equals() -> None:
    assert between("type", "type") == []


def test_a_standard_scalar_is_named_without_its_epithet() -> None:
    assert coordinate_in("Standard scalar Int was removed because it is not referenced anymore.") == "Int"


BREAK = Change(Weight.BREAKING, "Badge.cost", "Field Badge.cost was removed.")


@given(st.dates(), st.dates())
def test_a_break_may_be_made_from_the_promised_day_on(until: date, today: date) -> None:
    announced = Announced(coordinate="Badge.cost", since=date(2020, 1, 1), until=until, why="Nobody showed it.")
    assert (unannounced([BREAK], {"Badge.cost": announced}, today) == []) == (today >= until)


@given(st.text())
def test_a_break_of_something_else_announces_nothing(coordinate: str) -> None:
    announced = Announced(coordinate=coordinate, since=date.min, until=date.min, why="")
    allowed = not unannounced([BREAK], {coordinate: announced}, date.max)
    assert allowed == (coordinate == BREAK.coordinate)


# The command


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "old.graphql").write_text(OLD, encoding="utf-8")
    (tmp_path / "new.graphql").write_text(OLD.replace(", cost: Int", ", price: Int"), encoding="utf-8")
    return tmp_path


def announce(files: Path, coordinate: str, until: str = "2001-01-01", more: str = "") -> None:
    text = f'[[break]]\ncoordinate = "{coordinate}"\nsince = 2000-01-01\nuntil = {until}\nwhy = "Twins."\n{more}'
    (files / "schema").mkdir(exist_ok=True)
    (files / "schema" / "breaks.toml").write_text(text, encoding="utf-8")


def test_every_change_is_told_and_a_break_is_refused(bare: Waypost, files: Path) -> None:
    done = bare("schema", "diff", "old.graphql", "new.graphql")
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "breaking   Badge.cost  Field Badge.cost was removed.",
        "safe       Badge.price  Field Badge.price was added.",
        "1 breaking, 0 dangerous, 1 safe",
    ]
    assert "Badge.cost: the break is not announced" in done.stderr


def test_an_announced_break_passes_with_its_reason(bare: Waypost, files: Path) -> None:
    announce(files, "Badge.cost")
    done = bare("schema", "diff", "old.graphql", "new.graphql")
    assert done.exit_code == 0, done.output
    assert "Badge.cost  Field Badge.cost was removed. Announced 2000-01-01: Twins." in done.stdout


@pytest.mark.parametrize(
    ("coordinate", "until", "words"),
    [
        ("Badge.price", "2001-01-01", "Badge.cost: the break is not announced"),
        ("Badge", "2001-01-01", "Badge.cost: the break is not announced"),
        ("Badge.cost", "9999-01-01", "Badge.cost: it was promised to stay until 9999-01-01"),
    ],
)
def test_announcing_something_else_or_for_later_does_not_help(
    bare: Waypost, files: Path, coordinate: str, until: str, words: str
) -> None:
    announce(files, coordinate, until)
    done = bare("schema", "diff", "old.graphql", "new.graphql")
    assert done.exit_code == 1
    assert words in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[break]]\n", "break 0.coordinate: Field required"),
        ("[[brake]]\n", "[[break]] tables and nothing else"),
        ("[[break\n", "breaks.toml: "),
    ],
)
def test_a_faulty_announcement_is_explained(bare: Waypost, files: Path, text: str, words: str) -> None:
    (files / "schema").mkdir()
    (files / "schema" / "breaks.toml").write_text(text, encoding="utf-8")
    done = bare("schema", "diff", "old.graphql", "new.graphql")
    assert done.exit_code == 1
    assert words in done.stderr
    assert str(Path("schema/breaks.toml")) in done.stderr


def test_what_is_no_schema_is_named(bare: Waypost, files: Path) -> None:
    (files / "new.graphql").write_text("type Query {", encoding="utf-8")
    done = bare("schema", "diff", "old.graphql", "new.graphql")
    assert done.exit_code == 1
    assert "new.graphql is no schema" in done.stderr


def test_what_was_released_is_compared_with_what_the_code_composes(bare: Waypost, tmp_path: Path) -> None:
    released = tmp_path / "schema" / "published.graphql"
    assert bare("schema", "publish").exit_code == 0
    assert bare("schema", "diff", str(released)).stdout == "0 breaking, 0 dangerous, 0 safe\n"
    text = released.read_text(encoding="utf-8").replace("type Look {", 'type Look {\n  "Gone." font: String')
    released.write_text(text, encoding="utf-8")
    done = bare("schema", "diff", str(released))
    assert done.exit_code == 1
    assert "Look.font: the break is not announced" in done.stderr


def test_a_release_does_not_hide_a_break(bare: Waypost, tmp_path: Path) -> None:
    bare("schema", "publish")
    released = tmp_path / "schema" / "published.graphql"
    whole = released.read_text(encoding="utf-8")
    released.write_text(whole.replace("type Look {", 'type Look {\n  "Gone." font: String'), encoding="utf-8")
    refused = bare("schema", "publish")
    assert refused.exit_code == 1
    assert "Look.font" in refused.stderr
    assert "font: String" in released.read_text(encoding="utf-8")
    announce(tmp_path, "Look.font")
    assert bare("schema", "publish").exit_code == 0
    assert released.read_text(encoding="utf-8") == whole
