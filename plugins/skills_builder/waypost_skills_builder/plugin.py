"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from pathlib import Path

from waypost.db import App
from waypost.plugins import AppRegistrar, CatalogueRegistrar, GraphRegistrar, hookimpl
from waypost_skills_builder import catalogue, graph
from waypost_skills_builder.framework import load_framework
from waypost_skills_builder.tables import TABLES


@hookimpl
def waypost_app(registrar: AppRegistrar) -> None:
    """Bring the framework's tables and its skills."""
    registrar.app(
        App(
            name="skills_builder",
            migrations=Path(__file__).parent / "migrations",
            tables=TABLES,
            reference=load_framework,
        )
    )


@hookimpl
def waypost_catalogue(registrar: CatalogueRegistrar) -> None:
    """Let cities write `[badges.essential]`."""
    registrar.section(catalogue.SECTION)


@hookimpl
def waypost_graph(registrar: GraphRegistrar) -> None:
    """Show essential skills at the root and on badges."""
    registrar.node(graph.EssentialSkill)
    registrar.node(graph.EssentialSkillStep)
    registrar.extend(graph.BadgeEssentials)
    registrar.query(graph.EssentialQuery)
