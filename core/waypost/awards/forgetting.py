"""How this room forgets a person: who earned a badge keeps it without a name."""

from __future__ import annotations

from typing import Final

from waypost.awards import tables
from waypost.db.personal import Finds, Personal

STATES: Final = frozenset({"state", "origin"})

PERSONAL: Final = (
    # That a badge was awarded stays true; what was said of its earner goes, and so does who that was.
    Personal(
        table=tables.Award,
        by={"recipient_id": Finds.RECIPIENT},
        emptied={"narrative": "NULL", "revoked_reason": "NULL", "person_id": "NULL"},
        kept=STATES,
    ),
    # Of a child's award that waits for its guardian only the way to the guardian goes.
    Personal(
        table=tables.Award,
        by={"person_id": Finds.PERSON},
        emptied={"person_id": "NULL"},
        kept=STATES | {"narrative", "revoked_reason"},
    ),
    Personal(table=tables.AwardEvidence, by={"recipient_id": Finds.RECIPIENT}),
    Personal(
        table=tables.Award,
        by={"awarded_by": Finds.PERSON},
        stays="Who gave it for the issuer: an id that leads to nobody any more.",
        told=False,
    ),
    Personal(
        table=tables.AwardBatch,
        by={"awarded_by": Finds.PERSON},
        stays="Who gave it for the issuer: an id that leads to nobody any more.",
        told=False,
    ),
    Personal(table=tables.Upload, by={"person_id": Finds.PERSON}, told=False),
)
