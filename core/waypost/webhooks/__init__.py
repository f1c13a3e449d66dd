"""Tells others, over HTTP, of what happens in a tenant."""

from __future__ import annotations
