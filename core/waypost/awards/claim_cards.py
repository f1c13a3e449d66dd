"""Claim codes on paper: a QR code, or a whole card, as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import Final

import segno

from waypost.awards.claim_rules import shown

WIDTH_MM: Final = 105  # A7, landscape: eight on a page of A4
HEIGHT_MM: Final = 74
QR_MM: Final = 46
LINE_LENGTH: Final = 26  # characters of the badge's name on one line of a card
LINES: Final = 3


@dataclass(frozen=True)
class Card:
    """What stands on a card; `link` leads a scan somewhere, with `{code}` in it for the code."""

    code: str
    badge: str
    issuer: str
    recipient: str | None = None
    link: str | None = None


def content(code: str, link: str | None) -> str:
    """Return what the QR code says: the address for this code, or the code alone."""
    return shown(code) if link is None else link.replace("{code}", code)


def qr(code: str, link: str | None = None) -> str:
    """Draw a QR code, dark on white, with the quiet zone that readers want."""
    return _drawn(code, link, f'width="{QR_MM}mm" height="{QR_MM}mm" role="img"', escape(shown(code)))


def card(words: Card) -> str:
    """Draw a card to be cut out: badge, issuer, for whom, the QR code, and the code to be typed."""
    lines = "".join(
        f'<text x="6" y="{14 + 7 * n}" font-size="5.5" font-weight="bold">{escape(line)}</text>'
        for n, line in enumerate(wrapped(words.badge))
    )
    to = "" if words.recipient is None else f'<text x="6" y="52" font-size="5">{escape(_short(words.recipient))}</text>'
    picture = _drawn(words.code, words.link, f'x="{WIDTH_MM - QR_MM - 4}" y="6" width="{QR_MM}" height="{QR_MM}"')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm" '
        f'viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}" font-family="sans-serif" fill="#000" role="img">'
        f"<title>{escape(words.badge)}: {escape(shown(words.code))}</title>"
        f'<rect x="0.2" y="0.2" width="{WIDTH_MM - 0.4}" height="{HEIGHT_MM - 0.4}" fill="#fff" stroke="#999" '
        f'stroke-width="0.2"/>{lines}'
        f'<text x="6" y="43" font-size="4">{escape(_short(words.issuer))}</text>{to}{picture}'
        f'<text x="{WIDTH_MM / 2}" y="67" font-size="9" font-family="monospace" text-anchor="middle">'
        f"{shown(words.code)}</text></svg>"
    )


def wrapped(text: str) -> list[str]:
    """Break a name into at most three lines of a card; what does not fit ends in an ellipsis."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) > LINE_LENGTH and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], f"{lines[LINES - 1]} …"]
    return [_short(line) for line in lines]


def _short(text: str) -> str:
    return text if len(text) <= LINE_LENGTH + 2 else f"{text[: LINE_LENGTH + 1]}…"


def _drawn(code: str, link: str | None, attributes: str, title: str = "") -> str:
    """Draw the modules as one path; the picture is made here and not by segno, which writes no nested SVG."""
    matrix = segno.make(content(code, link), error="m", micro=False).matrix
    rows = [f"M{x + 4} {y + 4}h1v1h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark]
    size = len(matrix) + 8
    named = f"<title>{title}</title>" if title else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {attributes} viewBox="0 0 {size} {size}">{named}'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{"".join(rows)}"/></svg>'
    )
