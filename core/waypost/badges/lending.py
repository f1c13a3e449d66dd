"""Borrowings as tenants' files need them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from waypost.badges.borrowing import borrow, find_loans
from waypost.db import fetch
from waypost.tenancy.entries import Here, Ref
from waypost.tenancy.lending import Borrowed, KindAndName, Offer

# The array of the catalogue files → what `borrowed.object_type` says.
OBJECT_TYPES: Final[Mapping[str, str]] = {"badges": "badge", "opportunities": "opportunity"}
FACTS: Final = ("version", "name", "layer", "image_url", "state", "replaced_by")
BORROWED_SQL: Final = f"""
SELECT id, home_tenant_id, object_type, object_id, {", ".join(FACTS)} FROM borrowed WHERE tenant_id = $1
"""


class Borrowings:
    """What tenants show of each other: see `waypost.tenancy.lending.Lending`."""

    async def offers(self, names: Collection[KindAndName]) -> Mapping[KindAndName, Offer]:
        """What homes show under these names, in a National transaction; what is not published is missing."""
        found: dict[KindAndName, Offer] = {}
        for kind, object_type in OBJECT_TYPES.items():
            wanted = {_parts(value): value for name, value in names if name == kind}
            for parts, loan in (await find_loans(object_type, wanted)).items():
                facts = {fact: getattr(loan, fact) for fact in FACTS}
                found[kind, wanted[parts]] = Offer(loan.home_tenant_id, loan.object_id, facts, loan)
        return found

    async def borrowed(self, tenant_id: UUID) -> Mapping[tuple[str, UUID], Borrowed]:
        """What the tenant has borrowed, by kind and the object's id, in its City transaction."""
        kinds = {object_type: kind for kind, object_type in OBJECT_TYPES.items()}
        return {
            (kinds[row["object_type"]], row["object_id"]): Borrowed(
                Ref(row["object_id"], row["home_tenant_id"], row["id"]), {fact: row[fact] for fact in FACTS}
            )
            for row in await fetch(BORROWED_SQL, tenant_id)
        }

    async def borrow(self, here: Here, offer: Offer) -> Ref:
        """Show what is offered, or bring up to date what is shown, in the City transaction."""
        return await borrow(here, offer.loan)


def _parts(value: str) -> tuple[str, str]:
    tenant, _, slug = value.partition("/")
    return tenant, slug


BORROWINGS: Final = Borrowings()
