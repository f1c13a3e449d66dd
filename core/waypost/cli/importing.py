"""`waypost import`: what comes as a file from elsewhere."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.progress import counting
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.places.postcodes import Imported


@click.group("import")
def importing() -> None:
    """Load what others publish as files."""


@importing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the counts and the first faulty lines.")
def postcodes(file: Path, as_json: bool) -> None:
    """Load a postcode directory: the CSV file that the Office for National Statistics publishes.

    Postcodes that are there already are brought up to date; faulty lines are counted and left out.
    """
    from waypost.places.postcodes import NotADirectory

    with ground(Settings.from_environment()) as here:
        try:
            imported = run(lambda: _postcodes(here, file))
        except (NotADirectory, UnicodeDecodeError, csv.Error) as error:
            raise Refused(f"{file} is no postcode directory: {error}") from error
    if as_json:
        click.echo(orjson.dumps(asdict(imported)).decode())
        return
    click.echo(
        f"{imported.read} lines read, {imported.written} postcodes new or changed, "
        f"{imported.without_coordinates} without coordinates, {imported.faulty} faulty."
    )
    for problem in imported.problems:
        click.echo(f"{file}:{problem.line}: {problem.message}", err=True)


async def _postcodes(here: Ground, file: Path) -> Imported:
    from waypost.db.migrate import owner
    from waypost.places.postcodes import import_postcodes

    async with owner(await here.administrator()) as connection:
        with counting("Postcodes") as progress:
            return await import_postcodes(file, connection, progress)
