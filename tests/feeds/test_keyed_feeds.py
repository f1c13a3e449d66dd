"""Feeds that ask for a key: it goes to their own server, for one walk, and turns up nowhere else."""

from __future__ import annotations

import logging
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from tests.feeding import (
    Answer,
    Outside,
    Reader,
    Respond,
    codes,
    hurry,
    json_of,
    outside,
    paged,
    pull,
    read,
    reader,
    with_kind,
)
from tests.feeds.test_bad_feeds import BIRDS, as_is, bird
from waypost.db import Database
from waypost.outbox.feeding import Asked, FeedKind, Page
from waypost.plugins import Plugins

KEY = "sword+fish/9=="
SCHEMA = {
    "type": "object",
    "properties": {
        "feeds": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"url": {"type": "string"}, "key": {"type": "string", "format": "secret"}},
            },
        }
    },
}
TABLES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
)


async def pull_keyed(asked: Asked) -> Page:
    """A page, with the key in a header; `then` of it is what is called beside."""
    headers = {"X-Api-Key": asked.secrets["key"]}
    found = await asked.client.page(f"{asked.url}/items?page={asked.cursor or 1}", headers)
    for url in found.get("then", ()):
        await asked.client.more(url, headers)
    if found.get("fails"):
        raise ZeroDivisionError(f"with {asked.secrets} and {found}")
    return Page(found["items"], next=found.get("next"))


def keyed(pulls: Any = pull_keyed) -> Plugins:
    return with_kind(FeedKind("flockBirds", pull=pulls, read=read), settings=SCHEMA)


@pytest.fixture
def plugins() -> Plugins:
    return keyed()


async def city(database: Database, plugins: Plugins, server: Outside, slug: str, key: str | None = KEY) -> Reader:
    here = await reader(database, slug, plugins, server, key="birds-live")
    if key is not None:
        await here.keeps("birds-live", key)
    return here


def only_with(key: str, status: int = 401) -> Respond:
    """A server that answers nobody without the key, and says which one came."""

    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        came = headers.get("x-api-key", "")
        return paged(BIRDS)(path, query, headers) if came == key else json_of({"error": f"not {came}"}, status)

    return respond


def shown(job: Mapping[str, Any]) -> str:
    return " ".join(str(part) for problem in job["problems"] for part in problem)


async def found_with(admin_url: str, *forms: str) -> list[str]:
    """The tables of the whole database that have any of these in a row."""
    connection = await asyncpg.connect(admin_url)
    try:
        tables = [row[0] for row in await connection.fetch(TABLES)]
        rows = "SELECT EXISTS (SELECT FROM {} AS t WHERE strpos(t::text, ANY_OF) > 0)"
        return [
            table
            for table in tables
            for form in forms
            if await connection.fetchval(rows.format(table).replace("ANY_OF", "$1::text"), form)
        ]
    finally:
        await connection.close()


async def test_a_feed_that_asks_for_a_key_is_read_with_the_secret_that_its_settings_name(
    database: Database, plugins: Plugins
) -> None:
    async with outside(only_with(KEY)) as server:
        here = await city(database, plugins, server, "keyed")
        job = await here.reads()
    assert (job["state"], job["done"], job["problems"]) == ("done", 7, [])
    assert [headers["x-api-key"] for _, _, headers in server.calls] == [KEY] * 3
    assert {headers["accept"] for _, _, headers in server.calls} == {"application/json"}


async def test_a_secret_that_is_not_set_costs_that_feed_alone_and_the_fault_says_how_to_set_it(
    database: Database, plugins: Plugins
) -> None:
    async with outside(only_with(KEY)) as server:
        here = await city(database, plugins, server, "unset")
        feed = {"url": server.url, "provider": "youth-club"}
        await here.sets({"birds": {**feed, "key": "birds-live"}, "owls": {**feed, "key": "owls-live"}})
        await here.reads()
        found = {row["name"]: row for row in await here.rows("SELECT * FROM feed WHERE tenant_id = $1")}
        assert (found["birds"]["state"], found["birds"]["items"]) == ("waiting", 7)
        assert (found["owls"]["state"], found["owls"]["problem_code"]) == ("failed", "FEED_SETTINGS")
        assert found["owls"]["problem"] == (
            "there is no secret called owls-live here; set it with `waypost secrets set`"
        )
        assert len(server.calls) == 3, "nothing was called without a key"
        await here.keeps("owls-live", KEY)
        await here.reads()
        found = {row["name"]: row for row in await here.rows("SELECT * FROM feed WHERE tenant_id = $1")}
        assert found["owls"]["problem_code"] is None


async def test_the_place_of_a_missing_secret_is_told(database: Database, plugins: Plugins) -> None:
    async with outside() as server:
        here = await city(database, plugins, server, "unset-where", key=None)
        job = await here.reads()
    ((code, _, where, words),) = job["problems"]
    assert (code, where) == ("FEED_SETTINGS", "plugins.flock.feeds.birds.key")
    assert "`waypost secrets set`" in words


async def test_a_secret_that_cannot_be_opened_any_more_ends_the_walk_and_says_so(
    database: Database, plugins: Plugins
) -> None:
    async with outside() as server:
        here = await city(database, plugins, server, "sealed-otherwise")
        await here.runs("UPDATE plugin_secret SET sealed = 'x' || sealed WHERE tenant_id = $1")
        job = await here.reads()
    assert codes(job) == ["FEED_SETTINGS"]
    assert "WAYPOST_SECRET_KEY" in shown(job)


async def test_the_next_walk_has_the_secret_that_was_set_since(database: Database, plugins: Plugins) -> None:
    async with outside(only_with(KEY)) as server:
        here = await city(database, plugins, server, "rotated")
        await here.reads()
        server.respond = only_with("another-one")
        assert codes(await here.reads()) == ["FEED_KEY_REFUSED"]
        await here.keeps("birds-live", "another-one")
        job = await here.reads()
    assert (job["state"], job["problems"]) == ("done", [])


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_not_taken_is_told_as_that_and_asked_with_no_more_for_an_hour(
    database: Database, plugins: Plugins, status: int
) -> None:
    async with outside(only_with("the right one", status)) as server:
        here = await city(database, plugins, server, f"refused-{status}")
        job = await here.reads()
        assert (job["state"], codes(job)) == ("failed", ["FEED_KEY_REFUSED"])
        assert f"the server does not take the key: it answered {status}" in shown(job)
        await here.works()
        assert len(server.calls) == 1
        ((due,),) = [row.values() for row in await here.rows("SELECT due_at - ended_at FROM feed WHERE tenant_id = $1")]
        assert due.total_seconds() == 3_600


@pytest.mark.parametrize("by", ["redirect", "next page"])
async def test_a_key_goes_to_no_other_server(database: Database, plugins: Plugins, by: str) -> None:
    async with outside() as other, outside() as server:

        def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
            if by == "redirect":
                return as_is(307, b"", location=f"{other.url}/{quote(headers['x-api-key'], safe='')}/items")
            return json_of({"items": [], "then": [f"{other.url}/more"]})

        server.respond = respond
        here = await city(database, plugins, server, f"elsewhere-{by.replace(' ', '-')}")
        here.allowed = (*server.allowed, *other.allowed)
        job = await here.reads()
    assert codes(job) == ["FEED_ELSEWHERE"]
    assert "[secret]" in shown(job) or by == "next page"
    assert KEY not in shown(job)
    assert quote(KEY, safe="") not in shown(job)
    assert other.calls == []


async def test_a_key_goes_along_within_its_own_server(database: Database, plugins: Plugins) -> None:
    def respond(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        if path == "/items":
            return as_is(302, b"", location="/v2/items?page=" + query["page"])
        return only_with(KEY)(path, query, headers)

    async with outside(respond) as server:
        here = await city(database, plugins, server, "moved")
        job = await here.reads()
    assert (job["state"], job["problems"]) == ("done", [])


def echoing(path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
    """Items that are full of the key, in all the ways that a server has."""
    key = headers["x-api-key"]
    items = [
        bird(key, kinds=[key], summary=f"For {key} and {quote(key, safe='').lower()}."),
        {"id": "odd", key: key},
        bird("far", url=f"https://birds.example/?subscription-key={quote(key, safe='')}", starts_at=key),
        bird("fine", explode=key),
        bird("good", summary=f"You are {key}."),
    ]
    return json_of({"items": items, key: [key]}, etag=f'"{key}"')


ECHOES: Mapping[str, tuple[str, Respond]] = {
    "items": ("done", echoing),
    "etag": ("done", lambda _path, _query, headers: json_of({"items": BIRDS}, etag=f'W/"{headers["x-api-key"]}"')),
    "status": ("failed", lambda _path, _query, headers: json_of({"error": headers["x-api-key"]}, 400)),
    "no JSON": ("failed", lambda _path, _query, headers: as_is(200, f"{{{headers['x-api-key']}".encode())),
    "page": ("failed", lambda _path, _query, headers: as_is(200, f"<p>{headers['x-api-key']}".encode())),
    "refused": ("failed", lambda _path, _query, headers: json_of({"not": headers["x-api-key"]}, 401)),
    "later": ("queued", lambda _path, _query, headers: as_is(503, headers["x-api-key"].encode())),
    "failing": (
        "queued",
        lambda _path, _query, headers: json_of({"items": [], "fails": headers["x-api-key"]}),
    ),
    "cursor": (
        "failed",
        lambda _path, query, headers: json_of(
            {"items": [bird(query["page"])], "next": headers["x-api-key"] if query["page"] == "1" else query["page"]}
        ),
    ),
}


@pytest.mark.parametrize("how", ECHOES)
async def test_what_a_server_repeats_of_a_key_is_kept_and_told_nowhere(
    database: Database, plugins: Plugins, admin_url: str, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    state, respond = ECHOES[how]
    caplog.set_level(logging.DEBUG, "waypost")
    caplog.set_level(logging.INFO)
    async with outside(respond) as server:
        here = await city(database, plugins, server, f"echo-{how.lower().replace(' ', '-')}")
        job = await here.reads(raising=False)
        assert job["state"] == state
        if state == "queued":  # it is tried again for days; that it ends is told, too
            await here.runs("UPDATE feed SET attempts = 6 WHERE tenant_id = $1")
            await hurry(here)
            job = await here.job()
            assert codes(job) == ["FEED_UNREACHED"]
    assert how != "failing" or "the plugin failed: ZeroDivisionError: with {'key': '[secret]'}" in shown(job)
    assert await found_with(admin_url, KEY, quote(KEY, safe=""), quote(KEY, safe="").lower()) == []
    assert KEY not in caplog.text
    if how == "items":
        assert (await here.by_id())["good"]["summary"] == "You are [secret]."


async def test_a_name_and_a_password_are_covered_as_they_are_sent(database: Database, admin_url: str) -> None:
    async def pulls(asked: Asked) -> Page:
        words = b64encode(f"county:{asked.secrets['key']}".encode()).decode()
        found = await asked.client.page(asked.url, {"Authorization": f"Basic {words}"})
        return Page(found["items"])

    async with outside(
        lambda _path, _query, given: json_of({"items": [bird("1", summary=given["authorization"])]})
    ) as server:
        here = await city(database, keyed(pulls), server, "basic")
        await here.reads()
    assert (await here.by_id())["1"]["summary"] == "Basic [secret]"
    assert await found_with(admin_url, b64encode(f"county:{KEY}".encode()).decode()) == []


async def test_a_key_in_the_address_is_kept_nowhere_and_its_pages_are_still_asked_for_conditionally(
    database: Database, admin_url: str
) -> None:
    async def pulls(asked: Asked) -> Page:
        key = asked.secrets["key"]
        url = f"{asked.url}/{quote(key, safe='')}/items?key={quote(key, safe='')}"
        found = await asked.client.page(url)
        return Page([{**each, "url": f"https://birds.example/{key}"} for each in found["items"]])

    def respond(_path: str, _query: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        return as_is(304, b"") if "if-none-match" in headers else json_of({"items": BIRDS}, etag='"1"')

    async with outside(respond) as server:
        here = await city(database, keyed(pulls), server, "in-the-address")
        await here.reads()
        assert await found_with(admin_url, KEY, quote(KEY, safe="")) == []
        await here.keeps("birds-live", "another-one")
        job = await here.reads()
        assert (job["state"], job["done"]) == ("done", 7)
        assert ["if-none-match" in headers for _, _, headers in server.calls] == [False, True]
        server.respond = lambda _path, _query, _headers: as_is(404, b"")
        job = await here.reads()
    assert codes(job) == ["FEED_ANSWERED"]
    assert "another-one" not in shown(job)


async def test_a_header_that_cannot_be_sent_ends_the_walk_and_repeats_nothing(
    database: Database, plugins: Plugins
) -> None:
    async with outside() as server:
        here = await city(database, plugins, server, "two-lines", key="sword\r\nX-Role: admin")
        job = await here.reads()
    assert codes(job) == ["FEED_HEADERS"]
    assert "X-Api-Key" in shown(job)
    assert "sword" not in shown(job)
    assert server.calls == []


async def test_a_plugin_that_knows_nothing_of_keys_reads_as_before(database: Database) -> None:
    async with outside(paged(BIRDS)) as server:
        here = await city(database, keyed(pull), server, "older", key="unused")
        job = await here.reads()
    assert (job["state"], job["done"]) == ("done", 7)
