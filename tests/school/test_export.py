"""A review queue as a table for spreadsheets."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from tests.journeys.stage import Stage
from tests.school.stage import submitted
from waypost.db import City
from waypost.school.export import COLUMNS, as_csv, review_rows, safe_cell


@given(st.text(max_size=30))
def test_no_cell_is_a_formula_and_no_text_is_lost(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert cell.removeprefix("'") in {text, text.removeprefix("'")}


def test_formulas_are_shown_as_text() -> None:
    for formula in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1"):
        assert safe_cell(formula) == f"'{formula}"
    assert safe_cell("Plain - text") == "Plain - text"


async def test_a_queue_is_exported_with_its_names_made_harmless(stage: Stage) -> None:
    reasons = [{"code": "SIMILAR_BADGE", "reason": "Another."}]
    await submitted(stage, name="=HYPERLINK(0)", slug="formula", reasons=reasons)
    nation = stage.town("badge-nation").id
    async with stage.database.transaction(City(nation)):
        rows = await review_rows(nation, ["submitted"])
        none = await review_rows(nation, ["approved"])
    (line,) = csv.DictReader(io.StringIO(as_csv(COLUMNS, rows)))
    assert (line["badge"], line["city"], line["urgent"], line["state"]) == (
        "'=HYPERLINK(0)",
        "brighton",
        "no",
        "submitted",
    )
    assert none == []
