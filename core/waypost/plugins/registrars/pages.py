"""What a plugin shows on the platform's pages."""

from __future__ import annotations

from waypost.plugins.registrars.base import Registrar
from waypost.plugins.slots import SLOTS, Fill


class PagesRegistrar(Registrar):
    """Takes what fills slots of pages: functions from a `Site` to `Piece`s."""

    kinds = ("slot",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.fills: list[tuple[str, Fill]] = []

    def slot(self, name: str, fill: Fill) -> Fill:
        """Register what fills the slot `city`: the start page of a city with the plugin."""
        if name not in SLOTS:
            self.faults.append(f"there is no slot {name} on a page; there is {', '.join(SLOTS)}")
        self._contributes("slot", name)
        self._calls(f"the slot {name}", fill, "site")
        self.fills.append((name, fill))
        return fill
