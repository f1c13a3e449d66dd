"""What a plugin is handed to register its contributions with: one registrar a hook and a plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from strawberry.types import get_object_definition
from strawberry.types.base import StrawberryObjectDefinition
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from waypost.db import App, OwnedTable
from waypost.plugins.names import carries, schema_name, type_prefix
from waypost.tenancy import CatalogueSection

Declaration = TypeVar("Declaration", bound=type)


@dataclass(frozen=True)
class Declarations:
    """What one plugin adds to the graph; the classes are of `waypost.graph`, which composes them."""

    plugin: str
    prefix: str
    nodes: tuple[type, ...]
    extensions: tuple[type, ...]
    queries: tuple[type, ...]


class Registrar:
    """Notes what a plugin contributes, and what is wrong with it.

    `contributions` holds names as manifests write them (`table:badge_essential`), `faults` sentences;
    one fault is enough to leave the plugin out, but its author sees all of them at once.
    """

    def __init__(self, plugin: str, prefix: str) -> None:
        self.plugin = plugin
        self.prefix = prefix
        self.contributions: set[str] = set()
        self.faults: list[str] = []

    def _contributes(self, kind: str, name: str) -> None:
        contribution = f"{kind}:{name}"
        if contribution in self.contributions:
            self.faults.append(f"{contribution} is registered twice")
        self.contributions.add(contribution)


class GraphRegistrar(Registrar):
    """Takes declarations of `waypost.graph`; every method returns what it was given, so it decorates too."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self._nodes: list[type] = []
        self._extensions: list[type] = []
        self._queries: list[type] = []

    def node(self, declaration: Declaration) -> Declaration:
        """Register a type (`@node` or `@value`); its name begins with the prefix, capitalised."""
        if definition := self._definition(declaration, extends=None):
            name = definition.name
            if not carries(name, type_prefix(self.prefix)):
                self.faults.append(f"the type {name} must begin with {type_prefix(self.prefix)}")
            self._contributes("type", name)
            self._nodes.append(declaration)
        return declaration

    def extend(self, declaration: Declaration) -> Declaration:
        """Register fields on a type of the core (`@extend`); each begins with the prefix."""
        target = str(getattr(declaration, "__extends__", ""))
        if definition := self._definition(declaration, extends=target if target != "Query" else ""):
            for field in definition.fields:
                self._add("field", f"{target}.", field)
            self._extensions.append(declaration)
        return declaration

    def query(self, declaration: Declaration) -> Declaration:
        """Register root fields (`@query`); each begins with the prefix."""
        if definition := self._definition(declaration, extends="Query"):
            for field in definition.fields:
                self._add("query", "", field)
            self._queries.append(declaration)
        return declaration

    def declarations(self) -> Declarations:
        """Everything registered, in its order."""
        return Declarations(self.plugin, self.prefix, tuple(self._nodes), tuple(self._extensions), tuple(self._queries))

    def _definition(self, declaration: type, extends: str | None) -> StrawberryObjectDefinition | None:
        definition = get_object_definition(declaration)
        if definition is None or getattr(declaration, "__extends__", None) != extends:
            way = {None: "node or value", "Query": "query"}.get(extends, "extend")
            self.faults.append(f"{declaration.__name__} is not declared with {way} of waypost.graph")
            return None
        return definition

    def _add(self, kind: str, owner: str, field: StrawberryField) -> None:
        name = field.graphql_name or to_camel_case(field.python_name)
        if not carries(name, self.prefix):
            self.faults.append(f"the field {owner}{name} must begin with {self.prefix}")
        self._contributes(kind, f"{owner}{name}")


class AppRegistrar(Registrar):
    """Takes the one `App` of a plugin."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: App | None = None

    def app(self, app: App) -> None:
        """Register tables, migrations and reference data.

        The app is called like the plugin, and each table lies in the plugin's own schema and is of
        one of the four kinds.
        """
        if self.registered is not None:
            self.faults.append("a second app is registered; one plugin has one")
        if app.name != self.plugin:
            self.faults.append(f"the app is called {app.name} and must be called {self.plugin}")
        for table in app.tables:
            self._look_at(table)
        self.registered = app

    def _look_at(self, table: type[Any]) -> None:
        name, schema = table._meta.tablename, table._meta.schema
        if not issubclass(table, OwnedTable):
            self.faults.append(
                f"the table {name} is of none of the four kinds: "
                "TenantTable, PersonTable, ReferenceTable, PlatformTable"
            )
        if schema != schema_name(self.plugin):
            self.faults.append(
                f"the table {name} lies in the schema {schema or 'public'} and must lie in {schema_name(self.plugin)}"
            )
        self._contributes("table", name)


Geocoder = Callable[[str], Awaitable[tuple[float, float] | None]]


class GeocoderRegistrar(Registrar):
    """Takes geocoders: async functions from a postcode (`BR34HG`) to latitude and longitude in degrees, or None."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.geocoders: list[Geocoder] = []

    def geocoder(self, geocoder: Geocoder) -> Geocoder:
        """Register a geocoder; it is asked after the platform's own postcodes and has `PATIENCE_S` to answer."""
        self._contributes("geocoder", getattr(geocoder, "__name__", "geocoder"))
        self.geocoders.append(geocoder)
        return geocoder


class CatalogueRegistrar(Registrar):
    """Takes sections of the catalogue files."""

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.sections: list[CatalogueSection] = []

    def section(self, section: CatalogueSection) -> None:
        """Register a table inside each entry of one kind, such as `[badges.essential]`.

        Its name is the plugin's prefix, alone or with more words: `essential`, `essential_review`.
        """
        if section.name != self.prefix and not section.name.startswith(f"{self.prefix}_"):
            self.faults.append(
                f"the section {section.kind}.{section.name} must be called {self.prefix} or begin with {self.prefix}_"
            )
        self._contributes("catalogue", f"{section.kind}.{section.name}")
        self.sections.append(section)
