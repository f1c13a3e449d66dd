"""Whether people can read what is written in a tenant's colours: the contrast of WCAG 2."""

from __future__ import annotations

import re
from typing import Final

LEAST_CONTRAST: Final = 4.5  # WCAG 2.2, success criterion 1.4.3, level AA, ordinary text
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_WEIGHTS: Final = (0.2126, 0.7152, 0.0722)  # of red, green and blue in what the eye calls bright


def is_colour(text: str) -> bool:
    """Whether the text is a colour written `#rrggbb`."""
    return _COLOUR.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`: 1 for equal ones, 21 for black and white."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(colour: str, ground: str, ground_name: str) -> str | None:
    """Say that a colour cannot be read on its ground, with the contrast it has and needs; None when it can."""
    found = contrast(colour, ground)
    if found >= LEAST_CONTRAST:
        return None
    # Rounded down, so that 4.499 does not look like enough.
    shown = int(found * 100) / 100
    return f"{colour} has a contrast of {shown:.2f} against {ground_name}, and text needs at least {LEAST_CONTRAST}"


def _luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return sum(weight * _linear(channel) for weight, channel in zip(_WEIGHTS, channels, strict=True))


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
