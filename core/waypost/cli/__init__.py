"""The `waypost` command."""

from __future__ import annotations

from waypost.cli.main import main

__all__ = ["main"]
