"""`waypost schema`: the published graph as files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from waypost.cli.faults import Refused
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.plugins import Plugins, Profile

GRAPH_NOTE = "# Written by `waypost schema export` from the declarations; do not edit.\n\n"


@click.group()
def schema() -> None:
    """The published graph as files."""


@schema.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a file differs from the code.")
@click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("schema"),
    show_default=True,
    help="The folder of the files.",
)
def export(check: bool, folder: Path) -> None:
    """Write the graph's schema: all plugins, one file for each set of plugins in use, and the hooks.

    The sets in use are those of the tenants' files, and the core alone.
    """
    files = published(Settings.from_environment())
    if not check:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        for path in _superfluous(folder, files):
            path.unlink()
        click.echo(f"{len(files)} files written to {folder}")
        return
    faults = [*_differing(folder, files), *(f"{path} belongs to no tenant" for path in _superfluous(folder, files))]
    if faults:
        raise Refused("; ".join(faults) + ". Run `waypost schema export`")
    click.echo(f"{folder} says what the code says.")


def published(settings: Settings) -> dict[str, str]:
    """The published files: path below the folder → text. Needs no database.

    Raises Refused when a plugin is left out, since its fields would silently be missing.
    """
    from waypost.cli.parts import load_plugins
    from waypost.composition import schema_of
    from waypost.plugins import State, hook_list

    plugins = load_plugins(settings)
    broken = [one for one in plugins.installed if one.state in {State.LEFT_OUT, State.MISSING}]
    if broken:
        raise Refused("; ".join(f"the plugin {one.name} is {one.state}: {one.reason}" for one in broken))
    graphs = {"waypost.graphql": plugins.national}
    graphs |= {f"profiles/{_name(one)}.graphql": one for one in profiles(plugins, settings.tenants_dir)}
    texts = {name: GRAPH_NOTE + schema_of(plugins, profile).sdl() for name, profile in graphs.items()}
    return {**texts, "hooks.json": hook_list()}


def profiles(plugins: Plugins, tenants: Path) -> set[Profile]:
    """The sets of plugins that tenants' files switch on, and the empty one."""
    found = {plugins.profile(())}
    for file in sorted(tenants.glob("*/tenant.toml")):
        try:
            settings = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Refused(f"{file}: {error}; `waypost tenants check` tells more") from error
        switched_on = settings.get("plugins", {})
        found.add(plugins.profile(switched_on if isinstance(switched_on, dict) else ()))
    return found


def _name(profile: Profile) -> str:
    return "+".join(sorted(name for name, _ in profile)) or "core"


def _differing(folder: Path, files: dict[str, str]) -> list[str]:
    faults = []
    for name, text in files.items():
        path = folder / name
        if not path.is_file():
            faults.append(f"{path} is missing")
        elif path.read_text(encoding="utf-8") != text:
            faults.append(f"{path} differs from the code")
    return faults


def _superfluous(folder: Path, files: dict[str, str]) -> list[Path]:
    return [path for path in sorted(folder.glob("profiles/*.graphql")) if f"profiles/{path.name}" not in files]
