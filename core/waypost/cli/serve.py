"""`waypost serve`: the server alone, as production runs it."""

from __future__ import annotations

import logging
import socket
from dataclasses import replace
from urllib.parse import urlsplit

import click

from waypost.cli.ground import Ground, ground
from waypost.cli.logs import start_logging
from waypost.cli.serving import bind, run, settle
from waypost.cli.serving import serve as serve_on
from waypost.settings import LOCAL_BASE_URL, Settings

log = logging.getLogger(__name__)

HOST_HELP = "The address to listen on; 0.0.0.0 is every network of this machine."
PORT_HELP = "The port to listen on."


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help=HOST_HELP)
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help=PORT_HELP)
def serve(host: str, port: int) -> None:
    """Serve, and nothing else: migrations and tenants' files are somebody else's work.

    Refuses to start with a login that could do more than enter the scopes.
    """
    settings = Settings.from_environment()
    start_logging(settings.log)
    with bind(host, port) as bound:
        settings = located(settings, host, bound)
        with ground(settings) as here:
            run(lambda: _serve(here, settings, bound, host))


async def _serve(here: Ground, settings: Settings, bound: socket.socket, host: str) -> None:
    from waypost.cli.parts import load_plugins, parts_of, with_tables
    from waypost.db import Database
    from waypost.http import Platform, create_app
    from waypost.plugins import watching

    settings.load_secret_key()  # now, rather than at the first request that needs it
    async with await Database.open(here.app_url, pool_size=1) as database:
        plugins = await with_tables(database, load_plugins(settings))
    platform = Platform(settings, parts_of(plugins), here.app_url, bound_to=host)
    async with platform.opened(), watching(platform.plugins):
        ready = "Serving on %s"
        app, live = create_app(platform), platform.live
        settle()
        await serve_on(app, bound, ready=lambda: log.info(ready, settings.base_url), stopping=live.close)
    log.info("Stopped")


def located(settings: Settings, host: str, bound: socket.socket) -> Settings:
    """The settings with the address at which we really are, unless WAYPOST_BASE_URL names another."""
    if settings.base_url != LOCAL_BASE_URL:
        return settings
    port = bound.getsockname()[1]
    shown = urlsplit(LOCAL_BASE_URL).hostname if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared
    bracketed = f"[{shown}]" if shown and ":" in shown else shown
    return replace(settings, base_url=f"http://{bracketed}:{port}")
