"""What tables keep of a person, and how that is forgotten: declared by each room, carried out in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from waypost.db.ownership import Kind
from waypost.db.tables import OwnedTable, ownership

# Columns that lead to a person by their names alone.
LEADS: Final = frozenset({"person_id", "recipient_id"})


class Finds(StrEnum):
    """By what a column finds the rows of a person; also by any other name that a `Personal` gives to its rows."""

    PERSON = "person"  # the person's id
    ADDRESS = "address"  # an address that is theirs
    DIGEST = "digest"  # the keyed digest of an address, or of what a provider calls them
    RECIPIENT = "recipient"  # as whom a tenant knows them
    AWARD = "award"
    REQUEST = "request"
    UPLOAD = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """What one table keeps of a person.

    `by` says which columns find the person's rows, and by what; one of them is enough. Addresses change hands, so
    `owners` says, by a column with an address, which column leads to whose row it is: where that says somebody, the
    address finds nobody else. When a person is erased the rows go, unless `emptied` says which columns are emptied
    instead (with what, in SQL), or `stays` says why nothing need be done: because a bare id is left that leads to
    nobody. `kept` are the columns of text that may stay in an emptied row, since they hold codes and no words about
    anybody. `secret` columns are not shown to the person who asks for their data, and nothing is of what is not
    `told`: traces without end. What has `names` is found first, and its ids find what hangs on it: awards those of
    recipients, evidence that of awards. A `door` is closed first, so that nothing new comes while the rest is
    forgotten.
    """

    table: type[OwnedTable]
    by: Mapping[str, Finds | str]
    emptied: Mapping[str, str] = field(default_factory=dict)
    stays: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    names: str = ""
    door: bool = False
    told: bool = True


def undeclared(
    table: type[OwnedTable], kept: Iterable[Personal], leads: Callable[[str], object] = LEADS.__contains__
) -> list[str]:
    """Say in words what a table holds of people without saying how it is forgotten; `leads` says which columns do.

    A declaration whose rows go covers all columns of a table, any other those that it names. The rows of a
    `PersonTable` go with their person.
    """
    mine = [each for each in kept if each.table is table]
    going = [each for each in mine if not each.emptied and not each.stays]
    if ownership(table).kind is Kind.PERSON:
        if any(each.by.get("person_id") == Finds.PERSON for each in going):
            return []
        return ["its rows belong to a person and go with them, found by person_id"]
    known = {column for each in mine for column in (*each.by, *each.emptied, *each.kept)}
    columns = [column._meta.name for column in table._meta.columns]
    return [f"{name} leads to a person" for name in columns if leads(name) and not going and name not in known]
