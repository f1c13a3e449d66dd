"""Learning that a place can see, measure and connect."""

from __future__ import annotations

__version__ = "0.1.0"
