"""Badge standards and their layers, as data."""

from __future__ import annotations
