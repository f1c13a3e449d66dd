"""`waypost plugins`: what is installed, what works, and why the rest does not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from waypost.cli.ground import Ground
    from waypost.db import Database
    from waypost.plugins import Installed


@click.group()
def plugins() -> None:
    """See the installed plugins, and check them."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def list_(as_json: bool) -> None:
    """List the plugins: name, version, state, and what they are or why they do not work."""
    _show(_installed(), as_json)


@plugins.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON: a list of objects.")
def check(as_json: bool) -> None:
    """Check manifests, imports, hooks, tables and declarations; exit code 1 if a plugin does not work."""
    from waypost.plugins import State

    installed = _installed()
    _show(installed, as_json)
    if any(one.state in {State.LEFT_OUT, State.MISSING} for one in installed):
        raise click.exceptions.Exit(1)


@plugins.command()
@click.argument("name")
@click.option("--title", help="What a city reads; made of the name otherwise.")
@click.option("--prefix", help="How its names in the graph begin; made of the name otherwise.")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="A new folder; waypost-NAME here otherwise.")
def new(name: str, title: str | None, prefix: str | None, folder: Path | None) -> None:
    """Write a working plugin called NAME: a table, a field on badges, a setting and a job, with tests and CI."""
    from waypost.cli.scaffold import plugin_files, prefix_of, write_plugin

    written = plugin_files(name, title or name.replace("_", " ").capitalize(), prefix or prefix_of(name))
    place = folder or Path(f"waypost-{name.replace('_', '-')}")
    write_plugin(place, written)
    click.echo(f'{place} has {len(written)} files. Next: cd {place} && pip install -e ".[test]" && pytest')


@plugins.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask: there is no way back.")
def forget(name: str, yes: bool) -> None:
    """Remove everything that the plugin NAME keeps, in every tenant: its tables, settings and waiting calls.

    Switching a plugin off, or uninstalling it, removes nothing. Refused while an open tenant has it switched on; the
    refusal says how it is switched off there, also where it is not installed any more. Secrets belong to the city, and
    stay: waypost secrets remove.
    """
    from waypost.cli.ground import ground
    from waypost.cli.serving import run
    from waypost.plugins.names import is_plugin_name
    from waypost.settings import Settings

    if not is_plugin_name(name):
        raise click.UsageError(f"{name!r} is no name of a plugin")
    with ground(Settings.from_environment()) as here:
        run(lambda: _may_forget(here, name))
        if not yes:
            click.confirm(f"Remove all that {name} keeps, in every tenant? There is no way back", abort=True, err=True)
        tables, tenants = run(lambda: _forget(here, name))
    click.echo(f"{name}: {tables} tables dropped, switches and settings of {tenants} tenants removed.")


async def _may_forget(here: Ground, name: str) -> None:
    """Refuse what nothing is known of, and what is still in use, before anybody is asked."""
    from waypost.cli.faults import Refused
    from waypost.plugins.discovery import discover
    from waypost.plugins.forgetting import known_plugins
    from waypost.tenancy.faults import perhaps

    async with here.database() as database:
        known = {one.name for one in discover(())} | await known_plugins(database)
        if name not in known:
            hint = perhaps(name, known) or "; waypost plugins list names those that are installed"
            raise Refused(f"nothing is known of a plugin called {name}{hint}")
        await _refuse_active(database, name)


async def _refuse_active(database: Database, name: str) -> None:
    from waypost.cli.faults import Refused
    from waypost.plugins.forgetting import active_in

    if tenants := await active_in(database, name):
        raise Refused(_still_on(name, tenants))


async def _forget(here: Ground, name: str) -> tuple[int, int]:
    from waypost.db.migrate import drop_app
    from waypost.plugins.forgetting import forget_plugin
    from waypost.plugins.names import schema_name

    admin_url = await here.administrator()
    async with here.database() as database:
        await _refuse_active(database, name)  # somebody may have switched it on meanwhile
        tables = await drop_app(admin_url, name, schema_name(name))
        return tables, await forget_plugin(database, name)


def _still_on(name: str, tenants: Mapping[str, str]) -> str:
    """Say where a plugin is on, and how it is switched off there; `tenants` says of each who keeps the switch."""
    lines = [f"{name} is switched on in {', '.join(tenants)}; switch it off there first:"]
    for slug, keeper in tenants.items():
        if keeper == "files":
            lines.append(f"  {slug}: take [plugins.{name}] out of its tenant.toml, and run waypost tenants apply")
        else:
            asked = f'setPlugin(input: {{plugin: "{name}", active: false}})'
            lines.append(f"  {slug}: its admin, or an operator, sends {asked} to /{slug}/graphql")
    return "\n".join(lines)


def _installed() -> tuple[Installed, ...]:
    """Every plugin with its state at start-up, after composing the graph with it."""
    from waypost.cli.parts import load_plugins
    from waypost.settings import Settings

    return load_plugins(Settings.from_environment()).installed


def _show(installed: tuple[Installed, ...], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_facts(one) for one in installed], indent=2, ensure_ascii=False))
        return
    lines = [(one.name, one.version or "-", str(one.state), _about(one)) for one in installed]
    widths = [max(map(len, column), default=0) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
    if not lines:
        click.echo("No plugin is installed.")


def _about(one: Installed) -> str:
    title = one.manifest.title if one.manifest else ""
    return one.reason or f"{title} ({one.distribution})"


def _facts(one: Installed) -> dict[str, Any]:
    manifest = one.manifest
    return {
        "name": one.name,
        "distribution": one.distribution or None,
        "version": one.version or None,
        "state": one.state,
        "reason": one.reason or None,
        "title": manifest.title if manifest else None,
        "api": manifest.api if manifest else None,
        "prefix": manifest.prefix if manifest else None,
        "requires": list(manifest.requires) if manifest else None,
        "contributes": sorted(manifest.contributes) if manifest else None,
    }
