"""No cell of an export is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.audit.rules import csv_lines, safe_cell

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
texts = st.text(st.sampled_from("=+-@\t\r\n ',\"ab") | st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize("first", FORMULAS)
@pytest.mark.parametrize("before", ["", " ", "   "])
def test_what_begins_like_a_formula_is_text(first: str, before: str) -> None:
    cell = f"{before}{first}SUM(1)"
    assert safe_cell(cell) == f"'{cell}"
    assert safe_cell([cell, "name"]) == f"'{cell} name"


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), ("", ""), ("place", "place"), ("a=b", "a=b"), (["name", "slug"], "name slug"), ([], ""), (3, "3")],
)
def test_what_is_harmless_stays_as_it_is(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


@given(st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=4))
def test_every_cell_is_read_back_as_it_was_and_none_is_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_lines(rows), newline="")))
    assert [len(row) for row in read] == [len(row) for row in rows]
    for was, cell in zip((each for row in rows for each in row), (each for row in read for each in row), strict=True):
        assert not cell.lstrip(" ").startswith(FORMULAS)
        assert cell in {was, f"'{was}"}
