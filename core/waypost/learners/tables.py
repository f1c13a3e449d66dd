"""People as a tenant knows them, often before they have any account."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import TenantTable


class Recipient(TenantTable):
    """Somebody, or an organisation, that can be given a badge. Never read nationally."""

    kind = Text(help_text="person or organisation.")
    display_name = Text()
    address = Text(null=True)
    person_id = UUID(null=True, help_text="Once they have an account.")
    birth_year = Integer(null=True)
    guardian_address = Text(null=True)
    created_at = Timestamptz()


TABLES = (Recipient,)
