"""A page takes as many calls as it honestly has parts; one that takes ever more of them ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from waypost.feeds import client
from waypost.feeds.client import MOST_CALLS, Client
from waypost.feeds.veil import Veil
from waypost.outbox.feeding import FeedFault
from waypost.outgoing import Answered, Outgoing

FEED = "https://feed.example.org"


def reading(answer: Callable[[str], Any]) -> Client:
    """A client of a feed that answers an address so: JSON, bytes, or another address that it sends on to."""

    class Feed:
        async def call(self, _method: str, url: str, _headers: object) -> Answered:
            found = answer(url.removeprefix(FEED))
            if isinstance(found, str):
                return Answered(302, {"location": found}, b"")
            body = found if isinstance(found, bytes) else json.dumps(found).encode()
            return Answered(200, {"content-type": "application/json"}, body)

    return Client(cast("Outgoing", Feed()), FEED)


async def calls_of(asks: Callable[[int], Any]) -> int:
    """How many calls it takes until the feed is found to have no end."""
    for made in range(10 * MOST_CALLS):
        try:
            await asks(made)
        except FeedFault as fault:
            assert fault.code == "FEED_ENDLESS"  # noqa: PT017 - which call it is at is what is asked
            return made
    raise AssertionError("it goes on and on")


@pytest.mark.parametrize("shape", [lambda things: things, lambda things: {"of": 7, "data": {"items": things}}])
async def test_everything_that_a_long_page_names_is_read_by_itself(shape: Callable[[Any], Any]) -> None:
    feed = reading(lambda url: shape([{"id": n} for n in range(2_000)]) if url == "/page" else {})
    await feed.page(f"{FEED}/page")
    for number in range(2_000):
        await feed.more(f"{FEED}/{number}")


async def test_being_sent_on_counts_for_no_call_of_its_own() -> None:
    feed = reading(lambda url: {} if url.endswith("/") else f"{url}/")
    for number in range(MOST_CALLS):
        await feed.more(f"{FEED}/{number}")


async def test_a_short_page_that_leads_on_for_ever_ends() -> None:
    feed = reading(lambda url: [1, 2, 3] if url == "/page" else {"next": "and on"})
    await feed.page(f"{FEED}/page")
    assert await calls_of(lambda number: feed.more(f"{FEED}/{number}")) == MOST_CALLS + 3


async def test_what_is_read_beside_a_page_allows_no_further_calls() -> None:
    feed = reading(lambda _url: [*range(1_000)])
    assert await calls_of(lambda number: feed.more(f"{FEED}/{number}")) == MOST_CALLS


async def test_pages_that_a_plugin_reads_on_and_on_for_one_of_its_own_end() -> None:
    feed = reading(lambda _url: [*range(1_000)])
    assert await calls_of(lambda number: feed.page(f"{FEED}/{number}")) == MOST_CALLS


async def test_a_page_is_bounded_with_all_that_belongs_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_TOGETHER_BYTES", 100)
    feed = reading(lambda _url: ["x" * 36])
    for number in (1, 2):
        await feed.more(f"{FEED}/{number}")
    with pytest.raises(FeedFault) as fault:
        await feed.more(f"{FEED}/3")
    assert fault.value.code == "FEED_TOO_LARGE"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
async def test_a_byte_order_mark_before_the_json_is_passed_over(mark: bytes) -> None:
    answer = mark + b'{"items": []}'
    assert await reading(lambda _url: answer).page(f"{FEED}/page") == {"items": []}
    answer = mark + b" <html>"
    with pytest.raises(FeedFault) as fault:
        await reading(lambda _url: answer).page(f"{FEED}/page")
    assert fault.value.code == "FEED_HTML"


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "connection", "Keep-Alive", "TE", "Transfer-Encoding", "Upgrade", "Proxy-Authorization"),
        *("Content-Length", "If-None-Match", "Accept-Encoding", ":authority", "x key", "x\r\nhost", "", "schlüssel"),
        *(b"x-key", None),
    ],
)
@pytest.mark.parametrize("beside", [False, True])
async def test_headers_that_are_not_a_plugins_to_send_are_not_sent(name: Any, beside: bool) -> None:
    feed = reading(lambda _url: pytest.fail("it was called"))
    with pytest.raises(FeedFault) as fault:
        await (feed.more if beside else feed.page)(f"{FEED}/page", {name: "swordfish"})
    assert fault.value.code == "FEED_HEADERS"
    assert "swordfish" not in fault.value.words


@pytest.mark.parametrize("end", ["\n", "\r\nx: y", "\0", " ", "\t", "é", "\x7f"])
async def test_what_a_header_cannot_hold_is_not_sent_and_not_repeated(end: str) -> None:
    for value in (f"swordfish{end}", f"{end}swordfish", 7, None, b"swordfish"):
        with pytest.raises(FeedFault, match="the header x-key") as fault:
            await reading(lambda _url: pytest.fail("it was called")).page(f"{FEED}/page", cast("Any", {"x-key": value}))
        assert fault.value.code == "FEED_HEADERS"
        assert "swordfish" not in fault.value.words


async def test_json_that_is_too_deep_to_look_for_secrets_in_is_not_taken() -> None:
    feed = reading(lambda _url: b"[" * 1_000 + b"]" * 1_000)
    assert await feed.page(f"{FEED}/page")
    feed.veil = Veil().over(["swordfish"])
    with pytest.raises(FeedFault, match="too deep"):
        await feed.page(f"{FEED}/page")


def test_a_secret_of_nothing_covers_nothing() -> None:
    assert Veil().over(["", " "]).text("Owls") == "Owls"
