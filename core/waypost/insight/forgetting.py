"""How this room forgets a person: what was counted stays counted, of somebody with a made-up id."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.insight import tables

# Asked once a statement, so that all that was counted of one person stays one person's.
MADE_UP: Final = {"learner_id": "(SELECT gen_random_uuid())"}
KINDS: Final = frozenset({"month", "layer", "kind", "place", "ward", "deprivation", "age"})

PERSONAL: Final = (
    Personal(table=tables.CountedAward, by={"learner_id": Finds.PERSON}, emptied=MADE_UP, kept=KINDS),
    Personal(table=tables.CountedAward, by={"learner_id": Finds.RECIPIENT}, emptied=MADE_UP, kept=KINDS),
)
