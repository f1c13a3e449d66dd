"""What is about to be submitted for its review, and what those say who may object: the seam of vetoes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from waypost.refusal import Refusal
from waypost.tenancy.entries import Here


@dataclass(frozen=True)
class Submission:
    """A draft of a badge that would be submitted now, in the tenant `here`.

    `round` counts its submissions from 1, this one included. `creator` is the issuer whose badge it is, and
    `organisation` the one behind that issuer; `reviewer` is the tenant that would review it. `words` is all that the
    draft says, under the names of the graph.
    """

    here: Here
    now: datetime
    badge: UUID
    draft: UUID
    round: int
    creator: UUID
    organisation: UUID
    reviewer: UUID
    words: Mapping[str, Any]

    @property
    def today(self) -> date:
        """The date on the tenant's calendars."""
        return self.now.astimezone(ZoneInfo(self.here.timezone)).date()


@dataclass(frozen=True)
class Verdict:
    """What came of asking: the first refusal, and the plugins whose veto failed and so refused nothing."""

    refusal: Refusal | None = None
    unasked: tuple[str, ...] = ()


Ask = Callable[[Submission], Awaitable[Verdict]]
