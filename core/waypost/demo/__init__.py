"""Makes up a country: many synthetic rows in the tenants that there are, for trying things at size."""

from __future__ import annotations

from waypost.demo.clearing import clear
from waypost.demo.loading import DEFAULT_SEED, Loaded, load

__all__ = ["DEFAULT_SEED", "Loaded", "clear", "load"]
