"""What a plugin lets members do."""

from __future__ import annotations

import re

from waypost.access.permissions import PERMISSIONS, Granted
from waypost.plugins.names import permission_prefix
from waypost.plugins.registrars.base import Registrar

MOST_WORDS = 200


class PermissionsRegistrar(Registrar):
    """Takes permissions, each with its words and the roles that have it."""

    kinds = ("permission",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.permissions: list[Granted] = []

    def permission(self, permission: Granted) -> Granted:
        """Register a permission; its name is the prefix in lower case, a dot and a verb: `kickstart.decide`."""
        begins = permission_prefix(self.prefix)
        given: object = permission  # nobody has checked it
        if not isinstance(given, Granted):
            self.faults.append(f'the permission {given} must be a Granted("{begins}.verb", "What it allows.", roles=…)')
            return permission
        if not re.fullmatch(rf"{re.escape(begins)}\.[a-z]+(-[a-z]+)*", permission):
            self.faults.append(f"the permission {permission} must be {begins}. and a verb in lower case")
        if permission in PERMISSIONS:
            self.faults.append(f"the permission {permission} is the platform's own; take another verb")
        if not 1 <= len(permission.words) <= MOST_WORDS:
            self.faults.append(f"the permission {permission} says what it allows in 1 to {MOST_WORDS} characters")
        self._contributes("permission", permission)
        self.permissions.append(permission)
        return permission
