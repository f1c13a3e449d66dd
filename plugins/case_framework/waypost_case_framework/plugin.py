"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from waypost.plugins import FrameworkRegistrar, hookimpl
from waypost_case_framework.reading import FORMAT


@hookimpl
def waypost_frameworks(registrar: FrameworkRegistrar) -> None:
    """Read packages of CASE."""
    registrar.format(FORMAT)
