"""The statements that find, show and forget what a table keeps of a person."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from waypost.access.people import one_form
from waypost.db import Kind, ownership
from waypost.db.personal import Finds, Personal
from waypost.db.security import qualified

NOBODY: Final = UUID(int=0)


@dataclass(frozen=True)
class Subject:
    """A person as their rows are found: by id, by addresses that are theirs, by what one tenant knows them as.

    `digests` are the keyed digests that lead to them, `found` ids of their rows by the names that rooms give those.
    """

    person: UUID
    addresses: tuple[str, ...] = ()
    digests: tuple[str, ...] = ()
    found: Mapping[str, tuple[UUID, ...]] = field(default_factory=dict)

    def value(self, finds: str) -> list[Any]:
        """Return what columns of that sense are compared with."""
        known: dict[str, tuple[Any, ...]] = {
            Finds.PERSON: () if self.person == NOBODY else (self.person,),
            Finds.ADDRESS: self.addresses,
            Finds.DIGEST: self.digests,
        }
        return list(known[finds] if finds in known else self.found.get(finds, ()))


@dataclass(frozen=True)
class Statement:
    """SQL with its arguments."""

    sql: str
    args: tuple[Any, ...]


_BY_ID: Final = "{column} = ANY(${n}::uuid[])"
_COMPARED: Final[Mapping[str, str]] = {
    Finds.ADDRESS: "lower({column}) = ANY(${n}::text[])",
    Finds.DIGEST: "{column} = ANY(${n}::text[])",
}


def where(kept: Personal, subject: Subject, tenant: UUID | None) -> Statement:
    """Return the condition of the person's rows, those included that were found by their ids already.

    A tenant's are looked for in that tenant alone.
    """
    args: list[Any] = []
    found = []
    ids = {"id": kept.names} if kept.names else {}
    for column, finds in {**ids, **kept.by}.items():
        value = subject.value(finds)
        if value:
            args.append(value)
            alike = _COMPARED.get(finds, _BY_ID).format(column=f'"{column}"', n=len(args))
            found.append(f'({alike} AND "{kept.owners[column]}" IS NULL)' if column in kept.owners else alike)
    text = " OR ".join(found) or "false"
    if ownership(kept.table).kind is Kind.TENANT:
        args.append(tenant)
        text = f"tenant_id = ${len(args)} AND ({text})"
    return Statement(text, tuple(args))


def forget(kept: Personal, subject: Subject, tenant: UUID | None = None) -> Statement | None:
    """Return the statement that forgets the person's rows; None where nothing need be done."""
    if kept.stays:
        return None
    condition, name = where(kept, subject, tenant), qualified(kept.table)
    if not kept.emptied:
        return Statement(f"DELETE FROM {name} WHERE {condition.sql}", condition.args)
    changes = ", ".join(f'"{column}" = {value}' for column, value in kept.emptied.items())
    return Statement(f"UPDATE {name} SET {changes} WHERE {condition.sql}", condition.args)


def show(kept: Personal, subject: Subject, tenant: UUID | None = None) -> Statement:
    """Return the statement that reads the person's rows as JSON, without what is secret."""
    condition = where(kept, subject, tenant)
    n = len(condition.args) + 1
    sql = f"SELECT (to_jsonb(kept) - ${n}::text[])::text AS row FROM {qualified(kept.table)} kept WHERE {condition.sql}"
    return Statement(sql, (*condition.args, sorted(kept.secret)))


def ids(kept: Personal, subject: Subject, tenant: UUID, *, locked: bool = False) -> Statement:
    """Return the statement that reads the ids of the person's rows, by which others are found.

    `locked`: nobody changes these rows until the transaction ends.
    """
    condition = where(kept, subject, tenant)
    lock = " ORDER BY id FOR UPDATE" if locked else ""
    return Statement(f"SELECT id FROM {qualified(kept.table)} WHERE {condition.sql}{lock}", condition.args)


def of_kind(personal: Iterable[Personal], *kinds: Kind) -> list[Personal]:
    """Return the declarations of tables of these kinds."""
    return [kept for kept in personal if ownership(kept.table).kind in kinds]


def read_addresses(addresses: Collection[str]) -> tuple[str, ...]:
    """Return addresses as they are compared."""
    return tuple(sorted({one_form(address) for address in addresses}))
