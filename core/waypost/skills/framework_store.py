"""Writes frameworks: all of a package or nothing, in place by identifier; what vanished is retired, not deleted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import islice
from logging import getLogger
from typing import Any, Final
from uuid import UUID

import orjson
from asyncpg import Connection, Record
from piccolo.table import Table

from waypost import db
from waypost.outbox.frameworks import Association, Document, Fault, Item, Package
from waypost.skills import framework_tables as tables
from waypost.skills.arranging import MOST_FAULTS, Placed, arrange, elsewhere
from waypost.skills.dating import AHEAD, dated_ahead, in_utc, is_ahead
from waypost.skills.rules import normal_form

LOG: Final = getLogger(__name__)

STEP: Final = 2_000  # rows written at once
# What is true of the item's standing, however old its words are.
STANDING: Final = ("parent_id", "path", "depth", "place", "position", "last", "retired_at")

TOMORROW: Final = f"now() + interval '{AHEAD.total_seconds():.0f} seconds'"
LOCK_SQL: Final = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"
STANDS_SQL: Final = "SELECT changed_at, source FROM {table} WHERE {tenant}id = $1"
COUNTRY_SQL: Final = "SELECT EXISTS (SELECT FROM framework WHERE id = $1) AS here"
OTHERS_SQL: Final = "SELECT id, framework_id FROM {table} WHERE {tenant}id = ANY($1::uuid[]) AND framework_id <> $2"
KNOWN_SQL: Final = "SELECT id FROM {table} WHERE {tenant}id = ANY($1::uuid[])"
RETIRE_SQL: Final = """
UPDATE {table} AS there SET retired_at = now() WHERE {tenant}framework_id = $1 AND retired_at IS NULL
    AND NOT EXISTS (SELECT FROM unnest($2::uuid[]) AS kept (id) WHERE kept.id = there.id)
RETURNING id
"""


@dataclass(frozen=True)
class Imported:
    """What writing a package did to the items of its framework."""

    framework: UUID
    title: str
    items: int
    associations: int
    created: int
    changed: int
    retired: int

    def __str__(self) -> str:
        """`Universal Framework: 136 items, 8 new, 2 changed, 0 retired; 144 associations`."""
        items = f"{self.items} items, {self.created} new, {self.changed} changed, {self.retired} retired"
        return f"{self.title}: {items}; {self.associations} associations"


@dataclass(frozen=True)
class Shelf:
    """Where frameworks are written: the country's tables, as their owner, or those of one tenant, in its scope."""

    framework: type[Table]
    item: type[Table]
    association: type[Table]
    fetch: Callable[..., Awaitable[Sequence[Record]]]
    tenant: UUID | None = None

    async def rows(self, sql: str, table: type[Table], *args: object) -> Sequence[Record]:
        """Read or write a table with one of the statements above; a tenant's rows only, where it is a tenant's."""
        if not issubclass(table, db.TenantTable):
            return await self.fetch(sql.format(table=_name(table), tenant=""), *args)
        bound = f"tenant_id = ${len(args) + 1} AND "
        return await self.fetch(sql.format(table=_name(table), tenant=bound), *args, self.tenant)


def country(connection: Connection) -> Shelf:
    """The country's frameworks, on a connection of the tables' owner, in a transaction of the caller's."""

    async def fetch(sql: str, *args: object) -> Sequence[Record]:
        found: Sequence[Record] = await connection.fetch(sql, *args)
        return found

    return Shelf(tables.Framework, tables.FrameworkItem, tables.FrameworkAssociation, fetch)


def own(tenant: UUID) -> Shelf:
    """A tenant's own frameworks, in its current City transaction."""
    return Shelf(tables.OwnFramework, tables.OwnFrameworkItem, tables.OwnFrameworkAssociation, db.fetch, tenant)


async def write_package(
    shelf: Shelf, package: Package, source: str, progress: Callable[[int], None] | None = None
) -> Imported | Sequence[Fault]:
    """Write a whole framework, or say all that is wrong with it and write nothing.

    What is here already changes in place by its identifier, unless it was changed later than what comes, and not
    ahead of now. `progress` is told how many items are written. One framework is written by one at a time.
    """
    framework = package.document.identifier
    await shelf.fetch(LOCK_SQL, f"framework {framework}")
    refused = await _refused(shelf, package)
    if refused:
        return refused
    placed = arrange(package, await _known(shelf, elsewhere(package)))
    wrong = [*(each for each in placed if isinstance(each, Fault)), *dated_ahead(package, datetime.now(UTC))]
    if wrong:
        return wrong[:MOST_FAULTS]
    items = [each for each in placed if isinstance(each, Placed)]
    await _write(shelf, shelf.framework, [_document_row(package.document, source)], whole=True)
    created = changed = done = 0
    for rows in _steps(_item_row(framework, each) for each in items):
        written = await _write(shelf, shelf.item, rows)
        created += written[True]
        changed += written[False]
        done += len(rows)
        if progress is not None:
            progress(done)
    for rows in _steps(_association_row(framework, each) for each in package.associations):
        await _write(shelf, shelf.association, rows)
    retired = await _retire(shelf, shelf.item, framework, [each.item.identifier for each in items])
    await _retire(shelf, shelf.association, framework, [each.identifier for each in package.associations])
    count = len(package.associations)
    return Imported(framework, package.document.title, len(items), count, created, changed, retired)


class BadPackage(ValueError):
    """A framework that a plugin brings has faults; the message names all of them."""


async def load_packages(connection: Connection, packages: Mapping[str, Callable[[], Package]]) -> None:
    """Write what plugins bring for the whole country, by name, on the owner's connection in a transaction.

    What is here already, and was changed at the same time or later, is left alone: an operator's import goes before
    what a plugin was delivered with, also one that is dated ahead. One that cannot be written is left as it was before,
    and named in the log.
    """
    for name, load in packages.items():
        try:
            async with connection.transaction():  # a savepoint
                await _load(country(connection), f"plugin:{name}", load())
        except Exception as error:  # of a plugin's package, or of how the plugin makes it
            if connection.is_closed():
                raise
            LOG.warning("the framework %s is left as it was: %s: %s", name, type(error).__name__, error)


async def _load(shelf: Shelf, source: str, package: Package) -> None:
    known = await shelf.rows(STANDS_SQL, shelf.framework, package.document.identifier)
    if known and known[0]["changed_at"] >= in_utc(package.document.changed_at):
        now = datetime.now(UTC)
        mends = is_ahead(known[0]["changed_at"], now) and not is_ahead(package.document.changed_at, now)
        if not mends or known[0]["source"] != source:
            return
    done = await write_package(shelf, package, source)
    if not isinstance(done, Imported):
        raise BadPackage("; ".join(str(fault) for fault in done))


async def _refused(shelf: Shelf, package: Package) -> list[Fault]:
    document = package.document
    known = await shelf.rows(STANDS_SQL, shelf.framework, document.identifier)
    # What was stored before anybody looked at dates may stand ahead of now; it is no reason to refuse a true one.
    if (
        known
        and in_utc(document.changed_at) < known[0]["changed_at"]
        and not is_ahead(known[0]["changed_at"], datetime.now(UTC))
    ):
        since = known[0]["changed_at"].isoformat()
        return [Fault("OLDER_PACKAGE", f"what is here was changed later, on {since}: nothing goes back", "CFDocument")]
    if shelf.tenant is not None:
        (there,) = await shelf.fetch(COUNTRY_SQL, document.identifier)
        if there["here"]:
            words = "the framework is here already, for the whole country; nothing needs to be imported"
            return [Fault("NATIONAL_FRAMEWORK", words, "CFDocument.identifier")]
    found = []
    for table, entries in ((shelf.item, package.items), (shelf.association, package.associations)):
        places = {each.identifier: each.place for each in entries}
        found += await _of_others(shelf, table, places, document.identifier)
    return found


async def _of_others(shelf: Shelf, table: type[Table], places: Mapping[UUID, str], framework: UUID) -> list[Fault]:
    """Find what is an item of another framework: one identifier is one thing for ever."""
    rows = [*await shelf.rows(OTHERS_SQL, table, [*places], framework)]
    if table is tables.OwnFrameworkItem:
        rows += await shelf.rows(OTHERS_SQL, tables.FrameworkItem, [*places], framework)
    return [
        Fault("IDENTIFIER_ELSEWHERE", f"{row['id']} belongs to the framework {row['framework_id']}", places[row["id"]])
        for row in rows
    ]


async def _known(shelf: Shelf, named: Collection[UUID]) -> set[UUID]:
    """Which of these identifiers are items of other frameworks that can be seen from here."""
    if not named:
        return set()
    seen: dict[type[Table], None] = dict.fromkeys((shelf.item, tables.FrameworkItem))
    return {row["id"] for table in seen for row in await shelf.rows(KNOWN_SQL, table, [*named])}


async def _retire(shelf: Shelf, table: type[Table], framework: UUID, kept: Sequence[UUID]) -> int:
    return len(await shelf.rows(RETIRE_SQL, table, framework, list(kept)))


def _document_row(document: Document, source: str) -> dict[str, Any]:
    rest = {each.name: getattr(document, each.name) for each in fields(document) if each.name != "identifier"}
    return {"id": document.identifier, **rest, "source": source, "imported_at": datetime.now(UTC)}


def _item_row(framework: UUID, placed: Placed) -> dict[str, Any]:
    item = placed.item
    rest = {each.name: getattr(item, each.name) for each in fields(Item) if each.name not in _NO_COLUMNS}
    said = " ".join(text for text in (item.code, item.name, item.statement) if text)
    return {
        "id": item.identifier,
        "framework_id": framework,
        **rest,
        "search_words": normal_form(said),
        "parent_id": placed.parent,
        "path": placed.path,
        "depth": len(placed.path),
        "place": placed.place,
        "position": placed.position,
        "last": placed.last,
        "retired_at": None,
    }


def _association_row(framework: UUID, each: Association) -> dict[str, Any]:
    return {
        "id": each.identifier,
        "framework_id": framework,
        "uri": each.uri,
        "type": each.type,
        "origin_id": each.origin.identifier,
        "origin_uri": each.origin.uri,
        "origin_title": each.origin.title,
        "destination_id": each.destination.identifier,
        "destination_uri": each.destination.uri,
        "destination_title": each.destination.title,
        "sequence": each.sequence,
        "notes": each.notes,
        "changed_at": each.changed_at,
        "retired_at": None,
    }


_NO_COLUMNS: Final = frozenset(("identifier", "place"))


def _steps(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(rows)
    while step := list(islice(left, STEP)):
        yield step


async def _write(
    shelf: Shelf, table: type[Table], rows: Sequence[Mapping[str, Any]], *, whole: bool = False
) -> dict[bool, int]:
    """Insert rows or bring them up to date; answers how many were new (True) and how many changed (False)."""
    data = orjson.dumps([*rows], default=str).decode()
    written = await shelf.fetch(_write_sql(table, whole=whole), data, *([shelf.tenant] if shelf.tenant else []))
    new = sum(row["created"] for row in written)
    return {True: new, False: len(written) - new}


def _write_sql(table: type[Table], *, whole: bool) -> str:
    """Write the statement for rows of a table as one JSON list ($1), of a tenant ($2) where the table is a tenant's.

    Words change only where what comes is not older (`whole`: always), or what is here is dated ahead of now; the
    standing always.
    """
    columns = {each._meta.name: each.column_type for each in table._meta.columns if each._meta.name != "tenant_id"}
    owned = issubclass(table, db.TenantTable)
    names = ["tenant_id", *columns] if owned else [*columns]
    facts = [name for name in columns if name != "id"]
    words = [name for name in facts if name not in STANDING]
    later = "true" if whole else f"(excluded.changed_at >= known.changed_at OR known.changed_at > {TOMORROW})"
    sets = [
        f"{name} = excluded.{name}"
        if name in STANDING
        else f"{name} = CASE WHEN {later} THEN excluded.{name} ELSE known.{name} END"
        for name in facts
    ]
    differs = [f"{later} AND ({_of('known', words)}) IS DISTINCT FROM ({_of('excluded', words)})"]
    standing = [name for name in facts if name in STANDING]
    if standing:
        differs.append(f"({_of('known', standing)}) IS DISTINCT FROM ({_of('excluded', standing)})")
    typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return (
        f"INSERT INTO {_name(table)} AS known ({', '.join(names)}) "
        f"SELECT {'$2::uuid, ' if owned else ''}{', '.join(columns)} "
        f"FROM jsonb_to_recordset($1::jsonb) AS come ({typed}) "
        f"ON CONFLICT ({'tenant_id, ' if owned else ''}id) DO UPDATE SET {', '.join(sets)} "
        f"WHERE {' OR '.join(f'({each})' for each in differs)} RETURNING known.xmax = 0 AS created"
    )


def _of(row: str, names: Iterable[str]) -> str:
    return ", ".join(f"{row}.{name}" for name in names)


def _name(table: type[Table]) -> str:
    return table._meta.tablename
