"""Which issuing platforms a plugin connects to."""

from __future__ import annotations

import re
from typing import Final

from waypost.outbox.connecting import Connector
from waypost.plugins.names import permission_prefix
from waypost.plugins.registrars.base import Registrar
from waypost.plugins.settings import schema_problems, sentence

OPERATIONS: Final = ("issue", "replace", "revoke", "read", "find", "templates", "analytics")


class ConnectorRegistrar(Registrar):
    """Takes connectors of issuing platforms."""

    kinds = ("connector",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.connectors: list[Connector] = []

    def connector(self, connector: Connector) -> Connector:
        """Register a connector; its name is the prefix in lower case, or begins with that and a dash."""
        name, begins = str(getattr(connector, "name", "")), permission_prefix(self.prefix)
        if not re.fullmatch(rf"{re.escape(begins)}(-[a-z0-9]+)*", name):
            self.faults.append(f"the connector {name} must be called {begins}, or {begins}- and more in lower case")
        missing = [each for each in OPERATIONS if not callable(getattr(connector, each, None))]
        if missing:
            self.faults.append(f"the connector {name} has no {', '.join(missing)}")
        schema = getattr(connector, "settings", None)
        if not isinstance(schema, dict):
            self.faults.append(f"the connector {name} has no settings, which are a JSON Schema")
        else:
            self.faults += [sentence(each) for each in schema_problems(schema, ("connector", name, "settings"))]
            if getattr(connector, "identity", None) not in schema.get("required", ()):
                self.faults.append(f"the connector {name} names as its identity a key that its settings require")
        self._contributes("connector", name)
        self.connectors.append(connector)
        return connector
