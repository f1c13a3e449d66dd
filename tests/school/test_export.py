"""A review queue as a table for spreadsheets."""

from __future__ import annotations

import csv
import io

from tests.journeys.stage import Stage
from tests.school.stage import submitted
from waypost.db import City
from waypost.school.export import COLUMNS, review_rows
from waypost.spreadsheets import csv_text


async def test_a_queue_is_exported_with_its_names_made_harmless(stage: Stage) -> None:
    reasons = [{"code": "SIMILAR_BADGE", "reason": "Another."}]
    await submitted(stage, name="=HYPERLINK(0)", slug="formula", reasons=reasons)
    nation = stage.town("badge-nation").id
    async with stage.database.transaction(City(nation)):
        rows = await review_rows(nation, ["submitted"])
        none = await review_rows(nation, ["approved"])
    (line,) = csv.DictReader(io.StringIO(csv_text([COLUMNS, *rows])))
    assert (line["badge"], line["city"], line["urgent"], line["state"]) == (
        "'=HYPERLINK(0)",
        "brighton",
        "no",
        "submitted",
    )
    assert none == []
