"""What a room declares about its part of the catalogue files: how entries are read, checked, stored, written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from waypost.refusal import Refusal
from waypost.tenancy.documents import Document
from waypost.tenancy.entries import Entry, Here, Ref, Written
from waypost.tenancy.faults import Fault
from waypost.tenancy.fields import Slug, Table
from waypost.tenancy.sections import Keys, Problem

if TYPE_CHECKING:
    from waypost.tenancy.country import Country, Folder
    from waypost.tenancy.models import TenantFile


class CatalogueEntry(Table):
    """One entry of a catalogue file, `[[badges]]` for instance."""

    slug: Slug


E = TypeVar("E", bound=CatalogueEntry)


@dataclass(frozen=True, slots=True)
class Reference:
    """A name of something else inside an entry: where it stands, which kind it means and what it says.

    `value` is a slug of the same tenant, `tenant/slug`, or the slug of something shared. `lent` says that
    another tenant's thing is shown here, and not only mentioned.
    """

    keys: Keys
    kind: str
    value: str
    lent: bool = True


@dataclass(frozen=True)
class Placed(Generic[E]):
    """An entry where it stands. `entry` is None when it could not be read: its slug counts all the same.

    `sections` are the values of plugins' sections, by plugin and name of the section. `source` is what rows
    remember, like `tenants/brighton/catalogue/places.toml:jubilee-library`.
    """

    kind: str
    tenant: str
    slug: str
    document: Document
    keys: Keys
    source: str
    entry: E | None
    sections: Mapping[tuple[str, str], BaseModel]

    def fault(self, problem: Problem) -> Fault:
        """A problem of this entry as a fault of its file."""
        return self.document.fault((*self.keys, *problem.keys), problem.words, notice=problem.notice)

    @property
    def place(self) -> str:
        """File and line of the entry."""
        return self.document.place(self.keys)


@dataclass(frozen=True)
class Stored(Generic[E]):
    """An entry as it stands in the database, in the form in which files would say it.

    `derived` holds what follows from elsewhere (the time zone of the tenant, say), by the same names as
    `CatalogueKind.derived`. `closed` is true of what was taken off the lists.
    """

    id: UUID
    entry: E
    closed: bool
    source: str | None
    derived: Mapping[str, object] = field(default_factory=dict)


@dataclass
class Writing:
    """One tenant's catalogue while it is written, in its City transaction.

    `prepared` is what kinds wanted to know of other tenants, by name. `ids` are the tenant's own rows by kind
    and slug; `loans` what it has borrowed and `origins` what other tenants show, as (tenant, id), both by
    kind and `tenant/slug`. What a name means may not be there yet; then it is left out, `incomplete` becomes
    true, and the entry is written once more later.
    """

    here: Here
    folder: Folder
    country: Country
    now: datetime
    prepared: Mapping[str, Any]
    ids: dict[tuple[str, str], UUID] = field(default_factory=dict)
    loans: dict[tuple[str, str], Ref] = field(default_factory=dict)
    origins: dict[tuple[str, str], tuple[UUID, UUID]] = field(default_factory=dict)
    incomplete: bool = False

    def own(self, kind: str, slug: str | None) -> UUID | None:
        """The id of an own row; None for no slug, and for a row that is not there yet."""
        if slug is None:
            return None
        found = self.ids.get((kind, slug))
        self.incomplete = self.incomplete or found is None
        return found

    def must(self, kind: str, slug: str) -> UUID:
        """The id of an own row that must be there, since its kind is written earlier. Raises LookupError."""
        if (found := self.ids.get((kind, slug))) is None:
            raise LookupError(f"{self.here.slug} has no row {kind}/{slug}, though its files were checked")
        return found

    def meant(self, kind: str, value: str) -> Ref | None:
        """What a slug or `tenant/slug` means here; None while it is not there yet."""
        tenant, _, slug = value.rpartition("/")
        if tenant in {"", self.here.slug}:
            id = self.own(kind, slug)
            return None if id is None else Ref(id, self.here.tenant_id)
        found = self.loans.get((kind, value))
        self.incomplete = self.incomplete or found is None
        return found

    def origin(self, kind: str, value: str | None) -> tuple[UUID, UUID] | None:
        """Tenant and id of what is only mentioned; None for nothing, and while it is not there yet."""
        if value is None:
            return None
        tenant, _, slug = value.rpartition("/")
        if tenant in {"", self.here.slug}:
            id = self.own(kind, slug)
            return None if id is None else (self.here.tenant_id, id)
        found = self.origins.get((kind, value))
        self.incomplete = self.incomplete or found is None
        return found

    def all_meant(self, kind: str, values: Iterable[str]) -> tuple[Ref, ...]:
        """What several names mean, those left out that are not there yet."""
        return tuple(ref for value in values if (ref := self.meant(kind, value)) is not None)


class CatalogueKind(ABC, Generic[E]):
    """One array of tables of the catalogue files.

    `name` is the array ("badges"), `word` one of its entries ("badge"); `table` is the Piccolo table whose
    rows the entries become (with columns id, slug, state, managed_by and source_id); `closed_state` is the
    state of what was taken off the lists.
    """

    name: ClassVar[str]
    word: ClassVar[str]
    table: ClassVar[Any]
    closed_state: ClassVar[str] = "closed"
    model: type[E]

    def references(self, entry: E) -> Iterable[Reference]:
        """Everything that the entry names; whether it exists is checked for all rooms alike."""
        del entry
        return ()

    def check(self, entry: E, folder: Folder, country: Country) -> Iterable[Problem]:
        """What is wrong with one entry besides its form; keys are relative to the entry."""
        del entry, folder, country
        return ()

    def check_country(self, country: Country) -> Iterable[Fault]:
        """What is wrong among entries of all tenants."""
        del country
        return ()

    def is_public(self, entry: E) -> bool:
        """Whether others may name it: it has been published."""
        del entry
        return True

    def closed(self, entry: E) -> bool:
        """Whether the file itself says that it is off the lists."""
        del entry
        return False

    def facts(self, entry: E, folder: Folder) -> dict[str, object]:
        """What is compared, by key: equal for a file and for the row written from it."""
        del folder
        return entry.model_dump(mode="python")

    def derived(self, entry: E, folder: Folder, country: Country) -> dict[str, object]:
        """What the row takes from elsewhere, by the name of the key that a change is reported under."""
        del entry, folder, country
        return {}

    def differences(self, entry: E, stored: Stored[E], folder: Folder, country: Country) -> list[str]:
        """The keys under which a row differs from its entry, in the order of the entry."""
        wanted, there = self.facts(entry, folder), self.facts(stored.entry, folder)
        keys = [key for key, value in wanted.items() if value != there[key]]
        derived = self.derived(entry, folder, country)
        keys += [key for key, value in derived.items() if value != stored.derived.get(key)]
        if stored.closed and not self.closed(entry):
            keys.append("state")
        return list(dict.fromkeys(keys))

    def lent(self, entry: E, folder: Folder) -> dict[str, object]:
        """What borrowers keep of it: name, layer, image_url and state. Only for what can be borrowed."""
        del entry, folder
        return {}

    def said(self, entry: E, tenant: TenantFile) -> dict[str, Any]:
        """The entry as a file would say it, what goes without saying left out."""
        del tenant
        said = entry.model_dump(exclude_defaults=True)
        # What all kinds have in common comes after what this one is about.
        order = dict.fromkeys(("slug", *type(entry).__annotations__, *said))
        return {key: said[key] for key in order if key in said}

    async def foreign(self, tenant_id: UUID) -> Collection[UUID]:
        """The ids of other tenants' objects that the tenant's rows of this kind name, in its transaction."""
        del tenant_id
        return ()

    async def names(self, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """The names `tenant/slug` of published objects of this kind, in a National transaction."""
        del ids
        return {}

    @abstractmethod
    async def read(
        self, tenant_id: UUID, managed_by: Collection[str], names: Mapping[UUID, str]
    ) -> Mapping[str, Stored[E]]:
        """The tenant's rows of these keepers, by slug, in the current City transaction.

        `names` are those of the other tenants' objects that the rows may name, by id.
        """

    async def prepare(self, tenant_id: UUID) -> Any:
        """What writing needs to know of other tenants, in a National transaction; see `Writing.prepared`."""
        del tenant_id

    @abstractmethod
    async def write(self, entry: E, source: str, at: Writing, row: Entry | None) -> Written | Refusal | None:
        """Create the row (`row` is None) or bring it to the entry.

        None says that it cannot be written before everything is there that it names.
        """

    @abstractmethod
    async def close(self, id: UUID, at: Writing) -> bool:
        """Take the row off the lists, its words kept; answers whether it was on them."""

    async def follow(self, changed: Mapping[str, Collection[UUID]], at: Writing) -> None:
        """Bring up to date what rows of this kind, of any keeper, took from changed rows, given by kind."""
        del changed, at


class SharedKind(ABC, Generic[E]):
    """An array of tables whose entries belong to the whole platform, whichever tenant's files name them.

    Equal slugs mean the same thing everywhere; what one file leaves out another may say.
    """

    name: ClassVar[str]
    word: ClassVar[str]
    model: type[E]

    def check_country(self, country: Country) -> Iterable[Fault]:
        """What is wrong among the entries of all tenants."""
        del country
        return ()

    @abstractmethod
    async def known(self, entries: Collection[E]) -> Mapping[str, E]:
        """What the platform has under the slugs or other names of these entries, by slug; in any scope."""

    @abstractmethod
    async def of_tenant(self, tenant_id: UUID, managed_by: Collection[str]) -> tuple[E, ...]:
        """What the tenant's open rows of these keepers refer to, in its City transaction."""

    @abstractmethod
    def conflict(self, entry: E, known: Mapping[str, E]) -> Problem | None:
        """Why the entry cannot stand beside what the platform has."""

    @abstractmethod
    async def found(self, entry: E) -> Refusal | None:
        """Create it, in a City transaction."""

    @abstractmethod
    async def change(self, entry: E) -> None:
        """Bring it to the entry, in a System transaction."""
