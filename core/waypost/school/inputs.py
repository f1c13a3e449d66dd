"""What writers give: the words of a badge as an input, and as the rooms know them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import strawberry

from waypost.badges.graph import BadgeAudience
from waypost.badges.words import BadgeText, CriterionWords
from waypost.graph import ID, URL, LanguageTag, Markdown
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.outbox import Act
from waypost.standards.rules import qualified
from waypost.tenancy.entries import Cost

# Where words' fields stand in the input, when that is elsewhere.
MOVED: Final = {"price": ("cost", "price"), "currency": ("cost", "currency"), "costNote": ("cost", "note")}


@strawberry.input(description="Why a warning of the linter is left as it is.")
class LintReasonInput:
    """A reason."""

    code: str = needed("The finding's code, such as LAYER_UNLIKELY.")
    reason: str = needed("For the curator, who sees it beside the finding.")
    path: list[str] | None = maybe("The finding's path; absent: wherever the code stands.")


@strawberry.input(description="One thing that an earner has done.")
class CriterionInput:
    """A criterion."""

    text: Markdown = needed("In the city's first language, such as “Earner has planned an event”.")
    required: bool | None = maybe("Whether the badge cannot be earned without it; absent: yes.")
    skills: list[str] | None = maybe("Names of the skills that it shows.")


@strawberry.input(description="What a badge costs to earn.")
class BadgeCostInput:
    """A cost."""

    free: bool | None = maybe("Whether it costs nothing.")
    price: Decimal | None = maybe("What it costs.")
    currency: str | None = maybe("ISO 4217, such as GBP; needed beside a price.")
    note: str | None = maybe("What else is to be said.")


@strawberry.input(description="A badge's words in another of the city's languages.")
class BadgeTranslationInput:
    """A translation."""

    language: LanguageTag = needed("One of the city's languages, such as cy, and not its first.")
    name: str = needed("Its name in that language.")
    description: Markdown = needed("Its description in that language.")
    criteria: list[Markdown] | None = maybe("All of its criteria in that language, in order; or none.")


@strawberry.input(description="A badge to be drafted; nobody else sees it before it is published.")
class ProposeBadgeInput:
    """What a draft says. Much may still be missing."""

    name: str = needed("In the city's first language.")
    layer: str = needed("The code of a layer, such as engage or rsa-2019/engage.")
    creator: ID = needed("The issuer whose badge it is.")
    description: Markdown | None = maybe("What its earners have done, in the city's first language.")
    issuer: ID | None = maybe("The account that will sign it; absent: the creator's own.")
    slug: str | None = maybe("For addresses, such as first-make; left out, it is made from the name.")
    criteria: list[CriterionInput] | None = maybe("What is asked for, in order; two at least when it is submitted.")
    skills: list[str] | None = maybe("Names of skills; three at least when it is submitted, criteria's included.")
    audience: BadgeAudience | None = maybe("Who earns it; absent: people.")
    image_url: URL | None = maybe("The picture of the badge.")
    image_alt: str | None = maybe("What the picture shows, in one sentence.")
    category: str | None = maybe("attendance, participation, skill, validation, achievement or leadership.")
    level: str | None = maybe("foundational, intermediate or advanced.")
    time_to_earn: str | None = maybe("hours, days, weeks, months or years.")
    cost: BadgeCostInput | None = maybe("What it costs to earn.")
    urgent: bool | None = maybe("Whether the city asks for it now more than usual: reviewed first; its team says so.")
    translations: list[BadgeTranslationInput] | None = maybe("Its words in the city's other languages.")
    reasons: list[LintReasonInput] | None = maybe("Why warnings are left as they are; curators see it.")


@strawberry.input(description="Changes to a badge's draft: what is left out stays, null clears.")
class UpdateBadgeDraftInput:
    """What changes. A published badge gets the draft of its next version."""

    badge: ID = needed("The badge whose draft it is, or will be.")
    name: str | None = maybe("In the city's first language.")
    layer: str | None = maybe("The code of a layer, such as engage or rsa-2019/engage.")
    creator: ID | None = maybe("The issuer whose badge it is.")
    description: Markdown | None = maybe("What its earners have done, in the city's first language.")
    issuer: ID | None = maybe("The account that will sign it.")
    slug: str | None = maybe("For addresses; a published badge keeps its own.")
    criteria: list[CriterionInput] | None = maybe("All of them, in order.")
    skills: list[str] | None = maybe("All of them; criteria's come on top.")
    audience: BadgeAudience | None = maybe("Who earns it.")
    image_url: URL | None = maybe("The picture of the badge.")
    image_alt: str | None = maybe("What the picture shows, in one sentence.")
    category: str | None = maybe("attendance, participation, skill, validation, achievement or leadership.")
    level: str | None = maybe("foundational, intermediate or advanced.")
    time_to_earn: str | None = maybe("hours, days, weeks, months or years.")
    cost: BadgeCostInput | None = maybe("What it costs to earn.")
    urgent: bool | None = maybe("Whether the city asks for it now more than usual: reviewed first; its team says so.")
    translations: list[BadgeTranslationInput] | None = maybe("All of them: those that are left out are taken away.")
    reasons: list[LintReasonInput] | None = maybe(
        "Why warnings are left as they are; reasons given before stay where the text still reads the same."
    )


@strawberry.input(description="A published badge whose words begin a draft of one's own.")
class CloneBadgeInput:
    """Which badge, and for whom."""

    badge: ID = needed("A published badge of any city.")
    creator: ID = needed("The issuer of this city whose badge the clone will be.")
    issuer: ID | None = maybe("The account that will sign it; absent: the creator's own.")
    name: str | None = maybe("Another name; absent: that of the badge.")
    slug: str | None = maybe("For addresses; left out, it is made from the name.")


PLAIN: Final = ("image_url", "image_alt", "category", "level", "time_to_earn")


def said_of(act: Act, given: Given) -> dict[str, Any]:
    """Return what the input says, by the names of `BadgeWords`."""
    said: dict[str, Any] = {name: given[name] or None for name in PLAIN if name in given}
    said |= {name: given[name] for name in ("name", "slug") if given.get(name) is not None}
    said |= _whose(act, given) | _lists(given)
    if "description" in given or "badge" not in given:
        said["description"] = given.get("description") or ""
    if "layer" in given:
        said["layer"] = qualified(given["layer"], act.here.standard)
    if given.get("audience") is not None:
        said["audience"] = given["audience"].value
    if "cost" in given:
        said["cost"] = _cost(given["cost"] or {})
    if "urgent" in given:
        said["urgent"] = bool(given["urgent"])
    return said


def _whose(act: Act, given: Given) -> dict[str, Any]:
    tenant = act.here.tenant_id
    said: dict[str, Any] = {}
    if "creator" in given:
        said["creator_id"] = row_of("Issuer", given["creator"], tenant)
    if given.get("issuer") is not None:
        said["issuer_id"] = row_of("Issuer", given["issuer"], tenant)
    elif "badge" not in given:
        said["issuer_id"] = said["creator_id"]
    return said


def _lists(given: Given) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if "criteria" in given:
        said["criteria"] = tuple(_criterion(each) for each in given["criteria"] or ())
    if "skills" in given:
        said["skills"] = tuple(dict.fromkeys(given["skills"] or ()))
    if "translations" in given:
        said["text"] = {each["language"]: _text(each) for each in given["translations"] or ()}
    return said


def _criterion(given: Given) -> CriterionWords:
    required = given.get("required")
    skills = tuple(dict.fromkeys(given.get("skills") or ()))
    return CriterionWords(given["text"], True if required is None else required, skills)


def _cost(given: Given) -> Cost:
    return Cost(given.get("free"), given.get("price"), given.get("currency"), given.get("note"))


def _text(given: Given) -> BadgeText:
    return BadgeText(given["name"], given["description"], tuple(given.get("criteria") or ()))
