"""What is decided without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.db import new_id
from waypost.feeds.client import origin_of, wait_s
from waypost.feeds.pulling import Course, Pulled
from waypost.feeds.rules import checked, digest_of, own_slug, provider_slug, read_page, words_of
from waypost.feeds.settings import FeedSettings, read_settings
from waypost.outbox.feeding import FAULTS, BadItem, Cost, FeedFault, FeedItem, FeedKind, FeedPlace, FeedProvider, Page
from waypost.tenancy.slugs import slug_problem

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
SETTINGS = FeedSettings("birds", "https://example.org")
LONDON = ZoneInfo("Europe/London")


async def never(_: Any) -> Page:
    raise AssertionError("what is decided here pulls nothing")


@given(st.text(max_size=300), st.text(max_size=60))
def test_slugs_are_slugs_and_differ_by_whose_they_are(name: str, id: str) -> None:
    slug = own_slug(name, "feed:flock/birds", id)
    assert slug_problem(slug) is None
    assert slug == own_slug(name, "feed:flock/birds", id)
    assert slug != own_slug(name, "feed:flock/others", id)


VALUES = st.none() | st.text(max_size=5) | st.integers() | st.booleans() | st.datetimes() | st.tuples(st.text())


@given(
    st.fixed_dictionaries(
        {"source_id": st.text(max_size=5) | st.integers() | st.none()},
        optional={
            name: st.none()
            | st.text(max_size=5)
            | st.integers()
            | st.booleans()
            | st.datetimes()
            | st.tuples(st.text())
            for name in ("title", "kinds", "online", "capacity", "starts_at", "licence", "modified", "deleted", "url")
        },
    )
)
def test_an_item_is_whole_or_a_bad_one(facts: Mapping[str, Any]) -> None:
    try:
        item = checked(FeedItem(**facts))
    except BadItem:
        return
    assert isinstance(item.source_id, str)
    assert isinstance(item.title, str)
    assert item.modified is None or item.modified.tzinfo is UTC


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ("place.name", FeedPlace("p", None)),  # type: ignore[arg-type]  # as a plugin may
        ("place.postcode", FeedPlace("p", "Hall", postcode=11)),  # type: ignore[arg-type]  # likewise
        ("place.latitude", FeedPlace("p", "Hall", latitude=True)),
        ("place.accessibility", FeedPlace("p", "Hall", accessibility=["ramp"])),  # type: ignore[arg-type]  # likewise
        ("place.accessibility", FeedPlace("p", "Hall", accessibility=(None,))),  # type: ignore[arg-type]  # likewise
        ("provider.source_id", FeedProvider([], "Club")),  # type: ignore[arg-type]  # likewise
        ("cost.price", Cost(price="free", currency="GBP")),  # type: ignore[arg-type]  # likewise
    ],
)
def test_a_part_of_an_item_is_whole_or_the_item_is_a_bad_one(where: str, part: Any) -> None:
    with pytest.raises(BadItem) as fault:
        checked(FeedItem("a", title="Owls", **{where.partition(".")[0]: part}))
    assert fault.value.where == where


def test_what_a_plugin_answers_instead_of_an_item_is_one_items_fault() -> None:
    kind = FeedKind("x", pull=never, read=lambda raw, _: [raw])
    batch = read_page(kind, Page([FeedItem("1"), "2", None, FeedItem("4")], place="things"), SETTINGS, 10)
    assert [*batch.items] == ["1", "4"]
    assert [(each.line, each.column) for each in batch.problems] == [(12, "things[1]"), (13, "things[2]")]
    assert batch.count == 4


@given(st.permutations([1, 2, 3]))
def test_of_one_id_the_newest_wording_holds_in_whatever_order_it_comes(order: list[int]) -> None:
    kind = FeedKind("x", pull=never, read=lambda raw, _: [raw])
    items = [FeedItem("a", title=str(day), modified=datetime(2026, 1, day, tzinfo=UTC)) for day in order]
    assert read_page(kind, Page(items), SETTINGS, 0).items["a"].item.title == "3"


def test_a_digest_changes_with_what_is_said_and_with_nothing_else() -> None:
    provider, place = new_id(), new_id()

    def digest(item: FeedItem) -> str:
        return digest_of(words_of(item, SETTINGS, LONDON, provider, place))

    one = FeedItem("a", title="Owls", starts_at=datetime(2027, 6, 1, 10))  # noqa: DTZ001 - on the city's clocks
    assert digest(one) == digest(FeedItem("a", title=" Owls\n", starts_at=datetime(2027, 6, 1, 10)))  # noqa: DTZ001
    assert digest(one) != digest(FeedItem("a", title="Owls", starts_at=datetime(2027, 6, 1, 11)))  # noqa: DTZ001
    assert digest(one) != digest(FeedItem("a", title="Owls"))


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Example.org/x", ("https", "example.org", 443)),
        ("http://example.org:8080", ("http", "example.org", 8080)),
        *((bad, None) for bad in ("ftp://x", "example.org", "//x", "https://", "https://a@b", "https://x:y", "")),
    ],
)
def test_origins(url: str, origin: Any) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *((None, None), ("17", 17.0), ("99999999", 86_400.0), ("soon", None), ("-5", None), ("", None), ("٣", 3.0)),
        ("Fri, 27 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 27 Nov 2020 12:01:00 GMT", 0.0),
        ("Fri, 27 Nov 2099 12:01:00 GMT", 86_400.0),
        ("Fri, 27 Nov 99999999999999999999 12:01:00 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(said: str | None, seconds: float | None) -> None:
    assert wait_s(said, NOW) == seconds


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_every_course_comes_to_an_end_or_a_fault(cursors: list[int]) -> None:
    """Whatever cursors a feed gives, none is followed twice."""
    course, followed, cursor = Course(), 0, None
    for step, following in enumerate(cursors):
        try:
            course.go(Pulled(cursor, Page([step], next=following)))
        except FeedFault:
            break
        followed, cursor = followed + 1, following
    assert followed <= len(set(cursors))


def test_time_goes_forward_or_stands_still() -> None:
    course = Course(whole=False)
    for page, days in enumerate((0, 1, 1, 2)):
        course.go(Pulled(page, Page([page], at=NOW + timedelta(days=days))))
    with pytest.raises(FeedFault, match="goes back"):
        course.go(Pulled(9, Page(["x"], at=NOW)))


def test_who_offers_it_is_said_by_id_or_name_or_for_all() -> None:
    settings = read_settings(
        "birds", {"url": "https://x.example", "provider": "council", "providers": {"o-1": "one", "Two": "two"}}
    )
    assert provider_slug(FeedItem("a", provider=FeedProvider("o-1", "Two")), settings) == "one"
    assert provider_slug(FeedItem("a", provider=FeedProvider("o-2", "Two")), settings) == "two"
    assert provider_slug(FeedItem("a"), settings) == "council"


def test_every_fault_of_a_feed_is_described_where_cities_look() -> None:
    page = (Path(__file__).parents[2] / "docs" / "feeds.md").read_text(encoding="utf-8")
    assert [code for code in FAULTS if f"| `{code}` |" not in page] == []


@pytest.mark.parametrize(
    ("raw", "kept"),
    [({"id": 7}, {"7"}), ({"id": " a "}, {"a"}), ({"id": True}, set()), ({"id": ""}, set()), ({"id": "\0"}, set())],
)
def test_what_cannot_be_used_is_known_by_its_id_however_that_is_written(raw: Any, kept: set[str]) -> None:
    def refuses(raw: Any, settings: Mapping[str, Any]) -> list[FeedItem]:
        raise BadItem("no")

    batch = read_page(FeedKind("flockBirds", pull=never, read=refuses), Page([raw]), SETTINGS, 0)
    assert batch.kept == kept
