"""Postcodes by a service on a real socket, well and unwell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.outgoing import CallFailed
from waypost.plugins import geocode, load
from waypost_postcodes.answers import BadAnswer, many, one, point_in
from waypost_postcodes.finding import Finder
from waypost_postcodes.keeping import Memory
from waypost_postcodes.plugin import URL

KNOWN = {"BN11GE": (50.8225, -0.1372), "BR34HG": (51.4, -0.03)}


def result(code: str) -> dict[str, Any]:
    latitude, longitude = KNOWN[code]
    return {"postcode": f"{code[:-3]} {code[-3:]}", "latitude": latitude, "longitude": longitude, "country": "England"}


@dataclass
class Service:
    """Answers as postcodes.io does; `broken` is answered instead, where it is set."""

    asked: list[tuple[str, Any]] = field(default_factory=list)
    broken: bytes | None = None
    port: int = 0
    late_s: float = 0.0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split(" ", 2)
        body = None
        if method == "POST":
            length = next(
                int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-l")
            )
            body = orjson.loads(await reader.readexactly(length))
        self.asked.append((f"{method} {path}", body))
        if self.late_s:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(self.late_s)
        if self.broken is not None:
            writer.write(self.broken)
        else:
            status, said = self._said(path, body)
            text = orjson.dumps(said)
            writer.write(f"HTTP/1.1 {status} Said\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode())
            writer.write(text)
        with suppress(OSError):
            await writer.drain()
        writer.close()

    def _said(self, path: str, body: Any) -> tuple[int, Any]:
        if body is not None:
            found = [{"query": code, "result": result(code) if code in KNOWN else None} for code in body["postcodes"]]
            return 200, {"status": 200, "result": found}
        code = path.rsplit("/", 1)[1]
        if code in KNOWN:
            return 200, {"status": 200, "result": result(code)}
        if code == "ZZ99ZZ":
            return 404, {"status": 404, "error": "Invalid postcode"}
        if code == "BN11ZZ":
            was = {"postcode": "BN1 1ZZ", "year_terminated": 1999, "longitude": -0.1, "latitude": 50.8}
            return 404, {"status": 404, "error": "Postcode not found", "terminated": was}
        return 404, {"status": 404, "error": "Postcode not found"}


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[Service, Finder]]:
    service = Service()
    server = await asyncio.start_server(service.handle, "127.0.0.1", 0)
    service.port = server.sockets[0].getsockname()[1]
    async with server:
        yield service, Finder(service.url, (f"127.0.0.1:{service.port}",))


async def test_a_postcode_is_found_and_remembered() -> None:
    async with serving() as (service, finder):
        assert await finder.find("BN11GE") == KNOWN["BN11GE"]
        assert await finder.find("BN11GE") == KNOWN["BN11GE"]
        assert service.asked == [("GET /postcodes/BN11GE", None)]


@pytest.mark.parametrize(("code", "point"), [("ZZ99ZZ", None), ("AB12CD", None), ("BN11ZZ", (50.8, -0.1))])
async def test_what_is_none_or_has_ended_is_remembered_too(code: str, point: Any) -> None:
    async with serving() as (service, finder):
        assert await finder.find(code) == point
        assert await finder.find(code) == point
        assert len(service.asked) == 1
        assert finder.failures == 0


async def test_many_at_once_are_one_call_and_the_same_is_asked_once() -> None:
    async with serving() as (service, finder):
        found = await asyncio.gather(*(finder.find(code) for code in ("BN11GE", "BR34HG", "BN11GE", "AB12CD")))
    assert found == [KNOWN["BN11GE"], KNOWN["BR34HG"], KNOWN["BN11GE"], None]
    assert service.asked == [("POST /postcodes", {"postcodes": ["BN11GE", "BR34HG", "AB12CD"]})]


async def test_more_than_a_hundred_are_several_calls() -> None:
    async with serving() as (service, finder):
        codes = [f"BN{number // 10}{number % 10}AA" for number in range(150)]
        await asyncio.gather(*(finder.find(code) for code in codes))
    assert [len(body["postcodes"]) for _, body in service.asked] == [100, 50]


@pytest.mark.parametrize(
    "broken",
    [
        b"HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 429 Slowly\r\nContent-Length: 2\r\nRetry-After: 60\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nnot found",
        b"HTTP/1.1 302 Away\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
        b"",
    ],
)
async def test_a_service_that_is_unwell_is_left_alone_for_a_while(broken: bytes) -> None:
    now = 1_000.0
    async with serving() as (service, finder):
        finder.clock = lambda: now
        service.broken = broken
        with pytest.raises((CallFailed, BadAnswer)):
            await finder.find("BN11GE")
        assert await finder.find("BN11GE") is None
        assert len(service.asked) == 1
        service.broken = None
        now += 61.0
        assert await finder.find("BN11GE") == KNOWN["BN11GE"]
        assert finder.failures == 0


async def test_a_late_answer_is_a_failure() -> None:
    async with serving() as (service, finder):
        finder.timeout_s = 0.1
        service.late_s = 1.0
        with pytest.raises(CallFailed):
            await finder.find("BN11GE")


def test_the_memory_is_bounded_and_forgets() -> None:
    now = 0.0
    memory = Memory(most=3, found_s=100.0, not_found_s=10.0, clock=lambda: now)
    for code in ("A", "B", "C"):
        memory.put(code, (1.0, 2.0))
    assert memory.get("A") == (1.0, 2.0)
    memory.put("D", None)
    assert [memory.has(code) for code in "ABCD"] == [True, False, True, True]
    now = 11.0
    assert [memory.has(code) for code in "ACD"] == [True, True, False]
    now = 101.0
    assert not memory.has("A")


WORDS = ["status", "result", "query", "latitude", "longitude", "error", "terminated"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)


@given(JSON, st.sampled_from([200, 404, 500]))
def test_whatever_is_answered_is_a_point_nothing_or_a_bad_answer(said: Any, status: int) -> None:
    body = json.dumps(said).encode()
    for read in (lambda: one(status, body), lambda: many(status, body, ["BN11GE"])):
        try:
            read()
        except BadAnswer:
            continue


@given(st.floats(), st.floats())
def test_a_point_lies_on_the_earth(latitude: float, longitude: float) -> None:
    point = point_in({"latitude": latitude, "longitude": longitude})
    assert point is None or (abs(point[0]) <= 90 and abs(point[1]) <= 180)


async def test_cities_with_the_plugin_find_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as (service, _):
        monkeypatch.setenv(URL, service.url)
        monkeypatch.setenv("WAYPOST_ALLOW_PRIVATE_TARGETS", f"127.0.0.1:{service.port}")
        plugins = load(["postcodes"])
        assert await geocode(plugins, {"postcodes"}, "BR34HG") == KNOWN["BR34HG"]
        assert await geocode(plugins, set(), "BN11GE") is None
