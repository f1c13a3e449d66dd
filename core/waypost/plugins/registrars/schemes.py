"""Schemes: tables of rules by date."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from waypost.plugins.names import code_prefix
from waypost.plugins.registrars.base import Registrar
from waypost.schemes.reading import faults_in
from waypost.schemes.rules import Scheme


class SchemesRegistrar(Registrar):
    """Takes schemes as data, in the form in which tenants write their own."""

    kinds = ("scheme",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.registered: list[Scheme] = []

    def schemes(self, schemes: Traversable | Iterable[Mapping[str, Any]]) -> None:
        """Register schemes: tables as a TOML file holds them under `[[schemes]]`, or such a file of the package.

        A code is the prefix in small letters, alone or with more words: `kickstart`, `kickstart-pilot`.
        """
        if isinstance(schemes, Mapping):
            self.faults.append("schemes are a list of tables, and this is one table alone: put it into [ ]")
            return
        for code, read in faults_in(_tables_in(schemes) if isinstance(schemes, Traversable) else schemes):
            own = code_prefix(self.prefix).lower().replace("_", "-")
            if code != own and not code.startswith(f"{own}-"):
                self.faults.append(f"the scheme {code} must be called {own} or begin with {own}-")
            self._contributes("scheme", code)
            if isinstance(read, Scheme):
                self.registered.append(read)
            else:
                self.faults += [f"the scheme {code}: {fault}" for fault in read]


def _tables_in(file: Traversable) -> list[Any]:
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    if set(said) != {"schemes"} or not isinstance(said["schemes"], list):
        raise ValueError(f"{file.name} has {', '.join(said) or 'nothing'} where [[schemes]] alone are read")
    return said["schemes"]
