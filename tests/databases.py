"""Databases for tests; plugins' tests use the same ones."""

from __future__ import annotations

from waypost.testing.databases import PASSWORD, Server

__all__ = ["PASSWORD", "Server"]
