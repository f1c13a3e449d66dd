"""The platform's real tables with rows of two of everybody, and attacks on them from every scope.

Keys and checks are taken away, so that nothing but policies and grants stands between the scopes: an attack
is never refused for another reason.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import UUID

import asyncpg

from waypost.db import City, Kind, Learner, National, OwnedTable, Ownership, Scope, System, ownership
from waypost.db.connections import Connection
from waypost.db.ownership import LEADING, VERBS
from waypost.db.scope import SCOPE_ROLES
from waypost.db.security import expected, qualified

SCOPES: Final[tuple[Scope, ...]] = (City(UUID(int=0xC1)), National(), Learner(UUID(int=0xD1)), System("tests"))
DENIED: Final = "denied"
PER_SIDE: Final = 2  # rows of each side in each table: one that is public, where the table knows that, and one hidden

CONSTRAINTS_SQL: Final = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint
WHERE contype IN ('c', 'f', 'p', 'u') AND conrelid = $1::text::regclass ORDER BY contype
"""
COLUMNS_SQL: Final = """
SELECT attname AS name, format_type(atttypid, atttypmod) AS kind FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum
"""
# Any value of a type will do; keys are told apart by the number of the row.
MADE_UP: Final[Mapping[str, str]] = {
    "uuid": "lpad(to_hex({n}), 32, '0')::uuid",
    "text": "'word-{n}'",
    "integer": "{n}",
    "bigint": "{n}",
    "boolean": "false",
    "double precision": "{n}",
    "numeric(10,2)": "{n}",
    "numeric(4,1)": "{n}",
    "date": "'2026-01-01'::date + {n}",
    "jsonb": "'{{}}'",
    "text[]": "'{{}}'",
    "timestamp with time zone[]": "'{{}}'",
    "bytea": "decode(lpad(to_hex({n}), 8, '0'), 'hex')",
    "timestamp with time zone": "'2026-01-01T00:00Z'::timestamptz + {n} * interval '1 second'",
}


class Side(Enum):
    """Whose a row is: the attacker's own city and person, or the others'."""

    MINE = 1
    THEIRS = 2

    @property
    def tenant(self) -> str:
        return f"'{UUID(int=0xC0 + self.value)}'"

    @property
    def person(self) -> str:
        return f"'{UUID(int=0xD0 + self.value)}'"


@dataclass(frozen=True)
class Ground:
    """One table: its name, what it says of itself, and its columns with their types."""

    name: str
    owned: Ownership
    columns: Mapping[str, str]

    @property
    def lead(self) -> str | None:
        """The column that says whose a row is, where a policy looks at it."""
        return LEADING[self.owned.kind] or self.owned.tenant_column

    def row(self, side: Side, number: int) -> dict[str, str]:
        """Return the values of a row as SQL; the first of a side is public."""
        n = 10 * side.value + number
        values = {name: MADE_UP[kind].format(n=n) for name, kind in self.columns.items()}
        owners = {"tenant_id": side.tenant, "person_id": side.person, "public": str(number == 0).lower()}
        if self.owned.tenant_column:
            owners[self.owned.tenant_column] = side.tenant
        return {name: owners.get(name, value) for name, value in values.items()}

    def updated_by(self, scope: Scope) -> Sequence[str]:
        """The columns that a scope's UPDATE is kept to; all where nothing keeps it."""
        return self.owned.updates.get(type(scope).__name__.lower(), tuple(self.columns))

    def insert(self, side: Side, number: int) -> str:
        row = self.row(side, number)
        names = ", ".join(f'"{name}"' for name in row)
        return f"INSERT INTO {self.name} ({names}) VALUES ({', '.join(row.values())})"

    def where(self, side: Side) -> str:
        """Pick a side's rows by their keys, without a word of the tenant where the key has other columns."""
        key = [name for name in self.owned.key if name != LEADING[self.owned.kind]] or list(self.owned.key)
        rows = [self.row(side, number) for number in range(PER_SIDE)]
        picks = (" AND ".join(f'"{name}" = {row[name]}' for name in key) for row in rows)
        return " OR ".join(f"({pick})" for pick in picks)


def granted(scope: Scope, owned: Ownership) -> frozenset[str]:
    """Return what a scope may do with a kind of table; written down here, not read off the grants."""
    own = {Kind.TENANT: City, Kind.PERSON: Learner}.get(owned.kind)
    if own is not None and isinstance(scope, own):
        return frozenset({"SELECT", "INSERT"} if owned.append_only else VERBS)
    if owned.kind is Kind.TENANT:
        return frozenset({"SELECT"} if isinstance(scope, National) and owned.public else ())
    if owned.kind is Kind.REFERENCE:
        return frozenset({"SELECT"})
    return owned.grants.get(type(scope).__name__.lower(), frozenset())


@dataclass(frozen=True)
class Attack:
    """What somebody tries with the rows of one side.

    `verbs` are the grants that it needs, `sets` a column that it writes.
    """

    name: str
    scope: Scope
    ground: Ground
    side: Side
    sql: str
    verbs: frozenset[str]
    sets: str = ""

    def __str__(self) -> str:
        return f"{type(self.scope).__name__} {self.name} {self.side.name} of {self.ground.name}"

    @property
    def is_granted(self) -> bool:
        """Whether the scope may do that at all, so that only a policy can be in the way."""
        columns = self.ground.updated_by(self.scope)
        return self.verbs <= granted(self.scope, self.ground.owned) and (not self.sets or self.sets in columns)

    @property
    def right(self) -> int | str:
        """What must come of it: so many rows, or a refusal. Written down here, not read off the policies."""
        if not self.is_granted:
            return DENIED
        owned, mine = self.ground.owned, self.side is Side.MINE
        writes = self.verbs != {"SELECT"}
        bound = owned.kind in {Kind.TENANT, Kind.PERSON} or (owned.tenant_column is not None and writes)
        bound = bound and isinstance(self.scope, Learner if owned.kind is Kind.PERSON else City)
        if self.name == "inserts" and owned.append_only and isinstance(self.scope, City):
            return DENIED  # triggers alone write there
        if self.name == "inserts":
            return 1 if mine or not bound else DENIED
        if self.name == "gives away":
            return DENIED if bound else PER_SIDE
        if bound:
            sealed = owned.sealed and writes  # the first row of a side is public, and stays as it is
            return PER_SIDE - sealed if mine else 0
        if owned.kind is Kind.TENANT:  # nationally: what is public
            return 1
        return PER_SIDE


def attacks(ground: Ground, scope: Scope) -> Iterator[Attack]:
    """Yield everything that a scope may try with a table."""
    table, first = ground.name, ground.updated_by(scope)[0]
    for side in Side:
        where = ground.where(side)
        for name, sql, verbs in (
            ("reads", f"SELECT * FROM {table} WHERE {where}", {"SELECT"}),
            ("locks", f"SELECT * FROM {table} WHERE {where} FOR UPDATE", {"SELECT", "UPDATE"}),
            ("changes", f'UPDATE {table} SET "{first}" = "{first}" WHERE {where}', {"SELECT", "UPDATE"}),
            ("removes", f"DELETE FROM {table} WHERE {where}", {"SELECT", "DELETE"}),
            ("inserts", ground.insert(side, 5), {"INSERT"}),
        ):
            yield Attack(name, scope, ground, side, sql, frozenset(verbs))
    if ground.lead is not None:
        update = f"UPDATE {table} SET {ground.lead} = "
        to = {side: side.person if ground.lead == "person_id" else side.tenant for side in Side}
        for name, side, other in (("takes over", Side.THEIRS, Side.MINE), ("gives away", Side.MINE, Side.THEIRS)):
            sql = f"{update}{to[other]} WHERE {ground.where(side)}"
            yield Attack(name, scope, ground, side, sql, frozenset({"SELECT", "UPDATE"}), ground.lead)
    for column in sorted(ground.columns.keys() - set(ground.updated_by(scope))):
        sql = f'UPDATE {table} SET "{column}" = "{column}" WHERE {ground.where(Side.MINE)}'
        yield Attack(f"sets {column}", scope, ground, Side.MINE, sql, frozenset({"SELECT", "UPDATE"}), column)


async def outcome(connection: Connection, scope: Scope | None, sql: str) -> int | str:
    """How many rows an attack reached, or that it was refused; nothing of it stays."""
    await connection.execute(f"BEGIN; {scope.sql()}" if scope else "BEGIN")
    try:
        return int((await connection.execute(sql)).rpartition(" ")[2])
    except asyncpg.InsufficientPrivilegeError:
        return DENIED
    finally:
        await connection.execute("ROLLBACK")


async def lay_out(admin: Connection, tables: Sequence[type[OwnedTable]]) -> list[Ground]:
    """Put rows of both sides into every table, as a superuser, and take keys and checks away."""
    grounds = []
    for table in tables:
        name = qualified(table)
        columns = {row["name"]: row["kind"] for row in await admin.fetch(COLUMNS_SQL, name)}
        ground = Ground(name, ownership(table), columns)
        grounds.append(ground)
        for row in await admin.fetch(CONSTRAINTS_SQL, name):
            await admin.execute(row[0])
    for ground in grounds:
        for side in Side:
            for number in range(PER_SIDE):
                await admin.execute(ground.insert(side, number))
    return grounds


def without_row_security(grounds: Sequence[Ground]) -> str:
    """SQL that takes row security away, and leaves the grants."""
    return "; ".join(f"ALTER TABLE {ground.name} DISABLE ROW LEVEL SECURITY" for ground in grounds)


def without_policies(grounds: Sequence[Ground]) -> str:
    """SQL that drops every policy, and leaves row security on."""
    return "; ".join(
        f'DROP POLICY "{policy.name}" ON {ground.name}'
        for ground in grounds
        for policy in sorted(expected(ground.owned).policies)
    )


def with_all_grants(grounds: Sequence[Ground]) -> str:
    """SQL that lets every scope do anything, as far as grants go."""
    return "; ".join(f"GRANT ALL ON {ground.name} TO {', '.join(SCOPE_ROLES)}" for ground in grounds)
