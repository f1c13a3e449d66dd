"""Badges in the making, and their review."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Integer, Text, Timestamptz

from waypost.db import TenantTable


class BadgeDraft(TenantTable):
    """A version of a badge in the making; its id is that of the version."""

    badge_id = UUID()
    creator_id = UUID(help_text="Whose badge it is: its members read and write the draft.")
    issuer_id = UUID(help_text="The account that will sign it.")
    state = Text(help_text="draft, submitted, changes-requested, approved or published.")
    name = Text(help_text="As the draft says it now.")
    language = Text(help_text="In which it is written first.")
    words = JSONB(help_text="All that is said of the badge.")
    findings = JSONB(default="[]", help_text="What the linter found.")
    round = Integer(default=0, help_text="How often it was submitted.")
    review_tenant_id = UUID(null=True, help_text="Who reviews it, once it was submitted.")
    submitted_by = UUID(null=True)
    submitted_at = Timestamptz(null=True, help_text="When it was submitted last.")
    due_at = Timestamptz(null=True, help_text="By when the review is promised; null while nothing is awaited of it.")
    remaining_s = Integer(null=True, help_text="What is left of the time while changes are asked for.")
    decision_id = UUID(null=True, help_text="The decision of this round.")
    given_up = Boolean(default=False, help_text="Whether its badge was retired meanwhile.")
    created_by = UUID(null=True)
    created_at = Timestamptz()
    updated_at = Timestamptz(help_text="When its words changed last.")


class BadgeDraftWriter(TenantTable, key=("draft_id", "person_id")):
    """Somebody who wrote of a draft's words or submitted it, and therefore does not review it."""

    draft_id = UUID()
    person_id = UUID()


class Review(TenantTable):
    """A submission as its curators see it; its id is that of the draft."""

    home_tenant_id = UUID()
    badge_id = UUID()
    state = Text(help_text="submitted, changes-requested, approved or withdrawn.")
    priority = Integer(help_text="0 = urgent, 1 = not.")
    name = Text(help_text="The badge's name as it was submitted.")
    creator_name = Text(help_text="Whose badge it is.")
    issuer_name = Text(help_text="The account that will sign it.")
    language = Text(help_text="In which it is written first.")
    layer = Text()
    words = JSONB(help_text="All that was said of the badge when it was submitted.")
    findings = JSONB(help_text="What the linter found, with the writers' reasons.")
    round = Integer(help_text="How often it was submitted.")
    received_at = Timestamptz(help_text="When it was first submitted.")
    submitted_at = Timestamptz(help_text="When it was submitted last.")
    due_at = Timestamptz(null=True, help_text="By when the review is promised; null while nothing is awaited of it.")
    reviewer_id = UUID(null=True)
    leased_until = Timestamptz(null=True, help_text="Until when nobody else reviews it.")
    decided_at = Timestamptz(null=True, help_text="When it was decided last.")


class ReviewMember(TenantTable, key=("review_id", "person_id")):
    """Somebody of the badge's issuer or creator, or who wrote or submitted it, and therefore does not review it."""

    review_id = UUID()
    person_id = UUID()


class ReviewComment(TenantTable):
    """What a writer or a curator said; kept at the badge's home and where it is reviewed, under one id."""

    review_id = UUID()
    round = Integer(help_text="After how many submissions it was said.")
    criterion = Integer(null=True, help_text="Which criterion is meant, from 1; null: the whole.")
    text = Text(help_text="What was said, in CommonMark.")
    by_curator = Boolean(help_text="Said by a curator; else by a writer.")
    person_id = UUID()
    made_at = Timestamptz(help_text="When it was said.")


class ReviewDecision(TenantTable):
    """What a curator decided; kept at the badge's home and where it is reviewed, under one id."""

    review_id = UUID()
    round = Integer(help_text="Which submission was decided, from 1.")
    outcome = Text(help_text="approved or changes-requested.")
    reason = Text(null=True, help_text="Why; always given where changes are asked for.")
    checklist = JSONB(default="[]", help_text="Answers to the standard's questions.")
    person_id = UUID()
    made_at = Timestamptz(help_text="When it was decided.")


class LintRule(TenantTable):
    """A tenant's own rule for the words of badges."""

    slug = Text(help_text="Its code follows from it.")
    field = Text(help_text="name, description, criteria or skills.")
    severity = Text(help_text="error or warning.")
    language = Text(null=True, help_text="In which words it holds; null: in those that badges are written in first.")
    words = JSONB(help_text="What is avoided and required, with explanation and mend.")
    state = Text(default="open", help_text="open or closed.")
    public = Boolean(default=False, help_text="Never: rules are the tenant's own.")
    managed_by = Text(default="files")
    source_id = Text(null=True)


TABLES = (LintRule, BadgeDraft, BadgeDraftWriter, Review, ReviewMember, ReviewComment, ReviewDecision)
