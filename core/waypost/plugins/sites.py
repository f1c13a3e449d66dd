"""What an endpoint of a plugin knows beside the request: where it is asked, and by whom."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from waypost.access.permissions import permits
from waypost.outbox.work import Work
from waypost.tenancy.entries import Here


@dataclass(frozen=True)
class Site:
    """The tenant, the database and settings, and who asks: None and no role for strangers.

    `work.database.transaction(City(site.here.tenant_id))` opens a transaction; the endpoint runs outside any.
    """

    here: Here
    work: Work
    person: UUID | None = None
    role: str | None = None
    issuer: UUID | None = None
    limits: frozenset[str] | None = None

    def may(self, permission: str) -> bool:
        """Whether who asks has a permission here; for issuer roles, on objects of `issuer` only."""
        return permits(self.role, permission, self.limits)
