"""`waypost tenants`: cities as files."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import click

from waypost.cli.faults import Refused
from waypost.cli.progress import telling
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.plugins import Plugins
    from waypost.tenancy import Tenant
    from waypost.tenancy.country import Known, Survey
    from waypost.tenancy.faults import Fault
    from waypost.tenancy.report import Report

Result = TypeVar("Result")

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def tenants() -> None:
    """Cities, regions and networks: check their files, apply them, make and export them."""


def known_to_files(settings: Settings, plugins: Plugins) -> Known:
    """What tenants' files may speak of: kinds of entries, standards, plugins, and the platform's own host."""
    from waypost.badges.files import BADGES
    from waypost.issuers.files import ISSUERS
    from waypost.issuers.organisation_files import ORGANISATIONS
    from waypost.opportunities.files import OPPORTUNITIES
    from waypost.pathways.files import PATHWAYS
    from waypost.places.files import PLACES
    from waypost.schemes.files import SCHEMES
    from waypost.school.files import LINT_RULES
    from waypost.standards.reference import built_in
    from waypost.tenancy.country import Known

    standards, _ = built_in()
    host = urlsplit(settings.base_url).hostname
    return Known(
        kinds=(PLACES, ISSUERS, BADGES, SCHEMES, OPPORTUNITIES, PATHWAYS, LINT_RULES),
        shared=(ORGANISATIONS,),
        standards={one.code: tuple(layer.code for layer in one.layers) for one in standards},
        plugins=plugins.catalogue_plugins(),
        hosts=frozenset({host} if host else ()),
    )


def survey_files(settings: Settings, plugins: Plugins) -> Survey:
    """Read and check the files of all tenants; needs no database."""
    from waypost.tenancy.checks import survey

    return survey(settings.tenants_dir, known_to_files(settings, plugins))


async def apply_files(database: Database, settings: Settings, plugins: Plugins, *, dry_run: bool = False) -> Report:
    """Apply the files of all tenants, with progress on a terminal. Raises `FilesRefused`, nothing written."""
    from waypost.badges.lending import BORROWINGS
    from waypost.tenancy.applying import apply

    survey = survey_files(settings, plugins)
    with telling("Applying the tenants' files") as progress:
        return await apply(database, survey, BORROWINGS, now=datetime.now(UTC), dry_run=dry_run, progress=progress)


@tenants.command("list")
@JSON
def list_(as_json: bool) -> None:
    """List the tenants of the database."""
    from waypost.tenancy import load_directory

    async def read(database: Database) -> list[dict[str, Any]]:
        return [_facts(tenant) for tenant in (await load_directory(database)).tenants]

    listed = _on_database(Settings.from_environment(), read)
    if as_json:
        click.echo(json.dumps(listed, indent=2, ensure_ascii=False))
    elif not listed:
        click.echo("There are no tenants yet: waypost tenants apply")
    else:
        lines = [(one["slug"], one["name"], one["kind"], one["state"], ", ".join(one["plugins"])) for one in listed]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


@tenants.command()
@JSON
def check(as_json: bool) -> None:
    """Name file, line and key of every fault in the tenants' files. Needs no database."""
    from waypost.cli.parts import load_plugins

    settings = Settings.from_environment()
    survey = survey_files(settings, load_plugins(settings))
    if as_json:
        lists = {"faults": _as_json(survey.faults), "notices": _as_json(survey.notices)}
        click.echo(json.dumps(lists, indent=2, ensure_ascii=False))
    else:
        for fault in survey.faults:
            click.echo(str(fault))
        for notice in survey.notices:
            click.echo(f"{notice} (notice)")
        _tell_sum(len(survey.faults), len(survey.country.folders))
    if survey.faults:
        raise click.exceptions.Exit(1)


@tenants.command()
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@JSON
def apply(dry_run: bool, as_json: bool) -> None:
    """Bring the database to what the tenants' files say.

    Again = no change. What was taken out of the files is closed, never deleted; rows made in the graph stay.
    """
    from waypost.cli.parts import load_plugins, with_tables
    from waypost.tenancy.report import FilesRefused

    settings = Settings.from_environment()
    plugins = load_plugins(settings)

    async def run(database: Database) -> Report:
        return await apply_files(database, settings, await with_tables(database, plugins), dry_run=dry_run)

    _check_first(settings, plugins, as_json)
    try:
        report = _on_database(settings, run)
    except FilesRefused as refusal:
        if not as_json:
            raise
        _tell_faults(refusal.faults)
        raise click.exceptions.Exit(1) from refusal
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
        return
    for notice in report.notices:
        click.echo(f"{notice} (notice)", err=True)
    for change in report.changes:
        click.echo(str(change))
    counts = ", ".join(f"{count} {act}" for act, count in report.counts().items() if count)
    if report.unchanged:
        click.echo("No change: the database says what the files say.")
    elif dry_run:
        click.echo(f"Would be: {counts}. Nothing was changed (--dry-run).")
    else:
        click.echo(f"Applied: {counts}.")


@tenants.command()
@click.argument("slug")
@click.option("--name", help="What people call it; otherwise made from the slug.")
@click.option(
    "--kind",
    type=click.Choice(["city", "region", "nation", "network"]),
    default="city",
    show_default=True,
    help="What it is; a network has no place.",
)
@click.option("--nation", help="ISO 3166-2, such as GB-WLS.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    default=("en",),
    help="BCP 47; the first is the one every text has. Repeatable.",
)
@click.option("--timezone", default="Europe/London", show_default=True, help="IANA name.")
@click.option("--latitude", type=float, help="Of the middle; not for a network.")
@click.option("--longitude", type=float, help="Of the middle, WGS 84 degrees.")
@click.option("--radius-km", type=float, default=5.0, show_default=True, help="Of the first, round outline.")
def new(slug: str, name: str | None, **wishes: Any) -> None:
    """Make the folder of a new tenant, which passes `waypost tenants check`."""
    from waypost.tenancy.scaffold import Wish, WishRefused, scaffold

    if wishes["kind"] != "network" and (wishes["latitude"] is None or wishes["longitude"] is None):
        raise click.UsageError("say where it is: --latitude and --longitude, or --kind network")
    folder = Settings.from_environment().tenants_dir / slug
    try:
        files = scaffold(Wish(slug, name or slug.replace("-", " ").title(), **wishes))
    except WishRefused as refusal:
        raise Refused(str(refusal)) from refusal
    if folder.exists():
        raise Refused(f"{folder} is there already")
    _write(folder, files)
    click.echo(f"{folder} is made. Next: fill it in, then waypost tenants check, then waypost tenants apply.")


@tenants.command()
@click.argument("slug")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder that will hold SLUG/; otherwise WAYPOST_TENANTS_DIR.",
)
@click.option("--force", is_flag=True, help="Replace the files of a folder that is there.")
def export(slug: str, to: Path | None, force: bool) -> None:
    """Write a tenant's rows as files, which `waypost tenants apply` takes back unchanged."""
    from waypost.cli.parts import load_plugins, with_tables
    from waypost.tenancy.exporting import export_tenant

    settings = Settings.from_environment()
    plugins = load_plugins(settings)

    async def run(database: Database) -> dict[str, str] | None:
        return await export_tenant(database, known_to_files(settings, await with_tables(database, plugins)), slug)

    folder = (to or settings.tenants_dir) / slug
    if folder.exists() and not force:
        raise Refused(f"{folder} is there already: choose another with --to, or replace its files with --force")
    files = _on_database(settings, run)
    if files is None:
        raise Refused(f"there is no tenant {slug}; waypost tenants list shows them")
    for stale in folder.glob("catalogue/*.toml"):
        if f"catalogue/{stale.name}" not in files:
            stale.unlink()
    _write(folder, files)
    click.echo(f"{slug} is written to {folder}: {len(files)} files.")


def _check_first(settings: Settings, plugins: Plugins, as_json: bool) -> None:
    """Refuse wrong files before a database is asked for, but for what only the database can decide."""
    survey = survey_files(settings, plugins)
    if not survey.certain:
        return
    if as_json:
        _tell_faults(survey.faults)
    else:
        for fault in survey.faults:
            click.echo(str(fault), err=True)
        click.echo("Nothing was changed.", err=True)
    raise click.exceptions.Exit(1)


def _on_database(settings: Settings, work: Callable[[Database], Awaitable[Result]]) -> Result:
    """Do something with the database of these settings."""
    from asyncpg import UndefinedTableError

    from waypost.cli.ground import ground
    from waypost.cli.serving import run

    with ground(settings) as here:

        async def main() -> Result:
            async with here.database() as database:
                return await work(database)

        try:
            return run(main)
        except UndefinedTableError as error:
            raise Refused("the database has no tables yet: waypost migrate") from error


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _tell_faults(faults: Iterable[Fault]) -> None:
    click.echo(json.dumps({"faults": _as_json(faults)}, indent=2, ensure_ascii=False))


def _as_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [asdict(fault) for fault in faults]


def _tell_sum(faults: int, folders: int) -> None:
    where = f"{folders} tenant{'' if folders == 1 else 's'}"
    what = f"{faults} fault{'' if faults == 1 else 's'}" if faults else "no fault"
    click.echo(f"{where}: {what}", err=bool(faults))


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {
        "slug": tenant.slug,
        "name": tenant.name,
        "kind": tenant.kind,
        "state": tenant.state,
        "nation": tenant.nation,
        "languages": list(tenant.languages),
        "plugins": sorted(tenant.plugins),
        "hosts": list(tenant.hosts),
        "files": tenant.files,
        "managed_by": tenant.managed_by,
        "example": tenant.example,
    }
