"""`waypost reviews`: what a tenant's curators have to review."""

from __future__ import annotations

import click

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
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
    from waypost.tenancy import load_directory

    async with here.database() as database:
        directory = await load_directory(database)
        tenant = directory.by_slug(slug)
        if tenant is None:
            known = ", ".join(one.slug for one in directory.tenants) or "none yet: run `waypost tenants apply`"
            raise Refused(f"there is no tenant {slug}; there are {known}")
        async with database.transaction(City(tenant.id)):
            return csv_text([COLUMNS, *await review_rows(tenant.id, states)])
