"""How long work says what it is doing."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]
"""Called with what is being done now, in a few words: the slug of a tenant, for instance."""


def silent(words: str) -> None:
    """Say nothing."""
    del words
