"""`[badges.case]` in the catalogue files: the items of frameworks that a badge shows, by their addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, field_validator

from waypost.db import fetch
from waypost.frameworks.aligning import MOST, write_alignments
from waypost.tenancy import CatalogueSection, Problem
from waypost_case_framework.entries import is_uri

SOURCE: Final = "case_framework"
FIND_SQL: Final = """
SELECT id FROM public.framework_item WHERE uri = ANY($2::text[]) AND retired_at IS NULL
UNION
SELECT id FROM public.own_framework_item WHERE tenant_id = $1 AND uri = ANY($2::text[]) AND retired_at IS NULL
"""
# What files said alone: what another source named is not theirs to take away.
READ_SQL: Final = """
SELECT a.badge_id, a.target_url, a.public = b.public AS fresh
FROM public.badge_alignment a JOIN public.badge b ON b.tenant_id = a.tenant_id AND b.id = a.badge_id
WHERE a.tenant_id = $1 AND a.source = $2
"""


class Shown(BaseModel):
    """What a file says of a badge: `case = { items = ["https://…"] }`, in whatever order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    items: tuple[str, ...]

    @field_validator("items")
    @classmethod
    def _in_order(cls, items: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(sorted(set(items)))


def check(value: Shown, settings: Mapping[str, Any]) -> Iterable[Problem]:
    """Find what is no address, and more than a badge can show."""
    del settings
    if len(value.items) > MOST:
        yield Problem(("items",), f"a badge shows at most {MOST} items")
    for item in value.items:
        if not is_uri(item):
            yield Problem(("items",), f"{item!r} is no address of an item, such as https://…/CFItems/…")


async def write(tenant: UUID, badge: UUID, value: Shown | None) -> bool:
    """Align the badge with the items that are here; those of frameworks that are not wait for the next `apply`."""
    rows = await fetch(FIND_SQL, tenant, list(value.items if value else ()))
    return await write_alignments(tenant, badge, [row["id"] for row in rows], SOURCE)


async def read(tenant: UUID) -> Mapping[UUID, Shown]:
    """What the tenant's badges are aligned with now; what grew stale is left out, so that `apply` writes it anew."""
    found: defaultdict[UUID, list[str]] = defaultdict(list)
    for row in await fetch(READ_SQL, tenant, SOURCE):
        if row["fresh"]:
            found[row["badge_id"]].append(row["target_url"])
    return {badge: Shown(items=tuple(items)) for badge, items in found.items()}


SECTION: Final = CatalogueSection(kind="badges", name="case", model=Shown, write=write, read=read, check=check)
