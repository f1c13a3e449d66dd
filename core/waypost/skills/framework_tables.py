"""Frameworks of skills: the country's, which operators import, and those of a tenant's own."""

from __future__ import annotations

from typing import Final

from piccolo.columns import UUID, Array, Date, Integer, Text, Timestamptz

from waypost.db import ReferenceTable, TenantTable

_FOLLOWS: Final = "Follows from the import of its framework."


class FrameworkFacts:
    """What is kept of a framework, whosever it is. Its id is the identifier that its publisher gave it."""

    uri = Text(help_text="The publisher's own address of it.")
    title = Text(help_text="As its publisher calls it.")
    creator = Text(help_text="Who made it.")
    publisher = Text(null=True, help_text="Who publishes it.")
    description = Text(null=True, help_text="What it is about, in its publisher's words.")
    language = Text(null=True, help_text="Of its words, such as en.")
    version = Text(null=True, help_text="Its publisher's own numbering, such as 2.0.")
    status = Text(null=True, help_text="Such as Adopted, Draft or Deprecated.")
    kind = Text(null=True, help_text="What kind of framework its publisher says it is.")
    official_url = Text(null=True, help_text="Where its publisher shows it to people.")
    licence_url = Text(null=True, help_text="The licence of its words.")
    licence = Text(null=True, help_text="The licence's name.")
    notes = Text(null=True, help_text="What its publisher adds.")
    starts_on = Date(null=True, help_text="From when its publisher says it holds.")
    ends_on = Date(null=True, help_text="Until when its publisher says it holds.")
    source = Text(help_text="Where it was read: file, address, or plugin:….")
    changed_at = Timestamptz(help_text="When its publisher last changed it.")
    imported_at = Timestamptz(help_text="When it was last read here.")


class ItemFacts:
    """What is kept of an item, and where it stands in its tree; what vanished from its framework is retired."""

    framework_id = UUID()
    uri = Text(help_text="The publisher's own address of it: what a credential names as its target.")
    statement = Text(help_text="What it says, in full.")
    name = Text(null=True, help_text="Its short form.")
    code = Text(null=True, help_text="As people write it, such as 2.0/listening.")
    kind = Text(null=True, help_text="What its framework calls such items, such as Skill or Step.")
    notes = Text(null=True, help_text="What its publisher adds.")
    language = Text(null=True, help_text="Of its words, where it is not the framework's.")
    education_level = Text(null=True, help_text="For which levels of education it is meant.")
    licence_url = Text(null=True, help_text="Where it has a licence of its own.")
    starts_on = Date(null=True, help_text="From when its publisher says it holds.")
    ends_on = Date(null=True, help_text="Until when its publisher says it holds.")
    search_words = Text(help_text="Code, name and statement, folded: what is searched.")
    parent_id = UUID(null=True)
    path = Array(base_column=UUID(), help_text="From the top to the item itself.")
    depth = Integer(help_text="1 at the top.")
    place = Integer(help_text="Among its siblings, from 1.")
    position = Integer(help_text="In the whole framework, depth first, from 1.")
    last = Integer(help_text="The position of the last item below it.")
    changed_at = Timestamptz(help_text="When its publisher last changed it.")
    retired_at = Timestamptz(null=True, help_text="Since when its framework does not have it any more.")


class AssociationFacts:
    """What one framework says of two items, also across frameworks."""

    framework_id = UUID()
    uri = Text(help_text="The publisher's own address of it.")
    type = Text(help_text="Such as exactMatchOf, isRelatedTo, isPeerOf, precedes, isChildOf.")
    origin_id = UUID(null=True)
    origin_uri = Text(help_text="Of the item that it starts from.")
    origin_title = Text(null=True, help_text="What the framework calls the item that it starts from.")
    destination_id = UUID(null=True)
    destination_uri = Text(help_text="Of what it leads to: an item, or a page.")
    destination_title = Text(null=True, help_text="What the framework calls what it leads to.")
    sequence = Integer(null=True, help_text="Its number among those of one kind, where the framework gives one.")
    notes = Text(null=True, help_text="What its publisher adds.")
    changed_at = Timestamptz(help_text="When its publisher last changed it.")
    retired_at = Timestamptz(null=True)


class Framework(FrameworkFacts, ReferenceTable):
    """A framework of the whole country."""


class FrameworkItem(ItemFacts, ReferenceTable):
    """One item of a framework of the country."""


class FrameworkAssociation(AssociationFacts, ReferenceTable):
    """What a framework of the country says of two items."""


class OwnFramework(FrameworkFacts, TenantTable):
    """A framework that one tenant imported for itself."""


class OwnFrameworkItem(ItemFacts, TenantTable, unaudited=_FOLLOWS):
    """One item of a tenant's own framework."""


class OwnFrameworkAssociation(AssociationFacts, TenantTable, unaudited=_FOLLOWS):
    """What a tenant's own framework says of two items."""


class AnyFramework(FrameworkFacts, ReferenceTable):
    """The country's frameworks and the tenant's own. No table: what a city's statement puts together."""


class AnyFrameworkItem(ItemFacts, ReferenceTable):
    """Their items. No table."""


class AnyFrameworkAssociation(AssociationFacts, ReferenceTable):
    """Their associations. No table."""


TABLES: Final = (
    Framework,
    FrameworkItem,
    FrameworkAssociation,
    OwnFramework,
    OwnFrameworkItem,
    OwnFrameworkAssociation,
)
