"""The ASGI application: GraphQL over HTTP, pages, health."""

from __future__ import annotations

from waypost.http.app import create_app
from waypost.http.platform import Parts, Platform

__all__ = ["Parts", "Platform", "create_app"]
