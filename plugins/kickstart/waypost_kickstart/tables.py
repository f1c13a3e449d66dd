"""Gateways, applications and placements."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Date, Integer, Numeric, Text, Timestamptz

from waypost.db import TenantTable

SCHEMA = "plugin_kickstart"


class Gateway(TenantTable, key=("issuer_id",), tablename="kickstart_gateway", schema=SCHEMA):
    """An issuer that applied for several employers together."""

    issuer_id = UUID()
    since = Date(help_text="When it became a gateway.")
    until = Date(null=True, help_text="Its last day as one; null while it is one.")
    public = Boolean(default=True, help_text="Always: employers choose among gateways.")


class Application(TenantTable, tablename="kickstart_application", schema=SCHEMA):
    """An employer's application for placements."""

    employer_id = UUID()
    gateway_id = UUID(null=True)
    placements = Integer(help_text="For how many placements.")
    applied_on = Date(help_text="The day whose rules it was held against.")
    state = Text(default="open", help_text="open, accepted or refused.")
    reason = Text(null=True, help_text="What the employer was told with the decision.")
    decided_by = UUID(null=True)
    decided_at = Timestamptz(null=True, help_text="When it was decided.")


class Placement(TenantTable, key=("opportunity_id",), tablename="kickstart_placement", schema=SCHEMA):
    """An opportunity as a Kickstart placement."""

    opportunity_id = UUID()
    work_nation = Text(help_text="england, scotland, wales or northern-ireland.")
    hours_per_week = Numeric(digits=(4, 1), help_text="Hours of work a week.")
    months = Integer(help_text="How long the job lasts.")
    pays_minimum_wage = Boolean(help_text="Whether it pays at least the minimum wage for the age.")
    new_job = Boolean(help_text="Whether it replaces nobody and cuts nobody's hours.")
    extensive_training = Boolean(help_text="Whether it asks for extensive training before it begins.")
    places = Integer(help_text="For how many young people.")
    public = Boolean(default=False, help_text="Copied from the opportunity.")


TABLES = (Gateway, Application, Placement)
