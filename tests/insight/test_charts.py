"""Figures as pictures that can be read without eyes, and as tables that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import io
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.insight.charts import FIGURES, INK, MOST_ROWS, NOTHING, QUIET, Look, chart, table
from waypost.insight.reading import Breakdown, Figures, Group, Month
from waypost.spreadsheets import cell
from waypost.tenancy.colours import WHITE, contrast

LOOK = Look("Brighton & <Hove>", "#0b5d6b", "#ffd166")
SVG = "{http://www.w3.org/2000/svg}"
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NUMBERS = st.integers(5, 10**7)
BREAKDOWNS = st.builds(
    Breakdown,
    st.just("2026-01"),
    st.just("2026-03"),
    NUMBERS,
    st.lists(st.builds(Group, NAMES, NAMES, NUMBERS), max_size=40).map(tuple),
    st.none() | NUMBERS,
)
MONTHS = st.lists(
    st.builds(Month, st.just("2026-01"), st.just("2026-02"), st.none() | NUMBERS, NUMBERS), max_size=60
).map(tuple)


@st.composite
def some_figures(draw: st.DrawFn) -> Figures:
    breakdowns = {dimension: draw(BREAKDOWNS) for _, dimension in FIGURES.values() if dimension}
    return Figures(3, "2026-01", "2026-03", 5, 5, None, 5, draw(MONTHS), breakdowns)


@given(some_figures(), st.sampled_from(sorted(FIGURES)))
def test_every_chart_is_well_formed_says_what_it_shows_and_runs_nothing(figures: Figures, figure: str) -> None:
    root = ET.fromstring(chart(figure, figures, LOOK))
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    named = {each.get("id"): each.text for each in root if each.tag in {f"{SVG}title", f"{SVG}desc"}}
    assert set((root.get("aria-labelledby") or "").split()) == set(named) == {"title", "desc"}
    assert named["title"] == f"Brighton & <Hove>: {FIGURES[figure][0]}"
    assert named["desc"]
    kinds = {each.tag.removeprefix(SVG) for each in root.iter()}
    assert kinds <= {"svg", "title", "desc", "rect", "g", "text", "line", "polyline", "circle"}
    attributes = {name for each in root.iter() for name in each.attrib}
    assert not {name for name in attributes if name.startswith("on") or name in {"href", "style", "class"}}


@given(some_figures(), st.sampled_from(sorted(FIGURES)))
def test_the_words_of_a_chart_hold_every_number_that_it_shows(figures: Figures, figure: str) -> None:
    desc = ET.fromstring(chart(figure, figures, LOOK)).findtext(f"{SVG}desc") or ""
    shown = figures.months if figure == "months" else figures.breakdown(FIGURES[figure][1]).groups[:MOST_ROWS]
    assert all(f"{each.badges:,}" in desc for each in shown)


def test_a_city_without_figures_has_charts_that_say_so() -> None:
    for figure in FIGURES:
        assert NOTHING in chart(figure, Figures(0), LOOK)


def test_colours_stand_out_from_the_ground() -> None:
    assert min(contrast(colour, WHITE) for colour in (INK, QUIET)) >= 4.5
    assert Look("", "#0b5d6b", "#ffd166").second == INK
    assert Look("", "#0b5d6b", "#b35900").second == "#b35900"


def test_a_line_is_broken_where_too_few_are_known() -> None:
    months = tuple(Month(f"2026-0{n}", f"2026-0{n}", None if n == 3 else 9, 20) for n in range(1, 6))
    text = chart("months", Figures(0, months=months), LOOK)
    assert text.count("<polyline") == 3 + 2  # badges, learners before and after; and the legend
    assert "20 badges, fewer than five new learners" in text


@given(some_figures(), st.sampled_from(sorted(FIGURES)))
def test_tables_read_back_as_what_was_written(figures: Figures, figure: str) -> None:
    head, *rows = csv.reader(io.StringIO(table(figure, figures), newline=""))
    if figure == "months":
        assert head == ["from", "to", "learners", "badges"]
        assert [row[2:] for row in rows] == [[str(each.learners or ""), str(each.badges)] for each in figures.months]
        return
    found = figures.breakdown(FIGURES[figure][1])
    assert head == ["code", "name", "badges"]
    assert [row[:2] for row in rows[: len(found.groups)]] == [
        [cell(each.code), cell(each.name)] for each in found.groups
    ]
    assert len(rows) == len(found.groups) + (found.together is not None)


@pytest.mark.parametrize("text", ["=1+1", "+44 1273", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_what_a_spreadsheet_would_work_out_is_kept_as_text(text: str) -> None:
    assert cell(text) == f"'{text}"
    found = Figures(0, breakdowns={"place": Breakdown(groups=(Group("x", text, 5),))})
    assert next(csv.reader(io.StringIO(table("places", found).split("\r\n", 1)[1], newline="")))[1] == f"'{text}"


def test_lines_of_a_table_end_as_rfc_4180_wants() -> None:
    found = Figures(0, breakdowns={"age": Breakdown(groups=(Group("16-18", '16 to 18, "young"', 5),), together=7)})
    assert table("ages", found) == (
        'code,name,badges\r\n16-18,"16 to 18, ""young""",5\r\ntogether,Smaller groups together,7\r\n'
    )
