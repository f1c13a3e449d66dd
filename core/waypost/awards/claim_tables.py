"""Codes by which people claim badges, and requests for badges that an issuer decides."""

from __future__ import annotations

from piccolo.columns import UUID, Integer, Text, Timestamptz

from waypost.db import PlatformTable, TenantTable


class ClaimCode(TenantTable):
    """A code that gives a badge to who has it; the code itself is derived from the id and stands nowhere."""

    badge_id = UUID()
    issuer_id = UUID(help_text="The badge's, when the code was made.")
    recipient_id = UUID(null=True, help_text="For whom alone it is; null = for everybody who has it.")
    earned_in_tenant_id = UUID(null=True, help_text="The opportunity's tenant, which may be another.")
    opportunity_id = UUID(null=True)
    label = Text(null=True, help_text="Where it is handed out, for the issuer's own use.")
    opens_at = Timestamptz(null=True, help_text="From when it can be used; null = at once.")
    closes_at = Timestamptz(null=True, help_text="Until when it can be used; null = for ever.")
    most = Integer(null=True, help_text="How many people can use it; null = any number.")
    claimed = Integer(default=0, help_text="How many people have used it.")
    created_by = UUID(null=True)
    created_at = Timestamptz(help_text="When it was made.")
    cancelled_by = UUID(null=True)
    cancelled_at = Timestamptz(null=True, help_text="Since when nobody can use it any more.")


class ClaimAddress(
    PlatformTable,
    key=("digest",),
    grants={"city": "INSERT", "system": "SELECT"},
    tenant_policy=True,
    reason="Finds the tenant of a claim code before any scope is known; holds keyed digests and ids only.",
):
    """Which tenant a claim code belongs to."""

    digest = Text(help_text="Of the code, under the platform's key.")
    tenant_id = UUID()
    code_id = UUID()


class ClaimAttempt(
    PlatformTable,
    grants={"system": "SELECT, INSERT, DELETE"},
    reason="Counts the wrong codes that somebody tried in any city; holds ids and times, for an hour.",
):
    """A code that was none."""

    person_id = UUID()
    made_at = Timestamptz()


class BadgeRequest(TenantTable):
    """Somebody asks for a badge and shows what they did; the issuer decides."""

    badge_id = UUID()
    issuer_id = UUID(help_text="Who decides: the badge's, when it was asked for.")
    recipient_id = UUID()
    person_id = UUID(help_text="Who asks.")
    statement = Text(null=True, help_text="What they did, in their words; CommonMark.")
    state = Text(default="open", help_text="open, more-wanted, approved, refused or withdrawn.")
    reason = Text(null=True, help_text="Why it was refused, or what more is wanted.")
    award_id = UUID(null=True)
    requested_at = Timestamptz(help_text="When it was asked for, or last added to.")
    decided_by = UUID(null=True)
    decided_at = Timestamptz(null=True, help_text="When the issuer answered.")


class BadgeRequestEvidence(TenantTable, key=("request_id", "position")):
    """An address where what somebody did can be seen."""

    request_id = UUID()
    position = Integer(help_text="From 1.")
    url = Text()


TABLES = (ClaimCode, ClaimAddress, ClaimAttempt, BadgeRequest, BadgeRequestEvidence)
