"""Formats of frameworks that plugins bring: each of their functions is called as all code of plugins is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_type_hints
from uuid import UUID

from waypost.calling import Call, Calls
from waypost.outbox.frameworks import Association, Document, End, Fault, Format, Item, Package, Result
from waypost.plugins.manager import Plugins
from waypost.plugins.registrars import FrameworkRegistrar

LOOKING_S: Final = 5.0  # that a format has to look at a file's first bytes, or at an address
READING_S: Final = 60.0
TYPES: Final[Mapping[type, Mapping[str, Any]]] = {
    each: get_type_hints(each) for each in (Document, Item, Association, End)
}


@dataclass(frozen=True)
class CalledFormat:
    """A plugin's format as imports of one tenant call it (None: an operator's).

    Its functions are bounded in time, run where they hold up nobody, and are counted; all raise what `Calls.make` does.
    """

    plugin: str
    format: Format
    calls: Calls
    tenant: UUID | None = None

    @property
    def title(self) -> str:
        """What it is called where people are told which formats there are."""
        return self.format.title

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that it asks an address with."""
        return self.format.headers

    async def knows(self, beginning: bytes) -> bool:
        """Whether a file that begins so may be this format; raises what the plugin raises."""
        return bool(await self._called("the look of", LOOKING_S, self.format.knows, beginning))

    async def asked(self, url: str) -> str:
        """Give the address to fetch for one that was given; raises what the plugin raises."""
        found: str = await self._called("the address of", LOOKING_S, self.format.asked, url, check=_is_address)
        return found

    async def read(self, data: bytes) -> Result:
        """Read a file: a package, or all that is wrong with it; raises what the plugin raises."""
        found: Result = await self._called("the reading of", READING_S, self.format.read, data, check=_is_result)
        return found

    async def _called(
        self,
        what: str,
        patience_s: float,
        function: Callable[..., Any],
        given: bytes | str,
        check: Callable[[Any], object] = lambda answer: answer,
    ) -> Any:
        call = Call(self.plugin, f"{what} the format {self.format.name}", self.tenant, patience_s, check)
        return await self.calls.make(call, function, given)


def called_formats(
    plugins: Plugins, names: Iterable[str] | None = None, tenant: UUID | None = None
) -> tuple[CalledFormat, ...]:
    """The formats that a tenant with these plugins may send, ready to be called; None: those of all working plugins."""
    return tuple(
        CalledFormat(plugin.manifest.name, each, plugins.calls, tenant)
        for plugin in plugins.active(plugins.working if names is None else names)
        for each in plugin.by(FrameworkRegistrar).formats
    )


def _is_address(found: object) -> None:
    if not isinstance(found, str):
        raise TypeError(f"it answered {type(found).__name__} instead of an address")


def _is_result(found: object) -> None:
    """Raise TypeError for what is neither a package nor faults: a plugin may answer anything."""
    if isinstance(found, Package):
        _look_at(found.document, Document)
        for item in found.items:
            _look_at(item, Item)
        for association in found.associations:
            _look_at(association, Association)
            _look_at(association.origin, End)
            _look_at(association.destination, End)
        return
    faults = found if isinstance(found, Collection) else ()
    if not faults or not all(isinstance(each, Fault) for each in faults):
        raise TypeError(f"it answered {type(found).__name__} instead of a package or faults")


def _look_at(part: object, kind: type) -> None:
    """Raise TypeError for a part of a package that is none of that kind, or holds something of another type."""
    if not isinstance(part, kind):
        raise TypeError(f"it has {type(part).__name__} in its package instead of {kind.__name__}")
    for name, types in TYPES[kind].items():
        if not isinstance(getattr(part, name), types):
            raise TypeError(f"it has {type(getattr(part, name)).__name__} as {name} of {kind.__name__}")
