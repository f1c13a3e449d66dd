"""Imports of frameworks that a city asked for, and which items its badges are aligned with."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Text

from waypost.db import TenantTable


class FrameworkImport(TenantTable):
    """Where a framework is to be read; the id is that of the job."""

    upload_id = UUID(null=True, help_text="A file that was sent.")
    url = Text(null=True, help_text="An address, where it is no file.")


class BadgeAlignment(TenantTable, key=("badge_id", "item_id")):
    """That who earns a badge shows what an item of a framework says; the item's words as they were then."""

    badge_id = UUID()
    item_id = UUID()
    framework_id = UUID()
    target_name = Text(help_text="What the item says, in short where it has a short form.")
    target_url = Text(help_text="The item's own address, for a credential.")
    target_code = Text(null=True, help_text="The item's code.")
    target_framework = Text(help_text="The title of its framework.")
    source = Text(help_text="Who says so: graph, or a plugin by name.")
    public = Boolean(default=False, help_text="Copied from the badge.")


TABLES = (FrameworkImport, BadgeAlignment)
