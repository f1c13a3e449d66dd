"""What is to be done next about an award at an issuing platform, so that nothing is given twice. No I/O."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from waypost.db import storable
from waypost.learners.rules import derived_id, is_guarded
from waypost.outbox.connecting import LIVE, Figure, Invalid, Issued, IssueState, Template
from waypost.plugins.settings import with_defaults

# How long after it was sent something may still arrive there: a platform that answers at all does so in minutes.
SETTLED: Final = timedelta(hours=1)
EARNER_PREFIX: Final = "waypost:"
LONGEST_PROBLEM: Final = 500
LONGEST_NAME: Final = 100
LONGEST_TEMPLATE: Final = 200
LONGEST_ID_BYTES: Final = 2_000  # of what stands in an index
MOST_COUNTED: Final = 2**31 - 1  # the largest number that the graph tells
MOST_ACCOUNTS: Final = 50
HIDDEN: Final = "…"
_SHOWN: Final = re.compile(r"https?://[^\s<>\"\x00\ud800-\udfff]{1,2000}")


class Want(StrEnum):
    """What should be at the platform, as the award and the earner's consent say."""

    THERE = "there"
    GONE = "gone"  # it was revoked: what is there is taken back
    LEFT = "left"  # nothing more is sent; what is there stays as it is


class Move(StrEnum):
    """What is done next."""

    NOTHING = "nothing"
    SEARCH = "search"  # whether it is there already
    SEND = "send"
    REVOKE = "revoke"
    DOUBT = "doubt"  # leave it to the reconciliation
    WITHDRAW = "withdraw"  # it was never sent, and never will be
    WAIT = "wait"  # an attempt may still arrive there


@dataclass(frozen=True)
class Entry:
    """An entry of an account as far as the next move depends on it."""

    state: str
    external_id: str | None = None
    attempts: int = 0
    begun_at: datetime | None = None

    def settled(self, now: datetime) -> bool:
        """Whether nothing that was sent can still be on its way."""
        return self.begun_at is None or now - self.begun_at >= SETTLED

    def unsure(self, now: datetime) -> bool:
        """Whether what was sent may still arrive there."""
        return self.state in {"sending", "doubtful"} and not self.settled(now)


def next_move(
    want: Want, entry: Entry, now: datetime, *, duplicates: bool, idempotent: bool = False, searched: bool = False
) -> Move:
    """Decide the next move. `searched`: it was just looked for, and is not there.

    Where the platform refuses a second of the same, or knows an order that comes twice, what may have been sent is
    sent again. Where it would give it twice, it is sent again only once nothing can be on its way any more.
    """
    if entry.external_id is not None:
        return Move.REVOKE if want is Want.GONE and entry.state in LIVE else Move.NOTHING
    if entry.state == "failed":
        return Move.NOTHING
    if entry.attempts and not searched:
        return Move.SEARCH
    unsure = entry.unsure(now)
    if want is Want.THERE:
        return Move.DOUBT if unsure and duplicates and not idempotent else Move.SEND
    if unsure:
        return Move.DOUBT if duplicates and not idempotent else Move.WAIT
    return Move.NOTHING if entry.state == "withdrawn" else Move.WITHDRAW


def wanted(award: str, *, consents: bool, linked: bool) -> Want:
    """Say what should be at the platform for an award in a state.

    An award that was revoked is taken back there too, also for who has withdrawn their consent meanwhile: that names
    nobody, and what is not true any more must not stand.
    """
    if award == "revoked":
        return Want.GONE
    return Want.THERE if award == "accepted" and consents and linked else Want.LEFT


def never_sent(kind: str, birth_year: int | None, address: str | None, year: int) -> str | None:
    """Say why nothing is ever sent about a recipient, or None."""
    if kind != "person":
        return "Only people's awards are given at other platforms."
    if is_guarded(birth_year, year):
        return "Nothing about children under 13 is sent to other platforms."
    return None if address else "No address of theirs is known, and the platform asks for one."


def earner_of(tenant: UUID, account: UUID, earner: UUID) -> str:
    """How a platform knows an earner from us: the same for all that one account gives them in one tenant."""
    return f"{EARNER_PREFIX}{derived_id(tenant, 'issuing', account, earner)}"


def ours(found: Iterable[Issued], reference: str, taken: Collection[str]) -> Issued | None:
    """Choose which of an earner's badges of one template is the one that an order asked for.

    `taken` are ids that other entries have. One with the order's reference is it, whatever became of it; one with
    another reference is not; without any, only one that is still in force can be.
    """
    free = [each for each in found if each.id not in taken]
    named = next((each for each in free if each.reference == reference), None)
    return named or next((each for each in free if each.reference is None and each.state in LIVE), None)


def split_name(name: str) -> tuple[str, str]:
    """Split a name into a first and a last one, as platforms want it; who has one name has a dash for the other."""
    words = name.split()
    if len(words) < 2:
        return (words[0] if words else "-"), "-"
    return " ".join(words[:-1]), words[-1]


def problem_of(error: Invalid, secrets: Iterable[str]) -> str:
    """Put a platform's refusal into words that name nobody: `secrets` are the words that must not stand there.

    Whole words in whatever case: platforms write addresses in small letters.
    """
    by_field = "; ".join(f"{name}: {', '.join(words)}" for name, words in error.fields.items())
    text = f"{error.message} ({by_field})" if by_field else error.message
    for word in sorted({each for each in secrets if each}, key=len, reverse=True):
        said = re.escape(word)
        text = re.sub(rf"{said}|(?i:(?<!\w){said}(?!\w))", HIDDEN, text)
    return storable(text[:LONGEST_PROBLEM])


def shown(url: str | None) -> str | None:
    """The address, where it is one of the web; any other that a platform names would be followed by who sees it."""
    return url if url is not None and _SHOWN.fullmatch(url) else None


def can_be_kept(found: object) -> bool:
    """Whether there is room for what a platform says of a badge, a template or its figures; of anything else it is."""
    match found:
        case Issued():
            return _fit(found.id, found.template, found.earner or "")
        case Template():
            return _fit(found.id, found.name, found.state)
        case Figure():
            counts = (found.issued, found.accepted, found.pending, found.rejected, found.revoked)
            return all(type(each) is int and 0 <= each <= MOST_COUNTED for each in counts)
        case _:
            return True


def _fit(id: str, *texts: str) -> bool:
    return all(storable(each) == each for each in (id, *texts)) and len(id.encode()) <= LONGEST_ID_BYTES


def names_in(names: str, address: str) -> tuple[str, ...]:
    """The words by which a refusal could name somebody."""
    return (address, names, *(word for word in names.split() if len(word) > 1))


@dataclass(frozen=True)
class Drift:
    """How an entry and the platform differ; `mended` says whether taking over the platform's state is all."""

    kind: str
    words: str
    mended: bool


def drifted(state: str, there: Issued | None) -> Drift | None:
    """Compare an entry that has been given with what the platform says now; None there: it is gone.

    The platform is right about what is there. What the earner did there (accepting, rejecting) is no drift.
    """
    if there is None:
        if state == "missing":
            return None
        return Drift("missing-there", f"It was {state} here, and is not there any more.", mended=False)
    if there.state == state:
        return None
    moved = f"It was {state} here, and is {there.state} there."
    own = there.state in {IssueState.ACCEPTED, IssueState.REJECTED} and state == IssueState.PENDING
    return None if own else Drift("other-state", moved, mended=True)


def settings_from(pairs: Iterable[tuple[str, str]], schema: Mapping[str, object]) -> dict[str, object]:
    """Read settings that were given as text by their types in the schema; what is no number stays text."""
    known = schema.get("properties")
    properties = known if isinstance(known, Mapping) else {}
    return {name: _typed(value, properties.get(name)) for name, value in pairs}


def place_of(settings: Mapping[str, object], schema: Mapping[str, Any]) -> dict[str, object]:
    """Take from an account's settings those that say where at the platform it is, with the schema's defaults.

    All do but the names of secrets, and what the schema marks with `place: false`.
    """
    properties: Mapping[str, object] = schema.get("properties", {})
    return {name: value for name, value in with_defaults(settings, schema).items() if is_place(properties.get(name))}


def explicit(settings: Mapping[str, object], schema: Mapping[str, Any]) -> dict[str, object]:
    """Write down where an account is also where a default says so: a later release with another one moves nothing."""
    return {**place_of(settings, schema), **settings}


def is_place(schema: object) -> bool:
    """Whether a setting of this schema says where at the platform an account is."""
    if not isinstance(schema, Mapping):
        return True
    return schema.get("format") != "secret" and schema.get("place") is not False


def moved(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """List the keys in which two places differ, in the order of the alphabet."""
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def _typed(value: str, schema: object) -> object:
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if kind == "integer" and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        return int(value)
    return value
