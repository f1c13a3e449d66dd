"""Drafts and their findings, as writers see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING

import strawberry
from typing_extensions import override

from waypost.badges.graph import BadgeAudience, BadgeState
from waypost.graph import (
    ID,
    URL,
    Argument,
    Connection,
    LanguageTag,
    Markdown,
    Node,
    asks,
    changes,
    closed,
    column,
    contains,
    filtering,
    guarded,
    identity,
    kept_in,
    many,
    node,
    one,
    pages,
    query,
    refers,
    subscription,
    value,
)
from waypost.graph.declare import ANY_ID
from waypost.graph.permitted import permitted
from waypost.graph.relations import Relation
from waypost.graph.roots import by_id

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.badges.graph import Badge
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter
    from waypost.issuers.graph import Issuer
    from waypost.standards.graph import Layer

    from .review_graph import ReviewComment, ReviewDecision

MAY = "badge.propose"
UNFINISHED = "{0}.state <> 'published' and not {0}.given_up"


@strawberry.enum(description="How much a finding matters.")
class FindingSeverity(Enum):
    """Severities."""

    ERROR = strawberry.enum_value("error", description="The draft cannot be submitted before it is mended.")
    WARNING = strawberry.enum_value("warning", description="It is mended, or its writers say why they leave it.")


@value
class LintFinding:
    """Something that the linter found in the words of a badge; docs/badge-school.md has every code."""

    code: str = column(doc="Safe to switch on, such as CRITERIA_FEW.")
    severity: FindingSeverity = column(doc="Whether it must be mended.")
    path: list[str] = column(doc="The way into the words, such as criteria, 0, text.")
    message: str = column(doc="What was found, and why it matters.")
    mend: str = column(doc="What to do.")
    reason: str | None = column(doc="Why its writers leave a warning; curators see it.")
    blocks: bool = column(
        doc="Whether it keeps the draft from being submitted: every error, a warning without a reason."
    )
    badge: ID | None = column(doc="The badge on offer that reads much alike, for SIMILAR_BADGE.")


@value
class DraftCriterion:
    """One thing that an earner has done."""

    text: Markdown = column(doc="Its words, in the language that the badge is written in first.")
    required: bool = column(doc="Whether the badge cannot be earned without it.")
    skills: list[str] = column(doc="Names of the skills that it shows.")


@value
class DraftTranslation:
    """A badge's words in another of the city's languages."""

    language: LanguageTag = column(doc="Such as cy.")
    name: str = column(doc="Its name in that language.")
    description: Markdown = column(doc="Its description in that language.")
    criteria: list[Markdown] = column(doc="Its criteria in that language, in the same order; or none.")


@value
class DraftWords:
    """All that a draft says of a badge."""

    slug: str = column(doc="For addresses, such as first-make.")
    name: str = column(doc="In the language that it is written in first.")
    description: Markdown = column(doc="What its earners have done; may be empty in a draft.")
    layer: Layer = column(doc="The kind of experience that it stands for.")
    criteria: list[DraftCriterion] = column(doc="What is asked for, in order.")
    skills: list[str] = column(doc="Names of skills of the badge as a whole; those of criteria come on top.")
    translations: list[DraftTranslation] = column(doc="Its words in the city's other languages.")
    audience: BadgeAudience = column(doc="Who earns it.")
    image_url: URL | None = column(doc="The picture of the badge.")
    image_alt: str | None = column(doc="What the picture shows.")
    category: str | None = column(doc="Such as skill.")
    level: str | None = column(doc="Such as intermediate.")
    time_to_earn: str | None = column(doc="Such as weeks.")
    free: bool | None = column(doc="Whether it costs nothing; null where nobody said.")
    price: Decimal | None = column(doc="What it costs.")
    currency: str | None = column(doc="ISO 4217, such as GBP.")
    cost_note: str | None = column(doc="What else is to be said of the price.")
    urgent: bool = column(doc="Whether the city asks for it now more than usual: reviewed first.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MAY, issuer="creator_id"),)


@node(tables.BadgeDraft, seen=_seen)
class BadgeDraft(Node):
    """A version of a badge in the making. Whose badge it is, and the city's own team, see it; nobody else does."""

    state: BadgeState
    name: str
    language: LanguageTag
    words: DraftWords = kept_in("words", doc="As its writers left them.")
    findings: list[LintFinding] = kept_in("findings", doc="What the linter found, in the order of its rules.")
    badge_id: ID = identity("badge_id", "Badge", doc=ANY_ID)
    published: Badge | None = closed(
        one("badge_id", doc="The badge as it is on offer meanwhile; null before the first.")
    )
    creator: Issuer | None = closed(one("creator_id", doc="Whose badge it is."))
    issuer: Issuer | None = closed(one("issuer_id", doc="The account that will sign it."))
    round: int
    submitted_at: datetime | None
    due_at: datetime | None
    comments: list[ReviewComment] = many(
        there_key="review_id", order_by=("made_at", "id"), doc="What writers and curators said, oldest first."
    )
    decisions: list[ReviewDecision] = many(
        there_key="review_id", order_by=("round",), doc="What was decided, a round each."
    )
    created_at: datetime = column(doc="When it was begun.")
    updated_at: datetime


def _in_states(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    states = query.param(lambda request: [each.value for each in value(request)], "text[]")
    return (f"{row}.state = any({states})",)


@filtering
class BadgeDraftFilter:
    """Which drafts to list."""

    states: list[BadgeState] | None = asks(_in_states, doc="Only drafts in one of these states.")
    creator: strawberry.ID | None = refers("Issuer", "creator_id", doc="Only those of this issuer.")
    badge: strawberry.ID | None = refers("Badge", "badge_id", doc="Only that of this badge.")
    text: str | None = contains("name", doc="Part of the name, in whatever case.")


@dataclass(frozen=True, kw_only=True)
class OneDraft(Relation):
    """A draft by its id."""

    arguments: tuple[Argument, ...] = (Argument("id", strawberry.ID, required=True, doc="The id of a draft."),)

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        return by_id(query, field, BadgeDraft.__name__, field.argument("id"))


@query
class BadgeDraftQuery:
    """Root fields for drafts."""

    badge_drafts: Connection[BadgeDraft] = guarded(
        MAY, pages(filter=BadgeDraftFilter, open=UNFINISHED, doc="Badges in the making, by name.")
    )
    badge_draft: BadgeDraft | None = guarded(MAY, OneDraft(doc="One draft by its id."))


@value
class BadgeDraftChanged:
    """Something about a draft changed: its words, its state, or what is said of it."""

    id: ID = column(doc="The draft that changed.")
    draft: BadgeDraft | None = column(doc="As it is now; null where the asker does not see it any more.")


@subscription
class BadgeDraftSubscription:
    """What happens to drafts."""

    badge_draft_changed: BadgeDraftChanged = guarded(
        MAY, changes("BadgeDraft", doc="Each change of a draft that the asker sees, told while it happens.")
    )


TYPES = (
    LintFinding,
    DraftCriterion,
    DraftTranslation,
    DraftWords,
    BadgeDraft,
    BadgeDraftFilter,
    BadgeDraftQuery,
    BadgeDraftChanged,
    BadgeDraftSubscription,
)
