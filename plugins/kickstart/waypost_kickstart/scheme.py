"""The scheme itself, and the questions that acts ask of it."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from importlib.resources import files
from typing import Final

from waypost.access.permissions import Granted
from waypost.plugins import manifest_of
from waypost.refusal import Refused
from waypost.schemes.reading import scheme_of_data
from waypost.schemes.rules import Eligibility, Facts, Scheme, Subject, Verdict, eligibility, words_in

MANIFEST: Final = manifest_of("waypost_kickstart")
CODE: Final = "kickstart"
DATA: Final = files("waypost_kickstart") / "scheme.toml"

APPLY: Final = Granted(
    "kickstart.apply",
    "Apply for Kickstart placements, and read one's own applications.",
    roles={"curator", "issuer-staff", "employer"},
)
DECIDE: Final = Granted(
    "kickstart.decide", "Decide applications for Kickstart placements, and say who is a gateway.", roles={"curator"}
)


def _kickstart() -> Scheme:
    """The scheme, from the file that is registered."""
    (table,) = tomllib.loads(DATA.read_text(encoding="utf-8"))["schemes"]
    read = scheme_of_data(table)
    if isinstance(read, Scheme):
        return read
    raise ValueError("; ".join(read))


KICKSTART: Final = _kickstart()


def application(placements: int, on: date, *, through_gateway: bool) -> Eligibility:
    """Hold an employer's application against the rules of its day."""
    facts: Facts = {"placements": Decimal(placements), "through_gateway": through_gateway}
    return eligibility(KICKSTART, Subject.EMPLOYER, facts, on)


def gateway(since: date, *, checked: bool) -> Eligibility:
    """Hold an organisation that would be a gateway against the rules of its day."""
    return eligibility(KICKSTART, Subject.GATEWAY, {"checked": checked}, since)


def not_eligible(answer: Eligibility) -> Refused | None:
    """Refuse with every reason what is not eligible; None for what is."""
    if answer.verdict is Verdict.ELIGIBLE:
        return None
    reasons = " ".join(words_in(reason.words) for reason in answer.reasons)
    return Refused(code="KICKSTART_NOT_ELIGIBLE", message=f"Not by the rules of that day: {reasons}")
