"""All that is said of an opportunity, and what may be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.opportunities.rules import FIRST_YEAR, KINDS, LAST_YEAR, Timing, timing_problem
from waypost.places.rules import ACCESSIBILITY, in_degrees
from waypost.refusal import Invalid, Refusal
from waypost.tenancy.entries import Cost, Here, Ref, languages_problem
from waypost.tenancy.texts import said_problem, unknown_codes

OLDEST: Final = 120
MOST_BADGES: Final = 50


@dataclass(frozen=True)
class OpportunityText:
    """An opportunity's words in one language."""

    title: str
    summary: str


@dataclass(frozen=True)
class OpportunityWords:
    """All that is said of an opportunity. `text` holds its words in the tenant's other languages.

    Times have zones. `timezone` None is the tenant's. Without coordinates of its own it is where its place
    is. `badges` are in order; layers and skills follow from them.
    """

    slug: str
    title: str
    summary: str
    kind: str
    provider_id: UUID
    place_id: UUID | None = None
    latitude: float | None = None
    longitude: float | None = None
    online: bool = False
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    recurrence: str | None = None
    timezone: str | None = None
    apply_by: datetime | None = None
    capacity: int | None = None
    cost: Cost = field(default_factory=Cost)
    age_min: int | None = None
    age_max: int | None = None
    url: str | None = None
    contact_url: str | None = None
    source: str | None = None
    licence: str | None = None
    accessibility: tuple[str, ...] = ()
    badges: tuple[Ref, ...] = ()
    text: Mapping[str, OpportunityText] = field(default_factory=dict)
    source_id: str | None = None

    def timing(self, here: Here) -> Timing:
        """When it happens, on the clocks of its own zone or else the tenant's."""
        return Timing(self.starts_at, self.ends_at, self.recurrence, self.timezone or here.timezone)


def opportunity_problem(here: Here, words: OpportunityWords) -> Refusal | None:
    """Say what is wrong with an opportunity's words, or None."""
    return (
        languages_problem(here, words.text)
        or _words_problem(words)
        or _where_problem(words)
        or timing_problem(words.timing(here))
        or _who_problem(words)
        or words.cost.problem()
        or unknown_codes(words.accessibility, ACCESSIBILITY, "accessibility")
    )


def _words_problem(words: OpportunityWords) -> Refusal | None:
    names = {"title": words.title}
    texts = {"summary": words.summary, "costNote": words.cost.note, "source": words.source}
    for tag, text in words.text.items():
        names[f"text.{tag}.title"] = text.title
        texts[f"text.{tag}.summary"] = text.summary
    wrong = said_problem(names=names, texts=texts, urls={"url": words.url, "contactUrl": words.contact_url})
    if wrong:
        return wrong
    if len(words.badges) > MOST_BADGES:
        return Invalid(message=f"An opportunity names at most {MOST_BADGES} badges.", path=("badges",))
    ids = [badge.id for badge in words.badges]
    if len(set(ids)) < len(ids):
        return Invalid(message="A badge is listed twice.", path=("badges",))
    return unknown_codes((words.kind,), KINDS, "kind")


def _where_problem(words: OpportunityWords) -> Refusal | None:
    if (words.latitude is None) != (words.longitude is None):
        return Invalid(message="Give both latitude and longitude, or neither.", path=("latitude",))
    if words.latitude is not None and words.longitude is not None:
        point = in_degrees(words.latitude, words.longitude)
        return point if isinstance(point, Refusal) else None
    if words.place_id is None and not words.online:
        return Invalid(message="Say where it is: a place, a point, or online.", path=("place",))
    return None


def _who_problem(words: OpportunityWords) -> Invalid | None:
    if words.capacity is not None and not 0 < words.capacity < 10**6:
        return Invalid(message="A capacity is a number of people, at least one.", path=("capacity",))
    if words.apply_by is not None and not FIRST_YEAR <= words.apply_by.year <= LAST_YEAR:
        return Invalid(message=f"The year {words.apply_by.year} is out of range.", path=("applyBy",))
    for name, age in (("ageMin", words.age_min), ("ageMax", words.age_max)):
        if age is not None and not 0 <= age <= OLDEST:
            return Invalid(message=f"An age lies between 0 and {OLDEST}.", path=(name,))
    if words.age_min is not None and words.age_max is not None and words.age_min > words.age_max:
        return Invalid(message="The youngest is older than the oldest.", path=("ageMin",))
    return None
