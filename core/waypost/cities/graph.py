"""Cities as front ends see them, and the plugins that each has switched on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import strawberry
from typing_extensions import override

from waypost.graph import (
    URL,
    Connection,
    GeoJSON,
    GraphError,
    LanguageTag,
    Node,
    asks,
    column,
    computed,
    equals,
    filtering,
    many,
    node,
    one,
    pages,
    query,
    struct,
    value,
)
from waypost.graph.query import named
from waypost.graph.roots import ByKey, found
from waypost.tenancy import tables

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request
    from waypost.places.graph import GeoPoint, GeoPointInput
    from waypost.standards.graph import Standard


@strawberry.enum(description="What kind of tenant it is; a network has no area.")
class TenantKind(Enum):
    """Kinds of tenant."""

    CITY = strawberry.enum_value("city", description="A town, city or borough with an outline of its own.")
    REGION = strawberry.enum_value("region", description="Several cities that plan together.")
    NATION = strawberry.enum_value("nation", description="A whole nation of the country.")
    NETWORK = strawberry.enum_value("network", description="A community without a place, such as employers or a union.")


@strawberry.enum(description="A closed tenant is read-only and off the lists.")
class TenantState(Enum):
    """States of a tenant."""

    OPEN = strawberry.enum_value("open", description="It is listed and written to.")
    CLOSED = strawberry.enum_value("closed", description="It has left: what was said stays readable.")


@value
class Look:
    """How a city looks: colours as #rrggbb, white is readable on the primary, black on the accent."""

    primary_colour: str = column(doc="#rrggbb on which white text is readable.")
    accent_colour: str = column(doc="#rrggbb on which black text is readable.")
    logo_url: URL | None = column(doc="An image of the city's logo.")


@value
class Bounds:
    """A box in WGS 84 degrees."""

    south: float = column(doc="Latitude of its lower edge, -90 to 90.")
    west: float = column(doc="Longitude of its left edge, -180 to 180.")
    north: float = column(doc="Latitude of its upper edge, -90 to 90.")
    east: float = column(doc="Longitude of its right edge, -180 to 180.")


@value
class Plugin:
    """A plugin of the platform; `active` in the tenant that it is asked for."""

    name: str = column(doc="As it stands in a tenant's settings, such as skills_builder.")
    version: str = column(doc="Of the plugin itself, such as 0.1.0.")
    api: str = column(doc="Which versions of the hooks it was made for, such as >=1,<2.")
    prefix: str = column(doc="How the names begin that it adds to the graph.")
    active: bool = column(doc="Whether its fields answer here.")
    paused_until: datetime | None = column(doc="Until when its code rests, having kept failing; else null.")
    title: str = column(doc="What it is, in a few words.")
    requires: list[str] = column(doc="Names of plugins that must be switched on beside it.")
    contributes: list[str] = column(
        doc="All that it brings, each as kind:name, such as field:Badge.essentialSkills; docs/hooks.md has the kinds."
    )
    settings_schema: str = column(doc="What a city may set for it: JSON Schema 2020-12, as text; an object.")


async def plugins_of(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    """Return the plugins of each city, or of the graph itself at the root."""
    del field
    found = [request.services.plugins_shown(parent.get("slug"), request.tenant) for parent in parents]
    pauses = [plugin["pausedUntil"] for plugins in found for plugin in plugins if plugin.get("pausedUntil")]
    if pauses:
        request.ends(datetime.fromisoformat(min(pauses)))
    return found


def _in_group(query: Query, here: Here, there: Here) -> Sequence[str]:
    return (f"exists (select from tenant_group g where g.group_id = {here}.id and g.tenant_id = {there}.id)",)


@node(tables.Tenant)
class City(Node):
    """A tenant: a city, region, nation or network with its own graph."""

    slug: str
    name: str
    kind: TenantKind
    state: TenantState
    nation: str | None
    languages: list[LanguageTag]
    timezone: str
    area: GeoJSON | None
    bounds: Bounds | None = struct("south", doc="The box around the area.")
    centre: GeoPoint | None = struct("latitude", doc="A point inside the area.")
    standard: Standard = one("standard_code", to="code", doc="The badge standard that the city has chosen.")
    look: Look = struct(doc="Its colours and logo, for front ends.")
    contact_url: URL | None
    example: bool = column(doc="True where everything is made up for demonstration.")
    plugins: list[Plugin] = computed(
        plugins_of, columns=("slug",), kept=True, doc="The plugins installed, each active here or not."
    )
    groups: list[City] = many(
        through=tables.TenantGroup,
        here_key="tenant_id",
        there_key="group_id",
        order_by=("name", "id"),
        doc="The regions and networks that it belongs to.",
    )
    members: Connection[City] = pages(link=_in_group, open="{0}.state = 'open'", doc="The cities that belong to it.")


def _degrees(value: Getter, name: str, most: int) -> Getter:
    def get(request: Request) -> float:
        degrees = value(request)[name]
        if not -most <= degrees <= most:
            raise GraphError("INVALID_ARGUMENT", f"{name} {degrees} is no point on earth: it ends at {most} degrees.")
        return float(degrees)

    return get


def _covers(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    latitude = query.param(_degrees(value, "latitude", 90), "float8")
    longitude = query.param(_degrees(value, "longitude", 180), "float8")
    return (
        f"{latitude} between {row}.south and {row}.north",
        f"{longitude} between {row}.west and {row}.east",
    )


def _of_kinds(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    kinds = query.param(lambda request: [each.value for each in value(request)], "text[]")
    return (f"{row}.kind = any({kinds})",)


def _of_group(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    named = f"c.slug = {query.param(value, 'text')} and g.tenant_id = {row}.id"
    return (f"exists (select from tenant_group g join tenant c on c.id = g.group_id where {named})",)


@filtering
class CityFilter:
    """Which tenants to list."""

    kinds: list[TenantKind] | None = asks(_of_kinds, doc="Only tenants of these kinds.")
    nation: str | None = equals("nation", doc="ISO 3166-2, such as GB-WLS.")
    group: str | None = asks(_of_group, doc="The slug of a region or network.")
    covers: GeoPointInput | None = asks(_covers, doc="The box around its area holds this point.")


class _Itself(ByKey):
    """A city by id or slug; in a city's own graph, without either, that city."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        asked = [name for name in ("id", "slug") if query.has(field.argument(name))]
        if asked or query.national:
            return super().sql(query, here, field)
        row = query.row(tables.Tenant)
        return found(query, field, named(field), row, [f"{row}.id = {query.tenant}"])


def itself(doc: str) -> Any:
    """A root field that finds a city."""
    return _Itself(of_tenant=False, doc=doc)


@query
class CityQuery:
    """Root fields for tenants."""

    city: City | None = itself(doc="The tenant asked for; the national graph needs `slug` or `id`.")
    cities: Connection[City] = pages(filter=CityFilter, open="{0}.state = 'open'", doc="The open tenants.")
    plugins: list[Plugin] = computed(plugins_of, kept=True, doc="The plugins of the platform, each active here or not.")


TYPES = (City, Look, Bounds, Plugin, CityFilter, CityQuery)
