"""A made-up issuing platform, and a connector to it: what a partner writes, and no more.

Rosette knows orders by a key, lists by cursors, and speaks of `awards` in `series`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.connectors.http_server import Asked, Reply, Server, serving

KEY = "a-rosette-key-for-tests-alone"
STATES = {"offered": "pending", "taken": "accepted", "refused": "rejected", "void": "revoked", "superseded": "replaced"}


@dataclass
class FakeRosette:
    """One account."""

    series: dict[str, dict[str, Any]] = field(default_factory=dict)
    awards: dict[str, dict[str, Any]] = field(default_factory=dict)
    server: Server = field(init=False)

    def __post_init__(self) -> None:
        self.server = Server(self.answer)

    def add(self, name: str, *, repeatable: bool = False, retired: bool = False) -> str:
        id = f"s{len(self.series) + 1}"
        self.series[id] = {"id": id, "title": name, "repeatable": repeatable, "retired": retired}
        return id

    def answer(self, asked: Asked) -> Reply:
        if asked.headers.get("authorization") != f"Bearer {KEY}":
            return Reply(401, {"why": "key"})
        match asked.method, asked.path.strip("/").split("/"):
            case "GET", ["series"]:
                return self._list(asked, list(self.series.values()))
            case "GET", ["awards"]:
                found = list(self.awards.values())
                for name in ("series", "holder"):
                    found = [each for each in found if asked.query.get(name) in {None, each[name]}]
                return self._list(asked, found)
            case "GET", ["awards", id] if id in self.awards:
                return Reply(200, self.awards[id])
            case "POST", ["awards"]:
                return self._give(asked.headers.get("idempotency-key", ""), asked.body)
            case "POST", ["awards", id, "void"] if id in self.awards:
                if self.awards[id]["status"] == "superseded":
                    return Reply(422, {"why": "superseded"})
                self.awards[id]["status"] = "void"
                return Reply(200, self.awards[id])
            case _:
                return Reply(404, {"why": "unknown"})

    def _give(self, key: str, order: Mapping[str, Any]) -> Reply:
        known = next((each for each in self.awards.values() if each["key"] == key), None)
        if known is not None:
            return Reply(200, known)
        series = self.series.get(order["series"])
        if series is None or series["retired"]:
            return Reply(422, {"why": "series"})
        old = self.awards.get(order.get("instead_of") or "")
        twice = [
            each
            for each in self.awards.values()
            if (each["series"], each["holder"]) == (order["series"], order["holder"])
        ]
        if old is None and not series["repeatable"] and any(each["status"] in {"offered", "taken"} for each in twice):
            return Reply(422, {"why": "held"})
        id = f"a{len(self.awards) + 1}"
        self.awards[id] = {"id": id, "key": key, "status": "offered", "next": None, **order}
        if old is not None:
            old.update(status="superseded", next=id)
        return Reply(201, self.awards[id])

    @staticmethod
    def _list(asked: Asked, items: list[dict[str, Any]]) -> Reply:
        start = int(asked.query.get("from", "0"))
        more = start + 2 < len(items)
        return Reply(200, {"items": items[start : start + 2], "from": str(start + 2) if more else None})


@asynccontextmanager
async def rosette_running() -> AsyncIterator[FakeRosette]:
    """A Rosette on a port of its own."""
    fake = FakeRosette()
    async with serving(fake.server):
        yield fake
