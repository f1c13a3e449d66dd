"""Which issuing platforms a plugin connects to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import iscoroutinefunction
from typing import Any, Final

from waypost.outbox.connecting import Connector, Hinted
from waypost.plugins.names import permission_prefix
from waypost.plugins.registrars.base import Registrar
from waypost.plugins.settings import schema_problems, sentence

# What each operation is given beside its `Access`.
OPERATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "issue": ("order",),
    "replace": ("id", "order"),
    "revoke": ("id", "reason"),
    "read": ("id",),
    "find": ("sought", "after"),
    "templates": ("after",),
    "analytics": ("template",),
}


class ConnectorRegistrar(Registrar):
    """Takes connectors of issuing platforms."""

    kinds = ("connector",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.connectors: list[Connector] = []

    def connector(self, connector: Connector) -> Connector:
        """Register a connector; its name is the prefix in lower case, or begins with that and a dash."""
        given: object = connector  # nobody has checked it
        if isinstance(given, type):
            self.faults.append(f"a connector is an instance, and this is the class: hand over {given.__name__}(…)")
            return connector
        name, begins = str(getattr(connector, "name", "")), permission_prefix(self.prefix)
        if not re.fullmatch(rf"{re.escape(begins)}(-[a-z0-9]+)*", name):
            self.faults.append(f"the connector {name} must be called {begins}, or {begins}- and more in lower case")
        self._look_at_operations(connector, name)
        schema = getattr(connector, "settings", None)
        if not isinstance(schema, dict):
            self.faults.append(f"the connector {name} has no settings, which are a JSON Schema")
        else:
            problems = schema_problems(schema, ("connector", name, "settings"), also=("place",))
            self.faults += map(sentence, problems)
            if getattr(connector, "identity", None) not in schema.get("required", ()):
                self.faults.append(f"the connector {name} names as its identity a key that its settings require")
            self.faults += [f"the connector {name}: {words}" for words in _unplaced(schema, connector)]
        self._contributes("connector", name)
        self.connectors.append(connector)
        return connector

    def _look_at_operations(self, connector: Connector, name: str) -> None:
        if missing := [each for each in OPERATIONS if not hasattr(connector, each)]:
            self.faults.append(f"the connector {name} has no {', '.join(missing)}")
            return
        for each, given in OPERATIONS.items():
            what, function = f"{each} of the connector {name}", getattr(connector, each)
            self._calls(what, function, "access", *given)
            if callable(function) and not iscoroutinefunction(function):
                self.faults.append(f"{what} must be an async function")
        if isinstance(connector, Hinted):
            self._calls(f"hint of the connector {name}", connector.hint, "body")
            self._calls(f"hinted of the connector {name}", connector.hinted, "access", "hint")


def _unplaced(schema: Mapping[str, Any], connector: Connector) -> Iterator[str]:
    """Say which settings say wrongly whether they tell where at the platform an account is."""
    for key, inner in schema.get("properties", {}).items():
        said = inner.get("place", True) if isinstance(inner, Mapping) else True
        if not isinstance(said, bool):
            yield f"settings.{key}.place must be true or false"
        elif not said and key == getattr(connector, "identity", None):
            yield f"settings.{key} is its identity, which says where an account is: leave out `place`"
