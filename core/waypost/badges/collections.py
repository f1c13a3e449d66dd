"""Collections: an issuer's badges, put in an order under a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from waypost.graph import (
    Connection,
    Markdown,
    Node,
    by,
    contains,
    extend,
    filtering,
    in_cities,
    many,
    node,
    one,
    pages,
    query,
    refers,
)
from waypost.graph.pages import naming

from . import tables

if TYPE_CHECKING:
    from waypost.badges.graph import Badge
    from waypost.cities.graph import City
    from waypost.issuers.graph import Issuer

OPEN = "{0}.state = 'open'"


@node(tables.Collection)
class Collection(Node):
    """Badges of one issuer, put in an order under a name."""

    slug: str
    name: str
    description: Markdown
    issuer: Issuer = one(doc="Whose collection it is.")
    badges: list[Badge] = many(
        through=tables.CollectionBadge,
        here_key="collection_id",
        there_key="badge_id",
        order_by=("through.position",),
        where="{there}.public",
        size=10,
        doc="Its published badges, in order.",
    )
    state: str
    city: City = one("tenant_id", doc="The city that it belongs to.")


@filtering
class CollectionFilter:
    """Which collections to list."""

    text: str | None = contains("name", doc="Part of the name, in whatever case.")
    issuer: strawberry.ID | None = refers("Issuer", "issuer_id", doc="Of this issuer.")
    cities: list[str] | None = in_cities()


@query
class CollectionQuery:
    """Root fields for collections."""

    collection: Collection | None = by(doc="One collection by id or slug; closed ones too.")
    collections: Connection[Collection] = pages(filter=CollectionFilter, open=OPEN, doc="Collections, by name.")


@extend("Issuer")
class IssuerCollections:
    """What an issuer put together."""

    collections: Connection[Collection] = pages(
        link=naming("issuer_id"), open=OPEN, doc="The collections of its badges."
    )


TYPES = (Collection, CollectionFilter, CollectionQuery, IssuerCollections)
