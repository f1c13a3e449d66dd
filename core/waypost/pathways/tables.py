"""Pathways as trees of steps, through badges of any tenant."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Integer, Text, Timestamptz

from waypost.db import TenantTable


class Pathway(TenantTable):
    """A way through badges towards a job, a course or a cause."""

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    name = Text()
    issuer_id = UUID()
    rule_kind = Text(default="all", help_text="all, any or at-least, over the top steps.")
    rule_required = Integer(null=True, help_text="How many, for at-least.")
    completion_badge_id = UUID(null=True, help_text="Awarded when the rule is met.")
    state = Text(default="draft", help_text="draft, published or retired.")
    public = Boolean(default=False, help_text="Stays true when the pathway is retired.")
    managed_by = Text(default="graph", help_text="files, graph, feed:… or demo: who may change the row.")
    source_id = Text(null=True, help_text="File and key, or the feed's own id.")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class PathwayText(TenantTable, key=("pathway_id", "language")):
    """A pathway's words in one language."""

    pathway_id = UUID()
    language = Text()
    original = Boolean()
    name = Text()
    description = Text(help_text="CommonMark.")
    public = Boolean(default=False)


class PathwayInterest(TenantTable, key=("pathway_id", "interest")):
    """An interest that a pathway speaks to."""

    pathway_id = UUID()
    interest = Text()
    public = Boolean(default=False)


class Step(TenantTable):
    """One step of a pathway, with steps of its own below it."""

    pathway_id = UUID()
    parent_id = UUID(null=True)
    key = Text(help_text="Unique in the pathway; keeps the step's id when others move.")
    position = Integer(help_text="In the whole tree, depth first, from 1.")
    depth = Integer(help_text="1 at the top, at most 6.")
    rule_kind = Text(default="all", help_text="all, any or at-least, over its badges and steps.")
    rule_required = Integer(null=True)
    optional = Boolean(default=False, help_text="Whether the pathway is complete without it.")
    public = Boolean(default=False)


class StepText(TenantTable, key=("step_id", "language")):
    """A step's words in one language."""

    step_id = UUID()
    language = Text()
    original = Boolean()
    title = Text()
    public = Boolean(default=False)


class StepBadge(TenantTable, key=("step_id", "badge_id")):
    """A badge to earn at a step; another tenant's comes through `Borrowed`."""

    step_id = UUID()
    badge_id = UUID()
    home_tenant_id = UUID()
    borrowed_id = UUID(null=True)
    pathway_id = UUID(help_text="The step's, so that a badge finds its pathways in one look.")
    position = Integer(help_text="From 1.")
    public = Boolean(default=False)


class StepOpportunity(TenantTable, key=("step_id", "opportunity_id")):
    """An opportunity that helps with a step; another tenant's comes through `Borrowed`."""

    step_id = UUID()
    opportunity_id = UUID()
    home_tenant_id = UUID()
    borrowed_id = UUID(null=True)
    pathway_id = UUID()
    position = Integer(help_text="From 1.")
    public = Boolean(default=False)


class PathwayOutcome(TenantTable, key=("pathway_id", "opportunity_id")):
    """Where a pathway leads: an opportunity at its end."""

    pathway_id = UUID()
    opportunity_id = UUID()
    position = Integer(help_text="From 1.")
    public = Boolean(default=False)


TABLES = (
    Pathway,
    PathwayText,
    PathwayInterest,
    Step,
    StepText,
    StepBadge,
    StepOpportunity,
    PathwayOutcome,
)
