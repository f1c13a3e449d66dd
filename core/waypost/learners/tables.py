"""People as a tenant knows them, often before they have any account."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import PersonTable, TenantTable


class Recipient(TenantTable):
    """Somebody, or an organisation, that can be given a badge. Never read nationally."""

    kind = Text(help_text="person or organisation.")
    display_name = Text()
    address = Text(null=True)
    person_id = UUID(null=True, help_text="Once they have an account.")
    birth_year = Integer(null=True)
    guardian_address = Text(null=True)
    created_at = Timestamptz()


class JoinedPathway(PersonTable, key=("tenant_id", "pathway_id")):
    """A pathway that somebody set out on. Nobody else sees it, the city neither."""

    tenant_id = UUID()
    pathway_id = UUID()
    joined_at = Timestamptz()


class SavedOpportunity(PersonTable, key=("tenant_id", "opportunity_id")):
    """Something that somebody wants to come back to. Nobody else sees it, the city neither."""

    tenant_id = UUID()
    opportunity_id = UUID()
    saved_at = Timestamptz()


TABLES = (Recipient, JoinedPathway, SavedOpportunity)
