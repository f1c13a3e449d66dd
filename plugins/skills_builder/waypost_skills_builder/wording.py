"""The wording of steps, from an operator's own file: a CSV with framework, skill, step and statement."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Final

from waypost.outbox.frameworks import Fault, Format, Package
from waypost_skills_builder.framework import MANIFEST, STEPS, VERSIONS, essential_skills, package_of

COLUMNS: Final = ("framework", "skill", "step", "statement")
LONGEST: Final = 2_000  # characters
_HEAD: Final = ",".join(COLUMNS).encode()


def knows(data: bytes) -> bool:
    """Whether it begins with the line `framework,skill,step,statement`."""
    return data.removeprefix(b"\xef\xbb\xbf").lower().startswith(_HEAD)


def read_wording(data: bytes) -> Package | Collection[Fault]:
    """Read a file of one version; steps that it leaves out keep their numbers for words."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [Fault("NOT_CSV", f"that is no text in UTF-8: {error.reason} at byte {error.start}")]
    said: dict[tuple[str, str, int], str] = {}
    faults: list[Fault] = []
    reader = csv.DictReader(io.StringIO(text, newline=""))
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    try:
        for row in reader:
            version, skill, step, words = ((row.get(name) or "").strip() for name in COLUMNS)
            wrong = _problem(version, skill, step, words)
            if wrong:
                faults.append(Fault("INVALID", wrong[1], f"line {reader.line_num}, {wrong[0]}"))
            elif (version, skill, int(step)) in said:
                faults.append(Fault("DUPLICATE_IDENTIFIER", f"{skill} {step} was there", f"line {reader.line_num}"))
            else:
                said[version, skill, int(step)] = words
    except csv.Error as error:
        faults.append(Fault("NOT_CSV", str(error), f"line {reader.line_num}"))
    versions = {version for version, _, _ in said}
    if not faults and len(versions) != 1:
        faults.append(Fault("INVALID", "a file has the wording of one framework: 1.0 or 2.0", "framework"))
    wording = {(skill, step): words for (_, skill, step), words in said.items()}
    return faults or package_of(versions.pop(), wording, datetime.now(UTC))


def _problem(version: str, skill: str, step: str, words: str) -> tuple[str, str] | None:
    """Say in which column a line is wrong, and how."""
    skills = {each.slug for each in essential_skills() if each.framework == version}
    if version not in VERSIONS:
        return "framework", f"there are the frameworks {' and '.join(VERSIONS)}"
    if skill not in skills:
        return "skill", f"framework {version} has no skill {skill[:80]!r}"
    if not step.isdecimal() or len(step) > 2 or int(step) not in STEPS:
        return "step", f"steps go from {STEPS[0]} to {STEPS[-1]}"
    if not 0 < len(words) <= LONGEST:
        return "statement", f"it has 1 to {LONGEST:,} characters"
    return None


FORMAT: Final = Format(
    name=f"{MANIFEST.prefix}.wording", title="Wording of the Universal Framework", knows=knows, read=read_wording
)
