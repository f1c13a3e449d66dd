"""What a city sets for a feed: `[plugins.<plugin>.feeds.<name>]`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson

from waypost.feeds.client import origin_of
from waypost.opportunities.rules import KINDS
from waypost.tenancy.slugs import slug_problem

USUAL_HOURS: Final = 24
HOURS: Final = range(1, 24 * 30 + 1)
USUAL_KIND: Final = "INFORMATION"


class BadSettings(ValueError):
    """Settings of a feed that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class FeedSettings:
    """How a city takes one feed.

    `provider` is the slug of the issuer that offers what nobody else does; `providers` are those of organisations of
    the feed, by their id or name there. `kinds` maps the feed's own words (lower case) to ours, `kind` is for the
    rest. `licence` and `attribution` hold where an item says nothing itself. `raw` is everything that was set.
    """

    name: str
    url: str
    provider: str | None = None
    providers: Mapping[str, str] = field(default_factory=dict)
    kind: str = USUAL_KIND
    kinds: Mapping[str, str] = field(default_factory=dict)
    licence: str | None = None
    attribution: str | None = None
    hours: int = USUAL_HOURS
    raw: Mapping[str, Any] = field(default_factory=dict)

    def digest(self, version: str) -> str:
        """What changes when the settings do, or the plugin's `version`."""
        return sha256(orjson.dumps([version, self.raw], option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def feeds_in(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """The feeds that the settings of a plugin name."""
    found = settings.get("feeds")
    return found if isinstance(found, Mapping) else {}


def read_settings(name: str, raw: Any) -> FeedSettings:
    """Read the settings of one feed. Raises `BadSettings`."""
    if slug_problem(name) or not isinstance(raw, Mapping):
        raise BadSettings(f"feeds.{name[:80]}: a feed is a table called by a slug, such as feeds.council")
    url = _text(raw, "url")
    if url is None or origin_of(url) is None:
        raise BadSettings("url: the feed's web address is missing")
    kinds = {word.lower(): kind for word, kind in _texts(raw, "kinds").items()}
    kind = _text(raw, "kind") or USUAL_KIND
    for each in (kind, *kinds.values()):
        if each not in KINDS:
            raise BadSettings(f"kinds: {each[:40]} is no kind; there are {', '.join(KINDS)}")
    hours = raw.get("hours", USUAL_HOURS)
    if isinstance(hours, bool) or not isinstance(hours, int) or hours not in HOURS:
        raise BadSettings(f"hours: every how many hours it is read, {HOURS.start} to {HOURS.stop - 1}")
    return FeedSettings(
        name=name,
        url=url,
        provider=_text(raw, "provider"),
        providers=_texts(raw, "providers"),
        kind=kind,
        kinds=kinds,
        licence=_text(raw, "licence"),
        attribution=_text(raw, "attribution"),
        hours=hours,
        raw=dict(raw),
    )


def _text(raw: Mapping[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > 500:
        raise BadSettings(f"{key}: must be text of at most 500 characters")
    return value.strip()


def _texts(raw: Mapping[str, Any], key: str) -> dict[str, str]:
    table = raw.get(key, {})
    if not isinstance(table, Mapping) or not all(isinstance(value, str) for value in table.values()):
        raise BadSettings(f"{key}: must be a table of texts")
    return {str(word): str(value) for word, value in table.items()}
