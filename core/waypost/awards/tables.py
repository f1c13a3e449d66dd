"""What people earned."""

from __future__ import annotations

from piccolo.columns import UUID, Text, Timestamptz

from waypost.db import TenantTable


class Award(TenantTable):
    """A badge given to a recipient, in the wording they earned. Never read nationally."""

    badge_id = UUID()
    version_id = UUID()
    recipient_id = UUID()
    issuer_id = UUID()
    state = Text(help_text="offered, accepted, declined, revoked, expired or replaced.")
    awarded_at = Timestamptz()
    expires_at = Timestamptz(null=True)
    earned_in_tenant_id = UUID(help_text="Where it was earned, which may be another city.")
    opportunity_id = UUID(null=True)


TABLES = (Award,)
