"""What a city's start page says of the directories that it takes in, as their licences ask for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from waypost.db import City
from waypost.plugins import Link, Piece, Site, manifest_of, settings_of

MANIFEST: Final = manifest_of("waypost_open_referral_uk")
MOST_WORDS: Final = 500  # in a paragraph of a page
OWN: Final = Link("What is on here, as open data", "/feeds/opportunities")


async def sources(site: Site) -> list[Piece]:
    """The attributions and licences of the directories that the city sets, each once, and the city's own feed."""
    async with site.work.database.transaction(City(site.here.tenant_id, quiet=True)):
        feeds = (await settings_of(MANIFEST))["feeds"]
    return [Piece("Where this comes from", _joined(map(_words, feeds.values())), (OWN,))]


def _words(feed: Mapping[str, Any]) -> str:
    licence = f"({feed['licence']})" if feed.get("licence") else ""
    return " ".join(part for part in (feed.get("attribution", "").strip(), licence) if part)


def _joined(words: Iterable[str]) -> str:
    """As many whole attributions as a paragraph takes; all of them stand in the graph with what they are about."""
    joined = ""
    for each in dict.fromkeys(words):
        if len(joined) + len(each) < MOST_WORDS:
            joined = f"{joined} {each}".strip()
    return joined
