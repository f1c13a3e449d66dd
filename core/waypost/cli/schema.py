"""`waypost schema`: the published graph as files."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from waypost.cli.faults import Refused
from waypost.settings import Settings

if TYPE_CHECKING:
    from graphql import GraphQLSchema

    from waypost.plugins import Plugins, Profile

GRAPH_NOTE: Final = "# Written by `waypost schema export` from the declarations; do not edit.\n\n"
RELEASE_NOTE: Final = "# The graph of the last release, by `waypost schema publish`; do not edit.\n\n"
RELEASE: Final = "published.graphql"
RELEASED_HOOKS: Final = "published-hooks.json"
BREAKS: Final = "breaks.toml"
FOLDER: Final = Path("schema")
_to = click.option(
    "--to",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=FOLDER,
    show_default=True,
    help="The folder of the files.",
)


@click.group()
def schema() -> None:
    """The published graph as files."""


@schema.command()
@click.option("--check", is_flag=True, help="Write nothing; exit code 1 if a file differs from the code.")
@_to
def export(check: bool, folder: Path) -> None:
    """Write the graph's schema: all plugins, one file for each set of plugins in use, trusted documents, hooks.

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


@schema.command()
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option(
    "--breaks",
    type=click.Path(dir_okay=False, path_type=Path),
    default=FOLDER / BREAKS,
    show_default=True,
    help="The file of the announced breaks.",
)
def diff(old: Path, new: Path | None, breaks: Path) -> None:
    """Say what changes for front ends from the schema OLD to NEW: breaking, dangerous or safe.

    Without NEW it is the national graph that the code composes. Exit code 1 for a break that was not announced.
    """
    from waypost.cli.changes import Weight, changes, read_announced, read_schema, unannounced

    announced = read_announced(breaks)
    found = changes(read_schema(old), read_schema(new) if new else _composed())
    for each in found:
        known = announced.get(each.coordinate) if each.weight is Weight.BREAKING else None
        note = f" Announced {known.since}: {known.why}" if known else ""
        click.echo(f"{each.weight:<10} {each.coordinate}  {each.words}{note}")
    counts = (f"{sum(each.weight is weight for each in found)} {weight}" for weight in Weight)
    click.echo(", ".join(counts))
    faults = unannounced(found, announced, datetime.now(UTC).date())
    if faults:
        raise Refused("; ".join(faults) + f". Take it back, or announce it in {breaks}")


@schema.command()
@_to
def publish(folder: Path) -> None:
    """Make the national graph and the hooks of today the released ones, with which is compared from now on.

    Part of a release. Refused while the graph breaks what was released before and nobody announced it, or the hooks do.
    """
    from waypost.cli.changes import changes, read_announced, read_schema, unannounced
    from waypost.plugins import hook_list
    from waypost.plugins.compatibility import breaks

    text = _national()
    path = folder / RELEASE
    if path.is_file():
        found = changes(read_schema(path), _composed())
        faults = unannounced(found, read_announced(folder / BREAKS), datetime.now(UTC).date())
        if faults:
            raise Refused("; ".join(faults) + f". Take it back, or announce it in {folder / BREAKS}")
    hooks = folder / RELEASED_HOOKS
    if hooks.is_file() and (faults := breaks(json.loads(hooks.read_text("utf-8")), json.loads(hook_list()))):
        raise Refused("; ".join(faults) + ". Take it back, or let the plugin API grow")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(RELEASE_NOTE + text, encoding="utf-8")
    hooks.write_text(hook_list(), encoding="utf-8")
    click.echo(f"{path} is the released graph, {hooks} the released hooks.")


def _composed() -> GraphQLSchema:
    from graphql import build_schema

    return build_schema(_national())


def _national() -> str:
    from waypost.composition import schema_of

    plugins = _whole_plugins(Settings.from_environment())
    return schema_of(plugins, plugins.national).sdl()


def published(settings: Settings) -> dict[str, str]:
    """The published files: path below the folder → text. Needs no database."""
    from waypost.composition import schema_of
    from waypost.plugins import hook_list

    plugins = _whole_plugins(settings)
    graphs = {"waypost.graphql": plugins.national}
    graphs |= {f"profiles/{_name(one)}.graphql": one for one in profiles(plugins, settings.tenants_dir)}
    texts = {name: GRAPH_NOTE + schema_of(plugins, profile).sdl() for name, profile in graphs.items()}
    subgraph = GRAPH_NOTE + schema_of(plugins, plugins.national).subgraph_sdl()
    return {**texts, "subgraph.graphql": subgraph, "operations.json": _operations(settings), "hooks.json": hook_list()}


def _operations(settings: Settings) -> str:
    """The trusted documents: id → file, as JSON text."""
    from waypost.graph import document_id

    files = sorted(settings.operations_dir.glob("*.graphql"))
    ids = {document_id(file.read_text(encoding="utf-8")): file.name for file in files}
    return json.dumps(ids, indent=2) + "\n"


def _whole_plugins(settings: Settings) -> Plugins:
    """Load the plugins; raise Refused when one is left out, since its fields would silently be missing."""
    from waypost.cli.parts import load_plugins
    from waypost.plugins import State

    plugins = load_plugins(settings)
    broken = [one for one in plugins.installed if one.state in {State.LEFT_OUT, State.MISSING}]
    if broken:
        raise Refused("; ".join(f"the plugin {one.name} is {one.state}: {one.reason}" for one in broken))
    return plugins


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
