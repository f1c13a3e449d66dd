"""Tables, and sections of the catalogue files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from waypost.db import App, OwnedTable, Personal
from waypost.db.errors import MigrationMalformed
from waypost.db.personal import undeclared
from waypost.db.scripts import read_scripts
from waypost.plugins.names import schema_name
from waypost.plugins.registrars.base import Registrar
from waypost.tenancy import CatalogueSection
from waypost.tenancy.sections import KINDS


class AppRegistrar(Registrar):
    """Takes the one `App` of a plugin."""

    kinds = ("table",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: App | None = None

    def app(self, app: App) -> None:
        """Register tables, migrations and reference data.

        The app is called like the plugin, and each table lies in the plugin's own schema and is of
        one of the four kinds. What a table keeps of people is in the app's `personal`.
        """
        if self.registered is not None:
            self.faults.append("a second app is registered; one plugin has one")
        if app.name != self.plugin:
            self.faults.append(f"the app is called {app.name} and must be called {self.plugin}")
        for table in app.tables:
            self._look_at(table, app.personal)
        self._read(app.migrations)
        self.registered = app

    def _read(self, migrations: Path) -> None:
        """Look at the migrations now: at the start of the process they would keep everybody from starting."""
        if not migrations.is_dir():
            self.faults.append(f"there is no folder {migrations} with migrations")
            return
        try:
            read_scripts(migrations)
        except (MigrationMalformed, OSError, ValueError) as error:
            self.faults.append(f"its migrations cannot be read: {error}")

    def _look_at(self, table: type[Any], kept: Sequence[Personal]) -> None:
        name, schema = table._meta.tablename, table._meta.schema
        if not issubclass(table, OwnedTable):
            self.faults.append(
                f"the table {name} is of none of the four kinds: "
                "TenantTable, PersonTable, ReferenceTable, PlatformTable"
            )
        else:
            self.faults += [
                f"the table {name} does not say how people are forgotten: {words}; App(personal=…) says it"
                for words in undeclared(table, kept)
            ]
        if schema != schema_name(self.plugin):
            self.faults.append(
                f"the table {name} lies in the schema {schema or 'public'} and must lie in {schema_name(self.plugin)}"
            )
        self._contributes("table", name)


class CatalogueRegistrar(Registrar):
    """Takes sections of the catalogue files."""

    kinds = ("catalogue",)

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
        where = f"the section {section.kind}.{section.name}"
        if section.kind not in KINDS:
            self.faults.append(f"{where}: the catalogue has no {section.kind}; it has {', '.join(KINDS)}")
        model: object = section.model  # nobody has checked it
        if not (isinstance(model, type) and issubclass(model, BaseModel)):
            self.faults.append(f"{where}: its model is a pydantic BaseModel")
        self._calls(f"write of {where}", section.write, "tenant", "entry", "value")
        self._calls(f"read of {where}", section.read, "tenant")
        self._contributes("catalogue", f"{section.kind}.{section.name}")
        self.sections.append(section)
