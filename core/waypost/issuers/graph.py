"""Issuers: organisations as a city knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.graph import (
    URL,
    Connection,
    Key,
    Markdown,
    Node,
    Order,
    Ordering,
    across,
    by,
    codes,
    contains,
    filtering,
    given,
    in_cities,
    linked,
    node,
    one,
    pages,
    query,
    struct,
    words,
)
from waypost.places.graph import NOWHERE, at_origin, on_sphere, sphere_sql

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.places.graph import GeoPoint, GeoPointInput


def _same_organisation(query: Query, here: Here, there: Here) -> Sequence[str]:
    return (f"{there}.organisation_id = {here}.organisation_id", f"{there}.tenant_id <> {here}.tenant_id")


@node(tables.Issuer)
class Issuer(Node):
    """An organisation's presence in a city: it issues badges, provides, employs or endorses."""

    slug: str
    name: str = words(tables.IssuerText, "issuer_id", copied="name", doc="Its words, in the language asked for.")
    description: Markdown | None = words(tables.IssuerText, "issuer_id", doc="What it is and does.")
    kind: str
    roles: list[str] = codes(
        tables.IssuerRole, "issuer_id", "role", doc="Among issues, provides, employs and endorses."
    )
    elsewhere: list[Issuer] = across(
        link=_same_organisation,
        anywhere=True,
        where="{there}.state = 'open'",
        order_by=("name", "id"),
        doc="The same organisation's presence in other cities.",
    )
    parent: Issuer | None = one(doc="The issuer that it is a part of.")
    url: URL | None
    logo_url: URL | None
    location: GeoPoint | None = struct("latitude", doc="Where it is.")
    verified: bool
    city: City = one("tenant_id", doc="The city that lists it.")


@filtering
class IssuerFilter:
    """Which issuers to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    roles: list[str] | None = linked(
        tables.IssuerRole,
        "issuer_id",
        "role",
        doc="With one of these roles: issues, provides, employs, endorses.",
    )
    near: GeoPointInput | None = given("Nearest to this point first.")
    postcode: str | None = given("Nearest to this postcode first, such as BN1 1GE.")
    cities: list[str] | None = in_cities()


def _nearest(query: Query, row: Here, field: Selected) -> Ordering:
    point, postcode = field.argument("filter", "near"), field.argument("filter", "postcode")
    if not query.has(point) and not query.has(postcode):
        return Ordering("name", Order((Key("{0}.name", "text"), Key("{0}.id", "uuid"))))
    origin = query.param(at_origin(point, postcode, on_sphere), "float8[]")
    distance = f"{sphere_sql('{0}.latitude', '{0}.longitude')} <-> cube({origin})"
    way = f"case when {{0}}.latitude is null then {NOWHERE} else {distance} end"
    return Ordering("nearest", Order((Key(way, "float8"), Key("{0}.id", "uuid"))))


@query
class IssuerQuery:
    """Root fields for issuers."""

    issuer: Issuer | None = by(doc="One issuer by id or slug.")
    issuers: Connection[Issuer] = pages(
        filter=IssuerFilter,
        order=_nearest,
        open="{0}.state = 'open'",
        doc="The issuers, by name or nearest first.",
    )


TYPES = (Issuer, IssuerFilter, IssuerQuery)
