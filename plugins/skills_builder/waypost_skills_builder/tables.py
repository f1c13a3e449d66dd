"""Essential skills with their steps, the same for everybody, and what each city's badges show of them."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Integer, Text

from waypost.db import ReferenceTable, TenantTable

SCHEMA = "plugin_skills_builder"


class EssentialSkill(ReferenceTable, key=("code",), tablename="essential_skill", schema=SCHEMA):
    """One skill of one version of the Universal Framework."""

    code = Text(help_text="Qualified by its framework, such as 2.0/listening.")
    framework = Text(help_text="Version of the framework: 1.0 or 2.0.")
    position = Integer(help_text="1 to 8, the framework's own order.")
    slug = Text(help_text="The last part of its code: listening.")
    name = Text(help_text="As the framework writes it, such as Listening.")
    exact_match_of = Text(null=True, help_text="Code of the same skill in the other version.")
    is_related_to = Text(null=True, help_text="Code of the nearest skill there, where none is the same.")


class EssentialStep(ReferenceTable, key=("skill_code", "step"), tablename="essential_step", schema=SCHEMA):
    """One step of a skill; its wording stays with the framework's owner."""

    skill_code = Text()
    step = Integer(help_text="0 to 15.")


class BadgeEssential(TenantTable, key=("badge_id", "skill_code"), tablename="badge_essential", schema=SCHEMA):
    """The step of an essential skill that a badge shows."""

    badge_id = UUID()
    skill_code = Text()
    step = Integer(help_text="0 to 15, the easiest first.")
    position = Integer(help_text="Of the skill; copied here because lists are ordered by it.")
    public = Boolean(default=False, help_text="Copied from the badge.")


TABLES = (EssentialSkill, EssentialStep, BadgeEssential)
