"""Skills: a tenant's tags, joined to concepts of the country."""

from __future__ import annotations

from piccolo.columns import Boolean, Text

from waypost.db import PlatformTable, TenantTable
from waypost.skills import framework_tables


class SkillConcept(
    PlatformTable,
    grants={"city": "SELECT, INSERT", "national": "SELECT", "learner": "SELECT", "system": "SELECT"},
    reason="One concept a normal form for the whole country, written by whoever publishes it first.",
):
    """What a skill's name means, in every tenant. The id follows from the normal form of the name."""

    code = Text(help_text="From its name, such as digital-literacy.")
    name = Text(help_text="As whoever published it first spells it.")
    framework = Text(null=True, help_text="Where it comes from; null for a tag of cities' own.")


class Skill(TenantTable):
    """A tenant's tag, spelled as the tenant spells it; its id is that of its concept."""

    code = Text(help_text="From its name, such as digital-literacy; the same in every city.")
    name = Text(help_text="As the city spells it, such as Digital Literacy.")
    framework = Text(null=True, help_text="Where it comes from; null for a tag of cities' own.")
    public = Boolean(default=False)


TABLES = (SkillConcept, Skill, *framework_tables.TABLES)
