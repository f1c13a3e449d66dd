"""`waypost worker`: delivers what happened to those who must hear of it, and does what is scheduled."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.logs import start_logging
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.outbox.worker import Worker
    from waypost.plugins import Plugins

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--at-once",
    type=click.IntRange(1, 256),
    default=16,
    show_default=True,
    help="How many pieces of work are done at the same time.",
)
@click.option(
    "--lease",
    type=click.FloatRange(1, 3600),
    default=60.0,
    show_default=True,
    help="How many seconds work stays with a worker that says nothing any more.",
)
@click.option("--metrics", default="", metavar="HOST:PORT", help="Answer /metrics at this address.")
def worker(at_once: int, lease: float, metrics: str) -> None:
    """Do the work behind the scenes: letters, webhooks, borrowings, jobs, schedules.

    Any number of workers may run beside each other. Ctrl+C and SIGTERM let a worker finish what it has begun; the
    work of one that was killed is taken up by another when its lease has ended.
    """
    settings = Settings.from_environment()
    start_logging(settings.log)
    with ground(settings) as here:
        run(lambda: _work(here, settings, at_once, lease, metrics))


async def _work(here: Ground, settings: Settings, at_once: int, lease_s: float, metrics: str) -> None:
    from waypost.cli.parts import load_plugins, with_tables
    from waypost.db import Database
    from waypost.http.figures import serving_figures
    from waypost.plugins import watching

    settings.load_secret_key()  # now, rather than at the first letter that needs it
    async with await Database.open(here.app_url, pool_size=1) as database:
        plugins = await with_tables(database, load_plugins(settings))
    async with (
        watching(plugins),
        working(here.app_url, settings, plugins, at_once=at_once, lease_s=lease_s) as one,
        serving_figures(metrics, one.work.database, one.counts),
    ):
        log.info("Working")
        await asyncio.Event().wait()


@asynccontextmanager
async def working(
    database_url: str, settings: Settings, plugins: Plugins, *, at_once: int = 16, lease_s: float = 60.0
) -> AsyncIterator[Worker]:
    """Have a worker in this process until the end, on connections of its own."""
    from waypost.cli.parts import effects_of
    from waypost.db import Database
    from waypost.outbox.work import Work
    from waypost.outbox.worker import Worker

    async with await Database.open(database_url, pool_size=min(at_once, 8)) as database:
        one = Worker(Work(database, settings), effects_of(plugins), at_once=at_once, lease_s=lease_s)
        try:
            async with one.running():
                yield one
        finally:
            log.info("The worker has stopped")
