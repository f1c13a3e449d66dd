"""What tables keep of a person, and how that is forgotten: declared by each room, carried out in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from waypost.db.tables import OwnedTable


class Finds(StrEnum):
    """By what a column finds the rows of a person."""

    PERSON = "person"  # the person's id
    ADDRESS = "address"  # an address that is theirs
    DIGEST = "digest"  # the keyed digest of an address, or of what a provider calls them
    RECIPIENT = "recipient"  # whom a tenant knows, and who turned out to be the person


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What one table keeps of a person.

    `by` says which columns find the person's rows, and by what; one of them is enough. When a person is erased the
    rows go, unless `emptied` says which columns are emptied instead (with what, in SQL), or `stays` says why nothing
    need be done: because a bare id is left that leads to nobody. `kept` are the columns of text that may stay in an
    emptied row, since they hold codes and no words about anybody. `secret` columns are not shown to the person who
    asks for their data, and nothing is of what is not `told`: traces without end. The ids of rows that `name`
    recipients find those with `Finds.RECIPIENT`. A `door` is closed first, so that nothing new comes while the rest is
    forgotten.
    """

    table: type[OwnedTable]
    by: Mapping[str, Finds]
    emptied: Mapping[str, str] = field(default_factory=dict)
    stays: str = ""
    kept: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    name: bool = False
    door: bool = False
    told: bool = True
