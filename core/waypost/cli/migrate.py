"""`waypost migrate`: brings the database to this version, or back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import App
    from waypost.db.migrate import Applied


@click.command()
@click.option("--back", type=click.IntRange(1), metavar="N", help="Take the last N migrations back instead.")
@click.option("--app", default="waypost", show_default=True, help="Whose, with --back: the core's or a plugin's.")
@click.option("--leave-plugins", is_flag=True, help="End well also where a plugin is left as it was.")
def migrate(back: int | None, app: str, leave_plugins: bool) -> None:
    """Bring roles, tables and reference data to this version.

    Needs a login that may: WAYPOST_DATABASE_ADMIN_URL, unless the database is the embedded one. A plugin whose
    migrations cannot be applied is left as it was and named, all others go on, and the exit code is 1.
    """
    from waypost.cli.parts import apps_of, load_plugins

    settings = Settings.from_environment()
    apps = apps_of(load_plugins(settings))
    with ground(settings) as here:
        if back is None:
            left: dict[str, str] = {}
            applied = run(lambda: here.prepare(apps, left))
            _tell(applied, "applied", "" if left else "The database is up to date.")
            for name, why in left.items():
                click.echo(f"{name}: left as it was: {why}")
            if left and not leave_plugins:
                raise click.exceptions.Exit(1)
        else:
            taken = run(lambda: _roll_back(here, apps, app, back))
            _tell(taken, "taken back", "There was nothing to take back.")


async def _roll_back(here: Ground, apps: Sequence[App], name: str, count: int) -> list[Applied]:
    from waypost.db.connections import connect
    from waypost.db.migrate import roll_back

    chosen = next((app for app in apps if app.name == name), None)
    if chosen is None:
        raise Refused(f"nothing called {name} brings tables; there are {', '.join(app.name for app in apps)}")
    admin_url = await here.administrator()
    connection = await connect(admin_url)
    try:
        rows = await connection.fetch("SELECT number FROM migration WHERE app = $1 ORDER BY number", name)
    finally:
        await connection.close()
    numbers = [0, *(row["number"] for row in rows)]
    return await roll_back(admin_url, chosen, to=numbers[max(0, len(numbers) - 1 - count)])


def _tell(done: Sequence[Applied], what: str, otherwise: str) -> None:
    for one in done:
        click.echo(f"{one.app}: {one.number:04}_{one.name} {what}")
    if not done and otherwise:
        click.echo(otherwise)
