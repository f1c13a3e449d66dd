"""Reads what standards there are."""

from __future__ import annotations

from waypost.db import fetch


async def known_layers() -> frozenset[str]:
    """The qualified codes of all layers of all standards."""
    return frozenset(row["code"] for row in await fetch("SELECT code FROM layer"))
