"""What a filter's field asks of a row. Conditions are declared beside the field and combined with AND."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from .errors import GraphError
from .facts import sql_name
from .ids import parse_id
from .sql import every

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from piccolo.table import Table

    from .query import Here, Query, Selected
    from .request import Getter, Request


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition that one field of a filter puts on the rows; `doc` describes the field."""

    doc: str = ""
    flag: bool = False  # a yes or no that is no by default

    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        """Return SQL conditions on the row."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Given(Condition):
    """A field that something else reads, such as the origin of a nearest-first order."""

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        return ()


@dataclass(frozen=True, kw_only=True)
class Equals(Condition):
    """The column equals the value."""

    column: str
    cast: str = "text"

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        return (f"{row}.{self.column} = {query.param(value, self.cast)}",)


@dataclass(frozen=True, kw_only=True)
class Among(Condition):
    """The column is one of the values. A single value is compared by `=`, so that an index on it is used."""

    column: str
    read: Callable[[str], str] = str

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        read = self.read
        if query.decide(lambda request: len(value(request)) == 1):
            return (f"{row}.{self.column} = {query.param(lambda request: read(value(request)[0]), 'text')}",)
        values = query.param(lambda request: [read(each) for each in value(request)], "text[]")
        return (f"{row}.{self.column} = any({values})",)


@dataclass(frozen=True, kw_only=True)
class Contains(Condition):
    """The column contains the text, in whatever case."""

    column: str

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        return (f"strpos(lower({row}.{self.column}), lower({query.param(value, 'text')})) > 0",)


@dataclass(frozen=True, kw_only=True)
class Linked(Condition):
    """A row of a side table, whose `key` names this row's `here`, has one of the values in `column`."""

    table: type[Table]
    key: str
    column: str
    here: str = "id"
    read: Callable[[Any], Any] = str
    cast: str = "text[]"

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        side, read = query.row(self.table), self.read
        values = query.param(lambda request: [read(each) for each in value(request)], self.cast)
        conditions = [
            f"{side}.{self.key} = {row}.{self.here}",
            f"{side}.{self.column} = any({values})",
            *query.inside(side, row),
        ]
        return (f"exists (select from {sql_name(self.table)} {side} where {every(conditions)})",)


@dataclass(frozen=True, kw_only=True)
class Refers(Condition):
    """The row refers to the object with the given id: by a `column`, or by `column` of a side `table`.

    `home` names the column with the object's tenant, where that may be another one.
    """

    kind: str
    column: str
    table: type[Table] | None = None
    key: str | None = None
    home: str = "tenant_id"

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        kind = self.kind
        name = query.param(lambda request: reference(value(request), kind)[1], "uuid")
        tenant = query.param(lambda request: reference(value(request), kind)[0], "uuid")
        holder = row if self.table is None else query.row(self.table)
        same = [f"{holder}.{self.column} = {name}", f"{holder}.{self.home} = {tenant}"]
        if self.table is None:
            return same
        linked = every([*same, f"{holder}.{self.key} = {row}.id", *query.inside(holder, row)])
        return (f"exists (select from {sql_name(self.table)} {holder} where {linked})",)


@dataclass(frozen=True, kw_only=True)
class Asks(Condition):
    """A condition written in SQL: `text` gets the query, the row, the field and the value's getter."""

    text: Callable[[Query, Here, Selected, Getter], Sequence[str]]

    @override
    def where(self, query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        return self.text(query, row, field, value)


def reference(text: str, kind: str) -> tuple[Any, Any]:
    """Return tenant and row of an id of that kind; one of another kind names nothing."""
    found = parse_id(text)
    return (found.tenant, found.row) if found is not None and found.type == kind else (None, None)


def cities(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    """Keep the rows of the named tenants, or of those that belong to a named region or network."""
    if not query.national:
        raise GraphError("INVALID_ARGUMENT", "`cities` belongs to the national graph; this one is one city's.")
    slugs = query.param(value, "text[]")
    named = f"select c.id from tenant c where c.slug = any({slugs})"
    grouped = f"select g.tenant_id from tenant_group g join tenant c on c.id = g.group_id where c.slug = any({slugs})"
    return (f"{row}.tenant_id in ({named} union all {grouped})",)


def zoned(value: Getter) -> Getter:
    """Return a getter of a moment that must name its zone."""

    def get(request: Request) -> Any:
        moment = value(request)
        if moment is not None and moment.tzinfo is None:
            raise GraphError("INVALID_ARGUMENT", f"{moment.isoformat()} names no time zone; write RFC 3339.")
        try:
            return None if moment is None else moment.astimezone(UTC)
        except OverflowError as error:  # the last hours of the calendar, in a zone that is already beyond it
            raise GraphError("INVALID_ARGUMENT", f"{moment.isoformat()} is beyond the calendar.") from error

    return get
