"""`waypost secrets`: what plugins' settings name and nobody sees again."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click
import orjson

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.cli.token import tenant_called
from waypost.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from waypost.plugins.secrets import KnownSecret

Result = TypeVar("Result")

TENANT = click.option("--tenant", metavar="SLUG", required=True, help="Whose secrets.")


@click.group()
def secrets() -> None:
    """Secrets that the settings of plugins name."""


@secrets.command("set")
@TENANT
@click.argument("name")
def set_(tenant: str, name: str) -> None:
    """Keep a secret under NAME, read from standard input; a terminal asks for it and shows nothing."""
    from waypost.plugins.secrets import BadSecret, set_secret

    asked = sys.stdin.isatty()
    value = click.prompt("Secret", hide_input=True, err=True) if asked else sys.stdin.read().rstrip("\r\n")
    settings = Settings.from_environment()
    key, now = settings.load_secret_key(), datetime.now(UTC)
    try:
        _inside(settings, tenant, lambda here: set_secret(here, name, value, secret_key=key, now=now))
    except BadSecret as error:
        raise Refused(str(error)) from error
    click.echo(f"{name} is kept for {tenant}.")


@secrets.command("list")
@TENANT
@click.option("--json", "as_json", is_flag=True, help="Print JSON: names and times.")
def list_(tenant: str, as_json: bool) -> None:
    """List the names of a tenant's secrets, and when each was last set."""
    from waypost.plugins.secrets import secrets_in

    found: Sequence[KnownSecret] = _inside(Settings.from_environment(), tenant, secrets_in)
    if as_json:
        click.echo(orjson.dumps([{"name": one.name, "changed_at": one.changed_at} for one in found]).decode())
        return
    for one in found:
        click.echo(f"{one.name}  {one.changed_at:%Y-%m-%d %H:%M}")


@secrets.command()
@TENANT
@click.argument("name")
def remove(tenant: str, name: str) -> None:
    """Forget a secret."""
    from waypost.plugins.secrets import MissingSecret, remove_secret

    try:
        _inside(Settings.from_environment(), tenant, lambda here: remove_secret(here, name))
    except MissingSecret as error:
        raise Refused(str(error)) from error
    click.echo(f"{name} is forgotten.")


def _inside(settings: Settings, slug: str, work: Callable[[UUID], Awaitable[Result]]) -> Result:
    """Do something in the tenant's own transaction."""
    with ground(settings) as here:
        return run(lambda: _done(here, slug, work))


async def _done(here: Ground, slug: str, work: Callable[[UUID], Awaitable[Result]]) -> Result:
    from waypost.db import City

    async with here.database() as database:
        tenant = await tenant_called(database, slug)
        async with database.transaction(City(tenant)):
            return await work(tenant)
