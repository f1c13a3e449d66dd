"""How this room forgets a person: who earned a badge keeps it without a name."""

from __future__ import annotations

from typing import Final

from waypost.awards import tables
from waypost.db.personal import Finds, Personal

CODES: Final = frozenset({"state", "origin"})

PERSONAL: Final = (
    Personal(
        table=tables.Award,
        by={"recipient_id": Finds.RECIPIENT},
        emptied={
            "person_id": "NULL",
            "narrative": "NULL",
            "revoked_reason": "NULL",
            # Nobody is left who could accept it, and it is nobody else's.
            "state": "CASE state WHEN 'offered' THEN 'expired' ELSE state END",
        },
        kept=CODES - {"state"},
        names=Finds.AWARD,
    ),
    # A guardian's: the award is the child's, and stays as it is.
    Personal(
        table=tables.Award,
        by={"person_id": Finds.PERSON},
        emptied={"person_id": "NULL"},
        kept=CODES | {"narrative", "revoked_reason"},
        told=False,
    ),
    Personal(table=tables.AwardEvidence, by={"award_id": Finds.AWARD}),
    Personal(table=tables.UploadChunk, by={"upload_id": Finds.UPLOAD}, told=False),
    Personal(table=tables.Upload, by={"person_id": Finds.PERSON}, names=Finds.UPLOAD),
)
