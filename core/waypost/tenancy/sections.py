"""What plugins tell the catalogue: sections inside entries, such as `[badges.essential]`, and their settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel

Keys = tuple[str | int, ...]

# The arrays of the catalogue files; rooms above declare what stands in them, and a test holds the two together.
KINDS: Final = ("badges", "issuers", "lint_rules", "opportunities", "pathways", "places", "schemes")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong inside one entry, section or table of settings.

    `keys` leads from there to the value (`("creativity",)`, or `()` for the whole); `words` say what is
    wrong, and what would be right. A notice says what looks odd and refuses nothing.
    """

    keys: Keys
    words: str
    notice: bool = False


def nothing_to_check(value: Any, settings: Mapping[str, Any]) -> Iterable[Problem]:
    """The check of a section whose model says everything."""
    del value, settings
    return ()


@dataclass(frozen=True)
class CatalogueSection:
    """A table that a plugin understands inside each entry of one kind.

    `kind` is the array in the files ("badges", "opportunities", …), `name` the table's key in an entry.
    `model` reads the value; unknown keys are faults whether or not the model forbids them.
    `check(value, settings)` sees the value and the tenant's settings for the plugin, does no I/O.
    `write(tenant_id, object_id, value)` runs in the tenant's City transaction after the object was
    written; `value` is None where the entry has no such table; answers whether anything changed.
    `read(tenant_id)` answers what is stored now, by object id, in the same kind of transaction; it must
    answer values equal to those written, since `apply` writes only what differs and `export` writes files
    from it.
    """

    kind: str
    name: str
    model: type[BaseModel]
    write: Callable[[UUID, UUID, Any], Awaitable[bool]]
    read: Callable[[UUID], Awaitable[Mapping[UUID, Any]]]
    check: Callable[[Any, Mapping[str, Any]], Iterable[Problem]] = nothing_to_check

    @contextmanager
    def blamed(self, plugin: str, place: str) -> Iterator[None]:
        """Have whatever its functions raise say whose they are, and which entry or tenant they were called for."""
        try:
            yield
        except Exception as error:
            error.add_note(f"The section {self.kind}.{self.name} of the plugin {plugin} raised this, for {place}.")
            raise


def any_settings(settings: Mapping[str, Any]) -> Iterable[Problem]:
    """The check of a plugin that takes whatever it is given."""
    del settings
    return ()


@dataclass(frozen=True)
class InstalledPlugin:
    """What the files need to know of one installed plugin, whether or not it could be loaded.

    `check_settings(settings)` looks at the table `[plugins.<name>]`. `problem` says why the plugin was left
    out (it cannot be imported, say): then its settings and sections pass unread, with a notice.
    `requires` are names of plugins that must be active beside it.
    """

    name: str
    sections: tuple[CatalogueSection, ...] = ()
    check_settings: Callable[[Mapping[str, Any]], Iterable[Problem]] = any_settings
    requires: tuple[str, ...] = ()
    problem: str | None = None
