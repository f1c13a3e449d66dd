"""What a kind of feed must be like."""

from __future__ import annotations

from typing import Any

import pytest

from waypost.outbox.feeding import Asked, FeedItem, FeedKind, Page
from waypost.plugins import FeedsRegistrar


async def pull(_asked: Asked) -> Page:
    return Page([])


def at_once(_asked: Asked) -> Page:
    return Page([])


def read(raw: Any, _settings: Any) -> list[FeedItem]:
    return [FeedItem(raw)]


def test_a_kind_of_feed_is_registered_under_its_prefix() -> None:
    registrar = FeedsRegistrar("tide_tables", "tide")
    kind = registrar.feed(FeedKind("tideTables", pull=pull, read=read))
    assert (registrar.registered, registrar.faults) == (kind, [])
    assert registrar.contributions == {"feed:tideTables"}


@pytest.mark.parametrize(
    ("name", "puller", "fault"),
    [
        ("waves", pull, "must begin with tide"),
        ("tides", pull, "must begin with tide"),
        ("tideTables", at_once, "pulls its pages with an async function"),
    ],
)
def test_what_is_wrong_with_a_kind_is_said(name: str, puller: Any, fault: str) -> None:
    registrar = FeedsRegistrar("tide_tables", "tide")
    registrar.feed(FeedKind(name, pull=puller, read=read))
    (said,) = registrar.faults
    assert fault in said


def test_a_plugin_has_one_kind() -> None:
    registrar = FeedsRegistrar("tide_tables", "tide")
    registrar.feed(FeedKind("tideTables", pull=pull, read=read))
    registrar.feed(FeedKind("tideClocks", pull=pull, read=read))
    assert registrar.faults == ["a second kind of feed is registered; one plugin has one"]
