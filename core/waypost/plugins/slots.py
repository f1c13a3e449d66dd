"""What plugins show on the platform's pages: words and links, never markup, so that no page can be broken by one."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from logging import getLogger
from typing import Any, Final

from waypost.calling import Call, Calls, PluginPaused
from waypost.plugins.sites import Site

LOG: Final = getLogger(__name__)
PATIENCE_S: Final = 1.0
SLOTS: Final = ("city",)  # the start page of a tenant
MOST_PIECES: Final = 5
MOST_LINKS: Final = 10
MOST_WORDS: Final = 500
_TARGET: Final = re.compile(r"/(?![/\\])[!-~]*|https://[!-~]+")


@dataclass(frozen=True)
class Link:
    """Words that lead somewhere: to a path below the tenant (`/x/tides/today`), or to an address with https."""

    words: str
    target: str


@dataclass(frozen=True)
class Piece:
    """A heading, a paragraph and links; plain text, of which the page makes what it needs."""

    title: str
    words: str = ""
    links: tuple[Link, ...] = ()


Fill = Callable[[Site], Awaitable[Sequence[Piece]] | Sequence[Piece]]


async def filled(site: Site, slot: str, fills: Sequence[tuple[str, str, Fill]], calls: Calls) -> list[Piece]:
    """What plugins show in a slot of a page; `fills` are (plugin, slot, what fills it), in order.

    All are asked at once. One that fails, is late, rests or shows what a page cannot show is left out, logged and
    counted.
    """

    async def asked(plugin: str, fill: Fill) -> Sequence[Piece]:
        call = Call(plugin, f"the slot {slot}", site.here.tenant_id, PATIENCE_S, _are_pieces, entry=f"slot {slot}")
        try:
            answer: Sequence[Piece] = await calls.make(call, fill, site)
        except PluginPaused:
            return ()
        except Exception as error:  # noqa: BLE001 - one plugin's fault costs its own piece of the page
            LOG.warning("%s of %s failed: %s: %s", call.what, plugin, type(error).__name__, error)
            return ()
        return answer

    answers = await asyncio.gather(*(asked(plugin, fill) for plugin, of, fill in fills if of == slot))
    return [piece for answer in answers for piece in answer]


def _are_pieces(answer: Any) -> None:
    if not isinstance(answer, Sequence) or len(answer) > MOST_PIECES:
        raise TypeError(f"it answered no list of at most {MOST_PIECES} pieces")
    for piece in answer:
        if not isinstance(piece, Piece) or not _is_text(piece.title, 1) or not _is_text(piece.words, 0):
            raise TypeError(f"a piece has a title and words, each text of at most {MOST_WORDS} characters")
        if len(piece.links) > MOST_LINKS or not all(map(_is_link, piece.links)):
            raise TypeError("a link has words, and leads to a path that begins with / or to an address with https")


def _is_text(text: Any, least: int) -> bool:
    return isinstance(text, str) and least <= len(text) <= MOST_WORDS


def _is_link(link: Any) -> bool:
    if not isinstance(link, Link) or not _is_text(link.words, 1) or not isinstance(link.target, str):
        return False
    return _TARGET.fullmatch(link.target) is not None
