"""Every request has an id, which its answer and its lines of the log have too."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.http.stage import BASE_URL, PROXY, Cast, Visit
from waypost.cli.logs import TEXT, JsonLines, TextLines
from waypost.cli.parts import load_plugins, parts_of
from waypost.http import Platform, create_app
from waypost.http.platform import Parts
from waypost.settings import Settings
from waypost.tracing import begin_request, request_id, request_task

OURS = re.compile(r"[0-9a-f]{12}")
GIVEN = "7f0c.Proxy-4711_x"
ID = "X-Request-Id"
PUBLIC = "{ cities(first: 1) { nodes { slug } } }"
log = logging.getLogger("waypost.tests")


class Lines(logging.Handler):
    """The lines of the log, written as they come."""

    def __init__(self, form: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(form)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    handler = Lines(JsonLines())
    handler.addFilter(logging.Filter("waypost"))  # the client of these tests has lines of its own
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


@dataclass
class Talking:
    """An engine that says something, waits for all others to have done so, says more and breaks."""

    awaited: int
    here: int = 0
    all_here: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, _graph: Any, asked: Any, *_: Any, **__: Any) -> Any:
        log.warning("begins %s", asked.query)
        self.here += 1
        if self.here == self.awaited:
            self.all_here.set()
        await self.all_here.wait()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._goes_on(asked.query), name=request_task())
        raise RuntimeError("secret words of the inside")

    async def _goes_on(self, query: str) -> None:
        log.warning("goes on %s", query)


@pytest.mark.parametrize("path", ["/healthz", "/nowhere", "/alpha/", "/graphql?query=%7B__typename", "/old-alpha"])
async def test_an_answer_says_its_id_and_each_another(client: httpx.AsyncClient, path: str) -> None:
    ids = [(await client.get(path)).headers.get_list(ID) for _ in range(2)]
    assert all(len(each) == 1 and OURS.fullmatch(each[0]) for each in ids)
    assert ids[0] != ids[1]


async def test_a_trusted_proxy_s_id_is_kept_and_nobody_else_s(visit: Visit) -> None:
    for peer, believed in ((PROXY, True), ("203.0.113.5", False)):
        async with visit(peer=peer) as client:
            answered = (await client.get("/nowhere", headers={ID: GIVEN})).headers[ID]
        assert (answered == GIVEN) is believed


@pytest.mark.parametrize(
    "said",
    [
        [""],
        ["short"],
        ["x" * 65],
        ["has a blank in it"],
        ["new\tline-in-it"],
        ['quote"in-it'],
        ["na\u00efve-as-ever"],
        [GIVEN, GIVEN],
        [f"{GIVEN},{GIVEN}"],
    ],
)
async def test_what_is_no_id_or_two_is_not_kept(visit: Visit, said: list[str]) -> None:
    headers = [(ID.encode(), each.encode("latin-1")) for each in said]
    async with visit(peer=PROXY) as client:
        answered = (await client.get("/nowhere", headers=headers)).headers.get_list(ID)
    assert len(answered) == 1
    assert OURS.fullmatch(answered[0])


async def test_what_caches_may_give_to_others_carries_none(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        response = await client.post("/graphql", json={"query": PUBLIC})
        assert response.headers["Cache-Control"].startswith("public")
        assert ID not in response.headers
    private = await client.post("/graphql", json={"query": "{ viewer { id } }"})
    assert OURS.fullmatch(private.headers[ID])


async def test_every_line_of_a_request_has_its_id_and_no_other_s(cast: Cast, app_url: str, lines: Lines) -> None:
    settings = Settings(plugins=())
    parts = parts_of(load_plugins(settings))
    engine: Any = Talking(awaited=5)
    platform = Platform(settings, Parts(parts.plugins, parts.compose, lambda _: engine), app_url)
    async with platform.opened():
        transport = httpx.ASGITransport(create_app(platform))
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            queries = [f"{{ q{number}: __typename }}" for number in range(5)]
            answers = await asyncio.gather(*(client.post("/graphql", json={"query": each}) for each in queries))
    said = [json.loads(line) for line in lines.lines]
    ids = [answer.headers[ID] for answer in answers]
    assert len(set(ids)) == 5
    for query, id, answer in zip(queries, ids, answers, strict=True):
        mine = [line for line in said if line.get("request") == id]
        assert [line["message"] for line in mine] == [f"begins {query}", f"goes on {query}", f"Unexpected error {id}"]
        assert answer.json()["errors"][0]["extensions"]["reference"] == id
        assert "secret words" in mine[-1]["exception"]


async def test_outside_a_request_there_is_none() -> None:
    handler = Lines(TextLines(TEXT))
    record = logging.makeLogRecord({"msg": "Something", "levelname": "INFO", "name": "waypost"})

    async def inside() -> None:
        begin_request(GIVEN)
        handler.emit(record)
        assert await asyncio.to_thread(request_id) is None

    handler.emit(record)
    await asyncio.create_task(inside())
    handler.emit(record)
    first, second, third = handler.lines
    assert first == third
    assert second == f"{first} [{GIVEN}]"
    assert request_id() is None


def test_nor_is_there_one_where_no_loop_runs() -> None:
    assert request_id() is None
    begin = logging.makeLogRecord({"msg": "Something"})
    assert "request" not in json.loads(JsonLines().format(begin))
