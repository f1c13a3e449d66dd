"""Occupations and the figures of a labour market, as sources outside tell them: the words of hook and graph.

Codes are qualified by one version of a classification (`soc-2020/2134`); another version's are other codes.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from waypost.outgoing import CallFailed, Outgoing

# What figures are called everywhere, with their units; a plugin's own begin with its prefix.
FIGURES: Final[Mapping[str, str]] = {
    "pay-weekly": "GBP",
    "hours-weekly": "hours",
    "employment-forecast": "people",
    "unemployment": "percent",
    "claimants": "people",
    "claimant-rate": "percent",
    "vacancies": "vacancies",
}

QUALIFIED: Final = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)/([A-Za-z0-9][A-Za-z0-9.-]{0,29})")
SCHEME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
AREA: Final = re.compile(r"[EKNSW][0-9]{8}")

HEADERS: Final[Mapping[str, str]] = {"Accept": "application/json", "User-Agent": "waypost"}
BUSY_S: Final = 60.0  # where a source that is busy does not say for how long
LONGEST_BUSY_S: Final = 3_600.0


@dataclass(frozen=True)
class Occupation:
    """An occupation: its code in one version of a classification, a title, and plain text about it."""

    scheme: str
    code: str
    title: str
    description: str = ""

    @property
    def qualified(self) -> str:
        """`soc-2020/2134`."""
        return f"{self.scheme}/{self.code}"


@dataclass(frozen=True)
class Figure:
    """One number: what it counts, in which unit, when and where.

    `name` is one of `FIGURES`, or begins with the plugin's prefix; `month` is 1 to 12, or None for a whole year;
    `area` is an ONS code, or None for the whole country; `note` is plain text for readers.
    """

    name: str
    unit: str
    value: float
    year: int
    month: int | None = None
    area: str | None = None
    note: str = ""


class SourceFailed(Exception):
    """The source has answered what cannot be used, or not at all."""


class SourceBusy(Exception):
    """The source wants to be left alone for so many seconds."""

    def __init__(self, for_s: float = BUSY_S) -> None:
        super().__init__(f"it wants to be left alone for {for_s:.0f} s")
        self.for_s = for_s


async def _no_secret(name: str) -> str:
    raise SourceFailed(f"the secret {name} is a city's, and no city asks")


@dataclass(frozen=True)
class Asking:
    """What a source is asked with: the city's settings (defaults on the national graph), and a way out.

    Nothing about who asks is in it. `secret(name)` reads a secret of the city.
    """

    settings: Mapping[str, Any]
    outgoing: Outgoing = field(default_factory=Outgoing)
    secret: Callable[[str], Awaitable[str]] = _no_secret

    async def json(self, url: str, headers: Mapping[str, str] | None = None, /, **query: str | float) -> Any:
        """Get what an address answers, None where there is nothing (404).

        `headers` are for keys. Raises `SourceBusy` for 429 and 503, `SourceFailed` for everything that is not JSON, and
        TypeError for what is neither text nor a number: a secret that was not awaited, say.
        """
        for name, value in {**(headers or {}), **query}.items():
            given: object = value  # nobody has checked it
            if not isinstance(given, str | float | int):
                raise TypeError(f"{name} is a {type(given).__name__}, and must be text or a number; await a secret")
        address = f"{url}?{urlencode(query)}" if query else url
        try:
            answered = await self.outgoing.call("GET", address, {**HEADERS, **(headers or {})})
        except CallFailed as error:
            raise SourceFailed(str(error)) from error
        if answered.status == 404:
            return None
        if answered.status in {429, 503}:
            raise SourceBusy(retry_after_s(answered.headers.get("retry-after"), datetime.now(UTC)))
        if answered.status != 200:
            raise SourceFailed(f"it answered with status {answered.status}")
        try:
            return orjson.loads(answered.body)
        except orjson.JSONDecodeError as error:
            kind = answered.headers.get("content-type", "no type")
            raise SourceFailed(f"its answer ({kind[:60]}) is not JSON: {error}") from error


Search = Callable[[Asking, str], Awaitable[Sequence[Occupation]]]
Find = Callable[[Asking, str], Awaitable[Occupation | None]]
Ask = Callable[[Asking, str, str | None], Awaitable[Sequence[Figure]]]


@dataclass(frozen=True)
class Source:
    """A source of the labour market, and how it is asked.

    `schemes` are the classifications whose codes it knows; answers are given again for `fresh_s` seconds.
    `licence`, `attribution` and the addresses are shown on every answer. `search(asking, text)` finds
    occupations, `find(asking, code)` one of them, `figures(asking, code, area)` its figures: for the area (an ONS code)
    or else the smallest around it that the source knows. Codes are qualified; what is left away is not asked.
    """

    name: str
    title: str
    licence: str
    licence_url: str
    attribution: str
    url: str
    fresh_s: float
    schemes: frozenset[str]
    search: Search | None = None
    find: Find | None = None
    figures: Ask | None = None


def retry_after_s(said: str | None, now: datetime) -> float:
    """Read `Retry-After` (RFC 9110, 10.2.3: seconds or a date): seconds from 1 to an hour, a minute if unreadable."""
    seconds = BUSY_S
    if said is not None and re.fullmatch(r"[0-9]{1,9}", said.strip()):
        seconds = float(said)
    elif said is not None:
        try:
            moment = parsedate_to_datetime(said)
        except ValueError:
            moment = None
        if moment is not None:
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 1.0), LONGEST_BUSY_S)
