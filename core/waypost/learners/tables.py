"""People as a tenant knows them, often before they have any account."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import PersonTable, TenantTable


class Recipient(TenantTable):
    """Somebody, or an organisation, that can be given a badge. Never read nationally."""

    kind = Text(help_text="person or organisation.")
    display_name = Text(help_text="As who first named them does; what other issuers call them is a RecipientName.")
    address = Text(null=True, help_text="Where letters go; null: they claim by a code that the issuer hands over.")
    person_id = UUID(null=True, help_text="The person behind the address, whether they ever signed in or not.")
    birth_year = Integer(null=True)
    guardian_address = Text(null=True, help_text="Under 13 the only address that is written to.")
    guardian_id = UUID(null=True, help_text="The person behind the guardian's address.")
    issuer_id = UUID(null=True, help_text="Of an organisation that is also an issuer here: its people accept.")
    reference = Text(null=True, help_text="An issuer's own, such as a pupil's number.")
    reference_issuer_id = UUID(null=True, help_text="Whose reference it is.")
    first_issuer_id = UUID(null=True, help_text="The issuer for whom they were first named.")
    created_at = Timestamptz()


class RecipientName(
    TenantTable, key=("recipient_id", "issuer_id"), unaudited="It follows from what they are given, or ask for."
):
    """How an issuer calls a recipient whom another issuer named otherwise before."""

    recipient_id = UUID()
    issuer_id = UUID()
    name = Text()


class KnownIn(PersonTable, key=("tenant_id",), grants={"system": "SELECT, INSERT, UPDATE, DELETE"}):
    """A tenant that knows a person as a recipient: where what they earned is looked for."""

    tenant_id = UUID()
    noted_at = Timestamptz(help_text="When that was last seen to, give or take an hour.")


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


TABLES = (Recipient, RecipientName, KnownIn, JoinedPathway, SavedOpportunity)
