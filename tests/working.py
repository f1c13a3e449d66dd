"""Background work in tests; plugins' tests use the same."""

from __future__ import annotations

from waypost.testing.working import SETTINGS, work_off

__all__ = ["SETTINGS", "work_off"]
