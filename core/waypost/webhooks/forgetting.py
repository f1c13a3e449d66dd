"""How this room forgets a person: it knows nothing but who made a webhook, by id."""

from __future__ import annotations

from typing import Final

from waypost.db.personal import Finds, Personal
from waypost.webhooks import tables

PERSONAL: Final = (
    Personal(
        table=tables.Webhook,
        by={"person_id": Finds.PERSON},
        stays="The webhook is the city's; the id leads to nobody any more.",
        told=False,
    ),
)
