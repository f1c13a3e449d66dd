"""What an act may borrow: other tenants' objects that its input names, as their homes show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self
from uuid import UUID

from waypost.refusal import NotFound, missing
from waypost.tenancy.entries import Here, Ref


class Lender(Protocol):
    """The room that keeps borrowings. A loan is the lender's own business; object types are badge and opportunity."""

    async def loans_of(self, object_type: str, ids: Sequence[UUID]) -> Mapping[UUID, Any]:
        """What homes show of these objects, in a National transaction; what is not public is missing."""
        ...

    async def borrow(self, here: Here, loan: Any) -> Ref:
        """Show it here, in the City transaction."""
        ...


@dataclass(frozen=True)
class Loans:
    """Loans found before the act, by object type and object."""

    lender: Lender
    found: Mapping[tuple[str, UUID], Any]

    @classmethod
    async def find(cls, lender: Lender, tenant: UUID, meant: Mapping[str, Iterable[Ref]]) -> Self:
        """Look up what an act in this tenant may have to borrow, in a National transaction."""
        found: dict[tuple[str, UUID], Any] = {}
        for object_type, refs in meant.items():
            away = {ref.id: ref.home_tenant_id for ref in refs if ref.home_tenant_id != tenant}
            loans = await lender.loans_of(object_type, list(away)) if away else {}
            # An id that names the wrong home names nothing.
            right = {id: loan for id, loan in loans.items() if loan.home_tenant_id == away[id]}
            found |= {(object_type, id): loan for id, loan in right.items()}
        return cls(lender, found)

    async def lend(self, here: Here, object_type: str, refs: Iterable[Ref]) -> tuple[Ref, ...] | NotFound:
        """Borrow what is another tenant's, in the City transaction; the tenant's own stays as it is.

        Refused with NotFound, its index as the path, for what no home shows.
        """
        lent: list[Ref] = []
        for index, ref in enumerate(refs):
            loan = self.found.get((object_type, ref.id))
            own = ref.home_tenant_id == here.tenant_id or ref.borrowed_id is not None
            if not own and loan is None:
                return missing().under(str(index))
            lent.append(ref if own else await self.lender.borrow(here, loan))
        return tuple(lent)
