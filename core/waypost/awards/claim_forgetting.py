"""How codes, requests and endorsements forget a person: what they asked for goes, what others did leads to nobody."""

from __future__ import annotations

from typing import Final

from waypost.awards import claim_tables as tables
from waypost.badges.tables import Endorsement
from waypost.db.personal import Finds, Personal

NOBODY: Final = "an id that leads to nobody any more."

PERSONAL: Final = (
    Personal(table=tables.BadgeRequestEvidence, by={"request_id": Finds.REQUEST}),
    Personal(
        table=tables.BadgeRequest,
        by={"person_id": Finds.PERSON, "recipient_id": Finds.RECIPIENT},
        names=Finds.REQUEST,
    ),
    Personal(table=tables.ClaimAttempt, by={"person_id": Finds.PERSON}, told=False),
    Personal(
        table=tables.ClaimAddress,
        by={"digest": Finds.DIGEST},
        stays="The digest is of a code, and leads to nobody.",
        told=False,
    ),
    Personal(
        table=tables.ClaimCode,
        by={"recipient_id": Finds.RECIPIENT},
        # Whoever wrote the label may have written whose code it is.
        emptied={"label": "NULL", "cancelled_at": "coalesce(cancelled_at, now())"},
    ),
    Personal(
        table=tables.ClaimCode,
        by={"created_by": Finds.PERSON, "cancelled_by": Finds.PERSON},
        stays=f"Who made or cancelled a code: {NOBODY}",
        told=False,
    ),
    Personal(
        table=tables.BadgeRequest,
        by={"decided_by": Finds.PERSON},
        stays=f"Who decided for the issuer: {NOBODY}",
        told=False,
    ),
    Personal(
        table=Endorsement,
        by={"offered_by": Finds.PERSON, "decided_by": Finds.PERSON},
        stays=f"Who spoke for an organisation: {NOBODY}",
        told=False,
    ),
)
