"""What every registrar does: it notes contributions, and faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import iscoroutine, signature
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

    def _calls(self, what: str, function: object, *given: str) -> None:
        """Note a fault unless it is a function that can be called with what is given."""
        if not callable(function):
            self.faults.append(
                f"{what} is a {type(function).__name__}, and must be a function: name it, do not call it"
            )
            if iscoroutine(function):
                function.close()  # or Python warns of it in words of its own
        elif (takes := _unlike(function, given)) is not None:
            self.faults.append(f"{what} is called with ({', '.join(given)}) and takes {takes}")


def _unlike(function: Callable[..., object], given: Sequence[str]) -> str | None:
    """What a function takes, where that is something else; None also where it does not say."""
    try:
        takes = signature(function)
    except ValueError:
        return None
    try:
        takes.bind(*given)
    except TypeError:
        return f"({', '.join(takes.parameters)})"
    return None
