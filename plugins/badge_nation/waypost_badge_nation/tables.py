"""Memberships, templates and invoice lines of a network; what cities accept; what they may know of one another."""

from __future__ import annotations

from piccolo.columns import UUID, Date, Integer, Numeric, Text, Timestamptz

from waypost.db import PlatformTable, TenantTable

SCHEMA = "plugin_badge_nation"
MONEY = (10, 2)
OWN = {"city": "SELECT, INSERT, UPDATE, DELETE"}


class Membership(TenantTable, tablename="nation_membership", schema=SCHEMA):
    """An organisation's membership in this network; a renewal is a membership of its own."""

    organisation_id = UUID()
    organisation_slug = Text(help_text="The organisation's, the same in all cities.")
    organisation_name = Text(help_text="As the platform knew it when the membership was agreed.")
    starts_on = Date(help_text="Its first day.")
    ends_on = Date(help_text="Its last day.")
    allowance = Integer(help_text="How many quality-assured templates are within it.")
    net = Numeric(digits=MONEY, help_text="In pounds, without VAT.")
    vat = Numeric(digits=MONEY, help_text="Value added tax on the net amount.")
    gross = Numeric(digits=MONEY, help_text="Both together: what is paid.")
    reminded_days = Integer(null=True, help_text="How many days before its end somebody was reminded last.")
    created_at = Timestamptz(help_text="When it was agreed.")


class Template(TenantTable, tablename="nation_template", schema=SCHEMA):
    """A template that a city's issuer submitted to this network; its id is that of the draft."""

    organisation_id = UUID()
    membership_id = UUID(null=True)
    home_tenant_id = UUID()
    badge_id = UUID()
    badge_name = Text(help_text="As it was called when it was counted.")
    settled = Text(help_text="allowance, charged or waived.")
    net = Numeric(digits=MONEY, null=True, help_text="In pounds, without VAT.")
    vat = Numeric(digits=MONEY, null=True, help_text="Value added tax on the net amount.")
    gross = Numeric(digits=MONEY, null=True, help_text="Both together: what is paid.")
    submitted_on = Date(help_text="When it was submitted first.")


class InvoiceLine(TenantTable, tablename="nation_invoice_line", schema=SCHEMA):
    """One thing to be paid by an organisation; never changed afterwards."""

    dated_on = Date(help_text="When it was agreed or submitted.")
    organisation_id = UUID()
    organisation_name = Text(help_text="The organisation that pays.")
    kind = Text(help_text="membership or template.")
    home_tenant_id = UUID(null=True)
    city_name = Text(null=True, help_text="Whose badge it is; null for memberships, which hold in all cities.")
    badge_name = Text(null=True, help_text="The badge whose template was reviewed; null for memberships.")
    net = Numeric(digits=MONEY, help_text="In pounds, without VAT.")
    vat = Numeric(digits=MONEY, help_text="Value added tax on the net amount.")
    gross = Numeric(digits=MONEY, help_text="Both together: what is paid.")


class Charge(TenantTable, tablename="nation_charge", schema=SCHEMA):
    """What a template of this city costs, or that it costs nothing; its id is that of the draft."""

    badge_id = UUID()
    network_id = UUID()
    settled = Text(help_text="accepted, allowance, charged or waived.")
    net = Numeric(digits=MONEY, null=True, help_text="In pounds, without VAT.")
    vat = Numeric(digits=MONEY, null=True, help_text="Value added tax on the net amount.")
    gross = Numeric(digits=MONEY, null=True, help_text="Both together: what is paid.")
    accepted_by = UUID(null=True)
    accepted_at = Timestamptz(null=True, help_text="When an admin of the issuer accepted the price.")
    settled_at = Timestamptz(null=True, help_text="When the network counted it.")


class Network(
    PlatformTable,
    key=("network_id",),
    tablename="nation_network",
    schema=SCHEMA,
    grants=OWN,
    tenant_policy="network_id",
    reason="Tells a city before it submits that its reviewer charges; holds ids only.",
):
    """A network that charges for what it reviews."""

    network_id = UUID()


class Standing(
    PlatformTable,
    tablename="nation_standing",
    schema=SCHEMA,
    grants=OWN,
    tenant_policy="network_id",
    reason="Tells a city what its organisations have left of a membership in a network; ids, days and numbers only.",
):
    """A membership as cities may know it; its id is the membership's."""

    network_id = UUID()
    organisation_id = UUID()
    starts_on = Date(help_text="Its first day.")
    ends_on = Date(help_text="Its last day.")
    allowance = Integer(help_text="How many quality-assured templates are within it.")
    used = Integer(help_text="How many templates were counted, those beyond the allowance too.")


TABLES = (Membership, Template, InvoiceLine, Charge, Network, Standing)
