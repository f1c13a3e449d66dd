"""How this room forgets a person: their consent goes, and what was sent is not followed any more."""

from __future__ import annotations

from typing import Final

from waypost.connectors import tables
from waypost.db.personal import Finds, Personal

CODES: Final = frozenset({"state", "platform"})

PERSONAL: Final = (
    Personal(table=tables.IssuingConsent, by={"person_id": Finds.PERSON}),
    Personal(
        table=tables.IssuingRecord,
        by={"award_id": Finds.AWARD},
        emptied={"external_id": "NULL", "url": "NULL", "problem": "NULL"},
        kept=CODES,
    ),
)
