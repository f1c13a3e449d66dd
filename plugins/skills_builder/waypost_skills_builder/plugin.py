"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from pathlib import Path

from waypost.db import App
from waypost.plugins import AppRegistrar, CatalogueRegistrar, FrameworkRegistrar, GraphRegistrar, hookimpl
from waypost_skills_builder import catalogue, graph, wording
from waypost_skills_builder.framework import packages
from waypost_skills_builder.tables import TABLES


@hookimpl
def waypost_app(registrar: AppRegistrar) -> None:
    """Bring what badges show; the framework itself stands in the platform's tables."""
    registrar.app(App(name="skills_builder", migrations=Path(__file__).parent / "migrations", tables=TABLES))


@hookimpl
def waypost_frameworks(registrar: FrameworkRegistrar) -> None:
    """Bring both versions of the framework, and read operators' files of its wording."""
    for name, load in packages().items():
        registrar.framework(name, load)
    registrar.format(wording.FORMAT)


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
