"""What people earned, the batches in which it was given, and what was uploaded for that."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, Integer, Text, Timestamptz

from waypost.db import TenantTable


class Award(TenantTable):
    """A badge given to a recipient, in the wording they earned. Never read nationally."""

    badge_id = UUID()
    version_id = UUID()
    recipient_id = UUID()
    person_id = UUID(null=True, help_text="Whose it is to accept: the earner, or the guardian of a child under 13.")
    issuer_id = UUID()
    state = Text(help_text="offered, accepted, declined, revoked, expired or replaced.")
    awarded_at = Timestamptz(help_text="When it was earned, as the issuer says.")
    expires_at = Timestamptz(null=True, help_text="Until when it holds; null: for ever.")
    earned_in_tenant_id = UUID(help_text="Where it was earned, which may be another city.")
    opportunity_id = UUID(null=True)
    narrative = Text(null=True, help_text="What the earner did, in the issuer's words; CommonMark.")
    awarded_by = UUID(null=True, help_text="The person who gave it; null = a rule or a code did.")
    origin = Text(default="issuer", help_text="How it came about: issuer, batch, claim, request or pathway.")
    origin_id = UUID(null=True, help_text="The code, request or pathway that it came from.")
    batch_id = UUID(null=True, help_text="The batch it was given in.")
    decided_at = Timestamptz(null=True, help_text="When it was accepted or declined.")
    revoked_at = Timestamptz(null=True, help_text="When it was taken back.")
    revoked_reason = Text(null=True, help_text="Why it was taken back.")
    replaced_by_id = UUID(null=True)
    reminded_at = Timestamptz(null=True, help_text="When its holder was told that it will expire.")
    created_at = Timestamptz(help_text="When it was given, whenever it was earned.")


class AwardEvidence(TenantTable, key=("award_id", "position")):
    """An address where what the earner did can be seen."""

    award_id = UUID()
    position = Integer(help_text="From 1.")
    url = Text()


class AwardPolicy(TenantTable, key=("badge_id",)):
    """How often one recipient can be given a badge; without a row once."""

    badge_id = UUID()
    repeats = Text(help_text="once, once-a-version, after-expiry or always.")
    public = Boolean(default=True, help_text="Nothing here is secret.")


class AwardBatch(TenantTable):
    """Awards given together, under the id of the job that people watch."""

    badge_id = UUID(null=True, help_text="For lines that name no badge.")
    issuer_id = UUID(null=True, help_text="Whose badges may be given; null = any of the tenant's.")
    upload_id = UUID(null=True, help_text="The file; null for a list.")
    awarded_by = UUID(null=True)
    skip_held = Boolean(default=False, help_text="Whether who has a badge already is left out, or stops it all.")
    lines = Integer(default=0, help_text="How many lines of the file have been carried out.")
    awarded = Integer(default=0, help_text="How many awards there are of it.")
    checked = Boolean(default=False, help_text="Whether the whole file was found good.")
    created_at = Timestamptz()
    undo_until = Timestamptz()
    undone_at = Timestamptz(null=True)


class Upload(TenantTable):
    """A file that somebody sends before the mutation that needs it; gone after an hour."""

    person_id = UUID(help_text="Who sends it, and alone may use it.")
    purpose = Text(help_text="awards or framework.")
    media_type = Text()
    size = Integer(help_text="In bytes, as announced.")
    complete = Boolean(default=False)
    sendings = Integer(default=0, help_text="How often its bytes were begun to be sent; the last one counts.")
    used = Boolean(default=False, help_text="Whether something is done with it, so that it is not sent anew.")
    created_at = Timestamptz()
    expires_at = Timestamptz()


class UploadChunk(TenantTable, key=("upload_id", "position"), unaudited="Follows from the upload."):
    """A part of an upload's bytes, so that every process has them."""

    upload_id = UUID()
    position = Integer(help_text="From 0.")
    content = Bytea()


TABLES = (Award, AwardEvidence, AwardPolicy, AwardBatch, Upload, UploadChunk)
