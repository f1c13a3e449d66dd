"""Who did what to which row, as the tenant reads it."""

from __future__ import annotations
