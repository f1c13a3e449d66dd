"""`waypost up`: everything at once, for a laptop or a demonstration."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.logs import start_logging
from waypost.cli.serve import HOST_HELP, PORT_HELP, located
from waypost.cli.serving import bind, run, serve, settle
from waypost.cli.worker import working
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.http import Platform
    from waypost.plugins import Plugins

log = logging.getLogger(__name__)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help=HOST_HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help=PORT_HELP)
def up(host: str, port: int) -> None:
    """Start the database, migrate it, apply the tenants' files, serve and work, and print the addresses to open.

    Again = fast, and the data is still there. Ctrl+C stops.
    """
    settings = Settings.from_environment()
    start_logging(settings.log)
    with bind(host, port) as bound:
        settings = located(settings, host, bound)
        with ground(settings) as here:
            run(lambda: _up(here, settings, bound, host))


async def _up(here: Ground, settings: Settings, bound: socket.socket, host: str) -> None:
    from waypost.cli.parts import apps_of, load_plugins, parts_of, with_tables
    from waypost.http import Platform, create_app
    from waypost.plugins import watching

    settings.load_secret_key()
    plugins = load_plugins(settings)
    for one in await here.prepare(apps_of(plugins)):
        log.info("Migrated %s: %04d_%s", one.app, one.number, one.name)
    async with here.database() as database:
        plugins = await with_tables(database, plugins)
        await _apply(database, settings, plugins)
    entry = await here.entry()
    platform = Platform(settings, parts_of(plugins), entry, bound_to=host)
    async with platform.opened(), watching(plugins), working(entry, settings, plugins) as worker:
        platform.metrics.worker = worker.counts
        app, live = create_app(platform), platform.live
        settle()
        await serve(app, bound, ready=lambda: _announce(platform), stopping=live.close)


async def _apply(database: Database, settings: Settings, plugins: Plugins) -> None:
    """Apply the tenants' files, if there are any, and say in one line what that changed."""
    from waypost.cli.tenants import apply_files

    if not settings.tenants_dir.is_dir():
        log.warning("There is no folder %s, so no tenant's files are applied.", settings.tenants_dir)
        return
    report = await apply_files(database, settings, plugins)
    for notice in report.notices:
        log.info("%s", notice)
    if not report.unchanged:
        counts = ", ".join(f"{count} {act}" for act, count in report.counts().items() if count)
        log.info("The tenants' files were applied: %s", counts)


def _announce(platform: Platform) -> None:
    """Print the addresses to open."""
    base = platform.settings.base_url
    tenants = [tenant for tenant in platform.directory.tenants if tenant.is_open]
    lines = [("Start", f"{base}/"), ("All cities", f"{base}/graphql")]
    lines += [(tenant.name, f"{base}/{tenant.slug}/graphql") for tenant in tenants]
    width = max(len(name) for name, _ in lines)
    click.echo("\nWaypost is ready. Open one of these; Ctrl+C stops it.\n")
    for name, address in lines:
        click.echo(f"  {name.ljust(width)}  {address}")
    if any(tenant.example for tenant in tenants):
        click.echo("\nThese tenants are examples: real names, invented activities.")
    click.echo()
