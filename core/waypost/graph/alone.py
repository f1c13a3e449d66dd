"""What people do about themselves, in no city: mutations that every graph has alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from typing_extensions import override

from waypost.refusal import Refusal

from .acting import KEPT, STRANGER
from .relations import Argument, Relation

if TYPE_CHECKING:
    from datetime import datetime

    from waypost.db import Database, Personal

    from .query import Here, Query, Selected
    from .request import Request

Outcome = Mapping[str, Any] | Refusal


@dataclass(frozen=True)
class Doing:
    """Somebody who acts about themselves, in transactions of the act's own.

    `personal` is what all tables keep of people, `request` how they came to act.
    """

    database: Database
    person: UUID
    now: datetime
    personal: Sequence[Personal]
    request: Request

    @property
    def secret_key(self) -> str:
        """The platform's key."""
        key: str = self.request.services.settings.load_secret_key()
        return key


@dataclass(frozen=True, kw_only=True)
class Alone(Relation):
    """A mutation of a person about themselves; what it answers has values and no rows.

    `repeats` False: an `Idempotency-Key` changes nothing, since its answer must not be kept.
    """

    run: Callable[[Doing, Mapping[str, Any]], Awaitable[Outcome]]
    repeats: bool = True

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        raise AssertionError(f"{field.coordinate} is carried out, not read")

    async def outcome(
        self, database: Database, personal: Sequence[Personal], request: Request, given: Mapping[str, Any]
    ) -> Outcome:
        """Return what came of it; refused for strangers, and for programs with tokens for some things only."""
        asker = request.asker
        if asker.person is None:
            return STRANGER
        if asker.limits is not None:
            return KEPT
        return await self.run(Doing(database, asker.person, request.now, personal, request), given)


def alone(
    run: Callable[[Doing, Mapping[str, Any]], Awaitable[Outcome]],
    input_type: type[Any],
    *,
    repeats: bool = True,
    doc: str,
) -> Any:
    """Declare a mutation of a person about themselves; see `Alone`."""
    given = Argument("input", input_type, required=True, doc="All that the act needs to know, in one object.")
    return Alone(run=run, repeats=repeats, doc=doc, arguments=(given,))
