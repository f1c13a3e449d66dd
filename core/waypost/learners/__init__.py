"""People as a tenant knows them."""

from __future__ import annotations
