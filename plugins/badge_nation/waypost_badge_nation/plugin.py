"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from waypost.db import App
from waypost.db.personal import Finds, Personal
from waypost.plugins import AppRegistrar, EffectsRegistrar, GraphRegistrar, SubmissionRegistrar, hookimpl
from waypost_badge_nation import charging, effects, graph, writes
from waypost_badge_nation.directory import MANIFEST
from waypost_badge_nation.tables import TABLES, Charge

# What these tables keep of people.
PERSONAL: Final = (
    Personal(
        table=Charge,
        by={"accepted_by": Finds.PERSON},
        stays="That a price was accepted stays true; the id leads to nobody any more.",
    ),
)


@hookimpl
def waypost_app(registrar: AppRegistrar) -> None:
    """Bring the tables."""
    registrar.app(
        App(
            name=MANIFEST.name,
            migrations=Path(__file__).parent / "migrations",
            tables=TABLES,
            personal=PERSONAL,
        )
    )


@hookimpl
def waypost_graph(registrar: GraphRegistrar) -> None:
    """Show memberships, charges and invoice lines, and let them be changed."""
    for node in (*graph.NODES, *writes.NODES):
        registrar.node(node)
    for given in (*graph.INPUTS, *writes.INPUTS):
        registrar.input(given)
    for extension in graph.EXTENSIONS:
        registrar.extend(extension)
    for query in graph.QUERIES:
        registrar.query(query)
    registrar.mutation(writes.BadgeNationMutation)


@hookimpl
def waypost_submission(registrar: SubmissionRegistrar) -> None:
    """Say what a submission costs before it is made."""
    registrar.veto(charging.unpaid_template)


@hookimpl
def waypost_effects(registrar: EffectsRegistrar) -> None:
    """Count templates, show networks, remind of renewals."""
    registrar.handler(effects.HANDLER)
    for schedule in effects.SCHEDULES:
        registrar.schedule(schedule)
    registrar.letter(effects.LETTER)
