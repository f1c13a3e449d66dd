"""What happens in the Badge School."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from typing_extensions import override

from waypost.outbox import Event


@dataclass(frozen=True)
class BadgeProposed(Event):
    """A badge, or its next version, was begun."""

    badge: UUID
    draft: UUID
    creator: UUID


@dataclass(frozen=True)
class BadgeDraftUpdated(Event):
    """The words of a draft changed."""

    badge: UUID
    draft: UUID
    creator: UUID


@dataclass(frozen=True)
class BadgeSubmitted(Event):
    """A draft was submitted: to `reviewer`, after another tenant (`before`) had it in earlier rounds, or the same.

    `unasked` names plugins that could have objected and failed.
    """

    badge: UUID
    draft: UUID
    round: int
    reviewer: UUID
    before: UUID | None = None
    unasked: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadgeChangesRequested(Event):
    """The review asked for changes."""

    badge: UUID
    draft: UUID
    decision: UUID


@dataclass(frozen=True)
class BadgeApproved(Event):
    """The review approved a draft."""

    badge: UUID
    draft: UUID
    decision: UUID


@dataclass(frozen=True)
class BadgePublished(Event):
    """A version of a badge came into force."""

    badge: UUID
    version: UUID
    number: int


@dataclass(frozen=True)
class BadgeRetired(Event):
    """A badge was taken off the lists, for a successor where there is one."""

    badge: UUID
    replaced_by: UUID | None


@dataclass(frozen=True)
class BadgeDraftChanged(Event):
    """Something about a draft changed: words, state or comments. For those who watch it."""

    draft: UUID
    badge: UUID

    @property
    @override
    def object_type(self) -> str:
        return "BadgeDraft"

    @property
    @override
    def type(self) -> str:
        return "badge-draft.changed"


@dataclass(frozen=True)
class ReviewReceived(Event):
    """A submission arrived where it is reviewed."""

    review: UUID
    home: UUID
    round: int


@dataclass(frozen=True)
class ReviewWithdrawn(Event):
    """A submission went to another reviewer."""

    review: UUID
    home: UUID


@dataclass(frozen=True)
class ReviewTaken(Event):
    """A curator took a submission, kept it for longer, or gave it back."""

    review: UUID


@dataclass(frozen=True)
class ReviewCommented(Event):
    """Something was said of a submission; `to` is the other tenant that keeps it."""

    review: UUID
    comment: UUID
    to: UUID


@dataclass(frozen=True)
class ReviewDecided(Event):
    """A curator decided about a submission of `home`."""

    review: UUID
    decision: UUID
    home: UUID
    outcome: str
