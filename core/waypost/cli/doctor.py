"""`waypost doctor`: whether everything is as it should be, and if not, what to do."""

from __future__ import annotations

import click
import orjson

from waypost.cli.faults import words_for
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.settings import Settings

DATABASE = "database"
NOT_ASKED = "not asked"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: each check with its state, words and mend.")
def doctor(as_json: bool) -> None:
    """Look whether everything is as it should be, and say what to do where it is not. Changes nothing."""
    settings = Settings.from_environment()
    results = _look(settings)
    if as_json:
        click.echo(orjson.dumps(results, option=orjson.OPT_INDENT_2).decode())
    else:
        width = max(len(each["check"]) for each in results)
        for each in results:
            click.echo(f"{each['state']:9}  {each['check'].ljust(width)}  {each['words']}".rstrip())
            if each["mend"]:
                click.echo(f"{'':9}  {'':{width}}  → {each['mend']}")
    if any(each["state"] == "wrong" for each in results):
        raise click.exceptions.Exit(1)


def _look(settings: Settings) -> list[dict[str, str]]:
    if settings.embedded and not (settings.data_dir / "postgres").is_dir():
        # Looking at what is not there would make it.
        return run(lambda: _results(settings, None, f"there is no database in {settings.data_dir} yet"))
    try:
        with ground(settings) as here:
            return run(lambda: _results(settings, here, ""))
    except Exception as error:
        words = words_for(error)
        if words is None:
            raise
        return run(lambda: _results(settings, None, words))


async def _results(settings: Settings, here: Ground | None, why: str) -> list[dict[str, str]]:
    from asyncpg import PostgresError

    from waypost.cli.checkup import CHECKS, Found, Patient, admitted
    from waypost.cli.parts import apps_of, load_plugins

    plugins = load_plugins(settings)
    results: list[dict[str, str]] = []

    def tell(name: str, found: Found) -> None:
        state = "ok" if found.is_well else "wrong"
        results.append({"check": name, "state": state, "words": found.words, "mend": found.mend})

    async with admitted(Patient(settings, plugins, apps_of(plugins)), here, why) as (patient, entered):
        tell(DATABASE, entered)
        for check in CHECKS:
            if check.inside and patient.database is None:
                results.append({"check": check.name, "state": NOT_ASKED, "words": "", "mend": ""})
                continue
            try:
                tell(check.name, await check.look(patient))
            except PostgresError as error:  # such as a table that is not there before a migration
                tell(check.name, Found(f"the database refuses: {error}", "waypost migrate"))
    return results
