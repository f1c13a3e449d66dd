"""How this room forgets a person."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.learners import tables

PERSONAL: Final = (
    Personal(
        table=tables.Recipient,
        by={"person_id": Finds.PERSON, "address": Finds.ADDRESS},
        owners={"address": "person_id"},
        emptied={
            "display_name": "''",
            "address": "NULL",
            "person_id": "NULL",
            "birth_year": "NULL",
            "guardian_address": "NULL",
            "guardian_id": "NULL",
            "reference": "NULL",
            "reference_issuer_id": "NULL",
        },
        kept=frozenset({"kind"}),
        names=Finds.RECIPIENT,
    ),
    Personal(table=tables.RecipientName, by={"recipient_id": Finds.RECIPIENT}),
    # Whose child it is: the address goes, the child stays.
    Personal(
        table=tables.Recipient,
        by={"guardian_address": Finds.ADDRESS, "guardian_id": Finds.PERSON},
        owners={"guardian_address": "guardian_id"},
        emptied={"guardian_address": "NULL", "guardian_id": "NULL"},
        kept=frozenset({"kind", "display_name", "address", "reference"}),
        secret=frozenset({"display_name", "address", "birth_year", "person_id", "reference"}),
    ),
    Personal(table=tables.KnownIn, by={"person_id": Finds.PERSON}),
    Personal(table=tables.JoinedPathway, by={"person_id": Finds.PERSON}),
    Personal(table=tables.SavedOpportunity, by={"person_id": Finds.PERSON}),
)
