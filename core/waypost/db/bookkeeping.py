"""What the platform notes about a database itself: migrations seen, and how far each catalogue has moved."""

from __future__ import annotations

from typing import ClassVar, Final

from piccolo.columns import UUID, BigInt, Integer, Text, Timestamptz

from waypost.db.tables import PlatformTable

TABLE = '"public"."migration"'


class Migration(
    PlatformTable,
    key=("app", "number"),
    grants={"system": "SELECT"},
    reason="Which migrations were applied: the platform's own bookkeeping, read by `waypost doctor`.",
):
    """One migration of one app that was applied to this database."""

    app = Text()
    number = Integer()
    name = Text()
    digest = Text(help_text="SHA-256 of the file, so that a later change to it is noticed.")
    applied_at = Timestamptz()

    DDL: ClassVar[str] = f"""
        CREATE TABLE {TABLE} (
            app text NOT NULL,
            number integer NOT NULL,
            name text NOT NULL,
            digest text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (app, number)
        )"""


class CatalogueVersion(
    PlatformTable,
    key=("tenant_id",),
    grants={"city": "SELECT, INSERT, UPDATE", "national": "SELECT", "system": "SELECT, INSERT, UPDATE"},
    tenant_policy=True,
    reason="Tells every process that what it remembers of a tenant is out of date; holds numbers only.",
):
    """How often a tenant's catalogue was written; the nil uuid stands for what all tenants share."""

    tenant_id = UUID()
    version = BigInt()
    moved_at = Timestamptz()

    DDL: ClassVar[str] = """
        CREATE TABLE "public"."catalogue_version" (
            tenant_id uuid PRIMARY KEY,
            version bigint NOT NULL,
            moved_at timestamptz NOT NULL DEFAULT now()
        )"""


# Made before the first migration can run, hence not by one.
BOOKKEEPING: Final = (Migration, CatalogueVersion)
