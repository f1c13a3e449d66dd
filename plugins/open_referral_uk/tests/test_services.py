"""What a service means here, with the oddities of real directories."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from waypost.outbox.feeding import BadItem, FeedItem
from waypost_open_referral_uk.services import read

HALL = {
    "id": "l-hall",
    "location_type": "physical",
    "name": "Parish Hall",
    "latitude": 50.82,
    "longitude": -0.14,
    "addresses": [
        {"address_type": "postal", "address_1": "PO Box 7", "postal_code": "BN1 9ZZ"},
        {"address_type": "physical", "address_1": "1 High Street", "city": "Hove", "postal_code": "BN3 1AA"},
    ],
    "accessibility": [{"id": "a", "description": "Step free"}, {"id": "b", "details": "hearing loop"}],
}


def service(**more: Any) -> dict[str, Any]:
    return {"id": "s-1", "name": "Chess &amp; Chat", "status": "active", **more}


def one(**more: Any) -> FeedItem:
    (item,) = read(service(**more), {})
    return item


def at(*locations: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": f"at-{index}", "location": each} for index, each in enumerate(locations)]


def test_a_whole_service_is_read() -> None:
    item = one(
        description="<p>Come and <b>play</b>.</p><p>Tea &amp; cake.</p>",
        url="www.example.org/chess",
        minimum_age=11,
        maximum_age=120,
        last_modified="2026-05-01T10:00:00Z",
        organization={"id": "o-1", "name": "Hove Chess"},
        schedules=[
            {"dtstart": "2027-03-01", "freq": "WEEKLY", "byday": "TU", "opens_at": "10:00", "closes_at": "12:00"}
        ],
        cost_options=[{"id": "c", "option": "Members", "amount": 2.5, "amount_description": "a week"}],
        service_at_locations=at(HALL),
        attributes=[{"link_id": "s-1", "taxonomy_term": {"id": "t", "code": "SPORT", "name": "Sport and games"}}],
    )
    assert (item.title, item.summary) == ("Chess & Chat", "Come and play.\nTea & cake.")
    assert (item.url, item.age_min, item.age_max) == ("https://www.example.org/chess", 11, None)
    assert (item.starts_at, item.ends_at) == (datetime(2027, 3, 2, 10), datetime(2027, 3, 2, 12))  # noqa: DTZ001
    assert item.recurrence == "FREQ=WEEKLY;BYDAY=TU"
    assert (item.cost.price, item.cost.currency, item.cost.note) == (Decimal("2.50"), "GBP", "a week")
    assert item.modified == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert item.kinds == ("SPORT", "Sport and games")
    place = item.place
    assert place is not None
    assert (place.name, place.address, place.postcode) == ("Parish Hall", "1 High Street, Hove", "BN3 1AA")
    assert place.accessibility == ("step-free", "hearing-loop")
    assert item.provider is not None
    assert (item.provider.source_id, item.provider.name) == ("o-1", "Hove Chess")
    assert (item.online, item.unused) == (False, ())


@pytest.mark.parametrize("status", ["inactive", "defunct", "temporarily closed", "Temporarily Closed"])
def test_what_is_not_active_is_gone(status: str) -> None:
    assert one(status=status).deleted


@pytest.mark.parametrize(
    ("broken", "where"),
    [
        ({"id": None}, "id"),
        ({"name": "  "}, "name"),
        ({"name": {"en": "x"}}, "name"),
        ({"status": "sleeping"}, "status"),
        ({"schedules": "always"}, "schedules"),
        ({"service_at_locations": [17]}, "service_at_locations[0]"),
        ({"service_at_locations": at({**HALL, "latitude": "north"})}, "service_at_locations[0].location.latitude"),
        ({"cost_options": [{"amount": "a lot"}]}, "cost_options[0].amount"),
        ({"minimum_age": []}, "minimum_age"),
        ({"last_modified": "yesterday"}, "last_modified"),
        ({"description": "x" * 20_001}, "description"),
    ],
)
def test_what_cannot_be_used_is_named_with_its_place(broken: dict[str, Any], where: str) -> None:
    with pytest.raises(BadItem) as caught:
        read(service(**broken), {})
    assert caught.value.where == where


def test_postal_locations_say_nothing_and_virtual_ones_that_it_is_online() -> None:
    item = one(service_at_locations=at({"id": "v", "location_type": "virtual"}, {"id": "p", "location_type": "postal"}))
    assert (item.online, item.place, item.unused) == (True, None, ())


def test_a_service_at_several_places_is_one_item_at_each() -> None:
    library = {**HALL, "id": "l-library", "name": "Library"}
    items = read(service(service_at_locations=at(HALL, library, HALL)), {})
    assert [item.source_id for item in items] == ["s-1", "s-1@l-library"]
    assert [item.place.name for item in items if item.place] == ["Parish Hall", "Library"]


def test_nought_nought_is_no_place_on_earth() -> None:
    item = one(service_at_locations=at({**HALL, "latitude": 0, "longitude": 0}))
    assert item.place is not None
    assert (item.place.latitude, item.place.postcode) == (None, "BN3 1AA")


def test_a_point_without_name_or_address_is_a_point() -> None:
    item = one(service_at_locations=at({"id": "x", "latitude": 50.5, "longitude": -4.1}))
    assert (item.place, item.latitude, item.longitude) == (None, 50.5, -4.1)


def test_weekly_schedules_at_the_same_time_are_one() -> None:
    weekly = {"dtstart": "2027-03-01", "freq": "WEEKLY", "opens_at": "10:00", "closes_at": "11:00"}
    item = one(schedules=[{**weekly, "byday": "WE"}, {**weekly, "byday": "MO,FR"}])
    assert (item.recurrence, item.unused) == ("FREQ=WEEKLY;BYDAY=MO,WE,FR", ())


def test_another_rhythm_is_left_out_and_said() -> None:
    weekly = {"dtstart": "2027-03-01", "freq": "WEEKLY", "byday": "MO", "opens_at": "10:00"}
    item = one(schedules=[weekly, {**weekly, "opens_at": "18:00"}, {"freq": "SOMETIMES"}])
    assert item.recurrence == "FREQ=WEEKLY;BYDAY=MO"
    assert [(part.where, part.code) for part in item.unused] == [
        ("schedules[2].dtstart", "SCHEDULE_NOT_USED"),
        ("schedules[1]", "SCHEDULE_NOT_USED"),
    ]


@pytest.mark.parametrize(
    ("schedule", "rule"),
    [
        ({"freq": "MONTHLY", "byday": "1SA"}, "FREQ=MONTHLY;BYDAY=1SA"),
        ({"freq": "MONTHLY", "bymonthday": "1, 15"}, "FREQ=MONTHLY;BYMONTHDAY=1,15"),
        ({"freq": "WEEKLY", "interval": 2, "byday": "MO"}, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO"),
        ({"freq": "WEEKLY", "valid_to": "2027-06-30"}, "FREQ=WEEKLY;UNTIL=20270630"),
        ({"freq": "WEEKLY", "count": 6}, "FREQ=WEEKLY;COUNT=6"),
        ({"freq": "DAILY"}, "FREQ=DAILY"),
        ({}, None),
    ],
)
def test_schedules_become_rules_of_rfc_5545(schedule: dict[str, Any], rule: str | None) -> None:
    assert one(schedules=[{"dtstart": "2027-03-01", **schedule}]).recurrence == rule


def test_what_ends_after_midnight_ends_the_next_day() -> None:
    item = one(schedules=[{"dtstart": "2027-03-01", "opens_at": "22:00", "closes_at": "01:00"}])
    assert item.ends_at == datetime(2027, 3, 2, 1)  # noqa: DTZ001


def test_costs() -> None:
    free = one(cost_options=[{"option": "Free", "amount": 0}]).cost
    assert (free.free, free.price) == (True, None)
    words = one(cost_options=[{"option": "Ask", "amount_description": "Ask at the door"}]).cost
    assert (words.free, words.price, words.note) == (None, None, "Ask at the door")
    assert one(fees="Donations welcome").cost.note == "Donations welcome"
    several = one(cost_options=[{"amount": 5}, {"amount": "3.00"}])
    assert (several.cost.price, [part.where for part in several.unused]) == (Decimal("5.00"), ["cost_options[1]"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        *("description", "url", "minimum_age", "last_modified", "schedules", "cost_options", "service_at_locations"),
        *("attributes", "organization", "fees", "license", "service_capacities", "status"),
    ]
)
PARTS = st.sampled_from(
    [
        *("dtstart", "freq", "byday", "opens_at", "closes_at", "interval", "valid_to", "count", "amount", "location"),
        *("location_type", "latitude", "longitude", "addresses", "id", "name", "taxonomy_term", "code", "dtend"),
    ]
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(KEYS, JSON | st.lists(st.dictionaries(PARTS, JSON, max_size=5), max_size=3), max_size=6))
def test_whatever_comes_is_an_item_or_a_bad_one(more: dict[str, Any]) -> None:
    try:
        items = read(service(**more), {})
    except BadItem:
        return
    assert items
    assert all(isinstance(item, FeedItem) for item in items)
