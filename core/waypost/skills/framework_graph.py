"""Frameworks as front ends see them: documents, trees of items, and what has to do with what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

import strawberry

from waypost.graph import (
    URL,
    Connection,
    Key,
    Node,
    Order,
    among,
    asks,
    equals,
    expression,
    filtering,
    given,
    many,
    node,
    one,
    only,
    pages,
    query,
)
from waypost.graph.ids import parse_id
from waypost.graph.pages import naming
from waypost.graph.sql import every
from waypost.outbox.frameworks import SAME
from waypost.skills import framework_tables as tables
from waypost.skills.rules import normal_form

if TYPE_CHECKING:
    from piccolo.table import Table

    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request

BY_TITLE: Final = Order((Key("{0}.title", "text"), Key("{0}.id", "uuid")))
IN_ORDER: Final = Order((Key("{0}.position", "int"), Key("{0}.id", "uuid")))
AMONG_SIBLINGS: Final = Order((Key("{0}.place", "int"), Key("{0}.id", "uuid")))
BY_FRAMEWORK: Final = Order((Key("{0}.framework_id", "uuid"), Key("{0}.position", "int"), Key("{0}.id", "uuid")))
BY_TYPE: Final = Order((Key("{0}.type", "text"), Key("{0}.id", "uuid")))


def both(national: type[Table], own: type[Table]) -> Callable[[Query], str]:
    """Gather the country's rows and the city's own; what the country has goes before what the city has of the same."""
    columns = [column._meta.name for column in national._meta.columns]

    def rows(query: Query) -> str:
        all_there, all_here, same = query.row(national), query.row(own), query.row(national)
        theirs = ", ".join(f"{all_there}.{name}" for name in columns)
        ours = ", ".join(f"{all_here}.{name}" for name in columns)
        twice = f"select from {national._meta.tablename} {same} where {same}.id = {all_here}.id"
        inside = every([*query.inside(all_here), f"not exists ({twice})"])
        first = f"select {theirs} from {national._meta.tablename} {all_there}"
        second = f"select {ours} from {own._meta.tablename} {all_here} where {inside}"
        return f"select found.* from ({first} union all {second}) found"

    return rows


def framework_of(value: Getter) -> Getter:
    """Return a getter of the row that an id of a framework names; nothing for an id of another kind."""

    def get(request: Request) -> Any:
        found = parse_id(value(request))
        return found.row if found is not None and found.type == "Framework" and found.tenant is None else None

    return get


def _in_framework(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    del field
    return (f"{row}.framework_id = {query.param(framework_of(value), 'uuid')}",)


def _says(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    del field

    def patterns(request: Request) -> list[str]:
        return [f"%{word}%" for word in normal_form(value(request)).split()]

    return (f"{row}.search_words like all({query.param(patterns, 'text[]')})",)


def _leaf(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    del field
    return (f"{row}.last = {row}.position",) if query.decide(lambda request: bool(value(request))) else ()


def in_use(query: Query, row: Here, field: Selected) -> str:
    """Return the condition that keeps what its framework still has, unless the filter asks for the rest too."""
    retired = field.argument("filter", "includeRetired")
    return "true" if query.decide(lambda request: bool(retired(request))) else f"{row}.retired_at is null"


@filtering
class FrameworkFilter:
    """Which frameworks to list."""

    text: str | None = asks(
        lambda query, row, _field, value: (f"strpos(lower({row}.title), lower({query.param(value, 'text')})) > 0",),
        doc="Part of the title, in whatever case.",
    )
    uri: str | None = equals("uri", doc="With this address of its publisher's, exactly.")
    languages: list[str] | None = among("language", doc="Of its words: BCP 47, such as cy; at least one of them.")


@filtering
class FrameworkItemFilter:
    """Which items of frameworks to list."""

    text: str | None = asks(_says, doc="Words of its code, name or statement, in whatever case; all of them.")
    framework: strawberry.ID | None = asks(_in_framework, doc="Of this framework only.")
    uri: str | None = equals("uri", doc="With this address of its publisher's, exactly.")
    code: str | None = equals("code", doc="Its code, exactly, such as 2.0/listening.")
    kind: str | None = equals("kind", doc="What its framework calls such items, such as Skill.")
    depth: int | None = equals("depth", "int", doc="How far down the tree; 1 is the top.")
    leaves: bool | None = asks(_leaf, doc="Only those with nothing below them.")
    include_retired: bool | None = given("Whether items that their framework has no more are listed too.", flag=True)


@filtering
class FrameworkAssociationFilter:
    """Which associations to list."""

    types: list[str] | None = among("type", doc="Such as exactMatchOf or precedes; at least one of them.")


def _own(query: Query, here: Here, field: Selected) -> str:
    del field
    if query.national:
        return "'false'"
    row = query.row(tables.OwnFramework)
    where = every([f"{row}.id = {here}.id", *query.inside(row)])
    return f"(exists (select from own_framework {row} where {where}))::text"


@node(
    tables.AnyFramework,
    national=tables.Framework,
    shared=True,
    gathered=both(tables.Framework, tables.OwnFramework),
)
class Framework(Node):
    """A framework of skills, as its publisher wrote it: the country's, or one that a city has for itself."""

    uri: str
    title: str
    creator: str
    publisher: str | None
    description: str | None
    language: str | None
    version: str | None
    status: str | None
    kind: str | None
    official_url: URL | None
    licence_url: URL | None
    licence: str | None
    notes: str | None
    starts_on: date | None
    ends_on: date | None
    source: str
    own: bool = expression(_own, doc="Whether this city imported it for itself; the others are the country's.")
    changed_at: datetime
    imported_at: datetime
    items: Connection[FrameworkItem] = pages(
        link=naming("framework_id"),
        filter=FrameworkItemFilter,
        open=in_use,
        order=IN_ORDER,
        doc="Its items, depth first; those at the top by `depth: 1`.",
    )


def associated(query: Query, here: Here, kind: str) -> str:
    """Return SQL for the ids of what is associated with an item by one type, whichever of the two says so."""
    table = query.facts.table("FrameworkAssociation", national=query.national)
    sides = []
    for near, far in (("origin_id", "destination_id"), ("destination_id", "origin_id")):
        row = query.row(table)
        where = f"{row}.{near} = {here}.id and {row}.type = '{kind}' and {row}.retired_at is null"
        sides.append(f"select {row}.{far} from {table._meta.tablename} {row} where {where}")
    return " union all ".join(sides)


def _crosswalk(kind: str, doc: str) -> Any:
    def link(query: Query, here: Here, there: Here) -> Sequence[str]:
        return (f"{there}.id in ({associated(query, here, kind)})", f"{there}.retired_at is null")

    return many(link=link, order_by=("framework_id", "position", "id"), anywhere=True, doc=doc)


@node(
    tables.AnyFrameworkItem,
    national=tables.FrameworkItem,
    shared=True,
    gathered=both(tables.FrameworkItem, tables.OwnFrameworkItem),
)
class FrameworkItem(Node):
    """A skill, or a group of skills, in the tree of its framework."""

    uri: str
    statement: str
    name: str | None
    code: str | None
    kind: str | None
    notes: str | None
    language: str | None
    education_level: str | None
    licence_url: URL | None
    starts_on: date | None
    ends_on: date | None
    depth: int
    place: int
    position: int
    changed_at: datetime
    retired_at: datetime | None
    framework: Framework = one(doc="The framework that it is of.")
    parent: FrameworkItem | None = one(doc="The item above it; null at the top.")
    items: Connection[FrameworkItem] = pages(
        link=naming("parent_id"),
        filter=FrameworkItemFilter,
        open=in_use,
        order=AMONG_SIBLINGS,
        doc="The items right below it, in order.",
    )
    all_items: Connection[FrameworkItem] = pages(
        link=lambda _query, here, there: (
            f"{there}.framework_id = {here}.framework_id",
            f"{there}.position > {here}.position and {there}.position <= {here}.last",
        ),
        filter=FrameworkItemFilter,
        open=in_use,
        order=IN_ORDER,
        doc="Everything below it, depth first.",
    )
    exact_matches: list[FrameworkItem] = _crosswalk(
        SAME, "The same in other frameworks (exactMatchOf), whichever of them says so."
    )
    related: list[FrameworkItem] = _crosswalk("isRelatedTo", "What it is related to, in this framework and others.")
    peers: list[FrameworkItem] = _crosswalk("isPeerOf", "What stands beside it, in this framework and others.")
    associations: Connection[FrameworkAssociation] = pages(
        link=lambda _query, here, there: (f"({there}.origin_id = {here}.id or {there}.destination_id = {here}.id)",),
        filter=FrameworkAssociationFilter,
        open="{0}.retired_at is null",
        order=BY_TYPE,
        doc="All that frameworks say of it and others, by type.",
    )


@node(
    tables.AnyFrameworkAssociation,
    national=tables.FrameworkAssociation,
    shared=True,
    gathered=both(tables.FrameworkAssociation, tables.OwnFrameworkAssociation),
)
class FrameworkAssociation(Node):
    """That an item has to do with another, or with a page."""

    uri: str
    type: str
    origin: FrameworkItem | None = one(doc="The item that it starts from; null where that framework is not here.")
    origin_uri: str
    origin_title: str | None
    destination: FrameworkItem | None = one(doc="The item that it leads to; null where that is not here.")
    destination_uri: str
    destination_title: str | None
    sequence: int | None
    notes: str | None
    framework: Framework = one(doc="The framework that says so.")
    changed_at: datetime


@query
class FrameworkQuery:
    """Root fields for frameworks."""

    frameworks: Connection[Framework] = pages(
        filter=FrameworkFilter, order=BY_TITLE, doc="The frameworks that are here, by title."
    )
    framework: Framework | None = only("Framework", doc="One framework by its id.")
    framework_items: Connection[FrameworkItem] = pages(
        filter=FrameworkItemFilter, open=in_use, order=BY_FRAMEWORK, doc="Items of all frameworks that are here."
    )
    framework_item: FrameworkItem | None = only("FrameworkItem", doc="One item by its id, retired or not.")


TYPES = (
    FrameworkFilter,
    FrameworkItemFilter,
    FrameworkAssociationFilter,
    Framework,
    FrameworkItem,
    FrameworkAssociation,
    FrameworkQuery,
)
