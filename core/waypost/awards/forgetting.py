"""How this room forgets a person: who earned a badge keeps it without a name."""

from __future__ import annotations

from typing import Final

from waypost.awards import tables
from waypost.db.personal import Finds, Personal

PERSONAL: Final = (
    Personal(
        table=tables.Award,
        by={"recipient_id": Finds.RECIPIENT},
        stays="That a badge was awarded stays true; its recipient has neither name nor address any more.",
    ),
)
