"""What happens to awards, as others hear of it: ids and facts, never names or addresses."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from waypost.outbox import Event


@dataclass(frozen=True)
class AwardCreated(Event):
    """A badge was given; unless it is accepted already, it waits for its recipient."""

    award: UUID
    badge: UUID
    issuer: UUID
    batch: UUID | None = None


@dataclass(frozen=True)
class AwardAccepted(Event):
    """The recipient took it: it counts from now on."""

    award: UUID
    badge: UUID


@dataclass(frozen=True)
class AwardDeclined(Event):
    """The recipient does not want it."""

    award: UUID
    badge: UUID


@dataclass(frozen=True)
class AwardRevoked(Event):
    """It was taken back; `undone` with the whole batch, which was a mistake."""

    award: UUID
    badge: UUID
    undone: bool = False


@dataclass(frozen=True)
class AwardReplaced(Event):
    """Another award took its place."""

    award: UUID
    badge: UUID
    by: UUID


@dataclass(frozen=True)
class AwardExpired(Event):
    """Its time is over."""

    award: UUID
    badge: UUID
