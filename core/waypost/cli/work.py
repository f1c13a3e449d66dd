"""`waypost work`: what the workers gave up."""

from __future__ import annotations

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.settings import Settings


@click.group()
def work() -> None:
    """The queue of the workers."""


@work.command()
@click.option("--kind", metavar="KIND", help="Only work of this kind, such as mail; otherwise all of it.")
def replay(kind: str | None) -> None:
    """Have work that failed for good tried again, now and as often as new work; prints how much."""
    with ground(Settings.from_environment()) as here:
        click.echo(f"{run(lambda: _replay(here, kind))} pieces of work are due again")


async def _replay(here: Ground, kind: str | None) -> int:
    from waypost.outbox.queue import replay_dead

    async with here.database() as database:
        return await replay_dead(database, kind)
