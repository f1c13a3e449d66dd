"""Local schemes, and what stands on opportunities about schemes of any kind."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Date, Text

from waypost.db import TenantTable


class Scheme(TenantTable):
    """A tenant's own scheme. Those of plugins stand in no table."""

    slug = Text(help_text="Unique in the tenant; with the tenant's slug before it, its code.")
    language = Text(help_text="Of the words that stand in the entry itself, BCP 47.")
    definition = JSONB(help_text="The scheme as its file says it: facts, windows, rules, funding.")
    state = Text(default="open", help_text="open; closed: no more in the files, and readable for ever.")
    public = Boolean(default=True, help_text="Always: a scheme is there to be read.")
    managed_by = Text(default="files")
    source_id = Text(null=True)


class OpportunityScheme(TenantTable, key=("opportunity_id", "local", "scheme")):
    """An opportunity that is a placement of a scheme, with the facts that the scheme's rules look at."""

    opportunity_id = UUID()
    local = Boolean(help_text="Whether it is a scheme of the tenant's own.")
    scheme = Text(help_text="The code of a plugin's scheme, or the slug of a local one.")
    facts = JSONB(help_text="By the codes of facts about placements: numbers, codes, true or false, days.")
    starts_on = Date(null=True, help_text="The opportunity's first day on its own clocks; null without one.")
    public = Boolean(default=False, help_text="Copied from the opportunity.")


TABLES = (Scheme, OpportunityScheme)
