"""Understands a line of an example as the `waypost` command would, without running it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from tests.project.documents import Block
from waypost.cli.main import waypost

_ASSIGNMENT = re.compile(r"^[A-Z][A-Z0-9_]*=")


def prompts(block: Block) -> Iterator[str]:
    """The lines that a reader types: those that begin with `$ `."""
    for line in block.text.splitlines():
        if line.startswith("$ "):
            yield line.removeprefix("$ ")


def words(line: str) -> tuple[dict[str, str], list[str]]:
    """The variables set before a command, and the command's words."""
    parts = shlex.split(line)
    variables = {}
    while parts and _ASSIGNMENT.match(parts[0]):
        name, _, value = parts.pop(0).partition("=")
        variables[name] = value
    return variables, parts


def parse(arguments: list[str]) -> click.Context:
    """What `waypost` makes of its arguments; raises click's `UsageError` as the command would.

    Files need not be there, because examples name files of the reader's.
    """
    command: click.Command = waypost
    context = click.Context(waypost, info_name="waypost")
    rest = list(arguments)
    while isinstance(command, click.Group):
        if not rest:
            raise click.UsageError(f"{context.command_path} needs a command")
        found = command.get_command(context, rest[0])
        if found is None:
            raise click.UsageError(f"{context.command_path} has no {rest[0]}")
        command = found
        if isinstance(command, click.Group):
            context = click.Context(command, parent=context, info_name=rest[0])
        else:
            return _leaf(command, rest, context)
        rest = rest[1:]
    raise AssertionError("the root of the command line is a group")


def _leaf(command: click.Command, rest: list[str], parent: click.Context) -> click.Context:
    try:
        return command.make_context(rest[0], rest[1:], parent=parent)
    except click.BadParameter as error:
        if "does not exist" in error.message:
            return click.Context(command, parent=parent, info_name=rest[0])
        raise


def leaves() -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by its full name."""
    yield from _leaves(waypost, click.Context(waypost, info_name="waypost"))


def _leaves(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield context.command_path, command
        return
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        if inner and not inner.hidden:
            yield from _leaves(inner, click.Context(inner, parent=context, info_name=name))


def run(arguments: list[str], *, tenants: Path) -> subprocess.CompletedProcess[str]:
    """Run `waypost` for real over a folder of tenants, in a process of its own."""
    environment = {**os.environ, "WAYPOST_TENANTS_DIR": str(tenants)}
    command = [sys.executable, "-c", "from waypost.cli import main; main()", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
