"""Long work, as those who began it watch it."""

from __future__ import annotations
