"""What a plugin is handed to register its contributions with: one registrar a hook and a plugin."""

from __future__ import annotations

from typing import Final

from waypost.plugins.registrars.base import Registrar
from waypost.plugins.registrars.connectors import ConnectorRegistrar
from waypost.plugins.registrars.effects import EffectsRegistrar
from waypost.plugins.registrars.feeds import FeedsRegistrar
from waypost.plugins.registrars.frameworks import BroughtFramework, FrameworkRegistrar
from waypost.plugins.registrars.geocoders import Geocoder, GeocoderRegistrar
from waypost.plugins.registrars.graph import Declarations, GraphRegistrar
from waypost.plugins.registrars.labour_market import LabourMarketRegistrar
from waypost.plugins.registrars.pages import PagesRegistrar
from waypost.plugins.registrars.permissions import PermissionsRegistrar
from waypost.plugins.registrars.routes import PluginRoute, RoutesRegistrar
from waypost.plugins.registrars.rows import AppRegistrar, CatalogueRegistrar
from waypost.plugins.registrars.schemes import SchemesRegistrar
from waypost.plugins.registrars.school import LintRegistrar, SubmissionRegistrar, Veto

__all__ = [
    "REGISTRARS",
    "AppRegistrar",
    "BroughtFramework",
    "CatalogueRegistrar",
    "ConnectorRegistrar",
    "Declarations",
    "EffectsRegistrar",
    "FeedsRegistrar",
    "FrameworkRegistrar",
    "Geocoder",
    "GeocoderRegistrar",
    "GraphRegistrar",
    "LabourMarketRegistrar",
    "LintRegistrar",
    "PagesRegistrar",
    "PermissionsRegistrar",
    "PluginRoute",
    "Registrar",
    "RoutesRegistrar",
    "SchemesRegistrar",
    "SubmissionRegistrar",
    "Veto",
]

# The one list of what there is: the hook of each, and what it registers, follow from its class.
REGISTRARS: Final[tuple[type[Registrar], ...]] = (
    AppRegistrar,
    CatalogueRegistrar,
    ConnectorRegistrar,
    EffectsRegistrar,
    FrameworkRegistrar,
    FeedsRegistrar,
    GeocoderRegistrar,
    GraphRegistrar,
    LabourMarketRegistrar,
    LintRegistrar,
    PagesRegistrar,
    PermissionsRegistrar,
    RoutesRegistrar,
    SchemesRegistrar,
    SubmissionRegistrar,
)
