"""The list of commands; each is imported when it is wanted, so that `waypost --help` stays quick."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click

from waypost.cli.faults import expected

# Objects more than before, and rounds of the younger generation. What a command makes lasts as long as it, or goes as
# soon as nobody has it any more: the garbage collector, which is there for the little between, need not look so often.
COLLECTED_AFTER: Final = (20_000, 20, 20)
COMMANDS: Final[Mapping[str, str]] = {
    "up": "waypost.cli.up:up",
    "serve": "waypost.cli.serve:serve",
    "worker": "waypost.cli.worker:worker",
    "work": "waypost.cli.work:work",
    "migrate": "waypost.cli.migrate:migrate",
    "tenants": "waypost.cli.tenants:tenants",
    "plugins": "waypost.cli.plugins:plugins",
    "schema": "waypost.cli.schema:schema",
    "secrets": "waypost.cli.secrets:secrets",
    "token": "waypost.cli.token:token",
    "reviews": "waypost.cli.reviews:reviews",
    "person": "waypost.cli.person:person",
    "audit": "waypost.cli.audit:audit",
    "doctor": "waypost.cli.doctor:doctor",
    "backup": "waypost.cli.backup:backup",
    "restore": "waypost.cli.backup:restore",
    "import": "waypost.cli.importing:importing",
    "demo": "waypost.cli.demo:demo",
}


class Commands(click.Group):
    """A group whose commands stay in their modules until they are wanted."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; None for a name that does not exist."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what it may expect to go wrong becomes one line on stderr and exit code 1."""
        with expected():
            return super().invoke(ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="waypost", message="%(version)s")
def waypost() -> None:
    """Learning that a place can see, measure and connect.

    Settings come from the environment (WAYPOST_…). Exit codes: 0 done, 1 refused or invalid, 2 wrong usage.
    """


def main() -> None:
    """Run the `waypost` command and leave the process with its exit code."""
    gc.set_threshold(*COLLECTED_AFTER)
    try:
        waypost(prog_name="waypost")
    except BrokenPipeError:
        # Whoever read our output has seen enough (`waypost tenants list | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
