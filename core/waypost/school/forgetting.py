"""How this room forgets a person: what was said and decided of a badge stays, by nobody."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.school import tables

PERSONAL: Final = (
    Personal(
        table=tables.BadgeDraft,
        by={"created_by": Finds.PERSON, "submitted_by": Finds.PERSON},
        stays="A badge belongs to its issuer; the ids lead to nobody any more.",
    ),
    Personal(table=tables.BadgeDraftWriter, by={"person_id": Finds.PERSON}),
    Personal(
        table=tables.Review,
        by={"reviewer_id": Finds.PERSON},
        stays="That a badge was reviewed stays true; the id leads to nobody any more.",
    ),
    Personal(table=tables.ReviewMember, by={"person_id": Finds.PERSON}, told=False),
    Personal(
        table=tables.ReviewComment,
        by={"person_id": Finds.PERSON},
        stays="What was said of a badge is part of its review; the id leads to nobody any more.",
    ),
    Personal(
        table=tables.ReviewDecision,
        by={"person_id": Finds.PERSON},
        stays="Why a badge was approved, or not, stays true; the id leads to nobody any more.",
    ),
)
