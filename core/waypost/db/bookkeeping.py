"""Which migrations a database has seen."""

from __future__ import annotations

from typing import ClassVar

from piccolo.columns import Integer, Text, Timestamptz

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

    # Made before the first migration can run, hence not by one.
    DDL: ClassVar[str] = f"""
        CREATE TABLE {TABLE} (
            app text NOT NULL,
            number integer NOT NULL,
            name text NOT NULL,
            digest text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (app, number)
        )"""
