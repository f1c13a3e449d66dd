"""The tenants that these tests play with, and the words for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from waypost.db import execute, new_id
from waypost.http import Platform
from waypost.tenancy import Tenant

Visit = Callable[..., httpx.AsyncClient]
GiveToken = Callable[..., Awaitable[str]]


BASE_URL = "http://127.0.0.1:8000"
ORIGIN = "https://alpha.example.org"
HOST = "learn.alpha.example"
PROXY = "10.9.9.9"
SECRET_KEY = "a key for tests alone"

TENANT_SQL = """
INSERT INTO tenant (id, slug, name, kind, state, languages, timezone, standard_code, primary_colour,
                    accent_colour, origins, example, latitude, longitude, south, west, north, east, area)
VALUES ($1, $2, $3, $4, $5, '{en}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166', $6, $7,
        $8, $9, $8, $9, $8, $9, $10)
"""


@dataclass(frozen=True)
class Cast:
    """The tenants of these tests: an open city with host and origin, another, a network, a closed one."""

    alpha: UUID
    beta: UUID
    net: UUID
    gone: UUID


async def insert_tenant(slug: str, name: str, **facts: Any) -> UUID:
    id, area = new_id(), facts.get("area", '{"type": "Polygon", "coordinates": []}')
    place = (50.8, -0.14) if area else (None, None)
    await execute(
        TENANT_SQL,
        *(id, slug, name, facts.get("kind", "city"), facts.get("state", "open")),
        *(facts.get("origins", []), facts.get("example", False), *place, area),
    )
    await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, id)
    return id


def tenant_named(platform: Platform, slug: str) -> Tenant:
    tenant = platform.directory.by_slug(slug)
    assert tenant is not None
    return tenant
