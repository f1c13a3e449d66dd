"""Badges, their versions and criteria, and who endorses them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING

import strawberry
from typing_extensions import override

from waypost.badges.rules import CATEGORIES, LEVELS, TIMES_TO_EARN
from waypost.graph import (
    URL,
    Argument,
    Connection,
    Markdown,
    Node,
    among,
    by,
    coded,
    column,
    contains,
    extend,
    filtering,
    given,
    identity,
    in_cities,
    many,
    node,
    one,
    pages,
    query,
    refers,
    struct,
    value,
    words,
)
from waypost.graph.declare import ANY_ID
from waypost.graph.marks import HIDDEN_JSON
from waypost.graph.pages import naming
from waypost.graph.query import named
from waypost.graph.relations import Relation
from waypost.graph.sql import every
from waypost.issuers.costs import KNOWN_COST
from waypost.skills.graph import having_skills

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.badges.endorsements import Endorsement
    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.issuers.costs import OpportunityCost
    from waypost.issuers.graph import Issuer
    from waypost.skills.graph import Skill
    from waypost.standards.graph import Layer


@strawberry.enum(description="Where a badge is on its way from draft to retirement.")
class BadgeState(Enum):
    """States of a badge."""

    DRAFT = strawberry.enum_value("draft", description="Still being written.")
    SUBMITTED = strawberry.enum_value("submitted", description="Waiting for the review.")
    CHANGES_REQUESTED = strawberry.enum_value("changes-requested", description="The review asks for changes.")
    APPROVED = strawberry.enum_value("approved", description="Reviewed, and not published yet.")
    PUBLISHED = strawberry.enum_value("published", description="On offer: it can be earned.")
    RETIRED = strawberry.enum_value("retired", description="No longer given; who has it keeps it.")


@strawberry.enum(description="Who earns a badge.")
class BadgeAudience(Enum):
    """Audiences."""

    PERSON = strawberry.enum_value("person", description="People earn it.")
    ORGANISATION = strawberry.enum_value("organisation", description="Organisations earn it.")


@value
class CodedValue:
    """A code with its name."""

    code: str = column(doc="Safe to switch on, such as foundational.")
    name: str = column(doc="For people, such as Foundational.")


@node(tables.Criterion)
class Criterion:
    """One thing that an earner has done."""

    id: strawberry.ID = identity("id", "Criterion", doc=ANY_ID)
    text: Markdown = words(tables.CriterionText, "criterion_id", doc="Its words, in the language asked for.")
    required: bool
    skills: list[Skill] = many(
        through=tables.CriterionSkill,
        here_key="criterion_id",
        there_key="skill_id",
        order_by=("name", "id"),
        doc="The skills that it shows.",
    )


@node(tables.BadgeVersion)
class BadgeVersion:
    """One wording of a badge; once published it never changes."""

    number: int
    name: str = words(tables.BadgeText, "version_id", copied="name", doc="Its words, in the language asked for.")
    description: Markdown = words(tables.BadgeText, "version_id", doc="Its words, in the language asked for.")
    layer: Layer = one("layer", to="code", doc="Of the standard that was in force then.")
    criteria: list[Criterion] = many(there_key="version_id", order_by=("position",), doc="What is asked for, in order.")
    skills: list[Skill] = many(
        through=tables.BadgeSkill,
        here_key="version_id",
        there_key="skill_id",
        order_by=("name", "id"),
        doc="What it stands for.",
    )
    published_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class VersionShown(Relation):
    """The version in force, or the one whose number is given."""

    arguments: tuple[Argument, ...] = (Argument("number", int, doc="Absent: the newest published."),)

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        number = field.argument("number")
        row = query.row(tables.BadgeVersion)
        wanted = (
            [f"{row}.badge_id = {here}.id", f"{row}.number = {query.param(number, 'int')}"]
            if query.has(number)
            else [f"{row}.id = {here}.version_id"]
        )
        body = query.object(named(field), row, field)
        where = every([*wanted, *query.inside(row, here)])
        return f"coalesce((select {body} from badge_version {row} where {where}), {HIDDEN_JSON})"


@node(tables.Badge)
class Badge(Node):
    """A recognition that an issuer offers, at one layer of the city's badge standard."""

    slug: str
    name: str = words(
        tables.BadgeText, "version_id", here="version_id", copied="name", doc="Its words, in the language asked for."
    )
    description: Markdown = words(tables.BadgeText, "version_id", here="version_id", doc="What its earners have done.")
    layer: Layer = one("layer", to="code", doc="The kind of experience that it stands for.")
    criteria: list[Criterion] = many(
        here="version_id", there_key="version_id", order_by=("position",), doc="What is asked for, in order."
    )
    skills: list[Skill] = many(
        through=tables.BadgeSkill,
        here="version_id",
        here_key="version_id",
        there_key="skill_id",
        order_by=("name", "id"),
        doc="What it stands for, by name.",
    )
    issuer: Issuer = one(doc="The account that signs it; `creator` is whose badge it is.")
    creator: Issuer = one(doc="Whose badge it is.")
    version: BadgeVersion = VersionShown(doc="The newest published, or the one given.")  # type: ignore[assignment]
    versions: list[BadgeVersion] = many(
        there_key="badge_id", order_by=("number",), where="{there}.public", doc="All published, oldest first."
    )
    image_url: URL | None
    image_alt: str | None
    audience: BadgeAudience
    category: CodedValue | None = coded("category", CATEGORIES, doc="What it recognises.")
    level: CodedValue | None = coded("level", LEVELS, doc="How demanding it is.")
    time_to_earn: CodedValue | None = coded("time_to_earn", TIMES_TO_EARN, doc="How long it usually takes.")
    cost: OpportunityCost | None = struct(KNOWN_COST, doc="What it costs to earn; null where nobody said.")
    urgent: bool
    state: BadgeState
    replaced_by: Badge | None = one("replaced_by_id", doc="Its successor, where it was retired for another.")
    derived_from: Badge | None = one(
        "derived_from_id", away="derived_from_tenant_id", doc="The badge that it was cloned from."
    )
    endorsements: list[Endorsement] = many(
        there_key="badge_id",
        where="{there}.state = 'accepted'",
        order_by=("valid_from", "id"),
        doc="Who stands behind it: what its issuer has accepted.",
    )
    city: City = one("tenant_id", doc="The city that it belongs to.")


def _listed(query: Query, row: Here, field: Selected) -> str:
    retired = field.argument("filter", "includeRetired")
    if query.decide(lambda request: bool(retired(request))):
        return f"{row}.state in ('published', 'retired')"
    return f"{row}.state = 'published'"


@filtering
class BadgeFilter:
    """Which badges to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    layers: list[str] | None = among("layer", doc="Codes of layers, such as rsa-2019/engage; at least one of them.")
    skills: list[str] | None = having_skills(tables.BadgeSkill, "version_id", here="version_id")
    issuer: strawberry.ID | None = refers("Issuer", "issuer_id", doc="Signed by this issuer.")
    include_retired: bool | None = given("Whether retired badges are listed too.", flag=True)
    cities: list[str] | None = in_cities()


@query
class BadgeQuery:
    """Root fields for badges."""

    badge: Badge | None = by(doc="One badge by id or slug; retired ones too.")
    badges: Connection[Badge] = pages(filter=BadgeFilter, open=_listed, doc="The badges on offer, by name.")


@extend("Issuer")
class IssuerBadges:
    """What an issuer signs."""

    badges: Connection[Badge] = pages(
        link=naming("issuer_id"), open="{0}.state = 'published'", doc="The badges that it signs."
    )


def _with_skill(query: Query, here: Here, there: Here) -> Sequence[str]:
    side = query.row(tables.BadgeSkill)
    linked_rows = every(
        [
            f"{side}.skill_id = {here}.id",
            f"{side}.version_id = {there}.version_id",
            *query.inside(side, there),
        ]
    )
    return (f"exists (select from badge_skill {side} where {linked_rows})",)


@extend("Skill")
class SkillBadges:
    """The badges that stand for a skill."""

    badges: Connection[Badge] = pages(
        link=_with_skill, open="{0}.state = 'published'", doc="The badges that stand for it."
    )


TYPES = (
    CodedValue,
    Criterion,
    BadgeVersion,
    Badge,
    BadgeFilter,
    BadgeQuery,
    IssuerBadges,
    SkillBadges,
)
