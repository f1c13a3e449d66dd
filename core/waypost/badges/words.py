"""All that is said of a badge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from waypost.tenancy.entries import Cost


@dataclass(frozen=True)
class CriterionWords:
    """One thing an earner has done (CommonMark), with the names of skills it shows."""

    text: str
    required: bool = True
    skills: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadgeText:
    """A badge's words in one language; `criteria` in the order of the badge's."""

    name: str
    description: str
    criteria: tuple[str, ...] = ()


@dataclass(frozen=True)
class BadgeWords:
    """All that is said of a badge. `text` holds its words in the tenant's other languages.

    `layer` is qualified by its standard. `skills` are names, of the badge as a whole. `state` is draft,
    published or retired. `audience` is person or organisation. `derived_from` = (tenant, badge) it was cloned from.
    """

    slug: str
    name: str
    description: str
    layer: str
    issuer_id: UUID
    creator_id: UUID
    criteria: tuple[CriterionWords, ...]
    skills: tuple[str, ...] = ()
    image_url: str | None = None
    image_alt: str | None = None
    audience: str = "person"
    category: str | None = None
    level: str | None = None
    time_to_earn: str | None = None
    cost: Cost = field(default_factory=Cost)
    urgent: bool = False
    state: str = "draft"
    replaced_by_id: UUID | None = None
    derived_from: tuple[UUID, UUID] | None = None
    text: Mapping[str, BadgeText] = field(default_factory=dict)
    source_id: str | None = None
