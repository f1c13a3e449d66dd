"""For how long an answer stays true, so that it may be kept and given again.

An answer to a question that everybody may ask is true while the catalogues behind it stand still and nothing that it
compares with the clock has happened. What depends on who asks is never kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Final
from uuid import UUID

from waypost.db import SHARED, City, National

if TYPE_CHECKING:
    from waypost.db import Database, Versions

    from .plan import Plan
    from .request import Request

NATIONAL_S: Final = 60.0  # the longest that a national answer is kept, whatever moves
CITY_S: Final = 3_600.0
MOST_MOMENTS: Final = 10_000


@dataclass(frozen=True)
class Clock:
    """What rows are compared with the time: SQL for the seconds until the next of them changes sides, or null.

    `city` is asked with the tenant as $1, `national` without a parameter.
    """

    name: str
    city: str
    national: str


@dataclass(frozen=True)
class Keep:
    """How long an answer may be kept: until a moment of the steady clock, and while catalogues stand still.

    `moves` is set where rows of any tenant may be in it: then every move ends it.
    """

    until: float
    versions: tuple[tuple[UUID, int], ...]
    moves: int | None = None

    def holds(self, versions: Versions, now: float) -> bool:
        """Say whether the answer is still true."""
        return (
            now < self.until
            and versions.known
            and (self.moves is None or self.moves == versions.moves)
            and all(versions.of(tenant) == version for tenant, version in self.versions)
        )


@dataclass(frozen=True)
class Begun:
    """How the catalogues stood before an answer was read, at a moment of the steady clock."""

    versions: tuple[tuple[UUID, int], ...]
    moves: int
    at: float

    def city(self) -> Keep:
        """For how long at most an answer of one tenant's rows is kept."""
        return Keep(self.at + CITY_S, self.versions)

    def national(self) -> Keep:
        """For how long at most an answer with rows of any tenant is kept."""
        return Keep(self.at + NATIONAL_S, self.versions, self.moves)


class Keeping:
    """Decides for how long answers may be kept, from what is known before they are read."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._moments: dict[tuple[str, UUID | None], tuple[Keep, float]] = {}

    def begun(self, tenant: UUID | None, shared: int | None) -> Begun | None:
        """Note how the catalogues stand before an answer is read; null while that is not known for sure.

        `shared` is the version at which the directory of tenants was read.
        """
        versions = self._database.versions
        if not versions.known or shared is None:
            return None
        stands = [(SHARED, shared)] if tenant is None else [(SHARED, shared), (tenant, versions.of(tenant))]
        return Begun(tuple(stands), versions.moves, monotonic())

    async def ended(self, begun: Begun, plan: Plan, request: Request, *, wide: bool) -> Keep:
        """Return how long the answer of a plan may be kept: no longer than what it compares with the clock.

        `wide` says that other tenants' rows are in the answer of a city too.
        """
        tenant = None if wide else request.tenant
        keep = begun.national() if tenant is None else begun.city()
        until = keep.until
        if request.until is not None:
            until = min(until, monotonic() + (request.until - request.now).total_seconds())
        for clock in plan.query.clocks:
            until = min(until, await self._next(clock, keep, tenant))
        return replace(keep, until=until)

    async def _next(self, clock: Clock, keep: Keep, tenant: UUID | None) -> float:
        """Return when the next row changes sides, remembered as long as that stays true."""
        now = monotonic()
        known = self._moments.get((clock.name, tenant))
        if known is not None and known[0].holds(self._database.versions, now):
            return known[1]
        if tenant is None:
            rows = await self._database.reads.rows(National(), clock.national)
        else:
            rows = await self._database.reads.rows(City(tenant), clock.city, [tenant])
        seconds = rows[0][0]
        until = keep.until if seconds is None else min(keep.until, now + float(seconds))
        if len(self._moments) >= MOST_MOMENTS:
            self._moments.clear()
        self._moments[clock.name, tenant] = (replace(keep, until=until), until)
        return until


def may_be_kept(plan: Plan, request: Request) -> bool:
    """Say whether an answer of this plan is the same for everybody, and changes only with catalogues and clock."""
    personal = request.personal or plan.query.personal
    return not personal and all(_stays(patch.work) for patch in plan.patches)


def _stays(work: object) -> bool:
    """Say whether what Python adds follows from the rows alone; a plugin's field must say so."""
    return bool(getattr(work, "kept", True))
