"""Who can be given a badge, whom one may write to, and what of them may be shown. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final
from uuid import UUID

from waypost.access.people import normal_address
from waypost.refusal import Invalid
from waypost.tenancy.texts import said_problem

GUARDED_BELOW: Final = 13
PUBLIC_FROM: Final = 18
OLDEST: Final = 120
LONGEST_REFERENCE: Final = 100
KINDS: Final = ("person", "organisation")


@dataclass(frozen=True)
class Who:
    """A recipient as an issuer names them, addresses in their normal form.

    `reference` is the issuer's own, `issuer_id` that of an organisation which is also an issuer here.
    """

    name: str = ""
    kind: str = "person"
    address: str | None = None
    birth_year: int | None = None
    guardian_address: str | None = None
    reference: str | None = None
    issuer_id: UUID | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether they can be written to, or a guardian."""
        return bool(self.address or self.guardian_address)


@dataclass(frozen=True)
class Reached:
    """Who answers for a recipient, as far as that is known."""

    address: str | None = None
    person_id: UUID | None = None
    guardian_address: str | None = None
    guardian_id: UUID | None = None

    @property
    def is_nobody(self) -> bool:
        """Whether nobody can be written to, and nobody has claimed anything."""
        return self == Reached()


def reached(who: Who, people: Mapping[str, UUID]) -> Reached:
    """Return who would answer for a recipient as an issuer names them, by the people behind addresses."""
    guardian = people.get(who.guardian_address or "")
    return Reached(who.address, people.get(who.address or ""), who.guardian_address, guardian)


def other_address(said: Reached, known: Reached) -> Invalid | None:
    """Refuse an address beside a reference that is already somebody with another one."""
    if said.guardian_address:
        field, same = "guardianEmail", said.guardian_address == known.guardian_address
        same = same or (said.guardian_id is not None and said.guardian_id == known.guardian_id)
    else:
        field, same = "email", said.address == known.address
        same = same or (said.person_id is not None and said.person_id == known.person_id)
    if same or known.is_nobody:
        return None
    words = "Who has this reference is known by another address: leave this out, or give another reference."
    return Invalid(message=words, path=(field,))


def youngest(birth_year: int, year: int) -> int:
    """Return how old somebody of that year of birth is at least: what is not sure protects the child."""
    return year - birth_year - 1


def is_guarded(birth_year: int | None, year: int) -> bool:
    """Whether only the guardian is written to; who is of unknown age is no child."""
    return birth_year is not None and youngest(birth_year, year) < GUARDED_BELOW


def may_be_public(kind: str, birth_year: int | None, year: int) -> bool:
    """Whether what somebody earned may be shown to everybody, if they want it."""
    return kind == "organisation" or birth_year is None or youngest(birth_year, year) >= PUBLIC_FROM


def addressed(who: Who, year: int) -> Who | Invalid:
    """Return a recipient with addresses in their normal form, or say what is wrong with it.

    Under 13 there is no address but the guardian's; who is older has no guardian. Without any address the
    recipient claims by a code. `path` names the fields of the graph's input.
    """
    wrong = _problem(who, year)
    if wrong:
        return wrong
    if is_guarded(who.birth_year, year):
        if who.address:
            words = "Under 13 only a guardian is written to: leave this out, and give guardianEmail."
            return Invalid(message=words, path=("email",))
    elif who.guardian_address:
        words = "Only who is under 13 has a guardian here; give the year of birth, or leave this out."
        return Invalid(message=words, path=("guardianEmail",))
    return _normal(who)


def _normal(who: Who) -> Who | Invalid:
    address = normal_address(who.address) if who.address else None
    if isinstance(address, Invalid):
        return address
    guardian = normal_address(who.guardian_address) if who.guardian_address else None
    if isinstance(guardian, Invalid):
        return Invalid(message=guardian.message, path=("guardianEmail",))
    return replace(who, name=who.name.strip(), address=address, guardian_address=guardian)


def _problem(who: Who, year: int) -> Invalid | None:
    if who.kind not in KINDS:
        return Invalid(message=f"Unknown: {who.kind[:40]}. Known: {', '.join(KINDS)}.", path=("kind",))
    if who.kind == "organisation" and (who.birth_year is not None or who.guardian_address):
        return Invalid(message="An organisation has no year of birth and no guardian.", path=("birthYear",))
    if who.kind == "person" and who.issuer_id is not None:
        return Invalid(message="A person is no issuer.", path=("issuer",))
    if who.birth_year is not None and not 0 <= year - who.birth_year <= OLDEST:
        return Invalid(message=f"A year of birth lies between {year - OLDEST} and {year}.", path=("birthYear",))
    if who.reference is not None and not 0 < len(who.reference) <= LONGEST_REFERENCE:
        return Invalid(message=f"A reference has 1 to {LONGEST_REFERENCE} characters.", path=("reference",))
    if not who.name.strip():
        return Invalid(message="Say how they are called.", path=("name",))
    return said_problem(names={"name": who.name})


def addresses_of(recipients: Sequence[Who]) -> list[str]:
    """List the addresses whose people are to be found, each once."""
    found = [each.guardian_address or each.address for each in recipients]
    return list(dict.fromkeys(each for each in found if each))


def derived_id(tenant: UUID, *facts: object) -> UUID:
    """Make the one id that a row gets from what it is about, so that two who write it at once write one row."""
    digest = sha256("\x1f".join(map(str, (tenant, *facts))).encode()).digest()
    return UUID(bytes=digest[:16], version=5)
