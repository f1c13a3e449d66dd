"""Organisations and their presence in a tenant."""

from __future__ import annotations
