"""What happened, written in the transaction that made it true, and who may make things happen."""

from __future__ import annotations

from waypost.outbox.act import OWN, Act, CityClosed, Command, Event, Forbidden, command
from waypost.outbox.submission import Submission, Verdict
from waypost.outbox.work import (
    Addressed,
    Effects,
    GivenUp,
    Handler,
    Happened,
    JobKind,
    Later,
    Letter,
    Schedule,
    Work,
    enqueue,
    enqueue_all,
)

__all__ = [
    "OWN",
    "Act",
    "Addressed",
    "CityClosed",
    "Command",
    "Effects",
    "Event",
    "Forbidden",
    "GivenUp",
    "Handler",
    "Happened",
    "JobKind",
    "Later",
    "Letter",
    "Schedule",
    "Submission",
    "Verdict",
    "Work",
    "command",
    "enqueue",
    "enqueue_all",
]
