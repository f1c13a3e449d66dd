"""What follows in the background from acts upon frameworks."""

from __future__ import annotations

from waypost.frameworks.jobs import FormatsOf, import_job
from waypost.outbox.work import Effects


def effects(formats_of: FormatsOf) -> Effects:
    """The background work of this room, with the formats that plugins read."""
    return Effects(jobs=(import_job(formats_of),))
