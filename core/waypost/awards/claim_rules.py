"""Claim codes: how they are made and read, and when one can be used. No I/O."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.refusal import Invalid, Refused
from waypost.tenancy.entries import Ref

# Digits and letters that nobody mistakes for others when they are written by hand; 5 bits each.
SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
GROUP: Final = 4
MOST_CLAIMS: Final = 1_000_000
MOST_RECIPIENTS: Final = 500  # of one class
LONGEST_LINK: Final = 500
_LOOKALIKES: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BETWEEN: Final = re.compile(r"[\s\-–—_.]+")
_CODE: Final = re.compile(f"[{SYMBOLS}]{{{LENGTH}}}")
_LINK: Final = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True)
class Terms:
    """Under which terms a code can be used. `most` None = by any number of people."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    most: int | None = None
    label: str | None = None
    opportunity: Ref | None = None


def code_of(secret_key: str, id: UUID) -> str:
    """Make the code of a row: 12 symbols, 60 bits, that only who has the platform's key can make again."""
    digest = hmac.digest(secret_key.encode(), f"claim-code:{id}".encode(), "sha256")
    number = int.from_bytes(digest[:8], "big") >> 4
    return "".join(SYMBOLS[number >> (5 * place) & 31] for place in reversed(range(LENGTH)))


def shown(code: str) -> str:
    """Write a code as people read it: `7K3M-9QXT-2B4D`."""
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def read_code(text: str) -> str | None:
    """Read a code as people type it, in any case, with spaces or dashes, O for 0; None for what is no code."""
    code = _BETWEEN.sub("", text).upper().translate(_LOOKALIKES)
    return code if _CODE.fullmatch(code) else None


def digest_of(secret_key: str, code: str) -> str:
    """Digest a code under the platform's key, to find it by: a stolen table gives no code away."""
    return hmac.digest(secret_key.encode(), f"claim-digest:{code}".encode(), "sha256").hex()


def not_a_code() -> Refused:
    """Refuse a code that is wrong, cancelled, over or used up: nobody learns which."""
    return Refused(
        code="CODE_INVALID", message="This code cannot be used; check it, or ask for another.", path=("code",)
    )


def usable(terms: Terms, claimed: int, cancelled_at: datetime | None, now: datetime) -> Refused | None:
    """Refuse a code that cannot be used now; only of one that cannot be used yet it is told why."""
    over = terms.closes_at is not None and now >= terms.closes_at
    if cancelled_at is not None or over or (terms.most is not None and claimed >= terms.most):
        return not_a_code()
    if terms.opens_at is not None and now < terms.opens_at:
        return Refused(code="CODE_NOT_YET", message="This code cannot be used yet; try again later.", path=("code",))
    return None


def terms_problem(terms: Terms, now: datetime, recipients: int | None, field: str = "recipients") -> Invalid | None:
    """Say what is wrong with the terms of new codes; `recipients` are those of a class in `field`, None without one."""
    if terms.closes_at is not None and terms.closes_at <= max(now, terms.opens_at or now):
        return Invalid(message="It would close before it opens, or has closed already.", path=("closesAt",))
    if recipients is not None and terms.most not in {None, 1}:
        return Invalid(message="A code for one recipient is used once; leave this out.", path=("limit",))
    if terms.most is not None and not 1 <= terms.most <= MOST_CLAIMS:
        return Invalid(message=f"A limit lies between 1 and {MOST_CLAIMS:,}.", path=("limit",))
    if recipients is not None and not 1 <= recipients <= MOST_RECIPIENTS:
        return Invalid(message=f"From 1 to {MOST_RECIPIENTS} recipients at a time.", path=(field,))
    return None


def link_problem(link: str) -> str | None:
    """Say what is wrong with the address that a printed code is to lead to; `{code}` stands in it for the code."""
    if len(link) > LONGEST_LINK or not _LINK.fullmatch(link) or link.count("{code}") != 1:
        return "`link` is an http or https address of at most 500 characters with {code} in it, once."
    return None
