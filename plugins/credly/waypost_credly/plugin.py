"""The entry point: what Waypost calls when it starts."""

from __future__ import annotations

from waypost.connectors import hints_for
from waypost.plugins import ConnectorRegistrar, RoutesRegistrar, hookimpl
from waypost_credly.connector import Credly


@hookimpl
def waypost_connectors(registrar: ConnectorRegistrar) -> None:
    """Connect to Credly."""
    registrar.connector(Credly())


@hookimpl
def waypost_routes(registrar: RoutesRegistrar) -> None:
    """Take Credly's webhooks, as hints."""
    registrar.incoming(hints_for(Credly()))
