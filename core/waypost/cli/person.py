"""`waypost person`: what is kept of somebody, and how they are forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from uuid import UUID

    from waypost.db import Database, Personal
    from waypost.privacy.commands import Known


@click.group()
def person() -> None:
    """What is kept of a person, and how they are forgotten."""


@person.command()
@click.argument("email", required=False)
@click.option("--unfinished", is_flag=True, help="Instead of EMAIL: everybody whose erasing was interrupted.")
@click.option("--yes", is_flag=True, help="Do not ask: there is no way back.")
def erase(email: str | None, unfinished: bool, yes: bool) -> None:
    """Forget the person with that address in every tenant: name, addresses, roles, tokens.

    Also an address that only a city knows, without any account. Badges that were earned stay, nameless.
    """
    if (email is None) is not unfinished:
        raise click.UsageError("give either EMAIL or --unfinished")
    if not yes and not unfinished:
        click.confirm(f"Forget {email} everywhere? There is no way back", abort=True, err=True)
    settings = Settings.from_environment()
    with ground(settings) as here:
        touched = run(lambda: _erase(here, email))
    click.echo(f"Forgotten: {touched} rows were emptied or removed." if touched else "Nothing was kept of them.")


@person.command()
@click.argument("email")
def export(email: str) -> None:
    """Print all that is kept of the person with that address, as JSON."""
    with ground(Settings.from_environment()) as here:
        click.echo(run(lambda: _export(here, email)))


async def _erase(here: Ground, email: str | None) -> int:
    from waypost.privacy.commands import erase_person, unfinished

    kept = _personal(here.settings)
    async with here.database() as database:
        if email is None:
            return sum([await erase_person(database, kept, each) for each in await unfinished(database)])
        who, known = await _found(database, here.settings, email)
        return await erase_person(database, kept, who, known)


async def _export(here: Ground, email: str) -> str:
    from waypost.privacy.commands import export_person

    async with here.database() as database:
        who, known = await _found(database, here.settings, email)
        return await export_person(database, _personal(here.settings), who, datetime.now(UTC), known)


def _personal(settings: Settings) -> tuple[Personal, ...]:
    from waypost.cli.parts import load_plugins
    from waypost.composition import personal

    return personal(load_plugins(settings))


async def _found(database: Database, settings: Settings, email: str) -> tuple[UUID | None, Known]:
    """Give the person behind an address, if there is one, and the address as it is kept."""
    from waypost.access.people import address_digest, normal_address
    from waypost.privacy.commands import Known, person_behind

    address = normal_address(email)
    if not isinstance(address, str):
        raise Refused(address.message)
    known = Known(address, address_digest(address, settings.load_secret_key()))
    return await person_behind(database, known.digest), known
