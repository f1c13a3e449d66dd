"""Plugins: what they may contribute, which are installed, and which a tenant switched on."""

from __future__ import annotations

from waypost.access.permissions import Granted
from waypost.outbox.incoming import Forged, Incoming, IncomingHook
from waypost.plugins.activation import settings_of
from waypost.plugins.discovery import NameClash
from waypost.plugins.geocoders import geocode
from waypost.plugins.hearing import hearing
from waypost.plugins.hookspecs import API, hook_list, hookimpl
from waypost.plugins.loading import fitting, load
from waypost.plugins.manager import Installed, Plugin, Plugins, Profile, State
from waypost.plugins.manifest import BadManifest, Manifest, manifest_of
from waypost.plugins.registrars import (
    AppRegistrar,
    CatalogueRegistrar,
    ConnectorRegistrar,
    Declarations,
    EffectsRegistrar,
    FeedsRegistrar,
    FrameworkRegistrar,
    GeocoderRegistrar,
    GraphRegistrar,
    LabourMarketRegistrar,
    LintRegistrar,
    PagesRegistrar,
    PermissionsRegistrar,
    PluginRoute,
    RoutesRegistrar,
    SchemesRegistrar,
    SubmissionRegistrar,
)
from waypost.plugins.secrets import MissingSecret, secret_of
from waypost.plugins.sites import Site
from waypost.plugins.slots import Link, Piece, filled
from waypost.plugins.vetoes import verdict_on
from waypost.plugins.watchdog import watching

__all__ = [
    "API",
    "AppRegistrar",
    "BadManifest",
    "CatalogueRegistrar",
    "ConnectorRegistrar",
    "Declarations",
    "EffectsRegistrar",
    "FeedsRegistrar",
    "Forged",
    "FrameworkRegistrar",
    "GeocoderRegistrar",
    "Granted",
    "GraphRegistrar",
    "Incoming",
    "IncomingHook",
    "Installed",
    "LabourMarketRegistrar",
    "Link",
    "LintRegistrar",
    "Manifest",
    "MissingSecret",
    "NameClash",
    "PagesRegistrar",
    "PermissionsRegistrar",
    "Piece",
    "Plugin",
    "PluginRoute",
    "Plugins",
    "Profile",
    "RoutesRegistrar",
    "SchemesRegistrar",
    "Site",
    "State",
    "SubmissionRegistrar",
    "filled",
    "fitting",
    "geocode",
    "hearing",
    "hook_list",
    "hookimpl",
    "load",
    "manifest_of",
    "secret_of",
    "settings_of",
    "verdict_on",
    "watching",
]
