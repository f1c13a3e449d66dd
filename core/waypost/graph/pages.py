"""Connections: lists of any length, read page by page from where the last page ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from graphql import get_named_type
from typing_extensions import override

from .cursors import cursor_sql, fingerprint, read_cursor
from .errors import GraphError
from .facts import relation_of, sql_name
from .query import object_type
from .relations import Argument, Relation
from .sql import every, text_list

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from .filters import Condition
    from .query import Here, Query, Selected
    from .request import Getter, Request

LARGEST = 100
DEFAULT = 20
# The limit inside the statement is a literal, since PostgreSQL plans a bound one for a tenth of the table; a
# few sizes bound the number of statements, the exact number is bound outside.
BUCKETS = (10, 20, 50, 100)


@dataclass(frozen=True)
class Key:
    """One thing that a list is ordered by: SQL with `{0}` for the row, never null, and its PostgreSQL type."""

    text: str
    cast: str


@dataclass(frozen=True)
class Order:
    """A total order: its last key is unique. All keys run the same way, so that one index walks it."""

    keys: tuple[Key, ...]
    descending: bool = False

    @property
    def direction(self) -> str:
        """The word after each key in ORDER BY."""
        return " desc" if self.descending else ""


BY_NAME = Order((Key("{0}.name", "text"), Key("{0}.id", "uuid")))
BY_ID = Order((Key("{0}.id", "uuid"),))  # the oldest first: ids are made in the order of time


@dataclass(frozen=True)
class Ordering:
    """The order chosen for a request, with what its keys need: a name for fingerprints, extra conditions."""

    name: str
    order: Order
    conditions: tuple[str, ...] = ()  # with {0} for the row
    edge: Mapping[str, str] = field(default_factory=dict)  # columns of the edge: JSON text with {0} for the row
    indexed: bool = True  # whether an index walks it; else all rows are found and sorted


FILTER: Final = "Only what fulfils every condition that is given."


def naming(column: str) -> Callable[[Query, Here, Here], Sequence[str]]:
    """Tie rows to the row here that they name in a column: the `link` of `pages`."""

    def link(_query: Query, here: Here, there: Here) -> Sequence[str]:
        return (f"{there}.{column} = {here}.id",)

    return link


@dataclass(frozen=True, kw_only=True)
class Pages(Relation):
    """A connection to rows of the node type of its own `nodes`.

    `link` ties the rows to the row here: it gets the query, the row here and the row there. `open` keeps what
    is listed at all (`{0}` is the row; or a function of query, row and field). `filter` is the input type of the
    argument `filter`. `order` is fixed, or
    chosen by a function of query, row and field. `anywhere`: nationally the rows may be of other tenants.
    `counted` names columns that are counted by, `apart` fields of the filter that some counts leave out.
    """

    link: Callable[[Query, Here, Here], Sequence[str]] | None = None
    open: str | Callable[[Query, Here, Selected], str] | None = None
    anywhere: bool = False
    filter: type[Any] | None = None
    order: Order | Callable[[Query, Here, Selected], Ordering] = BY_NAME
    extra: tuple[Argument, ...] = ()
    requires_filter: bool = False
    counted: tuple[str, ...] = ()
    apart: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        arguments = []
        if self.filter is not None:
            arguments.append(Argument("filter", self.filter, required=self.requires_filter, doc=FILTER))
        arguments += self.extra
        arguments.append(Argument("first", int, DEFAULT, doc=f"How many; at most {LARGEST}."))
        arguments.append(
            Argument(
                "after",
                str,
                doc="The cursor of the entry after which to go on, such as `endCursor` of the page before.",
            )
        )
        object.__setattr__(self, "arguments", tuple(arguments))

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        page = Page(self, query, here, field)
        return page.statement()


class Page:
    """One connection in one statement."""

    def __init__(self, pages: Pages, query: Query, here: Here | None, chosen: Selected) -> None:
        self.pages, self.query, self.here, self.chosen = pages, query, here, chosen
        connection = object_type(chosen)
        self.node = get_named_type(connection.fields["nodes"].type)
        self.row = query.row(query.facts.table(self.node.name, national=query.national))
        self.ordering = self._ordering()
        self.after = chosen.argument("after")
        self.first = query.param(self._first, "int")
        self._all: Here | None = None  # all rows of the connection, once something counts them

    def _ordering(self) -> Ordering:
        order = self.pages.order
        return Ordering("default", order) if isinstance(order, Order) else order(self.query, self.row, self.chosen)

    def _first(self, request: Request) -> int:
        return how_many(self.chosen.argument("first")(request), usually=DEFAULT, at_most=LARGEST)

    # Conditions

    def conditions(self, row: Here, *, without: Collection[str] = ()) -> list[str]:
        """Return what every row of the connection fulfils, leaving fields of the filter out if asked."""
        pages, query = self.pages, self.query
        found = query.inside(row, None if pages.anywhere else self.here)
        if pages.link is not None and self.here is not None:
            found += pages.link(query, self.here, row)
        if pages.open is not None:
            opened = pages.open
            found.append(opened.format(row) if isinstance(opened, str) else opened(query, row, self.chosen))
        for name in self._given():
            if name not in without:
                found += self._condition(row, name)
        return [*found, *(each.format(row) for each in self.ordering.conditions)]

    def _given(self) -> list[str]:
        """Return the fields of the filter that have a value."""
        if self.pages.filter is None:
            return []
        names = [name for name, _ in conditions_of(self.pages.filter)]
        return [name for name in names if self.query.has(self.chosen.argument("filter", name))]

    def _condition(self, row: Here, name: str) -> Sequence[str]:
        assert self.pages.filter is not None
        condition = dict(conditions_of(self.pages.filter))[name]
        return condition.where(self.query, row, self.chosen, self.chosen.argument("filter", name))

    def _beyond(self, keys: Sequence[str]) -> list[str]:
        """Return the condition that begins after the cursor; `keys` are SQL for what the rows are ordered by."""
        if not self.query.has(self.after):
            return []
        casts = [key.cast for key in self.ordering.order.keys]
        values = [self.query.param(self._bound(n), cast) for n, cast in enumerate(casts)]
        sign = "<" if self.ordering.order.descending else ">"
        return [f"({', '.join(keys)}) {sign} ({', '.join(values)})"]

    def _bound(self, n: int) -> Getter:
        casts = [key.cast for key in self.ordering.order.keys]

        def get(request: Request) -> Any:
            return read_cursor(self.after(request), self.mark(request), casts)[n]

        return get

    def mark(self, request: Request) -> str:
        """Return the fingerprint of this query."""
        arguments = request.arguments(self.chosen.definition, self.chosen.nodes[0])
        rest = {name: value for name, value in arguments.items() if name not in {"first", "after"}}
        return fingerprint(self.chosen.coordinate, self.ordering.name, sorted(rest.items()), request.tenant)

    # The statement

    def statement(self) -> str:
        """Return SQL that prints the connection as it is selected."""
        wanted: list[str] = []

        def printed(each: Selected) -> str:
            wanted.append(each.name)
            return self._field(each)

        body = self.query.shown(object_type(self.chosen), printed, self.chosen)
        # Without an aggregate in it, such as a list, the page's rows would each give an answer.
        whole = "" if {"nodes", "edges"} & set(wanted) else " having true"
        # One row more says whether there are more.
        rows = self._rows(1 if "pageInfo" in wanted else 0)
        text = f"select {body} from {rows}{whole}"
        return f"({text})" if self._all is None else f"(with {self._all_rows(self._all)} {text})"

    def _rows(self, more: int) -> str:
        row = self.row
        size = self.query.decide(lambda request: _bucket(self._first(request))) + more
        sorted_anyway = self._all is not None and not self.ordering.indexed
        found = self._among_all(size) if sorted_anyway else self._by_index(size)
        page = f"select * from ({found}) {row} limit {self.first} + {more}"
        return f'(select *, row_number() over () as "$n" from ({page}) {row}) {row}'

    def _by_index(self, size: int) -> str:
        """Return SQL for the page's rows, found in their order."""
        row = self.row
        keys = [key.text.format(row) for key in self.ordering.order.keys]
        where = every([*self.conditions(row), *self._beyond(keys)])
        named = ", ".join(f'{key} as "$k{n}"' for n, key in enumerate(keys))
        return (
            f"select {row}.*, {named} from {sql_name(row.table)} {row} where {where} "
            f"order by {self._sorted(keys)} limit {size}"
        )

    def _among_all(self, size: int) -> str:
        """Return SQL for the page's rows, chosen among all those that are found for counting."""
        row = self.row
        one, where = self.matching()
        keys = [f'{one}."$k{n}"' for n, _ in enumerate(self.ordering.order.keys)]
        beyond = every([where, *self._beyond(keys)])
        best = f"select * from {self._name} {one} where {beyond} order by {self._sorted(keys)} limit {size}"
        same = [f"{row}.id = {one}.id", *self.query.inside(row, one)]
        return (
            f"select {row}.*, {', '.join(keys)} from ({best}) {one} join {sql_name(row.table)} {row} on {every(same)} "
            f"order by {self._sorted(keys)}"
        )

    def _sorted(self, keys: Sequence[str]) -> str:
        return ", ".join(f"{key}{self.ordering.order.direction}" for key in keys)

    # All rows, for counting

    @property
    def _name(self) -> str:
        return f"all_{self._all}"

    def matching(self, *, without: str | None = None) -> tuple[Here, str]:
        """Return a row of those that the connection has on all pages, and the condition that is left for it.

        They are found once, however much is counted among them (`from_all`); `without` leaves one of the `apart`
        fields of the filter out.
        """
        if self._all is None:
            self._all = self.query.row(self.row.table)
        row = self.query.row(self.row.table)
        flags = [f'{row}."${name}"' for name in self._given() if name in self.pages.apart and name != without]
        return row, every(flags or ["true"])

    def from_all(self, row: Here) -> str:
        """Return what stands after FROM for a row of `matching`."""
        return f"{self._name} {row}"

    def _all_rows(self, row: Here) -> str:
        """Return the common table expression of all rows: what identifies them, and what counts need."""
        known = self.query.facts.columns(row.table)
        columns = [f"{row}.{name}" for name in ("tenant_id", "id", *self.pages.counted) if name in known]
        apart = [name for name in self._given() if name in self.pages.apart]
        columns += [f'({every(self._condition(row, name))}) as "${name}"' for name in apart]
        if not self.ordering.indexed:
            columns += [f'{key.text.format(row)} as "$k{n}"' for n, key in enumerate(self.ordering.order.keys)]
        where = every(self.conditions(row, without=self.pages.apart))
        found = f"select {', '.join(columns)} from {sql_name(row.table)} {row} where {where}"
        return f"{self._name} as materialized ({found})"

    def _field(self, each: Selected) -> str:
        row, query = self.row, self.query
        on_page = f'{row}."$n" <= {self.first}'
        if each.name == "nodes":
            return text_list(query.object(self.node, row, each), f'{row}."$n"', on_page)
        if each.name == "edges":
            return text_list(self._edge(each), f'{row}."$n"', on_page)
        if each.name == "pageInfo":
            return self._page_info(each, on_page)
        if each.name == "totalCount":
            return self._count()
        if each.name == "__typename":
            return query.value(None, each)
        part = relation_of(each.definition)
        assert isinstance(part, Part), f"{each.coordinate}: composition checks this"
        return query.unless_refused(each, lambda: part.within(self, each))

    def _edge(self, edges: Selected) -> str:
        return self.query.shown(object_type(edges), self._edge_field, edges)

    def _edge_field(self, each: Selected) -> str:
        if each.name == "node":
            return self.query.object(self.node, self.row, each)
        if each.name == "cursor":
            return self._cursor()
        if each.name == "__typename":
            return self.query.value(self.row, each)
        return self.ordering.edge.get(each.name, "'null'").format(self.row)

    def _cursor(self, of: str = "{}") -> str:
        """Return SQL for the cursor of a row; `of` says with `{}` which of the page's values to take."""
        mark = self.query.param(self.mark, "text")
        keys = [f'{self.row}."$k{n}"' for n in range(len(self.ordering.order.keys))]
        return f"to_json({cursor_sql(mark, [of.format(key) for key in keys])})::text"

    def _page_info(self, info: Selected, on_page: str) -> str:
        shown = f"least(count(*), {self.first})"

        def cursor(number: str) -> str:
            # The keys of all rows are gathered, and one row's are printed.
            kept = f"""(array_agg({{}} order by {self.row}."$n") filter (where {on_page}))[{number}]"""
            return f"case when {shown} > 0 then {self._cursor(kept)} else 'null' end"

        def value(each: Selected) -> str:
            if each.name == "hasNextPage":
                return f"(count(*) > {self.first})::text"
            if each.name == "hasPreviousPage":
                return "'true'" if self.query.has(self.after) else "'false'"
            if each.name in {"startCursor", "endCursor"}:
                return cursor("1" if each.name == "startCursor" else shown)
            return self.query.value(None, each)

        return self.query.shown(object_type(info), value, info)

    def _count(self) -> str:
        if not self.pages.counted:
            row = self.query.row(self.row.table)
            where = every(self.conditions(row))
            return f"(select count(*)::text from {sql_name(row.table)} {row} where {where})"
        row, where = self.matching()
        return f"(select count(*)::text from {self.from_all(row)} where {where})"


@dataclass(frozen=True, kw_only=True)
class Part(Relation):
    """A further field of a connection, such as its facets; `within` gets the page that it stands in."""

    print: Callable[[Page, Selected], str]

    def within(self, page: Page, each: Selected) -> str:
        """Return SQL that prints the field."""
        return self.print(page, each)

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        raise AssertionError(f"{field.coordinate} stands on a connection")


def how_many(first: int | None, *, usually: int, at_most: int) -> int:
    """Return how many entries are wanted; raise `GraphError` LIMIT_EXCEEDED for too many, INVALID_ARGUMENT below 0."""
    if first is None:
        return usually
    if not 0 <= first <= at_most:
        code = "LIMIT_EXCEEDED" if first > at_most else "INVALID_ARGUMENT"
        raise GraphError(code, f"`first` is {first}; it may be 0 to {at_most}.")
    return int(first)


def _bucket(first: int) -> int:
    return next(size for size in BUCKETS if first <= size)


def conditions_of(filter_type: type[Any]) -> list[tuple[str, Condition]]:
    """Return the fields of a filter: GraphQL name and condition."""
    definition = filter_type.__strawberry_definition__
    return [(camel(each.python_name), each.metadata["waypost"]) for each in definition.fields]


def camel(name: str) -> str:
    """Return a Python name as GraphQL writes it."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
