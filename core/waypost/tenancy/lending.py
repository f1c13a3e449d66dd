"""The room that keeps borrowings, as far as files need it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from waypost.tenancy.entries import Here, Ref

KindAndName = tuple[str, str]
"""A kind of entry and `tenant/slug`."""


@dataclass(frozen=True)
class Offer:
    """What a home tenant shows of an object; `loan` is the same for the room that keeps borrowings."""

    home_tenant_id: UUID
    object_id: UUID
    facts: Mapping[str, object]
    loan: Any


@dataclass(frozen=True)
class Borrowed:
    """What a tenant shows of another's object."""

    ref: Ref
    facts: Mapping[str, object]


class Lending(Protocol):
    """Reads what homes offer, and writes what borrowers show.

    Facts are by the same names on both sides, name, layer, image_url and state among them.
    """

    async def offers(self, names: Collection[KindAndName]) -> Mapping[KindAndName, Offer]:
        """What homes show under these names, in a National transaction; what is not published is missing."""
        ...

    async def borrowed(self, tenant_id: UUID) -> Mapping[tuple[str, UUID], Borrowed]:
        """What the tenant has borrowed, by kind and the object's id, in its City transaction."""
        ...

    async def borrow(self, here: Here, offer: Offer) -> Ref:
        """Show what is offered, or bring up to date what is shown, in the City transaction."""
        ...
