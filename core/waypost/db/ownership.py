"""Who owns a row: the four kinds of table, as values that policies, grants and checks are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from waypost.db.scope import SCOPE_ROLES

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE")
SCOPES = ("city", "national", "learner", "system")


class Kind(StrEnum):
    """What a table holds; there is no fifth."""

    TENANT = "tenant"
    PERSON = "person"
    REFERENCE = "reference"
    PLATFORM = "platform"


LEADING = {Kind.TENANT: "tenant_id", Kind.PERSON: "person_id", Kind.REFERENCE: None, Kind.PLATFORM: None}


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a table class says about its rows.

    `key` is the whole primary key in order, the leading column included;
    `public` whether the national scope reads rows that are; `grants` maps a scope (`city`) to the
    verbs it has beyond its kind; `tenant_column` is the column by which City may write only its own rows of a
    platform table, and `shared_row` that it may write that of the nil uuid too; `updates` maps a scope to the only
    columns that its UPDATE may change; `reason` says why a table is the platform's. `traced_by` is the column that
    names a row in the audit (empty where none is an id), null for tables whose changes leave no trace; `append_only`
    says that nobody changes or removes what was written, which triggers alone write; `sealed` that a row that is
    public stays as it is.
    """

    kind: Kind
    key: tuple[str, ...]
    public: bool = False
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    tenant_column: str | None = None
    shared_row: bool = False
    updates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reason: str = ""
    traced_by: str | None = None
    append_only: bool = False
    sealed: bool = False


def parse_grants(table: str, grants: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Read `{"city": "SELECT, INSERT"}`; raises `TypeError` naming the table for an unknown scope or verb."""
    parsed = {scope: frozenset(verb.strip().upper() for verb in text.split(",")) for scope, text in grants.items()}
    for scope, verbs in parsed.items():
        if scope not in SCOPES:
            raise TypeError(f"{table}: grants name the scope {scope!r}; there are {', '.join(SCOPES)}")
        if unknown := verbs - set(VERBS):
            raise TypeError(
                f"{table}: grants to {scope} name {', '.join(sorted(unknown))}; there are {', '.join(VERBS)}"
            )
    return parsed


def role_of(scope: str) -> str:
    """Give the database role of a scope's name: `city` is entered as `waypost_city`."""
    return SCOPE_ROLES[SCOPES.index(scope)]
