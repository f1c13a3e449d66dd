"""How this room forgets a person: what was counted stays counted."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.insight import tables

PERSONAL: Final = (
    Personal(
        table=tables.CountedAward,
        by={"learner_id": Finds.PERSON},
        stays="The id leads to nobody any more, and nothing else in the row is of one person alone.",
    ),
)
