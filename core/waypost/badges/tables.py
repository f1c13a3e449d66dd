"""Badges, the versions that hold their words, and what is borrowed from other tenants."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Integer, Numeric, Text, Timestamptz

from waypost.db import TenantTable


class Badge(TenantTable):
    """A recognition that an issuer offers. Its words live in `BadgeVersion`."""

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    name = Text(help_text="Of the version in force; copied here because lists are ordered by it.")
    issuer_id = UUID(help_text="The account that signs.")
    creator_id = UUID(help_text="Whose badge it is.")
    version_id = UUID(null=True, help_text="The version in force; null before the first is published.")
    layer = Text(null=True, help_text="Of the version in force.")
    state = Text(help_text="draft, submitted, changes-requested, approved, published or retired.")
    image_url = Text(null=True, help_text="The picture of the badge.")
    image_alt = Text(null=True, help_text="What the picture shows, for who does not see it.")
    audience = Text(default="person", help_text="person or organisation: who earns it.")
    category = Text(null=True)
    level = Text(null=True)
    time_to_earn = Text(null=True)
    free = Boolean(null=True)
    price = Numeric(digits=(10, 2), null=True)
    currency = Text(null=True, help_text="ISO 4217.")
    cost_note = Text(null=True)
    urgent = Boolean(default=False, help_text="Whether the city asks for it now more than usual.")
    retired_at = Timestamptz(null=True)
    replaced_by_id = UUID(null=True)
    derived_from_tenant_id = UUID(null=True, help_text="Where it was cloned from, with attribution.")
    derived_from_id = UUID(null=True)
    public = Boolean(default=False, help_text="Stays true when the badge is retired.")
    managed_by = Text(default="graph", help_text="files, graph, feed:… or demo: who may change the row.")
    source_id = Text(null=True, help_text="File and key, or the feed's own id.")
    created_at = Timestamptz()
    updated_at = Timestamptz()


class BadgeVersion(TenantTable, sealed=True):
    """One wording of a badge, from draft to published; after that it never changes."""

    badge_id = UUID()
    number = Integer(help_text="Counted from 1, in the order of publishing.")
    name = Text()
    state = Text(help_text="draft, submitted, changes-requested, approved or published.")
    layer = Text(help_text="A city may move to another standard, old versions keep theirs.")
    published_at = Timestamptz(null=True, help_text="Since when it holds; null for a draft.")
    public = Boolean(default=False)


class BadgeText(TenantTable, key=("version_id", "language"), sealed=True):
    """A version's words in one language."""

    version_id = UUID()
    language = Text()
    original = Boolean()
    name = Text()
    description = Text(help_text="CommonMark.")
    public = Boolean(default=False)


class Criterion(TenantTable, sealed=True):
    """One thing an earner has done."""

    version_id = UUID()
    position = Integer(help_text="From 1.")
    required = Boolean(default=True, help_text="Whether the badge cannot be earned without it.")
    public = Boolean(default=False)


class CriterionText(TenantTable, key=("criterion_id", "language"), sealed=True):
    """A criterion's words in one language."""

    criterion_id = UUID()
    language = Text()
    original = Boolean()
    text = Text(help_text="CommonMark.")
    public = Boolean(default=False)


class CriterionSkill(TenantTable, key=("criterion_id", "skill_id"), sealed=True):
    """A skill that meeting a criterion shows."""

    criterion_id = UUID()
    skill_id = UUID()
    public = Boolean(default=False)


class BadgeSkill(TenantTable, key=("version_id", "skill_id"), sealed=True):
    """A skill that earning a badge shows."""

    version_id = UUID()
    skill_id = UUID()
    public = Boolean(default=False)


class Endorsement(TenantTable):
    """What another organisation says of a badge or of an issuer; public once the endorsed has accepted it.

    Where the two are of two tenants, each has a row of it; that of the endorsed is the public one.
    """

    home_tenant_id = UUID(help_text="Whose badge or issuer it is.")
    badge_id = UUID(null=True)
    issuer_id = UUID(null=True, help_text="Where an issuer is endorsed, and no badge.")
    endorser_id = UUID()
    endorser_tenant_id = UUID(help_text="The endorser's tenant.")
    endorsed_id = UUID(help_text="The issuer that decides: the one endorsed, or the badge's.")
    comment = Text(null=True, help_text="What the endorser says of it.")
    state = Text(default="offered", help_text="offered, accepted, refused or withdrawn.")
    reason = Text(null=True, help_text="Why it was refused or withdrawn.")
    valid_from = Timestamptz(help_text="Since when the endorser stands behind it.")
    offered_by = UUID(null=True, help_text="Who gave the endorser's word.")
    offered_at = Timestamptz(help_text="When the endorser gave its word.")
    decided_by = UUID(null=True, help_text="Who accepted, refused or withdrew it.")
    decided_at = Timestamptz(null=True, help_text="When it was accepted, refused or withdrawn.")
    given = Integer(default=1, help_text="How often the endorser has spoken; of two rows the higher counts.")
    decided = Integer(default=0, help_text="How often the endorsed has decided.")
    public = Boolean(default=False)


class Borrowed(TenantTable):
    """Another tenant's badge or opportunity, shown here: the home tenant's public facts, kept true."""

    home_tenant_id = UUID()
    object_type = Text(help_text="badge or opportunity.")
    object_id = UUID()
    version = Integer(null=True, help_text="Number of the badge's version in force when last checked.")
    name = Text()
    layer = Text(null=True)
    image_url = Text(null=True)
    state = Text(help_text="The object's state at home.")
    replaced_by = UUID(null=True, help_text="Its successor at home.")
    checked_at = Timestamptz()
    public = Boolean(default=False)


class Collection(TenantTable):
    """An issuer's badges, put in an order under a name."""

    slug = Text(help_text="Unique in the tenant; part of public addresses, so never reused.")
    issuer_id = UUID()
    name = Text(help_text="As it is shown, such as First Steps in Film.")
    description = Text(help_text="What its badges have in common; CommonMark.")
    state = Text(default="open", help_text="open or closed.")
    public = Boolean(default=False)
    managed_by = Text(default="graph")
    source_id = Text(null=True)
    created_at = Timestamptz()
    updated_at = Timestamptz()


class CollectionBadge(TenantTable, key=("collection_id", "badge_id")):
    """A badge in a collection."""

    collection_id = UUID()
    badge_id = UUID()
    position = Integer(help_text="From 1.")
    public = Boolean(default=False)


TABLES = (
    Badge,
    BadgeVersion,
    BadgeText,
    Criterion,
    CriterionText,
    CriterionSkill,
    BadgeSkill,
    Endorsement,
    Borrowed,
    Collection,
    CollectionBadge,
)
