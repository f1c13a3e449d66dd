"""What all entries of a catalogue have in common: a slug, a keeper, an address that outlives names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

from piccolo.table import Table

from waypost.db import execute, fetch, fetchrow, fetchval, new_id, one_at_a_time
from waypost.refusal import Invalid, ManagedByFiles, Refusal, SlugTaken
from waypost.tenancy.directory import Tenant
from waypost.tenancy.outline import Area, outline
from waypost.tenancy.slugs import slug_problem

FILES: Final = "files"
_CURRENCY: Final = re.compile(r"[A-Z]{3}")

ADDRESS_SQL: Final = """
INSERT INTO address (id, tenant_id, object_type) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING
"""
FORMER_SQL: Final = """
SELECT object_id FROM former_slug WHERE tenant_id = $1 AND object_type = $2 AND slug = $3
"""
FORGET_SQL: Final = "DELETE FROM former_slug WHERE tenant_id = $1 AND object_type = $2 AND slug = $3"
REMEMBER_SQL: Final = """
INSERT INTO former_slug (tenant_id, object_type, slug, object_id, public) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (tenant_id, object_type, slug) DO NOTHING
"""


@dataclass(frozen=True)
class Here:
    """The tenant in whose City transaction rows are written, and who keeps them.

    `managed_by` is what written rows get (`files`, `graph`, `feed:…`, `demo`); `files` is the tenant's rule
    for rows of files: `managed` (only files change them) or `seed` (files create them, the graph may change).
    A tenant that is not open is read-only.
    """

    tenant_id: UUID
    slug: str
    languages: tuple[str, ...]
    timezone: str
    standard: str
    managed_by: str = "graph"
    files: str = "managed"
    is_open: bool = True

    @classmethod
    def of(cls, tenant: Tenant, managed_by: str = "graph") -> Self:
        """Write in a tenant of the directory."""
        return cls(
            tenant_id=tenant.id,
            slug=tenant.slug,
            languages=tenant.languages,
            timezone=tenant.timezone,
            standard=tenant.standard_code,
            managed_by=managed_by,
            files=tenant.files,
            is_open=tenant.is_open,
        )

    @property
    def language(self) -> str:
        """The language in which all text is written first."""
        return self.languages[0]


@dataclass(frozen=True)
class Entry:
    """A row that has a slug, as far as all rooms know it."""

    id: UUID
    slug: str
    state: str
    public: bool
    managed_by: str
    source_id: str | None


@dataclass(frozen=True)
class Written:
    """What a store did; `changed` is true of what was created, too."""

    id: UUID
    created: bool
    changed: bool


@dataclass(frozen=True)
class Ref:
    """A badge or opportunity that is meant: the tenant's own, or another's through a borrowing."""

    id: UUID
    home_tenant_id: UUID
    borrowed_id: UUID | None = None


@dataclass(frozen=True)
class Cost:
    """What something costs its learner; unknown where everything is None. `currency` is ISO 4217."""

    free: bool | None = None
    price: Decimal | None = None
    currency: str | None = None
    note: str | None = None

    def columns(self) -> dict[str, Any]:
        """Name the values as tables do."""
        return {"free": self.free, "price": self.price, "currency": self.currency, "cost_note": self.note}

    def problem(self) -> Invalid | None:
        """Refuse a price without a currency, a price of what is free, and prices that no purse holds."""
        if (self.price is None) != (self.currency is None):
            return Invalid(message="A price needs its currency, and a currency its price.", path=("price",))
        if self.price is None:
            return None
        if self.free:
            return Invalid(message="What is free has no price.", path=("price",))
        if not self.price.is_finite() or not 0 <= self.price < 10**8 or self.price != round(self.price, 2):
            return Invalid(message="A price has at most two decimals and is not negative.", path=("price",))
        if not _CURRENCY.fullmatch(self.currency or ""):
            return Invalid(message="A currency is a code of three letters, such as GBP.", path=("currency",))
        return None


async def find_entry(
    table: type[Table], here: Here, *, id: UUID | None = None, slug: str | None = None
) -> Entry | None:
    """Find an entry of the tenant by exactly one of `id` and `slug`, and lock it for the transaction."""
    column, value = ("id", id) if slug is None else ("slug", slug)
    row = await fetchrow(
        f"SELECT id, slug, state, public, managed_by, source_id FROM {_name(table)} "
        f"WHERE tenant_id = $1 AND {column} = $2 FOR UPDATE",
        here.tenant_id,
        value,
    )
    return None if row is None else Entry(**dict(row))


async def read_entries(table: type[Table], here: Here, managed_by: str = FILES) -> tuple[Entry, ...]:
    """List the tenant's entries of one keeper, by slug."""
    rows = await fetch(
        f"SELECT id, slug, state, public, managed_by, source_id FROM {_name(table)} "
        "WHERE tenant_id = $1 AND managed_by = $2 ORDER BY slug",
        here.tenant_id,
        managed_by,
    )
    return tuple(Entry(**dict(row)) for row in rows)


async def claim_slug(table: type[Table], here: Here, slug: str, at: Entry | None) -> UUID | Refusal:
    """Give the id under which an entry is written, and make sure that its slug is its own.

    `at` is the entry as it stands, or None for a new one, which gets an id and an address. A slug that is
    left is remembered, so that it redirects; one that anything else has or had is refused with `SlugTaken`.
    """
    if at is not None and at.slug == slug:
        return at.id
    wrong = slug_problem(slug)
    if wrong:
        return Invalid(message=wrong, path=("slug",))
    taken = await _slug_taken(table, here, slug, at)
    if taken:
        return taken
    kind = table.__name__
    if at is None:
        id = new_id()
        await execute(ADDRESS_SQL, id, here.tenant_id, kind)
        return id
    await execute(FORGET_SQL, here.tenant_id, kind, slug)
    await execute(REMEMBER_SQL, here.tenant_id, kind, at.slug, at.id, at.public)
    return at.id


async def _slug_taken(table: type[Table], here: Here, slug: str, at: Entry | None) -> SlugTaken | None:
    kind = table.__name__
    # Two writers who want the same slug wait for each other here, so that one of them is told, not broken off.
    await one_at_a_time(here.tenant_id, kind, slug)
    if await find_entry(table, here, slug=slug):
        return SlugTaken(message=f'"{slug}" is in use here; choose another.', path=("slug",))
    former = await fetchval(FORMER_SQL, here.tenant_id, kind, slug)
    if former is None or (at is not None and former == at.id):
        return None
    words = f'"{slug}" belonged to something else here, and old addresses still lead there; choose another.'
    return SlugTaken(message=words, path=("slug",))


def managed_by_files(entry: Entry, here: Here) -> ManagedByFiles | None:
    """Refuse to change a row of files from elsewhere, unless the tenant's files are only a seed."""
    if here.managed_by == FILES or entry.managed_by != FILES or here.files == "seed":
        return None
    where = entry.source_id or "the tenant's files"
    return ManagedByFiles(
        message=f'"{entry.slug}" is kept in {where}: change it there, or set files = "seed" in tenant.toml.',
        source=entry.source_id,
    )


def languages_problem(here: Here, given: Iterable[str]) -> Invalid | None:
    """Refuse translations into languages that the tenant does not have, its first one among them."""
    others = here.languages[1:]
    unknown = sorted(language for language in given if language not in others)
    if not unknown:
        return None
    words = f"Here one translates into {', '.join(others) or 'nothing'}, not {', '.join(unknown)}."
    return Invalid(message=words, path=("text", unknown[0]))


async def tenant_area(tenant_id: UUID) -> Area | None:
    """Read the tenant's outline; None for a network. Raises LookupError where the tenant is missing."""
    row = await fetchrow("SELECT area::text AS area FROM tenant WHERE id = $1", tenant_id)
    if row is None:
        raise LookupError(f"no tenant {tenant_id}")
    if row["area"] is None:
        return None
    area = outline(json.loads(row["area"]))
    if isinstance(area, Area):
        return area
    raise LookupError(f"the stored area of tenant {tenant_id} is no outline: {area.message}")


def _name(table: type[Table]) -> str:
    return table._meta.get_formatted_tablename()
