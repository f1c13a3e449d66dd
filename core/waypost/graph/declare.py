"""Declaring nodes on tables: what a domain writes in its graph.py.

    @node(tables.Place)
    class Place(Node):
        "Where something happens."

        slug: str
        location: GeoPoint = struct()
        opportunities: Connection[Opportunity] = pages(link=…)

A field without a value is the column of its name; any other is a relation (see relations.py). Declarations are ordinary
strawberry types with the relation in the field's metadata, so that one class gives schema, SQL and types.
"""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, Optional, TypeVar, dataclass_transform

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument

from . import filters, python_fields, relations, roots
from .facts import columns_of
from .inside import Closed, Inside
from .pages import Page, Pages, Part

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from piccolo.table import Table

    from .query import Here, Query, Selected
    from .relations import Argument, Relation
    from .request import Getter, Request

    Seen = Callable[[Query, Here], Sequence[str]]

T = TypeVar("T")
ID = strawberry.ID
ANY_ID: Final = "Opaque, such as Badge.01a2….01a2…; the same on every graph of this platform and for ever."


@dataclass(frozen=True)
class Stored:
    """Where a node's rows are: in `table`, or in `national` on the national graph.

    `shared`: one id stands for the rows of all tenants (skills), so it names no tenant. `seen` gives further
    conditions for a row to be shown at all, wherever it is met; see `permitted`. `looked_up` names the lookup that
    finds the national rows beforehand: the asker's own, wherever they are; `national` then only says their columns.
    `gathered` is the SELECT of a city's rows where no table has them all; `table` then only says their columns.
    """

    table: type[Table]
    national: type[Table] | None = None
    shared: bool = False
    seen: Seen | None = None
    looked_up: str | None = None
    gathered: Callable[[Query], str] | None = None


def _field(relation: Relation, doc: str) -> Any:
    return strawberry.field(description=relation.doc or doc or None, metadata={"waypost": relation})


@dataclass_transform(kw_only_default=True)
def _typed(cls: type[T], table: type[Table] | None, decorate: Callable[..., Any]) -> type[T]:
    """Turn annotations into strawberry fields that carry their relations."""
    columns = columns_of(table) if table is not None else {}
    own = {name: cls.__dict__.get(name) for name in inspect.get_annotations(cls)}
    declared: dict[str, relations.Relation] = {}
    for name, value in own.items():
        relation = value if isinstance(value, relations.Relation) else relations.Column()
        help_text = columns[name]._meta.help_text if name in columns else None
        declared[name] = relation
        setattr(cls, name, _field(relation, help_text or ""))
    typed: type[T] = decorate(cls, description=first_paragraph(cls))
    for field in typed.__strawberry_definition__.fields:  # type: ignore[attr-defined]  # strawberry's own
        if field.base_resolver is not None:
            resolved = python_fields.Resolved(blocks=not field.is_async)
            field.metadata = MappingProxyType({**field.metadata, "waypost": resolved})
        relation = declared.get(field.python_name, field.metadata.get("waypost"))
        if relation is not None and relation.arguments:
            field.arguments = [_argument(each) for each in relation.arguments]
    return typed


def _argument(argument: Argument) -> StrawberryArgument:
    kind = argument.type if argument.required else Optional[argument.type]  # noqa: UP045 - built at run time
    default: Any = argument.default
    if default is None:
        default = inspect.Parameter.empty if argument.required else strawberry.UNSET
    return StrawberryArgument(
        python_name=argument.name,
        graphql_name=None,
        type_annotation=StrawberryAnnotation(kind),
        default=default,
        description=argument.doc or None,
    )


def first_paragraph(cls: type[Any]) -> str | None:
    """Return the class's own description for the SDL."""
    text = cls.__dict__.get("__doc__")
    return inspect.cleandoc(text).split("\n\n")[0].replace("\n", " ") if text else None


@strawberry.interface(description="Anything with an id of its own.")
class Node:
    """The base of every node."""

    id: strawberry.ID = _field(relations.Identity(doc=ANY_ID), "")


@strawberry.interface(description="Every refusal. `code` is documented; `path` leads into the input.")
class Error:
    """The base of every refusal in a payload."""

    code: str = strawberry.field(description="Safe to switch on, such as SLUG_TAKEN; docs/front-ends.md has them all.")
    message: str = strawberry.field(description="One sentence for people, in English.")
    path: list[str] | None = strawberry.field(
        default=None, description="The way into the input, such as location and latitude; null for the whole of it."
    )


def node(
    table: type[Table],
    *,
    national: type[Table] | None = None,
    shared: bool = False,
    seen: Seen | None = None,
    looked_up: str | None = None,
    gathered: Callable[[Query], str] | None = None,
) -> Callable[[type[T]], type[T]]:
    """Declare a type on a table; `national` is read instead on the national graph; for the others see `Stored`.

    A type that extends `Node` can be asked for by its id. So one whose rows are not for everybody says with `seen`
    who sees which: it gets the query and the row, and returns SQL conditions, such as those of `permitted` and `own`.
    """

    def declare(cls: type[T]) -> type[T]:
        typed = _typed(cls, table, strawberry.type)
        stored = Stored(table, national, shared, seen, looked_up, gathered)
        typed.__stored__ = stored  # type: ignore[attr-defined]  # read by compose
        return typed

    return declare


@dataclass_transform(kw_only_default=True)
def value(cls: type[T]) -> type[T]:
    """Declare a value object: fields are columns of the row that it stands on, or what Python computes."""
    return _typed(cls, None, strawberry.type)


def extend(name: str) -> Callable[[type[T]], type[T]]:
    """Declare further fields of a type, by its name: how upper rooms and plugins add to a node."""

    def declare(cls: type[T]) -> type[T]:
        typed = _typed(cls, None, strawberry.type)
        typed.__extends__ = name  # type: ignore[attr-defined]  # read by compose
        return typed

    return declare


def query(cls: type[T]) -> type[T]:
    """Declare root fields."""
    return extend("Query")(cls)


def filtering(cls: type[T]) -> type[T]:
    """Declare a filter: an input type whose fields carry conditions. All fields are optional."""
    for name in inspect.get_annotations(cls):
        condition = cls.__dict__[name]
        assert isinstance(condition, filters.Condition), f"{cls.__name__}.{name} has no condition"
        default = False if condition.flag else strawberry.UNSET
        setattr(
            cls,
            name,
            strawberry.field(default=default, description=condition.doc or None, metadata={"waypost": condition}),
        )
    typed: type[T] = strawberry.input(cls, description=first_paragraph(cls))
    return typed


# What every connection says of itself, also those that rooms declare with more fields.
CURSOR: Final = "Opaque; given as `after`, it goes on behind this entry. It belongs to its query: field, filter, order."
ENTRY: Final = "The thing itself."
EDGES: Final = "The page's entries with their cursors, in order."
NODES: Final = "The same entries without what stands on the edges."
PAGE_INFO: Final = "Where this page stands in the list."
TOTAL_COUNT: Final = "How many there are on all pages; counted only when it is asked for."


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Relay's page information."""

    has_next_page: bool = strawberry.field(description="Whether more comes after this page.")
    has_previous_page: bool = strawberry.field(description="Whether `after` was given: lists are read forwards only.")
    start_cursor: str | None = strawberry.field(description="Of the first entry; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="Of the last entry, for `after`; null on an empty page.")


@strawberry.type(description="One entry of a connection.")
class Edge(Generic[T]):
    """Relay's edge."""

    cursor: str = strawberry.field(description=CURSOR)
    node: T = strawberry.field(description=ENTRY)


@strawberry.type(description="A list read page by page.")
class Connection(Generic[T]):
    """Relay's connection, with the nodes beside the edges."""

    edges: list[Edge[T]] = strawberry.field(description=EDGES)
    nodes: list[T] = strawberry.field(description=NODES)
    page_info: PageInfo = strawberry.field(description=PAGE_INFO)
    total_count: int = strawberry.field(description=TOTAL_COUNT)


# The relations, as functions, so that a declaration type-checks as the field's own type.


def identity(name: str, kind: str, *, doc: str = "") -> Any:
    """The global id of a `kind` whose key stands in the column `name`."""
    return relations.Identity(column=name, kind=kind, doc=doc)


def column(name: str | None = None, *, doc: str = "") -> Any:
    """A column that is not named like the field."""
    return relations.Column(column=name, doc=doc)


def struct(present: str | None = None, *, doc: str = "") -> Any:
    """A value object of this row's columns; see `relations.Struct`."""
    return relations.Struct(present=present, doc=doc)


def coded(name: str, names: Mapping[str, str], *, doc: str = "") -> Any:
    """A code with its name; see `relations.Coded`."""
    return relations.Coded(column=name, names=names, doc=doc)


def one(key: str | None = None, *, to: str = "id", away: str | None = None, doc: str = "") -> Any:
    """The row that a column names; see `relations.One`."""
    return relations.One(key=key, to=to, away=away, doc=doc)


def many(**facts: Any) -> Any:
    """A bounded list of rows; see `relations.Many`."""
    return relations.Many(**facts)


def across(**facts: Any) -> Any:
    """A bounded list of rows that only the national graph can see; see `relations.Across`."""
    return relations.Across(many=relations.Many(**facts), doc=facts.get("doc", ""))


def codes(table: type[Table], key: str, name: str, *, here: str = "id", doc: str = "") -> Any:
    """A list of codes in a side table; see `relations.Codes`."""
    return relations.Codes(table=table, key=key, column=name, here=here, doc=doc)


def words(
    table: type[Table],
    key: str,
    name: str | None = None,
    *,
    here: str = "id",
    copied: str | None = None,
    doc: str = "",
) -> Any:
    """Text in the language asked for; see `relations.Words`."""
    return relations.Words(table=table, key=key, column=name, here=here, copied=copied, doc=doc)


def expression(
    text: Callable[[Query, Here, Selected], str], *, arguments: tuple[Argument, ...] = (), doc: str = ""
) -> Any:
    """JSON text computed in SQL; see `relations.Expression`."""
    return relations.Expression(text=text, arguments=arguments, doc=doc)


def computed(
    work: Callable[[Sequence[Mapping[str, Any]], Selected, Request], Awaitable[Sequence[Any]] | Sequence[Any]],
    *,
    columns: tuple[str, ...] = (),
    arguments: tuple[Argument, ...] = (),
    kept: bool = False,
    private: bool = False,
    points: int = 0,
    doc: str = "",
) -> Any:
    """A field that Python finishes, once for all parents; see `python_fields.Computed`."""
    facts: dict[str, Any] = {"columns": columns, "arguments": arguments, "kept": kept, "private": private}
    return python_fields.Computed(work=work, points=points, doc=doc, **facts)


def pages(**facts: Any) -> Any:
    """A connection; see `pages.Pages`."""
    return Pages(**facts)


def part(text: Callable[[Page, Selected], str], *, arguments: tuple[Argument, ...] = (), doc: str = "") -> Any:
    """A further field of a connection; see `pages.Part`."""
    return Part(print=text, arguments=arguments, doc=doc)


def by(key: str = "slug", *, of_tenant: bool = True, doc: str = "") -> Any:
    """A root field that finds one object by id or another key; see `roots.ByKey`."""
    return roots.ByKey(key=key, of_tenant=of_tenant, doc=doc)


def only(kind: str, *, doc: str = "") -> Any:
    """A root field that finds one object of that kind by its id alone; see `roots.Only`."""
    return roots.Only(kind=kind, doc=doc)


def guarded(may: str, relation: Any) -> Any:
    """A field that only who has the permission in this city may read; below it also what is not public yet."""
    return dataclasses.replace(relation, may=may)


def kept_in(name: str, *, doc: str = "") -> Any:
    """What is kept as JSON in the column `name`; see `inside.Inside`."""
    return Inside(column=name, doc=doc)


def closed(relation: Any) -> Any:
    """A relation that shows nothing but what is public, also below a `guarded` field."""
    return Closed(inner=relation, doc=relation.doc, arguments=relation.arguments, size=relation.size)


def everything(**facts: Any) -> Any:
    """A root field with all rows of a small table; see `roots.Everything`."""
    return roots.Everything(**facts)


# The conditions of filters, likewise.


def given(doc: str = "", *, flag: bool = False) -> Any:
    """A field of a filter that something else reads; a `flag` is false by default."""
    return filters.Given(doc=doc, flag=flag)


def equals(name: str, cast: str = "text", *, doc: str = "") -> Any:
    """The column equals the value."""
    return filters.Equals(column=name, cast=cast, doc=doc)


def among(name: str, read: Callable[[str], str] = str, *, doc: str = "") -> Any:
    """The column is one of the values."""
    return filters.Among(column=name, read=read, doc=doc)


def contains(name: str, *, doc: str = "") -> Any:
    """The column contains the text."""
    return filters.Contains(column=name, doc=doc)


def linked(table: type[Table], key: str, name: str, **facts: Any) -> Any:
    """A side table has one of the values for this row; see `filters.Linked`."""
    return filters.Linked(table=table, key=key, column=name, **facts)


def refers(kind: str, name: str, **facts: Any) -> Any:
    """The row refers to the object with that id; see `filters.Refers`."""
    return filters.Refers(kind=kind, column=name, **facts)


def asks(text: Callable[[Query, Here, Selected, Getter], Sequence[str]], *, doc: str = "") -> Any:
    """A condition written in SQL."""
    return filters.Asks(text=text, doc=doc)


def in_cities() -> Any:
    """Tenants by slug, regions and networks included; only on the national graph."""
    return filters.Asks(
        text=filters.cities,
        doc="National graph only: slugs of tenants, such as brighton; a region or network stands for its members.",
    )
