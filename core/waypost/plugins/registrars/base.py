"""What every registrar does: it notes contributions, and faults."""

from __future__ import annotations

from typing import ClassVar


class Registrar:
    """Notes what a plugin contributes, and what is wrong with it.

    `contributions` holds names as manifests write them (`table:badge_essential`), `faults` sentences;
    one fault is enough to leave the plugin out, but its author sees all of them at once. `kinds` are the words
    before the colon.
    """

    kinds: ClassVar[tuple[str, ...]] = ()

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
