"""What awards set going in the background."""

from __future__ import annotations

from typing import Final

from waypost.awards.jobs import JOBS
from waypost.outbox.work import Effects

EFFECTS: Final = Effects(jobs=JOBS)
