"""`waypost reviews`: what a tenant's curators have to review."""

from __future__ import annotations

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.cli.token import tenant_called
from waypost.school.rules import REVIEW_STATES
from waypost.settings import Settings


@click.group()
def reviews() -> None:
    """The review of badges."""


@reviews.command()
@click.option("--tenant", metavar="SLUG", required=True, help="The tenant whose curators review.")
@click.option(
    "--state", type=click.Choice(REVIEW_STATES), multiple=True, help="Only these; may be given several times."
)
def export(tenant: str, state: tuple[str, ...]) -> None:
    """Write a tenant's reviews to standard output as CSV, the oldest first."""
    with ground(Settings.from_environment()) as here:
        click.echo(run(lambda: _export(here, tenant, state)), nl=False)


async def _export(here: Ground, slug: str, states: tuple[str, ...]) -> str:
    from waypost.db import City
    from waypost.school.export import COLUMNS, review_rows
    from waypost.spreadsheets import csv_text

    async with here.database() as database:
        tenant = await tenant_called(database, slug, open_only=False)
        async with database.transaction(City(tenant)):
            return csv_text([COLUMNS, *await review_rows(tenant, states)])
