"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from waypost.db import App
from waypost.db.personal import Finds, Personal
from waypost.plugins import (
    AppRegistrar,
    CatalogueRegistrar,
    GraphRegistrar,
    PermissionsRegistrar,
    SchemesRegistrar,
    hookimpl,
)
from waypost_kickstart import graph, placements, scheme, writes
from waypost_kickstart.tables import TABLES, Application

# What these tables keep of people: who decided. Of learners there is nothing.
PERSONAL: Final = (
    Personal(
        table=Application,
        by={"decided_by": Finds.PERSON},
        stays="That an application was decided stays true; the id leads to nobody any more.",
    ),
)


@hookimpl
def waypost_app(registrar: AppRegistrar) -> None:
    """Bring the tables."""
    migrations = Path(__file__).parent / "migrations"
    registrar.app(App(name=scheme.MANIFEST.name, migrations=migrations, tables=TABLES, personal=PERSONAL))


@hookimpl
def waypost_schemes(registrar: SchemesRegistrar) -> None:
    """Bring the scheme: a file of rules by date."""
    registrar.schemes(scheme.DATA)


@hookimpl
def waypost_permissions(registrar: PermissionsRegistrar) -> None:
    """Say who applies and who decides."""
    registrar.permission(scheme.APPLY)
    registrar.permission(scheme.DECIDE)


@hookimpl
def waypost_catalogue(registrar: CatalogueRegistrar) -> None:
    """Let cities write `[opportunities.kickstart]`."""
    registrar.section(placements.SECTION)


@hookimpl
def waypost_graph(registrar: GraphRegistrar) -> None:
    """Show placements, gateways and applications, and let them be changed."""
    for node in (*graph.NODES, *writes.NODES):
        registrar.node(node)
    for given in (*graph.INPUTS, *writes.INPUTS):
        registrar.input(given)
    for extension in graph.EXTENSIONS:
        registrar.extend(extension)
    for query in graph.QUERIES:
        registrar.query(query)
    registrar.mutation(writes.KickstartMutation)
