"""Where a badge may go from where it is, the clock of its review, and who may hold and decide it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from waypost.refusal import Refusal

PROMISED_DAYS: Final = 14
LEASE: Final = timedelta(hours=48)
LEAST_REASON: Final = 10  # characters: enough to be a reason

DRAFT: Final = "draft"
SUBMITTED: Final = "submitted"
CHANGES_REQUESTED: Final = "changes-requested"
APPROVED: Final = "approved"
PUBLISHED: Final = "published"
WITHDRAWN: Final = "withdrawn"  # a review's alone: the draft itself is elsewhere

REVIEW_STATES: Final = (SUBMITTED, CHANGES_REQUESTED, APPROVED, WITHDRAWN)

# From each state of a version, where it may go. That a draft is sent back, approved and published by a decision of its
# round alone the database holds to by itself, with keys and checks; the rest is held to here.
MOVES: Final[Mapping[str, frozenset[str]]] = {
    DRAFT: frozenset({SUBMITTED}),
    SUBMITTED: frozenset({CHANGES_REQUESTED, APPROVED}),
    CHANGES_REQUESTED: frozenset({SUBMITTED}),
    APPROVED: frozenset({PUBLISHED}),
    PUBLISHED: frozenset(),
}
WRITABLE: Final = frozenset({DRAFT, CHANGES_REQUESTED})
WORDS: Final[Mapping[str, str]] = {
    DRAFT: "is still a draft",
    SUBMITTED: "is being reviewed",
    CHANGES_REQUESTED: "waits for the changes that the review asked for",
    APPROVED: "is approved, and waits for its publishing",
    PUBLISHED: "is published",
}
GONE: Final = "went to another reviewer, or was retired"


@dataclass(frozen=True, kw_only=True)
class NotApproved(Refusal):
    """No version of the badge is approved, so that none can be published."""

    state: str


@dataclass(frozen=True, kw_only=True)
class WrongBadgeState(Refusal):
    """The act does not fit to where the badge is on its way."""

    state: str


@dataclass(frozen=True, kw_only=True)
class AlreadyDecided(Refusal):
    """Another curator was quicker, or the submission is not awaiting a decision."""


@dataclass(frozen=True, kw_only=True)
class ReviewTaken(Refusal):
    """Another curator holds the submission for now."""


@dataclass(frozen=True, kw_only=True)
class OwnBadge(Refusal):
    """Who belongs to a badge's issuer or creator, wrote or submitted it, does not review it."""


def may_move(state: str, to: str) -> bool:
    """Whether a version may go from one state to another."""
    return to in MOVES[state]


def unwritable(state: str) -> WrongBadgeState | None:
    """Refuse to change words that lie with the review, or are approved."""
    if state in WRITABLE:
        return None
    return WrongBadgeState(message=f"The draft {WORDS[state]}: its words cannot be changed.", state=state)


def unsubmittable(state: str) -> WrongBadgeState | None:
    """Refuse to submit what was submitted already."""
    if may_move(state, SUBMITTED):
        return None
    return WrongBadgeState(message=f"The draft {WORDS[state]}: it cannot be submitted again.", state=state)


def unpublished(state: str) -> NotApproved | None:
    """Refuse to publish what no curator approved."""
    if may_move(state, PUBLISHED):
        return None
    return NotApproved(
        message=f"The badge {WORDS.get(state, 'is ' + state)}: only what is approved is published.", state=state
    )


# The clock


def promised(submitted: datetime, timezone: str) -> datetime:
    """Say by when a review is promised: two calendar weeks later, at the same time of day where the city is."""
    there = submitted.astimezone(ZoneInfo(timezone))
    return (there + timedelta(days=PROMISED_DAYS)).astimezone(submitted.tzinfo)


def paused(due: datetime, now: datetime) -> int:
    """Say how many seconds are left when the clock stops; nothing where the time is over."""
    return max(0, int((due - now).total_seconds()))


def resumed(remaining_s: int, now: datetime) -> datetime:
    """Say by when a review is promised once the clock goes on."""
    return now + timedelta(seconds=remaining_s)


# Who reviews


@dataclass(frozen=True)
class Submission:
    """A submission as far as deciding needs it; `members` are those whose badge it is."""

    state: str
    reviewer: UUID | None
    leased_until: datetime | None
    members: Collection[UUID]

    def holder(self, now: datetime) -> UUID | None:
        """Who holds it now; nobody once the lease is over."""
        return self.reviewer if self.leased_until is not None and self.leased_until > now else None


def unreviewable(submission: Submission, curator: UUID, now: datetime) -> Refusal | None:
    """Refuse a curator whose own badge it is, who comes too late, or after another."""
    if curator in submission.members:
        words = "Who belongs to the badge's issuer, wrote or submitted it, does not review it:"
        return OwnBadge(message=f"{words} leave it to another curator.")
    if submission.state != SUBMITTED:
        said = {**WORDS, WITHDRAWN: GONE}[submission.state]
        return AlreadyDecided(message=f"There is nothing to decide: the badge {said}.")
    holder = submission.holder(now)
    if holder is not None and holder != curator:
        until = f"{submission.leased_until:%Y-%m-%d %H:%M %Z}"
        return ReviewTaken(message=f"Another curator has taken this submission, until {until} at most.")
    return None
