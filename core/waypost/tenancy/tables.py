"""Tenants and the directories that find them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, Boolean, DoublePrecision, Integer, Text, Timestamptz

from waypost.db import PlatformTable, TenantTable

READ_BY_ALL = {"city": "SELECT", "national": "SELECT", "learner": "SELECT"}
# What a city says of itself by `updateCity`; the rest of its row is the operator's.
OF_THE_CITY = ("name", "languages", "primary_colour", "accent_colour", "logo_url", "contact_url", "updated_at")


class Tenant(
    PlatformTable,
    grants={**READ_BY_ALL, "city": "SELECT, UPDATE", "system": "SELECT, INSERT, UPDATE"},
    tenant_policy="id",
    updates={"city": OF_THE_CITY},
    reason="Found by slug before the scope is known; holds only what strangers may read.",
):
    """A city, region, nation or network with its own graph."""

    slug = Text(help_text="Part of public addresses, such as brighton, so never reused.")
    name = Text(help_text="As people say it, such as Brighton & Hove.")
    kind = Text(help_text="city, region, nation or network.")
    state = Text(default="open", help_text="open or closed; a closed tenant is read-only and off the lists.")
    nation = Text(null=True, help_text="ISO 3166-2, such as GB-WLS.")
    languages = Array(
        base_column=Text(), help_text="BCP 47, such as en and cy; all text is there at least in the first."
    )
    timezone = Text(help_text="IANA name, such as Europe/London.")
    standard_code = Text()
    review_tenant_id = UUID(null=True, help_text="Who reviews its badges; null = itself.")
    area = JSONB(null=True, help_text="RFC 7946 geometry; null for a network.")
    south = DoublePrecision(null=True)
    west = DoublePrecision(null=True)
    north = DoublePrecision(null=True)
    east = DoublePrecision(null=True)
    latitude = DoublePrecision(null=True, help_text="Of the centre: a point inside the area.")
    longitude = DoublePrecision(null=True)
    primary_colour = Text()
    accent_colour = Text()
    logo_url = Text(null=True)
    contact_url = Text(null=True, help_text="Where people reach the city.")
    origins = Array(base_column=Text(), default=list, help_text="Browsers' origins that may send a token.")
    documents = Text(default="any", help_text="any, or trusted: only published documents are answered.")
    graph_share = DoublePrecision(default=0.5, help_text="Its visitors' part of what the platform gives out.")
    retention_days = Integer(default=365, help_text="After how long what nobody claimed is forgotten.")
    sign_in = JSONB(default="{}", help_text="By which providers its people sign in; no secrets.")
    files = Text(default="managed", help_text="managed, or seed: files create and never overwrite.")
    example = Boolean(default=False, help_text="Shown on every page and node.")
    managed_by = Text(default="files")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class TenantSlug(
    PlatformTable,
    key=("slug",),
    grants={**READ_BY_ALL, "system": "SELECT, INSERT"},
    reason="Addresses outlive names: finds the tenant of a slug used once, and keeps it from others.",
):
    """A slug that a tenant has or had."""

    slug = Text()
    tenant_id = UUID()


class TenantHost(
    PlatformTable,
    key=("host",),
    grants={**READ_BY_ALL, "system": "SELECT, INSERT, UPDATE, DELETE"},
    reason="Finds the tenant by the host asked for, before the scope is known.",
):
    """A host name of a tenant's own."""

    host = Text(help_text="Lower case.")
    tenant_id = UUID()


class TenantGroup(
    PlatformTable,
    key=("tenant_id", "group_id"),
    grants={**READ_BY_ALL, "system": "SELECT, INSERT, DELETE"},
    reason="Regions and networks cross tenants by nature; being in one gives no right.",
):
    """A tenant's membership of a region or network."""

    tenant_id = UUID()
    group_id = UUID()


class TenantPlugin(
    PlatformTable,
    key=("tenant_id", "plugin"),
    grants={**READ_BY_ALL, "city": "SELECT, INSERT, UPDATE", "system": "SELECT, INSERT, UPDATE, DELETE"},
    tenant_policy=True,
    reason="Chooses the schema of a request before its scope begins; settings are kept apart.",
):
    """A plugin that a tenant switched on or off."""

    tenant_id = UUID()
    plugin = Text()
    active = Boolean(default=True)
    managed_by = Text(default="files")


class PluginSetting(TenantTable, key=("plugin",)):
    """What a tenant set for a plugin; only the tenant reads it."""

    plugin = Text(help_text="The plugin's name, such as skills_builder.")
    settings = JSONB(default="{}", help_text="As JSON; what is left out takes the plugin's default.")
    switched_at = Timestamptz(null=True, help_text="When somebody last switched the plugin on or off in the graph.")


class PluginSecret(TenantTable, key=("name",)):
    """A secret that settings of plugins name; sealed, and shown to nobody."""

    name = Text(help_text="As settings name it, such as credly-live.")
    sealed = Text(help_text="Sealed under the platform's key.")
    changed_at = Timestamptz(help_text="When it was last set.")


class CityChange(TenantTable, key=("city_id",)):
    """When a city last changed what of itself in the graph: the trace of writes to its row of the directory."""

    city_id = UUID(help_text="The tenant itself, so that the trace names it.")
    name = Timestamptz(null=True)
    languages = Timestamptz(null=True)
    primary_colour = Timestamptz(null=True)
    accent_colour = Timestamptz(null=True)
    logo_url = Timestamptz(null=True)
    contact_url = Timestamptz(null=True)


class Address(
    PlatformTable,
    grants={**READ_BY_ALL, "city": "SELECT, INSERT", "system": "SELECT"},
    tenant_policy=True,
    reason="Finds the tenant of anything asked for by id alone; holds ids only.",
):
    """Which tenant an object belongs to."""

    tenant_id = UUID()
    object_type = Text(help_text="A type of the graph: Badge, Issuer, …")


class FormerSlug(TenantTable, key=("object_type", "slug")):
    """A slug that an object had once: it redirects and is never given again."""

    object_type = Text()
    slug = Text()
    object_id = UUID()
    public = Boolean(default=False)


TABLES = (
    Tenant,
    TenantSlug,
    TenantHost,
    TenantGroup,
    TenantPlugin,
    PluginSetting,
    PluginSecret,
    CityChange,
    Address,
    FormerSlug,
)
