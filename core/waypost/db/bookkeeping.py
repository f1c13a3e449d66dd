"""What the platform notes by itself: migrations seen, how far each catalogue has moved, who changed what."""

from __future__ import annotations

from typing import ClassVar, Final

from piccolo.columns import UUID, Array, BigInt, Integer, Text, Timestamptz

from waypost.db.tables import PlatformTable, TenantTable

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
    shared_row=True,
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


class Audit(TenantTable, append_only=True, unaudited="It is the trace."):
    """That somebody changed a row of the tenant. Triggers write it; nobody changes it; no value is ever in it."""

    at = Timestamptz(help_text="When the change's transaction began.")
    person_id = UUID(help_text="Who did it.")
    role = Text(null=True, help_text="As what, such as curator; null where somebody acted for themselves.")
    token_id = UUID(null=True, help_text="The bearer token or the session that the person came with.")
    act = Text(help_text="What they did: a mutation such as updatePlace, or a job.")
    table_name = Text(help_text="Which table; a plugin's with its schema before a dot.")
    row_id = UUID(null=True, help_text="Which row: the first id of its key; null where its key has none.")
    verb = Text(help_text="insert, update or delete.")
    changed = Array(base_column=Text(), help_text="Names of columns: those changed, or those that a new row fills.")

    DDL: ClassVar[str] = """
        CREATE TABLE "public"."audit" (
            tenant_id uuid NOT NULL,
            id uuid NOT NULL,
            at timestamptz NOT NULL,
            person_id uuid NOT NULL,
            role text,
            token_id uuid,
            act text NOT NULL,
            table_name text NOT NULL,
            row_id uuid,
            verb text NOT NULL CHECK (verb IN ('insert', 'update', 'delete')),
            changed text[] NOT NULL,
            PRIMARY KEY (tenant_id, id)
        );
        CREATE INDEX audit_of_person ON "public"."audit" (tenant_id, person_id, id);
        CREATE INDEX audit_of_row ON "public"."audit" (tenant_id, row_id, id)"""


# Made before the first migration can run, hence not by one.
BOOKKEEPING: Final = (Migration, CatalogueVersion, Audit)
