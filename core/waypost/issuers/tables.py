"""Organisations and their presence in a tenant."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, DoublePrecision, Text, Timestamptz

from waypost.db import PlatformTable, TenantTable


class Organisation(
    PlatformTable,
    grants={
        "city": "SELECT, INSERT",
        "national": "SELECT",
        "learner": "SELECT",
        "system": "SELECT, UPDATE",
    },
    reason="One in the platform, so that its presence in several tenants is recognised; public facts only.",
):
    """A school, charity, employer or council, once in the platform."""

    slug = Text()
    name = Text()
    kind = Text()
    charity_number = Text(null=True)
    company_number = Text(null=True)
    ukprn = Text(null=True, help_text="UK Provider Reference Number.")
    urn = Text(null=True, help_text="Unique Reference Number of a school.")
    url = Text(null=True)


class Issuer(TenantTable):
    """An organisation's presence in a tenant: it issues, provides, employs or endorses."""

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    name = Text()
    kind = Text(help_text="The organisation's, such as school, charity, company or council.")  # a city reads no other
    organisation_id = UUID()
    parent_id = UUID(null=True)
    url = Text(null=True, help_text="Its own pages.")
    logo_url = Text(null=True, help_text="An image of its logo.")
    latitude = DoublePrecision(null=True)
    longitude = DoublePrecision(null=True)
    verified = Boolean(default=False, help_text="Whether the city knows that it is who it says it is.")
    state = Text(default="open", help_text="open or closed.")
    public = Boolean(default=False)
    managed_by = Text(default="graph", help_text="files, graph, feed:… or demo: who may change the row.")
    source_id = Text(null=True, help_text="File and key, or the feed's own id.")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class IssuerText(TenantTable, key=("issuer_id", "language")):
    """An issuer's words in one language."""

    issuer_id = UUID()
    language = Text()
    original = Boolean()
    name = Text()
    description = Text(null=True)
    public = Boolean(default=False)


class IssuerRole(TenantTable, key=("issuer_id", "role")):
    """What an issuer does here: issues, provides, employs, endorses."""

    issuer_id = UUID()
    role = Text()
    public = Boolean(default=False)


TABLES = (Organisation, Issuer, IssuerText, IssuerRole)
