"""What a resolver of the naive executor is given, and how it says no."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from graphql import GraphQLError, GraphQLResolveInfo

from tests.oracle.rows import Row, Thing, View
from waypost.graph import Asker, Schema

Path: TypeAlias = tuple[str | int, ...]
Problem: TypeAlias = tuple[str, Path]  # a code (or several, any of which may be told), and the place in the answer


class Refused(Exception):
    """Arguments that a field does not take; where there are several reasons, one of them is told."""

    def __init__(self, *codes: str) -> None:
        super().__init__(*codes)
        self.codes = codes


def attempt(*checks: Callable[[], object]) -> None:
    """Make every check, and refuse with all reasons that they give."""
    codes: list[str] = []
    for check in checks:
        try:
            check()
        except Refused as refusal:
            codes += refusal.codes
    if codes:
        raise Refused(*codes)


def told(*codes: str) -> GraphQLError:
    """Return the error of one place in an answer; of several codes any one may be told."""
    return GraphQLError("refused", extensions={"code": "|".join(sorted(set(codes)))})


@dataclass
class Cursors:
    """What cursors mean.

    The executor's cursors are plain tuples: the query that gave them out, and the values that its list is ordered by.
    Those of the engine are opaque here: each is known by where it stood in an answer, beside one of the executor's.
    """

    meanings: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    given: list[tuple[Any, ...]] = field(default_factory=list)

    def give(self, query: Any, key: tuple[Any, ...]) -> str:
        """Return a cursor to put into an answer of the executor."""
        self.given.append((query, key))
        return f"\x7fcursor {len(self.given) - 1}"

    def learn(self, engine: str, own: str) -> bool:
        """Learn what a cursor of the engine means; false if it meant something else before."""
        meaning = self.given[int(own.rpartition(" ")[2])]
        return self.meanings.setdefault(engine, meaning) == meaning


def is_cursor(value: Any) -> bool:
    """Say whether a value is a cursor of the executor."""
    return isinstance(value, str) and value.startswith("\x7fcursor ")


@dataclass
class Asked:
    """One operation as it was asked: by whom, where, in which languages."""

    view: View
    asker: Asker
    now: datetime
    languages: Sequence[str]
    services: Any
    cursors: Cursors
    postcodes: Mapping[str, tuple[float, float]]
    schema: Schema


@dataclass(frozen=True)
class Call:
    """One field of one object: `args` without those that are null."""

    source: Any
    args: Mapping[str, Any]
    asked: Asked
    info: GraphQLResolveInfo[Any]

    @property
    def thing(self) -> Thing:
        """The object that the field stands on."""
        assert isinstance(self.source, Thing), self.source
        return self.source

    @property
    def view(self) -> View:
        """Through which view the object is seen; at the root, that of the graph asked."""
        return self.source.view if isinstance(self.source, Thing) else self.asked.view

    @property
    def field(self) -> tuple[str, str]:
        """Type and field."""
        return self.info.parent_type.name, self.info.field_name

    def of(self, kind: str, row: Row | None) -> Thing | None:
        """Return a row as an object of a type, seen as this one is."""
        return None if row is None else Thing(kind, row, self.view)

    def must(self, kind: str, row: Row | None) -> Thing:
        """Return a row that may not be missing."""
        found = self.of(kind, row)
        if found is None:
            raise told("NOT_VISIBLE")
        return found


Resolver: TypeAlias = Callable[[Call], Any]
Table: TypeAlias = dict[tuple[str, str], Resolver]


def snake(name: str) -> str:
    """Return a field's name as columns write it."""
    return "".join(f"_{each.lower()}" if each.isupper() else each for each in name)


def columns(kind: str, names: str) -> Table:
    """Return resolvers of fields that are columns; `field=column` where the names differ."""
    table: Table = {}
    for each in names.split():
        name, _, column = each.partition("=")
        table[kind, name] = _column(column or snake(name))
    return table


def _column(name: str) -> Resolver:
    return lambda call: call.thing[name]


def global_id(kind: str, row: UUID, tenant: UUID | None = None) -> str:
    """Return an id of the graph."""
    return ".".join((kind, *(each.hex for each in (tenant, row) if each is not None)))
