"""From a page as it came to what is written: pure, and one item's fault is its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson

from waypost.feeds.settings import FeedSettings
from waypost.opportunities.rules import KINDS
from waypost.opportunities.words import OpportunityWords
from waypost.outbox.feeding import BadItem, Cost, FeedItem, FeedKind, FeedPlace, FeedProvider, Page
from waypost.outbox.jobs import Problem
from waypost.tenancy.changing import slug_of

LONGEST_ID: Final = 300
LONGEST_WORDS: Final = 300  # of a problem
LONGEST_SAID: Final = 500  # licence and attribution
ROOM_FOR_TITLE: Final = 80
YEARS: Final = range(1970, 9000)

# What each field of an item may hold, beside None.
TYPES: Final[Mapping[str, tuple[type, ...]]] = {
    "title": (str,),
    "summary": (str,),
    "kind": (str,),
    "kinds": (tuple,),
    "provider": (FeedProvider,),
    "place": (FeedPlace,),
    "latitude": (float, int),
    "longitude": (float, int),
    "online": (bool,),
    "starts_at": (datetime,),
    "ends_at": (datetime,),
    "recurrence": (str,),
    "apply_by": (datetime,),
    "capacity": (int,),
    "cost": (Cost,),
    "age_min": (int,),
    "age_max": (int,),
    "accessibility": (tuple,),
    "url": (str,),
    "contact_url": (str,),
    "licence": (str,),
    "attribution": (str,),
    "modified": (datetime,),
    "deleted": (bool,),
}
MAY_MISS: Final = frozenset(TYPES) - {"title", "summary", "kinds", "online", "cost", "accessibility", "deleted"}
NONE: Final = type(None)
# The same of its parts.
PARTS: Final[Mapping[type, Mapping[str, tuple[type, ...]]]] = {
    FeedProvider: {"source_id": (str,), "name": (str,)},
    FeedPlace: {
        "source_id": (str,),
        "name": (str,),
        "latitude": (float, int, NONE),
        "longitude": (float, int, NONE),
        "postcode": (str, NONE),
        "address": (str, NONE),
        "kind": (str,),
        "accessibility": (tuple,),
    },
    Cost: {"free": (bool, NONE), "price": (Decimal, NONE), "currency": (str, NONE), "note": (str, NONE)},
}
SHORT: Final = {"licence": LONGEST_SAID, "attribution": LONGEST_SAID}


@dataclass(frozen=True)
class Ready:
    """An item that can be used, with its place in the feed: its number since the beginning, and the path to it."""

    item: FeedItem
    line: int
    where: str

    def problem(self, code: str, message: str, inside: str | None = None) -> Problem:
        """A problem of this item."""
        return problem_at(self.line, f"{self.where}.{inside}" if inside else self.where, code, message)


@dataclass
class Batch:
    """A page, read: what can be used of it by source id, and what cannot. `count` is how many items came.

    `kept` are ids of what cannot be used: what was written of it before stays.
    """

    count: int = 0
    items: dict[str, Ready] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


def problem_at(line: int, where: str | None, code: str, message: str) -> Problem:
    """A problem with its place; words that came from outside are cut, and cannot break a line."""
    words = " ".join(message.split())[:LONGEST_WORDS]
    return Problem(code=code, message=words.replace("\0", ""), line=line, column=(where or "")[:200] or None)


def read_page(kind: FeedKind, page: Page, settings: FeedSettings, before: int) -> Batch:
    """Read the items of a page, of which `before` came in pages before. Whatever an item does costs itself only."""
    batch = Batch(count=len(page.items))
    for index, raw in enumerate(page.items):
        line, where = before + index + 1, f"{page.place}[{index}]"
        try:
            found = [checked(each) for each in kind.read(raw, settings.raw)]
        except BadItem as fault:
            inside = f"{where}.{fault.where}" if fault.where else where
            batch.problems.append(problem_at(line, inside, fault.code, fault.words))
            batch.kept |= _id_in(raw)
            continue
        except Exception as error:  # noqa: BLE001 - what a plugin stumbles over is one item's fault
            words = f"the plugin stumbled over it: {type(error).__name__}: {error}"
            batch.problems.append(problem_at(line, where, "ITEM_UNUSABLE", words))
            batch.kept |= _id_in(raw)
            continue
        for item in found:
            _add(batch, Ready(item, line, where))
    return batch


def _id_in(raw: Any) -> set[str]:
    """The id of an item that cannot be used, as plugins mostly read it: without space around it, numbers as text."""
    said = raw.get("id") if isinstance(raw, Mapping) else None
    if isinstance(said, bool) or not isinstance(said, str | int | float):
        return set()
    id = str(said).strip()
    return {id} if 0 < len(id) <= LONGEST_ID and id.isprintable() else set()


def _add(batch: Batch, ready: Ready) -> None:
    """Among items of one id the newest holds, else the last."""
    item = ready.item
    batch.problems += [ready.problem(part.code, part.words, part.where) for part in item.unused]
    there = batch.items.get(item.source_id)
    if there is None or not is_older(item.modified, there.item.modified):
        batch.items[item.source_id] = ready


def is_older(modified: datetime | None, known: datetime | None) -> bool:
    """Whether what comes is older than what is known; what has no time is never older."""
    return modified is not None and known is not None and modified < known


def checked(item: object) -> FeedItem:
    """The item, if it is one in all its parts. Raises `BadItem`."""
    if not isinstance(item, FeedItem):
        raise BadItem(f"the plugin made {type(item).__name__} of it")
    id: Any = item.source_id
    if not isinstance(id, str) or not 0 < len(id) <= LONGEST_ID:
        raise BadItem(f"an id is text of at most {LONGEST_ID} characters", "id")
    if not id.isprintable():
        raise BadItem("an id holds no control characters", "id")
    for name, types in TYPES.items():
        value: Any = getattr(item, name)
        if value is None and name in MAY_MISS:
            continue
        _check(value, types, name)
        for inner, inside in PARTS.get(types[0], {}).items():
            _check(getattr(value, inner), inside, f"{name}.{inner}")
        if isinstance(value, str) and name in SHORT and (len(value) > SHORT[name] or not value.isprintable()):
            raise BadItem(f"is one line of at most {SHORT[name]} characters", name)
    return replace(item, modified=_in_utc(item.modified))


def _check(value: Any, types: tuple[type, ...], where: str) -> None:
    """Raise `BadItem` for what is of none of the types; what stands in tuples is text."""
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise BadItem(f"must be {types[0].__name__}, not {type(value).__name__}", where)
    if isinstance(value, tuple) and not all(isinstance(each, str) for each in value):
        raise BadItem("holds something else than text", where)


def _in_utc(moment: datetime | None) -> datetime | None:
    if moment is None or moment.year not in YEARS:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def on_clocks(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """A moment with its zone: the city's where it has none. Raises `BadItem` for years that are none."""
    if moment is None:
        return None
    if moment.year not in YEARS:
        raise BadItem(f"the year {moment.year} is out of range")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def kind_of(item: FeedItem, settings: FeedSettings) -> str:
    """What it is, by the city's settings; they are asked for each of the feed's words in their order."""
    for word in item.kinds:
        if found := settings.kinds.get(word.lower()):
            return found
    return item.kind if item.kind in KINDS else settings.kind


def provider_slug(item: FeedItem, settings: FeedSettings) -> str | None:
    """The slug of who offers it here: as the settings say of the organisation, by id or name, else of the feed."""
    who = item.provider
    if who is not None:
        for key in (who.source_id, who.name):
            if key in settings.providers:
                return settings.providers[key]
    return settings.provider


def words_of(
    item: FeedItem, settings: FeedSettings, timezone: ZoneInfo, provider: UUID, place: UUID | None
) -> OpportunityWords:
    """All that is said of it here, but for its slug. Raises `BadItem`."""
    return OpportunityWords(
        slug="",
        title=" ".join(item.title.split()),
        summary=item.summary.strip(),
        kind=kind_of(item, settings),
        provider_id=provider,
        place_id=place,
        latitude=None if place else item.latitude,
        longitude=None if place else item.longitude,
        online=item.online,
        starts_at=on_clocks(item.starts_at, timezone),
        ends_at=on_clocks(item.ends_at, timezone),
        recurrence=item.recurrence,
        apply_by=on_clocks(item.apply_by, timezone),
        capacity=item.capacity,
        cost=item.cost,
        age_min=item.age_min,
        age_max=item.age_max,
        url=item.url,
        contact_url=item.contact_url,
        source=item.attribution or settings.attribution or settings.name,
        licence=item.licence or settings.licence,
        accessibility=tuple(sorted(set(item.accessibility))),
        source_id=item.source_id,
    )


def digest_of(*parts: object) -> str:
    """What changes when any of the parts does."""
    return blake2b(orjson.dumps(parts, default=_plain), digest_size=12).hexdigest()


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return str(value.normalize())
    if isinstance(value, UUID):  # the database's own are of another class
        return str(value)
    raise TypeError(f"{type(value).__name__} has no digest")


def own_slug(name: str, managed_by: str, source_id: str) -> str:
    """A slug that nothing else has: made from the name, and of whose it is."""
    mark = blake2b(f"{managed_by} {source_id}".encode(), digest_size=5).hexdigest()
    return f"{slug_of(name)[:ROOM_FOR_TITLE].rstrip('-')}-{mark}"


def twin_key(provider: UUID, title: str, place: UUID | None, starts_at: datetime | None) -> tuple[object, ...]:
    """By what two items are the same thing: provider, title, place and start."""
    return provider, title.casefold(), place, None if starts_at is None else starts_at.astimezone(UTC)
