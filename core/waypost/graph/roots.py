"""Root fields that find one object: by id, by slug, by any id, and many by ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

import strawberry
from typing_extensions import override

from waypost.tenancy.tables import FormerSlug

from .errors import GraphError
from .facts import sql_name
from .ids import GlobalId, parse_id
from .marks import MISSING_JSON
from .query import named
from .relations import Argument, Relation
from .sql import every, literal, text_list

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from graphql import GraphQLNamedType

    from .query import Here, Query, Selected
    from .request import Getter, Request

MOST_IDS = 100
KEYS: Final = {"slug": "Of public addresses, such as explore-digital-media; an old one leads on."}


@dataclass(frozen=True, kw_only=True)
class ByKey(Relation):
    """One object by exactly one of `id` and another key; a slug needs the city on the national graph.

    `key` is the column behind the argument of that name. Objects of the whole platform have no city.
    """

    key: str = "slug"
    of_tenant: bool = True

    def __post_init__(self) -> None:
        arguments = [
            Argument(
                "id", strawberry.ID, doc=f"As the field `id` gave it. Exactly one of `id` and `{self.key}` is taken."
            ),
            Argument(self.key, str, doc=KEYS.get(self.key, f"As the field `{self.key}` gave it.")),
        ]
        if self.of_tenant:
            arguments.append(
                Argument(
                    "city", str, doc="The city's slug, such as brighton: needed beside `slug` on the national graph."
                )
            )
        object.__setattr__(self, "arguments", tuple(arguments))

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        get = {name: field.argument(name) for name in ("id", self.key, "city")}
        given = [name for name in ("id", self.key) if query.has(get[name])]
        if len(given) != 1:
            raise GraphError("INVALID_ARGUMENT", f"`{field.name}` takes exactly one of `id` and `{self.key}`.")
        kind = named(field)
        if given == ["id"]:
            return by_id(query, field, kind.name, get["id"])
        row = query.row(query.facts.table(kind.name, national=query.national))
        key = query.param(get[self.key], "text")
        if self.of_tenant and self.key == "slug":
            inside = self._in_city(query, row, get["city"])
            conditions = [f"{row}.id = {self._called(query, kind.name, row, key, get['city'])}", *inside]
        else:
            conditions = [f"{row}.{self.key} = {key}"]
        return found(query, field, kind, row, [*conditions, *query.inside(row)], "'null'")

    def _called(self, query: Query, kind: str, row: Here, slug: str, city: Getter) -> str:
        """Return SQL for the id of what has a slug, or else had it once: old addresses lead on."""
        now, once = query.row(row.table), query.row(FormerSlug)
        has = [f"{now}.slug = {slug}", *query.inside(now), *self._in_city(query, now, city)]
        had = [f"{once}.object_type = {literal(kind)}", f"{once}.slug = {slug}", *query.inside(once)]
        had += self._in_city(query, once, city)
        present = f"select {now}.id from {sql_name(now.table)} {now} where {every(has)}"
        return f"coalesce(({present}), (select {once}.object_id from former_slug {once} where {every(had)}))"

    def _in_city(self, query: Query, row: Here, city: Getter) -> Sequence[str]:
        if not query.has(city):
            if query.national:
                raise GraphError("INVALID_ARGUMENT", "On the national graph `slug` needs `city` beside it.")
            return ()
        home = f"(select c.id from tenant c where c.slug = {query.param(city, 'text')})"
        return (f"{row}.tenant_id = {home}",)


def by_id(query: Query, field: Selected, kind: str, get: Getter) -> str:
    """Return SQL for the object of one kind that an id names; an id of another kind or city names none."""
    stored = query.facts.stored[kind]
    row = query.row(query.facts.table(kind, national=query.national))
    if query.facts.is_hidden(row.table, national=query.national):
        return MISSING_JSON
    owned = query.facts.is_tenant_table(row.table) and not stored.shared

    def asked(request: Request) -> GlobalId:
        return _named(get(request), kind, request, owned=owned)

    conditions = [f"{row}.id = {query.param(lambda request: asked(request).row, 'uuid')}", *query.inside(row)]
    if query.national and owned:
        tenant = query.param(lambda request: asked(request).tenant, "uuid")
        conditions.append(f"{row}.tenant_id = {tenant}")
    return found(query, field, query.facts.schema.type_map[kind], row, conditions)


def found(
    query: Query,
    field: Selected,
    kind: GraphQLNamedType,
    row: Here,
    conditions: Sequence[str],
    absent: str = MISSING_JSON,
) -> str:
    """Return SQL for the one object of a row that fulfils the conditions, `absent` without it."""
    body = query.object(kind, row, field)
    return f"coalesce((select {body} from {sql_name(row.table)} {row} where {every(conditions)}), {absent})"


NOTHING: Final = GlobalId("", None, UUID(int=0))


def _named(text: str, kind: str, request: Request, *, owned: bool) -> GlobalId:
    """Return what an id names; `NOTHING` for one that is made up, of another kind or another city's.

    What is `owned` by a tenant has the tenant in its id, and nothing else has.
    """
    asked = parse_id(text)
    if asked is None or asked.type != kind or (asked.tenant is not None) is not owned:
        return NOTHING
    foreign = owned and request.tenant is not None and asked.tenant != request.tenant
    return NOTHING if foreign else asked


@dataclass(frozen=True, kw_only=True)
class AnyNode(Relation):
    """Whatever an id names; its type decides the statement."""

    arguments: tuple[Argument, ...] = (
        Argument("id", strawberry.ID, required=True, doc="As any `id` of any graph of this platform."),
    )

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        get = field.argument("id")
        kind = query.decide(lambda request: (parse_id(get(request)) or NOTHING).type)
        return by_id(query, field, kind, get) if kind in query.facts.nodes else MISSING_JSON


@dataclass(frozen=True, kw_only=True)
class Only(Relation):
    """One object of a kind that is found by nothing but its id."""

    kind: str
    arguments: tuple[Argument, ...] = (Argument("id", strawberry.ID, required=True, doc="As the field `id` gave it."),)

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        return by_id(query, field, self.kind, field.argument("id"))


@dataclass(frozen=True, kw_only=True)
class AnyNodes(Relation):
    """The objects that the ids name, in their order, null for each that is not there."""

    arguments: tuple[Argument, ...] = (
        Argument("ids", list[strawberry.ID], required=True, doc=f"As any `id`; at most {MOST_IDS}."),
    )
    absent: str = MISSING_JSON

    def asked(self, field: Selected) -> Getter:
        """Return a getter of the ids."""
        return field.argument("ids")

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        get = self.asked(field)
        kinds = query.decide(lambda request: sorted({each.type for each in _ids(get(request))}))
        known = [kind for kind in kinds if kind in query.facts.nodes]
        arrays = ", ".join(
            query.param(_array(get, part), cast)
            for part, cast in (("type", "text[]"), ("tenant", "uuid[]"), ("row", "uuid[]"))
        )
        whens = " ".join(f"when '{kind}' then {self._of(query, field, kind)}" for kind in known)
        item = f"case asked.kind {whens} else {self.absent} end" if known else self.absent
        asked = f"unnest({arrays}) with ordinality asked(kind, tenant, id, n)"
        return f"(select concat('[', string_agg({item}, ',' order by asked.n), ']') from {asked})"

    def _of(self, query: Query, field: Selected, kind: str) -> str:
        row = query.row(query.facts.table(kind, national=query.national))
        if query.facts.is_hidden(row.table, national=query.national):
            return self.absent
        conditions = [f"{row}.id = asked.id", *query.inside(row)]
        owned = query.facts.is_tenant_table(row.table) and not query.facts.stored[kind].shared
        conditions.append(f"{row}.tenant_id = asked.tenant" if owned else "asked.tenant is null")
        return found(query, field, query.facts.schema.type_map[kind], row, conditions, self.absent)


@dataclass(frozen=True, kw_only=True)
class Everything(Relation):
    """All rows of a small table, as a list; `where` gives conditions on them from query, row and field."""

    order_by: tuple[str, ...]
    where: Callable[[Query, Here, Selected], Sequence[str]] | None = None
    size: int = 10

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        kind = named(field)
        row = query.row(query.facts.table(kind.name, national=query.national))
        conditions = query.inside(row)
        if self.where is not None:
            conditions += self.where(query, row, field)
        items = text_list(query.object(kind, row, field), ", ".join(f"{row}.{each}" for each in self.order_by))
        return f"(select {items} from {sql_name(row.table)} {row} where {every(conditions)})"


def _ids(texts: Sequence[str]) -> list[GlobalId]:
    if len(texts) > MOST_IDS:
        raise GraphError("LIMIT_EXCEEDED", f"{len(texts)} ids were given; at most {MOST_IDS} are answered.")
    return [parse_id(each) or NOTHING for each in texts]


def _array(get: Getter, part: str) -> Getter:
    return lambda request: [getattr(each, part) for each in _ids(get(request))]
