"""Issuing accounts and what was given by them: the owner's rows first, then those of who may use one."""

from __future__ import annotations

from typing import Final

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Integer, Text, Timestamptz

from waypost.db import TenantTable

FOLLOWS: Final = "Follows from awards and from what the platform says; what people decided is told by its own rows."


class IssuingAccount(TenantTable):
    """An account with an issuing platform, of the tenant that owns it. Never read by others."""

    connector = Text(help_text="The platform's connector, such as `credly`.")
    plugin = Text(help_text="The plugin that brings it.")
    name = Text(help_text="As the tenant calls it.")
    settings = JSONB(help_text="By the connector's schema; secrets are named, and kept elsewhere.")
    state = Text(default="on", help_text="on, failing or off.")
    problem = Text(null=True, help_text="Why it fails.")
    created_at = Timestamptz(help_text="When it was added here.")
    checked_at = Timestamptz(null=True, help_text="When it last worked.")
    reconciled_at = Timestamptz(null=True, help_text="When everything there was last compared with everything here.")
    elsewhere = Integer(default=0, help_text="How many badges were found there that Waypost has not given.")


class IssuingShare(TenantTable):
    """An issuer, of this or another tenant, that may give badges by an account."""

    account_id = UUID()
    member_tenant_id = UUID(help_text="Whose issuer it is.")
    issuer_id = UUID()
    state = Text(default="on", help_text="on or off.")
    created_at = Timestamptz(help_text="When the issuer was first let use it.")


class IssuingTemplate(TenantTable, key=("account_id", "template_id"), unaudited=FOLLOWS):
    """A template as the platform last told it, and its figures."""

    account_id = UUID()
    template_id = Text(help_text="The platform's own.")
    name = Text(help_text="As the platform calls it.")
    state = Text(help_text="draft, active or archived.")
    duplicates = Boolean(help_text="Whether the platform gives one earner several.")
    url = Text(null=True, help_text="Where it can be seen.")
    read_at = Timestamptz(help_text="When the platform was last asked for it.")
    counted_at = Timestamptz(null=True, help_text="When the figures were pulled.")
    issued = BigInt(null=True)
    accepted = BigInt(null=True)
    pending = BigInt(null=True)
    rejected = BigInt(null=True)
    revoked = BigInt(null=True)


class IssuingEntry(TenantTable, unaudited=FOLLOWS):
    """What an account gave for one award, of whichever tenant: ids and states, nothing of the person."""

    account_id = UUID()
    member_tenant_id = UUID(help_text="Whose award it is.")
    award_id = UUID()
    issuer_id = UUID()
    template_id = Text()
    earner = Text(help_text="How the platform knows the earner from us; leads to nobody without the member's rows.")
    state = Text(help_text="due, sending, doubtful, failed, withdrawn, missing, or as the platform says.")
    external_id = Text(null=True)
    url = Text(null=True)
    replaces_id = UUID(null=True, help_text="The entry in whose place it stands.")
    attempts = Integer(default=0, help_text="How often it was begun to be sent.")
    begun_at = Timestamptz(null=True, help_text="When it was last begun.")
    problem = Text(null=True)
    created_at = Timestamptz()
    changed_at = Timestamptz()
    seen_at = Timestamptz(null=True, help_text="When it was last seen at the platform.")


class IssuingDrift(TenantTable):
    """A difference between here and the platform, and whether it was mended."""

    account_id = UUID()
    kind = Text(help_text="unknown-here, missing-there or other-state.")
    external_id = Text()
    entry_id = UUID(null=True)
    difference = Text(help_text="What differs, in words for people.")
    state = Text(help_text="open, mended or settled.")
    found_at = Timestamptz(help_text="When it was noticed.")
    mended_at = Timestamptz(null=True, help_text="When it was mended or seen to.")


class IssuingGrant(TenantTable, unaudited="Copied from the owner's share."):
    """Leave to give badges of one issuer by somebody's account."""

    account_id = UUID()
    home_tenant_id = UUID(help_text="Whose account it is.")
    issuer_id = UUID()
    connector = Text()
    platform = Text(help_text="How people call the platform.")
    name = Text(help_text="As the owner calls the account.")
    state = Text(help_text="on or off.")
    granted_at = Timestamptz(help_text="When this tenant first heard of it.")


class IssuingLink(TenantTable):
    """A badge, and the template at a platform that is given for it."""

    badge_id = UUID()
    grant_id = UUID()
    account_id = UUID()
    home_tenant_id = UUID()
    template_id = Text(null=True, help_text="The platform's own; null while it is looked for by the badge's name.")
    template_name = Text(null=True, help_text="As the platform calls the template.")
    template_url = Text(null=True, help_text="Where the template can be seen.")
    by_hand = Boolean(help_text="Whether somebody named the template, or it was found by the badge's name.")
    state = Text(help_text="asked, linked, refused or off.")
    problem = Text(null=True, help_text="Why no template could be taken.")
    created_at = Timestamptz(help_text="When the badge was first linked.")
    changed_at = Timestamptz()


class IssuingConsent(TenantTable):
    """That a person agreed, for their own or their child's awards, to what an account sends to its platform."""

    person_id = UUID()
    account_id = UUID()
    platform = Text(help_text="As it was called when they agreed.")
    given_at = Timestamptz(help_text="When they agreed, last.")
    withdrawn_at = Timestamptz(null=True, help_text="When they withdrew it; null while it holds.")


class IssuingRecord(TenantTable, unaudited=FOLLOWS):
    """What became of an award at a platform, as its tenant and its earner see it."""

    award_id = UUID()
    issuer_id = UUID()
    link_id = UUID()
    account_id = UUID()
    home_tenant_id = UUID()
    platform = Text(help_text="How people call the platform.")
    state = Text(help_text="needs-consent, not-sent, or as the owner's entry says.")
    external_id = Text(null=True, help_text="The platform's own id of the badge there.")
    url = Text(null=True, help_text="Where the badge can be seen there.")
    problem = Text(null=True, help_text="Why it was not given, in words that name nobody.")
    created_at = Timestamptz(help_text="When it was first considered.")
    changed_at = Timestamptz(help_text="When its state last changed.")


TABLES = (
    IssuingAccount,
    IssuingShare,
    IssuingTemplate,
    IssuingEntry,
    IssuingDrift,
    IssuingGrant,
    IssuingLink,
    IssuingConsent,
    IssuingRecord,
)
