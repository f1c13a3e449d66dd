"""No cell of an export is a formula to a spreadsheet, and none loses a word."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.spreadsheets import cell, csv_text

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
texts = st.text(st.sampled_from("=+-@\t\r\n ',\"ab") | st.characters(codec="utf-8", exclude_characters="\0"))


@pytest.mark.parametrize("first", FORMULAS)
@pytest.mark.parametrize("before", ["", " ", "   ", "\u00a0", "\ufeff", " \t", "\u200b "])
def test_what_begins_like_a_formula_is_text(first: str, before: str) -> None:
    text = f"{before}{first}=SUM(1)"
    assert cell(text) == f"'{text}"
    assert cell([text, "name"]) == f"'{text} name"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        *(
            (None, ""),
            ("", ""),
            ("place", "place"),
            ("a=b", "a=b"),
            (["name", "slug"], "name slug"),
            ([], ""),
            (3, "3"),
        ),
        *(("Plain - text", "Plain - text"), (date(2027, 3, 6), "2027-03-06"), (-3, "'-3")),
        (datetime(2027, 3, 6, 10, tzinfo=UTC), "2027-03-06T10:00:00+00:00"),
    ],
)
def test_what_is_harmless_stays_as_it_is(value: object, text: str) -> None:
    assert cell(value) == text


@given(st.lists(st.lists(texts, min_size=2, max_size=4), min_size=1, max_size=4))
def test_every_cell_is_read_back_as_it_was_and_none_is_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert [len(row) for row in read] == [len(row) for row in rows]
    for was, shown in zip((each for row in rows for each in row), (each for row in read for each in row), strict=True):
        assert not shown.lstrip().lstrip("\ufeff\u200b").lstrip().startswith(FORMULAS)
        assert shown in {was, f"'{was}"}
