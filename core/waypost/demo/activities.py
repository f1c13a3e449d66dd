"""Made-up opportunities, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from waypost.demo.calendar import Calendar, Slot
from waypost.demo.ground import Issuer, Place
from waypost.demo.learning import Badge
from waypost.demo.town import Chance, Sheet, Town, stem
from waypost.demo.words import CLOSINGS, KINDS, TOPICS, Form, Topic
from waypost.opportunities import tables
from waypost.opportunities.rules import search_form

BATCH: Final = 10_000
BADGES_EACH: Final = (0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3)  # of every twenty activities
AGES: Final = ((None, None), (None, None), (11, 16), (14, 19), (16, 24), (18, None))
PRICES: Final = tuple(Decimal(price) for price in ("3.00", "5.00", "7.50", "12.00", "25.00", "60.00"))
APPLIED_FOR: Final = frozenset({"JOB", "APPRENTICESHIP", "WORK_EXPERIENCE", "COURSE"})
NEARBY_DEGREES: Final = 0.004  # some 400 metres

COLUMNS: Final = (
    *("tenant_id", "id", "slug", "title", "kind", "provider_id", "place_id", "latitude", "longitude"),
    *("online", "starts_at", "ends_at", "recurrence", "timezone", "sort_starts_at", "over_at", "apply_by"),
    *("capacity", "free", "price", "currency", "age_min", "age_max", "search_words", "public", "managed_by"),
    *("source_id", "created_at"),
)
TEXT_COLUMNS: Final = ("tenant_id", "opportunity_id", "language", "original", "title", "summary", "public")
BADGE_COLUMNS: Final = ("tenant_id", "opportunity_id", "badge_id", "home_tenant_id", "position", "public")
WEEKDAY_COLUMNS: Final = ("tenant_id", "opportunity_id", "weekday", "public")


@dataclass(frozen=True)
class Wording:
    """What activities of one topic and form say, also as it is searched."""

    title: str
    stem: str
    summary: str
    folded: str


@dataclass(frozen=True)
class Recognition:
    """Some badges together: their ids in order, and the names of their skills as they are searched."""

    badges: tuple[UUID, ...]
    folded: str


@dataclass
class Rows:
    """The rows of one batch."""

    opportunities: list[tuple[Any, ...]] = field(default_factory=list)
    texts: list[tuple[Any, ...]] = field(default_factory=list)
    badges: list[tuple[Any, ...]] = field(default_factory=list)
    weekdays: list[tuple[Any, ...]] = field(default_factory=list)

    def sheets(self) -> list[Sheet]:
        """The rows with their tables, the opportunities first."""
        return [
            Sheet(tables.Opportunity, COLUMNS, self.opportunities),
            Sheet(tables.OpportunityText, TEXT_COLUMNS, self.texts),
            Sheet(tables.OpportunityBadge, BADGE_COLUMNS, self.badges),
            Sheet(tables.OpportunityWeekday, WEEKDAY_COLUMNS, self.weekdays),
        ]


class Activities:
    """Makes a tenant's opportunities out of its places, issuers and badges (by topic)."""

    def __init__(
        self, town: Town, places: Sequence[Place], issuers: Sequence[Issuer], badges: Sequence[Sequence[Badge]]
    ) -> None:
        self._town, self._places, self._issuers, self._badges = town, places, issuers, badges
        self._chance = Chance(town.seed, town.here.slug, "opportunities")
        self._calendar = Calendar(town)
        self._kinds = tuple(KINDS)
        self._weights = tuple(weight for weight, _ in KINDS.values())
        self._wordings = {
            kind: [[_wording(topic, form) for form in forms] for topic in TOPICS] for kind, (_, forms) in KINDS.items()
        }
        self._closings = [(closing, search_form(closing)) for closing in CLOSINGS]
        self._recognitions = [self._some_of(of_topic) for of_topic in badges]
        # Written over the last two hundred days, in the order of their ids.
        self._first_made = town.noon - timedelta(days=200)
        self._pace = timedelta(days=200) / max(town.scale, 1)
        self._source = town.source("opportunity", "")
        self._deadlines = [town.noon + timedelta(days=n) for n in range(7, 90)]

    def batches(self) -> Iterator[list[Sheet]]:
        """Make all of them, at most BATCH at a time."""
        for first in range(0, self._town.scale, BATCH):
            rows = Rows()
            count = min(BATCH, self._town.scale - first)
            for number, kind in enumerate(self._chance.choices(self._kinds, self._weights, k=count), first):
                self._add(rows, number, kind)
            yield rows.sheets()

    def _add(self, rows: Rows, number: int, kind: str) -> None:
        town, chance = self._town, self._chance
        tenant, id = town.here.tenant_id, chance.id()
        about = int(len(TOPICS) * chance.random())
        forms = self._wordings[kind][about]
        wording = forms[int(len(forms) * chance.random())]
        closing, folded = self._closings[int(len(self._closings) * chance.random())]
        issuer = self._issuers[chance.early(len(self._issuers))]
        slot = self._calendar.draw(kind, chance)
        earned = self._recognitions[about][int(len(BADGES_EACH) * chance.random())]
        online = kind == "ONLINE_LEARNING" or chance.random() < 0.02
        place = None if online else self._places[chance.early(len(self._places))]
        words = f"{wording.folded} {folded} {issuer.folded} {earned.folded}".strip()
        rows.opportunities.append(
            (
                *(tenant, id, f"demo-{wording.stem}-{number}", wording.title, kind, issuer.id),
                *self._where(place),
                *(online, slot.starts_at, slot.ends_at, slot.recurrence, town.here.timezone),
                *(slot.sort_starts_at, slot.over_at, self._deadline(kind, slot)),
                *self._terms(),
                *(words, True, "demo", f"{self._source}{number}", self._first_made + number * self._pace),
            )
        )
        rows.texts.append((tenant, id, town.here.language, True, wording.title, f"{wording.summary} {closing}", True))
        for position, badge in enumerate(earned.badges, 1):
            rows.badges.append((tenant, id, badge, tenant, position, True))
        for day in slot.weekdays:
            rows.weekdays.append((tenant, id, day, True))

    def _where(self, place: Place | None) -> tuple[UUID | None, float | None, float | None]:
        """Most happen at a place, some around the corner from one."""
        if place is None:
            return None, None, None
        if self._chance.random() >= 0.12:
            return place.id, place.latitude, place.longitude
        latitude = round(self._chance.gauss(place.latitude, NEARBY_DEGREES), 6)
        longitude = round(self._chance.gauss(place.longitude, NEARBY_DEGREES), 6)
        if not self._town.area.covers(latitude, longitude):
            return place.id, place.latitude, place.longitude
        return None, latitude, longitude

    def _deadline(self, kind: str, slot: Slot) -> datetime | None:
        if kind not in APPLIED_FOR:
            return None
        if slot.starts_at is not None:
            return slot.starts_at - timedelta(days=3)
        return self._deadlines[int(len(self._deadlines) * self._chance.random())]

    def _terms(self) -> tuple[int | None, bool, Decimal | None, str | None, int | None, int | None]:
        """Capacity, cost and ages."""
        chance = self._chance
        capacity = 6 * int(1 + 5 * chance.random()) if chance.random() < 0.5 else None
        ages = AGES[int(len(AGES) * chance.random())]
        if chance.random() < 0.75:
            return capacity, True, None, None, *ages
        return capacity, False, PRICES[int(len(PRICES) * chance.random())], "GBP", *ages

    def _some_of(self, badges: Sequence[Badge]) -> list[Recognition]:
        """Put badges of one topic together in the usual numbers; activities share these combinations."""
        counts = [min(count, len(badges)) for count in BADGES_EACH]
        return [_recognition(self._chance.sample(badges, count)) for count in counts]


def _wording(topic: Topic, form: Form) -> Wording:
    title = form.title.format(topic=topic.name)
    summary = form.summary.format(topic=topic.name, doing=topic.doing)
    return Wording(title, stem(title), summary, search_form(title, summary))


def _recognition(badges: Sequence[Badge]) -> Recognition:
    names = sorted(frozenset[str]().union(*(badge.skills for badge in badges)))
    return Recognition(
        badges=tuple(badge.id for badge in badges),
        folded=search_form(*names),
    )
