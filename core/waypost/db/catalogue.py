"""Does the database look as the code says? Every fault of its tables, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from waypost.db.apps import App
from waypost.db.auditing import FUNCTION, function_faults
from waypost.db.bookkeeping import BOOKKEEPING
from waypost.db.connections import Connection
from waypost.db.facts import ForeignKey, TableFacts, read_facts
from waypost.db.ownership import LEADING, Kind, Ownership
from waypost.db.scope import OWNER_ROLE
from waypost.db.security import actual, differences, expected, qualified
from waypost.db.tables import OwnedTable, ownership


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something that is not as declared: where (a quoted table name, or another object) and what.

    `secured` says that migrating mends it, since policies, grants and triggers follow from the classes.
    """

    where: str
    what: str
    secured: bool = False

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


async def faults(connection: Connection, apps: Sequence[App]) -> list[Fault]:
    """Compare the schemas of `apps` with their table classes; empty when all is well.

    Looks at kinds and keys, row security, policies and grants, whether each
    table could be distributed as its kind, triggers, enums, columns, and ways around row security. Reads only
    the catalogue, which every role may.
    """
    declared: dict[str, type[OwnedTable]] = {qualified(table): table for table in BOOKKEEPING}
    found: list[Fault] = []
    for table in (table for app in apps for table in app.tables):
        name = qualified(table)
        if name in declared:
            found.append(Fault(name, f"declared twice: {declared[name].__name__} and {table.__name__}"))
        declared[name] = table
    schemas = sorted({"public", *(app.schema for app in apps)})
    kinds = {name: ownership(table).kind for name, table in declared.items()}
    there = {table.name: table for table in await read_facts(connection, schemas)}
    found += await _shapes(connection, schemas, there, declared, kinds)
    for name in declared.keys() & there.keys():
        unlike = differences(expected(ownership(declared[name])), await actual(connection, name))
        found += [Fault(name, words, secured=True) for words in unlike]
    found += [Fault(f"{FUNCTION}()", words, secured=True) for words in await function_faults(connection)]
    return sorted(found)


async def shape_faults(connection: Connection, app: App, apps: Sequence[App]) -> list[Fault]:
    """Compare one app's schema with its table classes, row security and grants apart: `secure` sees to these.

    `apps` are all that are known. What its foreign keys refer to in the schemas of others that are not is not judged.
    """
    declared = {qualified(table): table for table in app.tables}
    others = {qualified(table): table for each in apps for table in each.tables}
    kinds = {name: ownership(table).kind for name, table in (others | declared).items()}
    inside = f'"{app.schema}".'
    there = {
        table.name: replace(
            table,
            foreign_keys=tuple(
                key for key in table.foreign_keys if key.target in kinds or key.target.startswith(inside)
            ),
        )
        for table in await read_facts(connection, [app.schema])
    }
    return sorted(await _shapes(connection, [app.schema], there, declared, kinds))


async def column_faults(connection: Connection, app: App) -> list[Fault]:
    """Compare the columns of an app's tables with its table classes, and nothing else."""
    declared = {qualified(table): table for table in app.tables}
    there = {table.name: table for table in await read_facts(connection, [app.schema])}
    types = await _types(connection, declared.values())
    return [
        Fault(name, words)
        for name in sorted(declared.keys() & there.keys())
        for words in _column_faults(there[name], declared[name], types)
    ]


async def _shapes(
    connection: Connection,
    schemas: Sequence[str],
    there: Mapping[str, TableFacts],
    declared: Mapping[str, type[OwnedTable]],
    kinds: Mapping[str, Kind],
) -> list[Fault]:
    found = [Fault(name, "declared, but no such table") for name in declared.keys() - there.keys()]
    found += [Fault(name, "of no kind: no table class declares it") for name in there.keys() - declared.keys()]
    types = await _types(connection, declared.values())
    for name in declared.keys() & there.keys():
        what = [
            *table_faults(there[name], ownership(declared[name]), kinds),
            *_column_faults(there[name], declared[name], types),
        ]
        found += [Fault(name, words) for words in what]
    found += [Fault(row["where"], row["what"]) for row in await connection.fetch(_WAYS_AROUND, schemas)]
    return found


def table_faults(facts: TableFacts, owned: Ownership, kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Say what keeps a table from being of its kind, and from being distributed as that.

    `kinds` maps the quoted names of all declared tables to their kinds.
    """
    if facts.owner != OWNER_ROLE:
        yield f"owned by {facts.owner} instead of {OWNER_ROLE}"
    if facts.key != owned.key:
        yield f"the primary key is ({', '.join(facts.key)}), declared is ({', '.join(owned.key)})"
    lead = LEADING[owned.kind]
    if lead:
        for name, columns in facts.unique.items():
            if columns[:1] != (lead,):
                yield f"the unique index {name} does not begin with {lead}"
    for key in facts.foreign_keys:
        yield from _foreign_key_faults(key, owned.kind, kinds)
    # Comparison of enums is not leakproof, so that row security would keep an index from being used.
    yield from (
        f"the column {column.name} is an enum; use text with a CHECK" for column in facts.columns if column.enum
    )


def _foreign_key_faults(key: ForeignKey, kind: Kind, kinds: Mapping[str, Kind]) -> Iterator[str]:
    target = kinds.get(key.target)
    if target is None:
        yield f"the foreign key {key.name} refers to {key.target}, which is no table of ours"
    elif target not in _MAY_REFER_TO[kind]:
        yield f"the foreign key {key.name} leads from a {kind} table to a {target} table"
    elif (lead := LEADING[target]) and key.pairs[0] != (lead, lead):
        yield f"the foreign key {key.name} does not begin with {lead} on both sides"


# Co-located tables may refer to each other, and all to tables that every node has.
_MAY_REFER_TO = {
    Kind.TENANT: {Kind.TENANT, Kind.REFERENCE},
    Kind.PERSON: {Kind.PERSON, Kind.REFERENCE},
    Kind.REFERENCE: {Kind.REFERENCE},
    Kind.PLATFORM: {Kind.PLATFORM, Kind.REFERENCE},
}


def _column_faults(facts: TableFacts, table: type[OwnedTable], types: Mapping[str, str]) -> list[str]:
    """Compare names, types and nullability; columns that the server generates need not be declared."""
    there = {column.name: column for column in facts.columns}
    declared = {column._meta.db_column_name or column._meta.name: column for column in table._meta.columns}
    found = [f"the column {name} is declared, but not there" for name in declared if name not in there]
    for name, column in there.items():
        if name not in declared:
            if not column.generated:
                found.append(f"the column {name} is not declared")
            continue
        if types[declared[name].column_type] != column.kind:
            found.append(f"the column {name} is {column.kind}, declared as {declared[name].column_type}")
        nullable = declared[name]._meta.null
        if nullable != column.nullable:
            says, does = ("null", "not null") if nullable else ("not null", "null")
            found.append(f"the column {name} is {does}, declared {says}")
    return found


async def _types(connection: Connection, tables: Iterable[type[OwnedTable]]) -> dict[str, str]:
    """What PostgreSQL calls the types that the columns of some tables are declared with."""
    names = sorted({column.column_type for table in tables for column in table._meta.columns})
    return {row["name"]: row["kind"] for row in await connection.fetch(_TYPES, names)}


_TYPES = """
SELECT name, coalesce(format_type(to_regtype(name), NULL), 'unknown') AS kind FROM unnest($1::text[]) AS name
"""

# Objects that would let a role see past the policies of the tables below them.
_WAYS_AROUND = r"""
SELECT c.oid::regclass::text AS where, 'a view must be WITH (security_invoker = true)' AS what
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = ANY($1::text[]) AND relkind = 'v'
  AND coalesce(array_to_string(reloptions, ' '), '') !~ '\msecurity_invoker=(true|on|1)\M'
  AND NOT EXISTS (SELECT FROM pg_depend
                  WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype = 'e')
UNION ALL
SELECT c.oid::regclass::text, CASE relkind WHEN 'm' THEN 'a materialised view has no row security'
                                           ELSE 'a foreign table has no row security' END
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = ANY($1::text[]) AND relkind IN ('m', 'f')
UNION ALL
SELECT p.oid::regprocedure::text, 'a SECURITY DEFINER function speaks with its owner''s rights'
FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
WHERE nspname = ANY($1::text[]) AND prosecdef
  AND NOT EXISTS (SELECT FROM pg_depend
                  WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
UNION ALL
SELECT c.oid::regclass::text, 'a rule rewrites what is written'
FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = ANY($1::text[]) AND rulename <> '_RETURN'
"""
