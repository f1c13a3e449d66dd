"""What happens to accounts, links and consent, as others hear of it: ids, never names or addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from waypost.outbox import Event


@dataclass(frozen=True)
class IssuingAccountCreated(Event):
    """A tenant keeps an account with an issuing platform here."""

    about: ClassVar[str] = "IssuingAccount"
    account: UUID


@dataclass(frozen=True)
class IssuingAccountUpdated(Event):
    """Its name or settings changed, or it was switched on or off."""

    about: ClassVar[str] = "IssuingAccount"
    account: UUID


@dataclass(frozen=True)
class IssuingShareChanged(Event):
    """An issuer may use an account, or may not any more; `platform` is how people call the platform."""

    about: ClassVar[str] = "IssuingShare"
    share: UUID
    platform: str


@dataclass(frozen=True)
class BadgeTemplateAsked(Event):
    """A badge is to be given by a template of a platform."""

    about: ClassVar[str] = "Badge"
    badge: UUID
    link: UUID


@dataclass(frozen=True)
class BadgeTemplateLinked(Event):
    """The template was found: awards of the badge are given there from now on, to who agreed."""

    about: ClassVar[str] = "Badge"
    badge: UUID
    link: UUID


@dataclass(frozen=True)
class BadgeTemplateUnlinked(Event):
    """Awards of the badge are not given there any more."""

    about: ClassVar[str] = "Badge"
    badge: UUID
    link: UUID


@dataclass(frozen=True)
class IssuingConsentGiven(Event):
    """Somebody agreed that their awards are given by an account's platform."""

    about: ClassVar[str] = "IssuingConsent"
    consent: UUID


@dataclass(frozen=True)
class IssuingConsentWithdrawn(Event):
    """Nothing more of theirs is sent there."""

    about: ClassVar[str] = "IssuingConsent"
    consent: UUID


@dataclass(frozen=True)
class IssuingRecordRetried(Event):
    """What was refused, or is missing there, is sent once more."""

    about: ClassVar[str] = "IssuingRecord"
    record: UUID
    account: UUID
    home: UUID


@dataclass(frozen=True)
class IssuingDriftSettled(Event):
    """Somebody has seen to a difference."""

    about: ClassVar[str] = "IssuingDrift"
    drift: UUID
