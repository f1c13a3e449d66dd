"""What a service of Open Referral UK means here: pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from waypost.opportunities.rules import KINDS
from waypost.outbox.feeding import BadItem, Cost, FeedItem, FeedPlace, FeedProvider, Unused
from waypost.places.rules import ACCESSIBILITY
from waypost.places.rules import KINDS as PLACE_KINDS
from waypost_open_referral_uk.reading import Part, plain
from waypost_open_referral_uk.schedules import times_of

ACTIVE: Final = "active"
CLOSED: Final = frozenset({"inactive", "defunct", "temporarily closed"})
PHYSICAL: Final = "physical"
VIRTUAL: Final = "virtual"
LOCATION_TYPES: Final = (PHYSICAL, "postal", VIRTUAL)
LONGEST_ID: Final = 120
OLDEST: Final = 120
NOT_FREE: Final = "Not free"


@dataclass
class Where:
    """Where a service is: places, or points that are none; and whether one can take part from anywhere."""

    places: list[FeedPlace] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    online: bool = False
    unused: list[Unused] = field(default_factory=list)


def read(raw: Any, settings: Mapping[str, Any]) -> list[FeedItem]:
    """Read one service: an item for each place where it is, the first one under the service's own id.

    Raises `BadItem` where it has no id, no name, or a status that nobody knows. A service that is inactive, defunct or
    temporarily closed is an item that is deleted; it is open again when it is active again.
    """
    del settings
    if not isinstance(raw, Mapping):
        raise BadItem(f"a service is an object, not {type(raw).__name__}")
    service = Part(raw)
    id = service.text("id", LONGEST_ID)
    if id is None:
        raise BadItem("is missing", "id")
    status = (service.text("status", 40) or ACTIVE).lower()
    if status in CLOSED:
        return [FeedItem(id, modified=service.moment("last_modified"), deleted=True)]
    if status != ACTIVE:
        raise BadItem(f"{status} is none of {ACTIVE}, {', '.join(sorted(CLOSED))}", "status")
    where = _where(service)
    item = _item(service, id, where)
    return list(_spread(item, where))


def _item(service: Part, id: str, where: Where) -> FeedItem:
    """All that is said of it, but for its place."""
    title = service.text("name", 2_000)
    if title is None:
        raise BadItem("is missing", "name")
    times, unused = times_of(_schedules(service))
    cost, more = _cost(service)
    terms, codes = _terms(service)
    return FeedItem(
        source_id=id,
        title=plain(title),
        summary=plain(service.text("description")),
        kind=next((code for code in codes if code in KINDS), None),
        kinds=tuple(terms),
        provider=_provider(service),
        online=where.online,
        starts_at=times.starts_at,
        ends_at=times.ends_at,
        recurrence=times.recurrence,
        apply_by=service.moment("apply_by"),
        capacity=_capacity(service),
        cost=cost,
        age_min=_age(service, "minimum_age"),
        age_max=_age(service, "maximum_age"),
        accessibility=tuple(code for code in codes if code in ACCESSIBILITY),
        url=_url(service, "url"),
        contact_url=_url(service, "contact_url"),
        licence=service.text("license", 500),
        attribution=service.text("attribution", 500),
        modified=service.moment("last_modified"),
        unused=(*unused, *more, *where.unused),
    )


def _spread(item: FeedItem, where: Where) -> Iterator[FeedItem]:
    """The item at each of its places."""
    if not where.places and not where.points:
        yield item
        return
    for index, place in enumerate(where.places):
        yield replace(item, source_id=_at(item.source_id, index, place.source_id), place=place)
    for index, (latitude, longitude) in enumerate(where.points, start=len(where.places)):
        id = _at(item.source_id, index, str(index))
        yield replace(item, source_id=id, latitude=latitude, longitude=longitude)


def _at(service: str, index: int, place: str) -> str:
    return service if index == 0 else f"{service}@{place}"


# Where


def _where(service: Part) -> Where:
    where = Where()
    seen: set[str] = set()
    for at in service.parts("service_at_locations"):
        location = at.part("location") or at
        kind = (location.text("location_type", 40) or PHYSICAL).lower()
        id = location.text("id", LONGEST_ID)
        if kind == VIRTUAL:
            where.online = True
        elif kind == PHYSICAL and id is not None and id not in seen:
            seen.add(id)
            _place(location, id, where)
        elif kind != "postal" and id not in seen:
            where.unused.append(Unused(location.where, f"a location without an id, or of the unknown type {kind}"))
    return where


def _place(location: Part, id: str, where: Where) -> None:
    latitude, longitude = location.number("latitude"), location.number("longitude")
    # Nought, nought is in the sea: what is meant is that nobody knows.
    known = latitude is not None and longitude is not None and (latitude, longitude) != (0, 0)
    address, postcode = _address(location)
    name = location.text("name", 2_000)
    if name is None and address is None and postcode is None:
        if known and latitude is not None and longitude is not None:
            where.points.append((latitude, longitude))
        else:
            where.unused.append(Unused(location.where, "it says nothing of where it is"))
        return
    terms, codes = _terms(location)
    del terms
    where.places.append(
        FeedPlace(
            source_id=id,
            name=plain(name or address or postcode),
            latitude=latitude if known else None,
            longitude=longitude if known else None,
            postcode=postcode,
            address=address,
            kind=next((code for code in codes if code in PLACE_KINDS), "other"),
            accessibility=_accessibility(location),
        )
    )


def _address(location: Part) -> tuple[str | None, str | None]:
    """The street and what follows on one line, and the postcode; the first address that is no postal one."""
    found: tuple[str | None, str | None] = (None, None)
    for address in location.parts("addresses"):
        lines = [address.text(key, 500) for key in ("address_1", "address_2", "city", "state_province")]
        said = ", ".join(dict.fromkeys(line for line in lines if line)) or None
        if (address.text("address_type", 40) or PHYSICAL) != "postal":
            return said, address.text("postal_code", 20)
        found = (said, address.text("postal_code", 20))
    return found


def _accessibility(location: Part) -> tuple[str, ...]:
    said = [each.text(key, 500) for each in location.parts("accessibility") for key in ("description", "details")]
    words = {text.lower().replace(" ", "-") for text in said if text}
    return tuple(code for code in ACCESSIBILITY if code in words)


# What and for whom


def _schedules(service: Part) -> Iterator[Part]:
    """The schedules of the service, else those of the first place that has some."""
    own = list(service.parts("schedules"))
    if own:
        return iter(own)
    for at in service.parts("service_at_locations"):
        there = list(at.parts("schedules"))
        if there:
            return iter(there)
    return iter(())


def _cost(service: Part) -> tuple[Cost, list[Unused]]:
    """What it costs: the first option that has an amount; notes of it, else what `fees` says."""
    options = list(service.parts("cost_options"))
    amounts = [(option, option.money("amount")) for option in options]
    chosen = next(((option, amount) for option, amount in amounts if amount is not None), None)
    unused = [
        Unused(option.where, "several prices: the first is kept", "COST_NOT_USED")
        for option, amount in amounts
        if chosen is not None and amount is not None and option is not chosen[0]
    ]
    fees = plain(service.text("fees", 2_000)) or None
    if chosen is None:
        words = [text for option in options if (text := option.text("amount_description", 2_000))]
        free = False if any(option.text("option", 200) == NOT_FREE for option in options) else None
        return Cost(free=free, note=(words[0] if words else fees)), unused
    option, amount = chosen
    note = option.text("amount_description", 2_000) or fees
    if amount == 0:
        return Cost(free=True, note=note), unused
    currency = (option.text("currency", 3) or "GBP").upper()
    return Cost(price=amount or Decimal(0), currency=currency, note=note), unused


def _terms(part: Part) -> tuple[list[str], list[str]]:
    """Names and codes of its taxonomies' terms, and the codes alone."""
    words: list[str] = []
    codes: list[str] = []
    for attribute in part.parts("attributes"):
        term = attribute.part("taxonomy_term")
        if term is None:
            continue
        code, name = term.text("code", 200), term.text("name", 500)
        words += [text for text in (code, name) if text]
        codes += [code] if code else []
    return words, codes


def _provider(service: Part) -> FeedProvider | None:
    organisation = service.part("organization")
    id = service.text("organization_id", LONGEST_ID)
    if organisation is not None:
        id = organisation.text("id", LONGEST_ID) or id
        name = organisation.text("name", 500)
        return FeedProvider(id or name or "", name or id or "") if id or name else None
    return FeedProvider(id, id) if id else None


def _capacity(service: Part) -> int | None:
    for each in service.parts("service_capacities"):
        if (most := each.whole("maximum")) is not None and most > 0:
            return most
    return None


def _age(service: Part, key: str) -> int | None:
    """An age in whole years; 0 and what nobody reaches mean that there is no bound."""
    age = service.whole(key)
    return age if age is not None and 0 < age < OLDEST else None


def _url(service: Part, key: str) -> str | None:
    """A web address; many directories leave its beginning out."""
    url = service.text(key, 2_000)
    if url is None or "://" in url:
        return url
    return f"https://{url}" if "." in url and " " not in url and "@" not in url else None
