"""`waypost audit`: who changed what, for those who must look."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.cli.token import tenant_called
from waypost.settings import Settings

if TYPE_CHECKING:
    from typing import TextIO


@click.group()
def audit() -> None:
    """Who changed what in a tenant."""


@audit.command()
@click.option("--tenant", metavar="SLUG", required=True, help="Whose.")
@click.option("--since", type=click.DateTime(), help="Not before this day or moment, UTC.")
@click.option("--to", type=click.File("w", encoding="utf-8"), help="A file; otherwise standard output.")
def export(tenant: str, since: datetime | None, to: TextIO | None) -> None:
    """Write a tenant's audit as CSV, oldest first: ids and names of columns, never values."""
    from_then = None if since is None else since.replace(tzinfo=UTC)
    with ground(Settings.from_environment()) as here:
        run(lambda: _export(here, tenant, from_then, to or sys.stdout))


async def _export(here: Ground, slug: str, since: datetime | None, to: TextIO) -> None:
    from waypost.audit.exporting import COLUMNS, export_audit
    from waypost.spreadsheets import csv_text

    async with here.database() as database:
        id = await tenant_called(database, slug, open_only=False)
        to.write(csv_text([COLUMNS]))
        async for rows in export_audit(database, id, since):
            to.write(csv_text(rows))
