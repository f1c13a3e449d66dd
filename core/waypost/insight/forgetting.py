"""How this room forgets a person: what was counted stays counted, of somebody with a made-up id."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.insight import tables

# With a salt that is asked once a statement and kept nowhere: all that was counted of one learner stays one learner's,
# and no two become one.
MADE_UP: Final = {"learner_id": "md5(learner_id::text || (SELECT gen_random_uuid())::text)::uuid"}
KINDS: Final = frozenset({"month", "layer", "kind", "place", "ward", "deprivation", "age"})

PERSONAL: Final = (
    Personal(table=tables.CountedAward, by={"learner_id": Finds.PERSON}, emptied=MADE_UP, kept=KINDS),
    Personal(table=tables.CountedAward, by={"learner_id": Finds.RECIPIENT}, emptied=MADE_UP, kept=KINDS),
)
