"""Which media type and which languages a client asks for. Pure functions on header values."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

MAX_LANGUAGES = 10
LANGUAGE_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
WEIGHT = re.compile(r"(0(\.\d{0,3})?|1(\.0{0,3})?)")


class Media(StrEnum):
    """What `/graphql` can answer with."""

    RESPONSE = "application/graphql-response+json"
    JSON = "application/json"
    HTML = "text/html"


def choose_media(accept: str | None, *, html: bool) -> Media | None:
    """Choose the media type of an answer.

    `accept` is the `Accept` header; `html` says whether a page may be answered.
    Whoever names no type gets `application/json`, whoever takes both JSON types
    equally gets the newer. None = nothing that we have is acceptable.
    """
    if accept is None or accept in ("*/*", ""):
        return Media.JSON
    ranges = list(_weighted(accept))
    offers = (Media.RESPONSE, Media.JSON, Media.HTML) if html else (Media.RESPONSE, Media.JSON)
    best: tuple[float, int, int] = (0.0, 0, 0)
    chosen: Media | None = None
    for media in offers:
        specificity, quality = _match(media, ranges)
        # By name the newer type leads, by a wildcard the one that every client understands.
        preference = _preference(media, named=specificity == 2)
        if quality > 0 and (quality, specificity, preference) > best:
            best, chosen = (quality, specificity, preference), media
    return chosen


def languages(accept_language: str | None) -> tuple[str, ...]:
    """The language tags of an `Accept-Language` header, best first, at most ten."""
    if not accept_language:
        return ()
    tags = [
        (quality, tag) for tag, _, quality in _weighted(accept_language) if quality > 0 and LANGUAGE_TAG.fullmatch(tag)
    ]
    tags.sort(key=lambda pair: -pair[0])  # stable: equal weights keep the client's order
    return tuple(tag for _, tag in tags[:MAX_LANGUAGES])


def is_json(content_type: str | None) -> bool:
    """Whether a request body is `application/json` in UTF-8, the only kind that is read.

    Everything that a browser sends without a preflight (forms, text/plain, no
    type at all) is refused by this, which is what protects against forged requests.
    """
    if content_type is None:
        return False
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media == Media.JSON and all(_is_utf8(parameter) for parameter in parameters)


def _is_utf8(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() != "charset" or value.strip(' "') in ("utf-8", "utf8")


def _weighted(header: str) -> Iterator[tuple[str, tuple[str, ...], float]]:
    """Each element of a header as (value, parameters, quality), in the client's order."""
    for element in header.split(","):
        value, *parameters = (part.strip() for part in element.split(";"))
        if not value:
            continue
        quality, kept = 1.0, []
        for parameter in parameters:
            name, _, given = parameter.partition("=")
            if name.strip().lower() == "q":
                quality = float(given) if WEIGHT.fullmatch(given.strip()) else 0.0
            else:
                kept.append(parameter)
        yield value, tuple(kept), quality


def _match(media: Media, ranges: list[tuple[str, tuple[str, ...], float]]) -> tuple[int, float]:
    """How exactly the client named a media type (2 by name … 0 by `*/*`, -1 not) and how much it wants it."""
    patterns = ("*/*", media.partition("/")[0] + "/*", media)
    found = (-1, 0.0)
    for value, parameters, quality in ranges:
        lowered = value.lower()
        if lowered in patterns and all(_is_utf8(parameter.lower()) for parameter in parameters):
            found = max(found, (patterns.index(lowered), quality))
    return found


def _preference(media: Media, *, named: bool) -> int:
    order = (Media.HTML, Media.JSON, Media.RESPONSE) if named else (Media.HTML, Media.RESPONSE, Media.JSON)
    return order.index(media) + 1
