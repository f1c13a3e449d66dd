"""Browsers that sign in, and the letters that they wait for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import httpx
import orjson
from starlette.types import ASGIApp

from tests.sign_in.provider import Provider
from waypost.db import Database, System, fetch
from waypost.members.effects import EFFECTS
from waypost.outbox.work import Addressed, Work
from waypost.settings import Settings

BASE = "https://waypost.example.org"
OWN = "https://learn.alpha.example"
SECRET_KEY = "a key for tests alone"
NOBODYS = UUID("01932c07-209d-7000-8000-00000000dead")  # of nothing that there is
VIEWER = "{ viewer { id name memberships { role city { slug } } permissions } }"


@dataclass(frozen=True)
class Cast:
    """Two cities; the first has a host of its own."""

    alpha: UUID
    beta: UUID


class Browser:
    """A browser with its cookies, which says of forms from which page they come."""

    def __init__(self, app: ASGIApp, base: str = BASE, peer: str = "203.0.113.5") -> None:
        self.base = base
        transport = httpx.ASGITransport(app, client=(peer, 1234))
        self.client = httpx.AsyncClient(transport=transport, base_url=base)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers=headers)

    async def post(self, path: str, form: Mapping[str, str], origin: str | None = None) -> httpx.Response:
        headers = {"origin": origin or self.base, "sec-fetch-site": "same-origin"}
        return await self.client.post(path, data=dict(form), headers=headers)

    async def ask(self, query: str, path: str = "/graphql", **headers: str) -> dict[str, Any]:
        """Ask a graph, as a page of the same host does."""
        said = {"origin": self.base, **headers}
        response = await self.client.post(path, json={"query": query}, headers=said)
        found: dict[str, Any] = response.json()
        return found

    async def viewer(self, path: str = "/graphql", **headers: str) -> Any:
        return (await self.ask(VIEWER, path, **headers))["data"]["viewer"]

    @property
    def session(self) -> str | None:
        return next((each.value for each in self.client.cookies.jar if each.name.endswith("waypost-session")), None)


@dataclass
class Post:
    """The letters that were sent, as they would be written now."""

    database: Database
    settings: Settings
    clock: Any

    async def letters(self, *, to: str | None = None) -> list[Addressed]:
        work = Work(self.database, self.settings, self.clock)
        async with self.database.transaction(System("tests")):
            rows = await fetch("SELECT facts::text AS facts FROM work WHERE kind = 'mail' ORDER BY id")
        kinds = {each.name: each.facts for each in EFFECTS.letters}
        found = []
        for row in rows:
            facts = orjson.loads(row["facts"])
            letter = await kinds[facts["letter"]](work, facts)
            if letter is not None and to in {None, letter.address}:
                found.append(letter)
        return found

    async def last_link(self, to: str) -> str:
        """The link of the last letter to somebody."""
        return str((await self.letters(to=to))[-1].values["link"])


def local(url: str) -> str:
    """The path and query of an address."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def asked_in(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


def hidden(page: str) -> dict[str, str]:
    """What a page's form sends without being asked."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


@dataclass
class Hand:
    """A clock that stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


Make = Callable[..., Browser]


async def went(someone: Browser, path: str = "/alpha/auth/council") -> str:
    """Go to the provider; answers its address."""
    response = await someone.get(path)
    assert response.status_code == 303, response.text
    return response.headers["location"]


async def signed_in(someone: Browser, provider: Provider, path: str = "/alpha/auth/council") -> int:
    """Go there and come back; answers the status in the end."""
    back = provider.authorize(await went(someone, path))
    return (await someone.get(back, **{"sec-fetch-site": "cross-site"})).status_code
