"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from waypost.plugins import CatalogueRegistrar, FrameworkRegistrar, hookimpl
from waypost_case_framework import catalogue
from waypost_case_framework.reading import FORMAT


@hookimpl
def waypost_frameworks(registrar: FrameworkRegistrar) -> None:
    """Read packages of CASE."""
    registrar.format(FORMAT)


@hookimpl
def waypost_catalogue(registrar: CatalogueRegistrar) -> None:
    """Let cities write `[badges.case]`."""
    registrar.section(catalogue.SECTION)
