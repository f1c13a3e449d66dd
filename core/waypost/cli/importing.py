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
    from waypost.outbox.frameworks import Fault
    from waypost.places.postcodes import Imported
    from waypost.skills.framework_store import Imported as ImportedFramework


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


@importing.command()
@click.argument("source", metavar="FILE-or-URL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the counts, and what is wrong with it.")
def frameworks(source: str, as_json: bool) -> None:
    """Load a framework of skills for the whole country, in a format that an installed plugin reads, such as CASE.

    All of it is taken or, where anything is wrong, nothing. Again = brought up to date by the publisher's identifiers:
    what vanished is retired. What a city imports for itself is `importFramework`.
    """
    settings = Settings.from_environment()
    with ground(settings) as here:
        done = run(lambda: _framework(here, source, settings))
    if isinstance(done, tuple):
        if as_json:
            click.echo(orjson.dumps({"problems": [asdict(fault) for fault in done]}).decode())
        for fault in () if as_json else done:
            click.echo(f"{source}: {fault}", err=True)
        raise Refused(f"{source} was not imported: {len(done)} problems")
    click.echo(orjson.dumps({**asdict(done), "problems": []}).decode() if as_json else str(done))


async def _framework(here: Ground, source: str, settings: Settings) -> ImportedFramework | tuple[Fault, ...]:
    from waypost.cli.parts import load_plugins
    from waypost.db.migrate import owner
    from waypost.outbox.frameworks import Fault, Package
    from waypost.outgoing import Outgoing
    from waypost.plugins.formats import called_formats
    from waypost.skills.framework_store import Imported, country, write_package
    from waypost.skills.sources import PATIENCE_S, fetch_framework, is_address, read_framework, shown_source

    formats = called_formats(load_plugins(settings))
    if is_address(source):
        outgoing = Outgoing(settings.allow_private_targets, PATIENCE_S, settings.framework_bytes)
        data = await fetch_framework(source, formats, outgoing)
        if isinstance(data, Fault):
            return (data,)
    else:
        data = _bytes_of(source)
    package = await read_framework(data, formats)
    if not isinstance(package, Package):
        return tuple(package)
    async with owner(await here.administrator()) as connection:
        with counting("Items") as progress:
            done = await write_package(country(connection), package, shown_source(source), progress)
    return done if isinstance(done, Imported) else tuple(done)


def _bytes_of(source: str) -> bytes:
    try:
        return Path(source).read_bytes()
    except FileNotFoundError as error:
        raise click.BadParameter(f"there is no file {source}; an address begins with https://") from error
    except OSError as error:
        raise Refused(f"{source} cannot be read: {error.strerror}") from error
