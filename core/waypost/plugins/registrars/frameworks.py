"""Skills frameworks that plugins bring, and formats in which others write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from waypost.outbox.frameworks import Format, Package
from waypost.plugins.registrars.base import Registrar


@dataclass(frozen=True)
class BroughtFramework:
    """A framework of a plugin: `load` gives its package when the database is brought up to date, not before."""

    name: str
    load: Callable[[], Package]


class FrameworkRegistrar(Registrar):
    """Takes frameworks for the whole country, and formats that `importFramework` and operators may send."""

    kinds = ("framework", "framework_format")

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.frameworks: list[BroughtFramework] = []
        self.formats: list[Format] = []

    def framework(self, name: str, load: Callable[[], Package]) -> None:
        """Register a framework that `waypost migrate` writes; one that an operator imported later is left alone."""
        self._named("framework", name)
        self._calls(f"the framework {name}", load)
        self.frameworks.append(BroughtFramework(name, load))

    def format(self, format: Format) -> Format:
        """Register a format; it reads the files of operators, and of cities that have the plugin switched on."""
        self._named("framework_format", format.name)
        self._calls(f"knows of the format {format.name}", format.knows, "data")
        self._calls(f"read of the format {format.name}", format.read, "data")
        self._calls(f"asked of the format {format.name}", format.asked, "address")
        self.formats.append(format)
        return format

    def _named(self, kind: str, name: str) -> None:
        if name != self.prefix and not name.startswith(f"{self.prefix}."):
            self.faults.append(f"the {kind} {name} must be called {self.prefix} or begin with {self.prefix}.")
        self._contributes(kind, name)
