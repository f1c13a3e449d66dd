"""The words of a draft as JSON, under the names of the graph; and what the linter found, likewise."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from waypost.badges.words import BadgeText, BadgeWords, CriterionWords
from waypost.graph.ids import GlobalId
from waypost.school.lint import Finding
from waypost.tenancy.entries import Cost


def document(words: BadgeWords) -> dict[str, Any]:
    """Write a badge's words as a document."""
    cost, origin = words.cost, words.derived_from
    return {
        "slug": words.slug,
        "name": words.name,
        "description": words.description,
        "layer": words.layer,
        "issuerId": str(words.issuer_id),
        "creatorId": str(words.creator_id),
        "criteria": [
            {"text": each.text, "required": each.required, "skills": list(each.skills)} for each in words.criteria
        ],
        "skills": list(words.skills),
        "imageUrl": words.image_url,
        "imageAlt": words.image_alt,
        "audience": words.audience.upper(),
        "category": words.category,
        "level": words.level,
        "timeToEarn": words.time_to_earn,
        "free": cost.free,
        "price": None if cost.price is None else str(cost.price),
        "currency": cost.currency,
        "costNote": cost.note,
        "urgent": words.urgent,
        "derivedFrom": None if origin is None else [str(each) for each in origin],
        "translations": [
            {
                "language": tag,
                "name": text.name,
                "description": text.description,
                "criteria": list(text.criteria),
            }
            for tag, text in sorted(words.text.items())
        ],
    }


def words_of(said: Mapping[str, Any]) -> BadgeWords:
    """Read a badge's words from a document, as a draft."""
    origin = said["derivedFrom"]
    price = said["price"]
    return BadgeWords(
        slug=said["slug"],
        name=said["name"],
        description=said["description"],
        layer=said["layer"],
        issuer_id=UUID(said["issuerId"]),
        creator_id=UUID(said["creatorId"]),
        criteria=tuple(
            CriterionWords(each["text"], each["required"], tuple(each["skills"])) for each in said["criteria"]
        ),
        skills=tuple(said["skills"]),
        image_url=said["imageUrl"],
        image_alt=said["imageAlt"],
        audience=said["audience"].lower(),
        category=said["category"],
        level=said["level"],
        time_to_earn=said["timeToEarn"],
        cost=Cost(said["free"], None if price is None else Decimal(price), said["currency"], said["costNote"]),
        urgent=said["urgent"],
        derived_from=None if origin is None else (UUID(origin[0]), UUID(origin[1])),
        text={
            each["language"]: BadgeText(each["name"], each["description"], tuple(each["criteria"]))
            for each in said["translations"]
        },
    )


def findings_document(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Write findings as a document."""
    return [
        {
            "code": each.code,
            "severity": each.severity.upper(),
            "path": list(each.path),
            "message": each.message,
            "mend": each.mend,
            "reason": each.reason,
            "blocks": each.blocks,
            "badge": None if each.badge is None else str(GlobalId("Badge", *each.badge)),
            "badgeIds": None if each.badge is None else [str(id) for id in each.badge],
        }
        for each in findings
    ]


def findings_of(said: Iterable[Mapping[str, Any]]) -> tuple[Finding, ...]:
    """Read findings from a document."""
    return tuple(
        Finding(
            each["code"],
            each["severity"].lower(),
            tuple(each["path"]),
            each["message"],
            each["mend"],
            each["reason"],
            None if each["badgeIds"] is None else (UUID(each["badgeIds"][0]), UUID(each["badgeIds"][1])),
        )
        for each in said
    )


def still_said(findings: Iterable[Finding], before: BadgeWords, now: BadgeWords) -> tuple[Finding, ...]:
    """Leave the findings whose text reads now as it did before; those of another badge are about that one."""
    was, is_ = _by_path(before), _by_path(now)
    return tuple(each for each in findings if each.badge or _at(was, each.path) == _at(is_, each.path))


def _by_path(words: BadgeWords) -> dict[str, Any]:
    said = document(words)
    return said | {"translations": {each["language"]: each for each in said["translations"]}}


def _at(said: Any, path: Iterable[str]) -> Any:
    """What stands at a finding's path; nothing where the way ends before."""
    try:
        for step in path:
            said = said[int(step) if isinstance(said, list) else step]
    except (KeyError, IndexError):
        return None
    return said


def as_json(said: Any) -> str:
    """Write a document as a column of JSON takes it."""
    return json.dumps(said, ensure_ascii=False)
