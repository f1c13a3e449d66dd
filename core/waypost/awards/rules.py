"""What may become of an award, and who may be given one again. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.refusal import Invalid, Refusal
from waypost.tenancy.entries import Ref
from waypost.tenancy.texts import numbered, said_problem

STATES: Final = ("offered", "accepted", "declined", "revoked", "expired", "replaced")
REPEATS: Final = ("once", "once-a-version", "after-expiry", "always")
MOST_EVIDENCE: Final = 10
LONGEST_REASON: Final = 1_000

# What is done to an award: from which states, and to which.
MOVES: Final[Mapping[str, tuple[frozenset[str], str]]] = {
    "accept": (frozenset({"offered"}), "accepted"),
    "decline": (frozenset({"offered"}), "declined"),
    "revoke": (frozenset({"offered", "accepted", "expired"}), "revoked"),
    "replace": (frozenset({"offered", "accepted", "expired"}), "replaced"),
    "expire": (frozenset({"offered", "accepted"}), "expired"),
}


@dataclass(frozen=True, kw_only=True)
class AlreadyAwarded(Refusal):
    """The recipient has this badge already, and it is not given again by its policy."""


@dataclass(frozen=True, kw_only=True)
class NotAwardable(Refusal):
    """The badge is not published, or retired: it cannot be given."""


@dataclass(frozen=True, kw_only=True)
class WrongState(Refusal):
    """This cannot be done to an award in its state."""

    state: str = ""


@dataclass(frozen=True)
class Held:
    """An award of a badge that a recipient has, as far as giving it again depends on it."""

    version_id: UUID
    state: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class AwardWords:
    """What an issuer says of one award. `awarded_at` None = now; `opportunity` may be another tenant's."""

    narrative: str | None = None
    evidence: Sequence[str] = ()
    awarded_at: datetime | None = None
    expires_at: datetime | None = None
    opportunity: Ref | None = None


def again(repeats: str, held: Iterable[Held], version: UUID, now: datetime) -> AlreadyAwarded | None:
    """Refuse to give a badge to who has it, by its policy.

    What was declined, revoked or replaced never stands in the way. `once`: nobody gets it twice, not after expiry
    either; `once-a-version`: again in another wording; `after-expiry`: again when the last one has expired; `always`.
    """
    standing = [each for each in held if each.state in {"offered", "accepted", "expired"}]
    if repeats == "always":
        standing = []
    elif repeats == "once-a-version":
        standing = [each for each in standing if each.version_id == version]
    elif repeats == "after-expiry":
        standing = [each for each in standing if in_force(each.state, each.expires_at, now)]
    if not standing:
        return None
    return AlreadyAwarded(message=f"They have this badge already; it is given {_PLAINLY[repeats]}.")


_PLAINLY: Final = {
    "once": "once",
    "once-a-version": "once in each wording",
    "after-expiry": "again when it has expired",
}


def in_force(state: str, expires_at: datetime | None, now: datetime) -> bool:
    """Whether an award holds, or will once it is accepted."""
    return state in {"offered", "accepted"} and (expires_at is None or expires_at > now)


def moved(act: str, state: str, expires_at: datetime | None, now: datetime) -> str | WrongState:
    """Return the state that an award gets by an act, one of MOVES; nothing is accepted when its time is over."""
    sources, target = MOVES[act]
    if state not in sources:
        allowed = " or ".join(sorted(sources))
        words = f"The award is {state}; only what is {allowed} can be {_DONE[act]}."
        return WrongState(message=words, path=("award",), state=state)
    if act in {"accept", "decline"} and expires_at is not None and expires_at <= now:
        return WrongState(message="The award has expired.", path=("award",), state="expired")
    return target


_DONE: Final = {
    "accept": "accepted",
    "decline": "declined",
    "revoke": "revoked",
    "replace": "replaced",
    "expire": "expired",
}


def not_awardable(state: str) -> NotAwardable | None:
    """Refuse a badge that nobody can be given, by its state."""
    if state == "published":
        return None
    why = "is retired: who has it keeps it, and nobody gets it any more" if state == "retired" else "is not published"
    return NotAwardable(message=f"The badge {why}.", path=("badge",))


def award_problem(words: AwardWords, now: datetime) -> Invalid | None:
    """Say what is wrong with what is said of an award, or None."""
    awarded_at = words.awarded_at or now
    if awarded_at > now:
        return Invalid(message="Nothing is earned in the future.", path=("awardedAt",))
    if words.expires_at is not None and words.expires_at <= max(awarded_at, now):
        return Invalid(message="It would have expired already.", path=("expiresAt",))
    if len(words.evidence) > MOST_EVIDENCE:
        return Invalid(message=f"At most {MOST_EVIDENCE} addresses of evidence.", path=("evidence",))
    return said_problem(names={}, texts={"narrative": words.narrative}, urls=numbered("evidence", words.evidence))


def reason_problem(reason: str) -> Invalid | None:
    """Refuse to take an award back without saying why."""
    if not reason.strip():
        return Invalid(message="Say why, so that the earner can be told.", path=("reason",))
    if len(reason) > LONGEST_REASON:
        return Invalid(message=f"At most {LONGEST_REASON} characters fit here.", path=("reason",))
    return None
