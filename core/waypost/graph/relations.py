"""What a field can be: a column, a row beside this one, rows that point here, words in a language.

Each relation prints one SQL expression whose value is JSON text. Relations are correlated sub-selects, never
joins: PostgreSQL cannot reorder those into a plan that reads whole tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLEnumType, GraphQLNonNull, GraphQLObjectType
from typing_extensions import override

from .away import away_marker, place_of
from .facts import sql_name
from .ids import digits_sql
from .marks import HIDDEN_JSON
from .query import Here, named
from .render import ENUM, form_of, printed
from .sql import every, joined, literal, text_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from piccolo.table import Table

    from .query import Query, Selected
    from .request import Request


@dataclass(frozen=True, kw_only=True)
class Relation:
    """What a field is. `doc` describes it in the SDL; `arguments` are names with Python types and defaults.

    `size` is how many objects it usually shows: what an operation costs is counted by it, and by the `points` of what
    is dear to make. `may` is the permission that reading it asks for; below it also what is not public yet is shown.
    """

    doc: str = ""
    arguments: tuple[Argument, ...] = ()
    size: int = 1
    points: int = 0
    may: str = ""

    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        """Return SQL that prints the field of the row `here` (None at the root)."""
        raise NotImplementedError

    def needs(self, name: str) -> Sequence[str]:
        """Return the columns of the node's own table that a field of this Python name reads."""
        del name
        return ()


@dataclass(frozen=True)
class Argument:
    """An argument of a field: its Python name, type and default (absent: none).

    `confidential` is what says something of a person: it comes by POST and in variables alone, and nothing that was
    asked with it is kept (see `confidence`).
    """

    name: str
    type: Any
    default: Any = None
    required: bool = False
    doc: str = ""
    confidential: bool = False


def may_be_null(field: Selected) -> bool:
    """Say whether GraphQL lets this field be null."""
    return not isinstance(field.definition.type, GraphQLNonNull)


@dataclass(frozen=True, kw_only=True)
class Column(Relation):
    """A column of the row; `column` where it is not named like the field."""

    column: str | None = None

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        column = query.facts.columns(here.table)[self.column or python_name(field)]
        enum = isinstance(named(field), GraphQLEnumType)
        form = ENUM if enum else form_of(column)
        assert form is not None, f"{field.coordinate}: composition checks this"
        return printed(form, f"{here}.{column._meta.name}", nullable=bool(column._meta.null))

    @override
    def needs(self, name: str) -> Sequence[str]:
        return (self.column or name,)


def python_name(field: Selected) -> str:
    """Return the name that the declaration gave the field."""
    declared = field.definition.extensions["strawberry-definition"]
    return str(declared.python_name)


@dataclass(frozen=True, kw_only=True)
class Identity(Relation):
    """The global id of a row: type, tenant (where it has one) and `column`, of this type or of another `kind`."""

    column: str = "id"
    kind: str | None = None

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        text = self._text(query, here, self.kind or field.parent.name)
        if not may_be_null(field):
            return text
        return f"case when {here}.{self.column} is null then 'null' else {text} end"

    def _text(self, query: Query, here: Here, kind: str) -> str:
        row = digits_sql(f"{here}.{self.column}")
        if not query.facts.is_tenant_table(query.facts.stored[kind].table) or query.facts.stored[kind].shared:
            return joined([literal(f'"{kind}.'), row, literal('"')])
        tenant = digits_sql(f"{here}.tenant_id") if query.national else query.param(_tenant_digits, "text")
        return joined([literal(f'"{kind}.'), tenant, literal("."), row, literal('"')])

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.column,)


def _tenant_digits(request: Request) -> str | None:
    return None if request.tenant is None else request.tenant.hex


@dataclass(frozen=True, kw_only=True)
class Expression(Relation):
    """JSON text computed by SQL from the row; `text` is called with the query, the row and the field."""

    text: Callable[[Query, Here, Selected], str]

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        return self.text(query, here, field)


@dataclass(frozen=True, kw_only=True)
class Struct(Relation):
    """A value object whose fields are columns of this row, such as a point; null unless `present` is.

    `present` is a column, or a condition with `{0}` for the row.
    """

    present: str | None = None

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        body = query.object(named(field), here, field)
        if self.present is None:
            return body
        condition = self.present.format(here) if "{" in self.present else f"{here}.{self.present} is not null"
        return f"case when {condition} then {body} else 'null' end"


@dataclass(frozen=True, kw_only=True)
class Coded(Relation):
    """A code with its name; `names` are the codes known to the core, another code is shown as it is."""

    column: str
    names: Mapping[str, str]

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        code = f"{here}.{self.column}"
        kind = named(field)
        assert isinstance(kind, GraphQLObjectType)
        whens = " ".join(f"when {literal(each)} then {literal(name)}" for each, name in self.names.items())
        values = {
            "code": f"to_json({code})::text",
            "name": f"to_json(case {code} {whens} else {code} end)::text",
        }
        body = query.shown(kind, lambda each: values.get(each.name) or query.value(here, each), field)
        return f"case when {code} is null then 'null' else {body} end" if may_be_null(field) else body

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.column,)


@dataclass(frozen=True, kw_only=True)
class One(Relation):
    """The row that a column of this one names: `key` here (`<field>_id` by default) equals `to` there.

    `away` names a column here with the tenant that the row belongs to, where that may be another one.
    """

    key: str | None = None
    to: str = "id"
    away: str | None = None

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        key = f"{here}.{self.key or python_name(field) + '_id'}"
        if self.away is not None and not query.national:
            own = self._row(query, here, field, key)
            away = away_marker(query, field, f"{here}.{self.away}", key)
            home = f"{here}.{self.away} = {query.tenant}"
            return f"case when {key} is null then 'null' when {home} then {own} else {away} end"
        return self._row(query, here, field, key)

    def _row(self, query: Query, here: Here, field: Selected, key: str) -> str:
        kind = named(field)
        there = query.row(query.facts.table(kind.name, national=query.national))
        conditions = [f"{there}.{self.to} = {key}"]
        if self.away is not None and query.national:
            conditions.append(f"{there}.tenant_id = {here}.{self.away}")
            conditions += query.inside(there)
        else:
            conditions += query.inside(there, here)
        body = query.object(kind, there, field)
        absent = "'null'" if may_be_null(field) else HIDDEN_JSON
        return f"coalesce((select {body} from {sql_name(there.table)} {there} where {every(conditions)}), {absent})"

    @override
    def needs(self, name: str) -> Sequence[str]:
        return (self.key or f"{name}_id", *([self.away] if self.away else []))


@dataclass(frozen=True, kw_only=True)
class Many(Relation):
    """A short, bounded list of rows.

    Without `through`: rows whose `there` column names this row's `here` column. With `through`: a table in between,
    whose `here_key` names this row and whose `there_key` names the other. `order_by` are columns of the table in
    between (`through.position`) or of the rows. `borrowed` says that the table in between may name another
    tenant's rows, by `home_tenant_id`. `where` adds conditions on `{there}` and `{here}`; `link`, called with the
    query, the row here and the row there, ties them in some other way. `anywhere`: nationally the rows may be of
    other tenants than this one.
    """

    through: type[Table] | None = None
    here: str = "id"
    here_key: str | None = None
    there_key: str | None = None
    there: str = "id"
    order_by: tuple[str, ...] = ()
    borrowed: bool = False
    where: str | None = None
    link: Callable[[Query, Here, Here], Sequence[str]] | None = None
    anywhere: bool = False
    size: int = 5

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        if self.borrowed:
            return self._borrowed(query, here, field)
        there = query.row(query.facts.table(named(field).name, national=query.national))
        conditions = query.inside(there, None if self.anywhere else here)
        source = f"{sql_name(there.table)} {there}"
        order = [f"{there}.{each}" for each in self.order_by if not each.startswith("through.")]
        if self.through is not None:
            link = query.row(self.through)
            source = f"{sql_name(self.through)} {link} join {source} on {there}.{self.there} = {link}.{self.there_key}"
            conditions = [
                f"{link}.{self.here_key} = {here}.{self.here}",
                *query.inside(link, here),
                *conditions,
            ]
            order = [
                each.replace("through.", f"{link}.") if "." in each else f"{there}.{each}" for each in self.order_by
            ]
        elif self.link is None:
            conditions.insert(0, f"{there}.{self.there_key} = {here}.{self.here}")
        if self.link is not None:
            conditions += self.link(query, here, there)
        if self.where is not None:
            conditions.append(self.where.format(here=here, there=there))
        body = query.object(named(field), there, field)
        return f"(select {text_list(body, ', '.join(order))} from {source} where {every(conditions)})"

    def _borrowed(self, query: Query, here: Here, field: Selected) -> str:
        """Print own rows in place, and of another tenant's only the name: those are read nationally."""
        assert self.through is not None
        link = query.row(self.through)
        there = query.row(query.facts.table(named(field).name, national=query.national))
        body = query.object(named(field), there, field)
        key, home = f"{link}.{self.there_key}", f"{link}.home_tenant_id"
        if query.national:
            conditions = [f"{there}.tenant_id = {home}", f"{there}.id = {key}", *query.inside(there)]
        else:
            conditions = [f"{there}.id = {key}", *query.inside(there)]
        item = f"(select {body} from {sql_name(there.table)} {there} where {every(conditions)})"
        if not query.national:
            away = away_marker(query, field, home, key)
            item = f"case when {link}.borrowed_id is null then {item} else {away} end"
        order = ", ".join(each.replace("through.", f"{link}.") for each in self.order_by)
        linked = every([f"{link}.{self.here_key} = {here}.{self.here}", *query.inside(link, here)])
        return f"(select {text_list(item, order)} from {sql_name(self.through)} {link} where {linked})"

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.here,)


@dataclass(frozen=True, kw_only=True)
class Across(Relation):
    """A list that only the national graph can see: inside a city it is read in a second, national statement."""

    many: Many
    size: int = 5

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        if query.national:
            return self.many.sql(query, here, field)
        number = query.patch(field, self)
        return place_of(number, query.tenant, f"{here}.id")

    @override
    def needs(self, name: str) -> Sequence[str]:
        return self.many.needs(name)


@dataclass(frozen=True, kw_only=True)
class Codes(Relation):
    """A list of codes kept in a table of their own: `key` there names this row's `here`."""

    table: type[Table]
    key: str
    column: str
    here: str = "id"

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        there = query.row(self.table)
        conditions = [f"{there}.{self.key} = {here}.{self.here}", *query.inside(there, here)]
        value = f"{there}.{self.column}"
        items = text_list(f"to_json({value})::text", value)
        return f"(select {items} from {sql_name(self.table)} {there} where {every(conditions)})"

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.here,)


@dataclass(frozen=True, kw_only=True)
class Words(Relation):
    """Text in the language asked for: `column` of the `table` of translations whose `key` names this row's `here`.

    `copied` names the column here that holds the words in the tenant's first language, if there is one.
    """

    table: type[Table]
    key: str
    column: str | None = None
    here: str = "id"
    copied: str | None = None

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        assert here is not None
        wanted = query.decide(lambda request: bool(request.languages))
        if not wanted and self.copied is not None:
            return f"to_json({here}.{self.copied})::text"
        there = query.row(self.table)
        column = f"{there}.{self.column or python_name(field)}"
        conditions = [f"{there}.{self.key} = {here}.{self.here}", *query.inside(there, here)]
        order = ""
        if wanted:
            languages = query.param(lambda request: list(request.languages), "text[]")
            conditions.append(f"({there}.language = any({languages}) or {there}.original)")
            if may_be_null(field):  # a translation may leave it out
                conditions.append(f"{column} is not null")
            order = f" order by array_position({languages}, {there}.language) nulls last limit 1"
        else:
            conditions.append(f"{there}.original")
        words = f"(select to_json({column})::text from {sql_name(self.table)} {there} where {every(conditions)}{order})"
        fallback = f"to_json({here}.{self.copied})::text" if self.copied else "'null'"
        return f"coalesce({words}, {fallback})"

    @override
    def needs(self, name: str) -> Sequence[str]:
        del name
        return (self.here, *([self.copied] if self.copied else []))
