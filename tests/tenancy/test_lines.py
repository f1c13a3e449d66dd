from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from waypost.tenancy.json_lines import json_lines
from waypost.tenancy.sections import Keys
from waypost.tenancy.toml_lines import toml_lines
from waypost.tenancy.toml_text import toml_text

SAMPLE = '''\
# A comment with [brackets] and "quotes".
title = "one # no comment"   # a comment
a.b.c = 1
a.b.d = { x = 1, "y z" = [1, 2] }
text = """
[not.a.header]
key = "no key"
"""
raw = \'\'\'
it's [fine]\'\'\'
many = [
  "one",   # first
  # nobody

  "two", { deep = [
    1,
    2] },
]

[[badges]]
slug = "x"
[badges.text.cy]
name = "y"
[[badges.criteria]]
text = """quote at the end\\""""""
[[badges.criteria]]
text = \'\'

[[badges]]
"slug" = "z"
when = 2027-03-06 10:00:00
[ "quoted key" . sub ]
v = 1e3
'''


def test_every_key_has_the_line_on_which_it_stands() -> None:
    lines = toml_lines(SAMPLE)
    expected: dict[Keys, int] = {
        ("title",): 2,
        ("a",): 3,
        ("a", "b", "c"): 3,
        ("a", "b", "d", "y z", 1): 4,
        ("text",): 5,
        ("raw",): 9,
        ("many",): 11,
        ("many", 0): 12,
        ("many", 1): 15,
        ("many", 2, "deep"): 15,
        ("many", 2, "deep", 0): 16,
        ("many", 2, "deep", 1): 17,
        ("badges",): 20,
        ("badges", 0, "slug"): 21,
        ("badges", 0, "text", "cy", "name"): 23,
        ("badges", 0, "criteria", 0, "text"): 25,
        ("badges", 0, "criteria", 1): 26,
        ("badges", 0, "criteria", 1, "text"): 27,
        ("badges", 1): 29,
        ("badges", 1, "slug"): 30,
        ("badges", 1, "when"): 31,
        ("quoted key", "sub"): 32,
        ("quoted key", "sub", "v"): 33,
    }
    assert {keys: lines.line(keys) for keys in expected} == expected
    assert set(lines) == set(_paths(tomllib.loads(SAMPLE)))


def test_what_does_not_stand_there_has_the_line_of_the_table_around_it() -> None:
    lines = toml_lines("a = 1\n[[b]]\nc = 2\n")
    assert lines.line(("b", 0, "missing")) == 2
    assert lines.line(("missing",)) == 1
    assert ("b", 0, "missing") not in lines


def test_windows_line_ends_count_once() -> None:
    assert toml_lines("a = 1\r\nb = [\r\n2]\r\n").line(("b", 0)) == 3


def test_a_text_that_is_no_toml_does_not_hang() -> None:
    for text in ("= = =", "[[[", "a = [", "a = {b", '"""', "a = '", "[a", "\x00"):
        toml_lines(text)


# --- random documents ------------------------------------------------------------------------

_keys = st.one_of(
    st.text("abcxyz-_09", min_size=1, max_size=6), st.text(min_size=0, max_size=4).filter(lambda t: "\x7f" not in t)
)
_texts = st.text(st.characters(codec="utf-8"), max_size=12)
_scalars = st.one_of(
    _texts,
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.datetimes(),
)
_values = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3))
_documents = st.dictionaries(_keys, _values, max_size=5)


@given(_documents)
@settings(max_examples=150)
def test_writing_toml_and_reading_it_gives_the_same(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text(document)) == document


@given(_documents)
@settings(max_examples=150)
def test_lines_agree_with_reading_ever_longer_beginnings(document: dict[str, Any]) -> None:
    """Every statement that the writer writes ends on its line, so a key's line is where it first can be read."""
    text = toml_text(document)
    seen: dict[Keys, int] = {}
    lines = text.split("\n")
    for number in range(1, len(lines) + 1):
        for keys in _paths(tomllib.loads("\n".join(lines[:number]))):
            seen.setdefault(keys, number)
    index = toml_lines(text)
    assert {keys: index.line(keys) for keys in index} == seen


@given(st.data())
@settings(max_examples=150)
def test_lines_of_arrays_and_texts_over_many_lines_are_those_that_the_writer_counted(data: st.DataObject) -> None:
    writer = _Counting(data)
    for number in range(data.draw(st.integers(1, 4))):
        writer.statement(f"k{number}")
    assert tomllib.loads(writer.text)
    index = toml_lines(writer.text)
    assert {keys: index.line(keys) for keys in index} == writer.lines


class _Counting:
    """Writes a document with values over several lines and counts as it goes."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.text = ""
        self.lines: dict[Keys, int] = {}

    def statement(self, key: str) -> None:
        self.text += self.data.draw(st.sampled_from(["", "\n", "# a = 1\n", "  \t"]))
        self._note((key,))
        self.text += f"{key} = "
        self._value((key,), 3)
        self.text += self.data.draw(st.sampled_from(["\n", " # ]\n", "\r\n"]))

    def _note(self, keys: Keys) -> None:
        self.lines[keys] = self.text.count("\n") + 1

    def _value(self, keys: Keys, depth: int) -> None:
        kinds = ["1", "true", '"a]"', "'{'", '"""x\n"]"\n\\"""y""""', "'''\n[\n''\n'''", "2027-03-06 10:00:00"]
        kind = self.data.draw(st.sampled_from([*kinds, "array", "table"] if depth else kinds))
        if kind == "array":
            self.text += "["
            for index in range(self.data.draw(st.integers(0, 3))):
                self.text += self.data.draw(st.sampled_from(["", "\n", " # , ]\n", "\n\n  "]))
                self._note((*keys, index))
                self._value((*keys, index), depth - 1)
                self.text += self.data.draw(st.sampled_from([",", " ,", "\n,", " # ,\n ,"]))
            self.text += self.data.draw(st.sampled_from(["]", "\n]", "# ]\n]"]))
        elif kind == "table":
            self.text += "{ "
            for index in range(self.data.draw(st.integers(0, 2))):
                self.text += ", " if index else ""
                self._note((*keys, f"i{index}"))
                self.text += f"i{index} = "
                self._value((*keys, f"i{index}"), depth - 1)
            self.text += " }"
        else:
            self.text += kind


@given(
    st.recursive(st.integers() | _texts | st.none(), lambda v: st.lists(v) | st.dictionaries(_texts, v), max_leaves=12)
)
@settings(max_examples=150)
def test_every_value_of_json_is_found(document: Any) -> None:
    for indent in (None, 1):
        text = json.dumps(document, indent=indent)
        index = json_lines(text)
        assert set(index) == set(_paths(document))
        assert all(index.line(keys) <= text.count("\n") + 1 for keys in index)


def test_values_of_json_have_their_lines() -> None:
    index = json_lines('{"type": "Polygon",\n "coordinates": [[\n[1, 2],\n[3,\n4]]]}')
    assert index.line(("coordinates", 0, 1, 1)) == 5
    assert index.line(("coordinates",)) == 2


def _paths(value: Any, keys: Keys = ()) -> Iterator[Keys]:
    if keys:
        yield keys
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _paths(inner, (*keys, key))
