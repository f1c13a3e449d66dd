"""All tenants as their folders say them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from waypost.tenancy.catalogue import CatalogueKind, Placed, SharedKind
from waypost.tenancy.documents import Document
from waypost.tenancy.faults import Fault
from waypost.tenancy.models import TenantFile
from waypost.tenancy.outline import Area
from waypost.tenancy.sections import CatalogueSection, InstalledPlugin

AnyKind = CatalogueKind[Any] | SharedKind[Any]


@dataclass(frozen=True)
class Known:
    """What files may speak of: everything that does not stand in them.

    `kinds` stand in the order in which they are written, `shared` are those of the whole platform;
    `standards` maps a code to the qualified codes of its layers, in order; `hosts` are the platform's own,
    which no tenant may claim.
    """

    kinds: tuple[CatalogueKind[Any], ...]
    shared: tuple[SharedKind[Any], ...]
    standards: Mapping[str, tuple[str, ...]]
    plugins: tuple[InstalledPlugin, ...] = ()
    hosts: frozenset[str] = frozenset()

    @property
    def arrays(self) -> Mapping[str, AnyKind]:
        """All kinds of entries by name, the shared ones first."""
        every: tuple[AnyKind, ...] = (*self.shared, *self.kinds)
        return {kind.name: kind for kind in every}

    def plugin(self, name: str) -> InstalledPlugin | None:
        """An installed plugin."""
        return next((plugin for plugin in self.plugins if plugin.name == name), None)


@dataclass(frozen=True)
class Folder:
    """One tenant's folder.

    `file` is `tenant.toml` in faults; `document` and `tenant` are None where it cannot be read or is wrong.
    `entries` are by kind and slug. `whole` is false when some file could not be read, so that nobody
    complains of what may stand there.
    """

    slug: str
    file: str
    document: Document | None
    tenant: TenantFile | None
    area: Area | None
    entries: Mapping[str, Mapping[str, Placed[Any]]]
    whole: bool

    def placed(self, kind: str) -> Iterator[Placed[Any]]:
        """The entries of a kind, in the order of the files."""
        yield from self.entries.get(kind, {}).values()

    @property
    def settings(self) -> TenantFile:
        """What `tenant.toml` says. Raises LookupError where it could not be read; then nothing is applied."""
        if self.tenant is None:
            raise LookupError(f"{self.file} could not be read")
        return self.tenant

    def sections(self, known: Known) -> Iterator[tuple[InstalledPlugin, CatalogueSection]]:
        """The sections that entries may have here: those of the active plugins that could be loaded."""
        for plugin in known.plugins:
            if self.tenant is not None and plugin.name in self.tenant.plugins:
                yield from ((plugin, section) for section in plugin.sections)


@dataclass(frozen=True)
class Country:
    """All folders, by slug, and the standards that their badges may follow: layers by code, in order."""

    folders: Mapping[str, Folder] = field(default_factory=dict)
    standards: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def find(self, kind: str, tenant: str, slug: str) -> Placed[Any] | None:
        """An entry of a tenant."""
        folder = self.folders.get(tenant)
        return None if folder is None else folder.entries.get(kind, {}).get(slug)

    def resolve(self, kind: str, tenant: str, value: str) -> Placed[Any] | None:
        """What a slug or `tenant/slug` in this tenant's files means."""
        other, _, slug = value.rpartition("/")
        return self.find(kind, other or tenant, slug)

    def all(self, kind: str) -> Iterator[Placed[Any]]:
        """Every tenant's entries of a kind, tenants by slug."""
        for slug in sorted(self.folders):
            yield from self.folders[slug].placed(kind)


@dataclass(frozen=True)
class Absent:
    """A plugin that a tenant's file names and that is not installed.

    Where the tenant had it before it is only a `notice`; without a database nobody knows, and it is a `fault`.
    """

    folder: Folder
    plugin: str
    fault: Fault
    notice: Fault


@dataclass(frozen=True)
class Survey:
    """The country with everything that is wrong in its files, in order; the faults of `absent` are among them."""

    country: Country
    known: Known
    faults: tuple[Fault, ...]
    notices: tuple[Fault, ...]
    absent: tuple[Absent, ...] = ()

    @property
    def certain(self) -> tuple[Fault, ...]:
        """The faults that are faults whatever the database says."""
        perhaps = {each.fault for each in self.absent}
        return tuple(fault for fault in self.faults if fault not in perhaps)
