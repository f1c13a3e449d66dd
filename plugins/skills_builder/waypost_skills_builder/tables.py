"""What each city's badges show of the essential skills."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Integer, Text

from waypost.db import TenantTable

SCHEMA = "plugin_skills_builder"


class BadgeEssential(TenantTable, key=("badge_id", "skill_code"), tablename="badge_essential", schema=SCHEMA):
    """The step of an essential skill that a badge shows."""

    badge_id = UUID()
    skill_code = Text(help_text="Qualified by its framework, such as 2.0/listening: the code of a framework's item.")
    step = Integer(help_text="0 to 15, the easiest first.")
    position = Integer(help_text="Of the skill; copied here because lists are ordered by it.")
    public = Boolean(default=False, help_text="Copied from the badge.")


TABLES = (BadgeEssential,)
