"""Badges, their versions, and what is borrowed from other tenants."""

from __future__ import annotations
