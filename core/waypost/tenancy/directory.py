"""Who is who: finds a tenant by its slug, by a slug it once had, by its host name, or by its id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from asyncpg import Record

from waypost.db import Database, System, fetch
from waypost.tenancy.providers import Provider, read_providers

TENANTS_SQL: Final = """
SELECT t.id, t.slug, t.name, t.kind, t.state, t.nation, t.languages, t.timezone, t.standard_code,
       t.review_tenant_id, t.south, t.west, t.north, t.east, t.latitude, t.longitude,
       t.primary_colour, t.accent_colour, t.logo_url, t.contact_url, t.licence, t.origins,
       t.documents, t.graph_share, t.retention_days, t.files, t.example, t.managed_by, t.sign_in::text AS sign_in,
       ARRAY(SELECT s.slug FROM tenant_slug s WHERE s.tenant_id = t.id ORDER BY s.slug) AS slugs,
       ARRAY(SELECT h.host FROM tenant_host h WHERE h.tenant_id = t.id ORDER BY h.host) AS hosts,
       ARRAY(SELECT g.group_id FROM tenant_group g WHERE g.tenant_id = t.id ORDER BY g.group_id) AS groups,
       ARRAY(SELECT p.plugin FROM tenant_plugin p WHERE p.tenant_id = t.id AND p.active ORDER BY p.plugin) AS plugins
FROM tenant t
ORDER BY t.slug
"""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The box around a tenant's area, in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Tenant:
    """A city, region, nation or network, with what must be known before any of its rows are read.

    `plugins` are the active ones; `former_slugs` redirect here; `origins` may call with a token;
    `documents` is any or trusted; `graph_share` is its visitors' part of what the platform gives out; by `providers`
    its people sign in; what nobody claimed is forgotten after `retention_days`.
    """

    id: UUID
    slug: str
    name: str
    kind: str
    state: str
    nation: str | None
    languages: tuple[str, ...]
    timezone: str
    standard_code: str
    review_tenant_id: UUID | None
    bounds: Bounds | None
    latitude: float | None
    longitude: float | None
    primary_colour: str
    accent_colour: str
    logo_url: str | None
    contact_url: str | None
    origins: tuple[str, ...]
    documents: str
    graph_share: float
    hosts: tuple[str, ...]
    former_slugs: tuple[str, ...]
    groups: frozenset[UUID]
    plugins: frozenset[str]
    files: str
    example: bool
    managed_by: str
    retention_days: int = 365
    providers: tuple[Provider, ...] = ()
    licence: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is on the lists and may be written to."""
        return self.state == "open"

    @property
    def language(self) -> str:
        """The language in which all of its text exists."""
        return self.languages[0]


class Directory:
    """All tenants at one moment; immutable, so that readers may keep it while a newer one is loaded."""

    def __init__(self, tenants: Iterable[Tenant]) -> None:
        self._tenants = tuple(sorted(tenants, key=lambda tenant: tenant.slug))
        self._ids: Mapping[UUID, Tenant] = {tenant.id: tenant for tenant in self._tenants}
        self._hosts: Mapping[str, Tenant] = {host: t for t in self._tenants for host in t.hosts}
        former = {slug: tenant for tenant in self._tenants for slug in tenant.former_slugs}
        self._slugs: Mapping[str, Tenant] = former | {tenant.slug: tenant for tenant in self._tenants}

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """All tenants, closed ones too, by slug."""
        return self._tenants

    def by_slug(self, slug: str) -> Tenant | None:
        """Find a tenant by its slug or one that it had; where `tenant.slug` differs, redirect."""
        return self._slugs.get(slug)

    def by_host(self, host: str) -> Tenant | None:
        """Find the tenant of a host name, given as it stands in the header (any case, port allowed)."""
        return self._hosts.get(_without_port(host).lower())

    def by_id(self, tenant: UUID) -> Tenant | None:
        """Find a tenant by its id."""
        return self._ids.get(tenant)

    def members(self, group: UUID) -> tuple[Tenant, ...]:
        """The tenants that belong to a region, nation or network, by slug."""
        return tuple(tenant for tenant in self._tenants if group in tenant.groups)


async def load_directory(database: Database) -> Directory:
    """Read all tenants in a short transaction of its own."""
    async with database.transaction(System("directory")):
        return await read_directory()


async def read_directory() -> Directory:
    """Read all tenants in the current transaction, whose scope must be allowed to (system, city, national)."""
    return Directory([_tenant(record) for record in await fetch(TENANTS_SQL)])


def _tenant(record: Record) -> Tenant:
    row = dict(record)
    south, west, north, east = (row.pop(side) for side in ("south", "west", "north", "east"))
    slugs = row.pop("slugs")
    providers = read_providers(row.pop("sign_in"))
    return Tenant(
        **row
        | {name: tuple(row[name]) for name in ("languages", "origins", "hosts")}
        | {name: frozenset(row[name]) for name in ("groups", "plugins")},
        former_slugs=tuple(slug for slug in slugs if slug != row["slug"]),
        providers=providers,
        bounds=None if south is None else Bounds(south, west, north, east),
    )


def _without_port(host: str) -> str:
    """Cut the port off, also behind an IPv6 address in brackets."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
