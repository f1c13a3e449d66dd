"""What brings tables: the platform itself, or a plugin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from waypost.db.connections import Connection
from waypost.db.personal import Personal
from waypost.db.tables import OwnedTable

PLATFORM = "waypost"
# Trusted by PostgreSQL, so the owner of a database may make them: for nearest first and for search.
EXTENSIONS = ("btree_gist", "cube", "pg_trgm", "unaccent")


@dataclass(frozen=True, slots=True)
class App:
    """Tables with their migrations, and the reference data that belongs to them.

    `migrations` is a folder of files `0001_name.sql`; `reference(connection)`
    loads reference data as the owner role after migrating, and must be repeatable; `extensions` are
    made by the administrator first; `personal` says what the tables keep of people, and how they forget them.
    """

    name: str
    migrations: Path
    tables: tuple[type[OwnedTable], ...] = ()
    reference: Callable[[Connection], Awaitable[None]] | None = None
    extensions: tuple[str, ...] = EXTENSIONS
    personal: tuple[Personal, ...] = ()

    def __post_init__(self) -> None:
        """Raises TypeError for one alone where several are asked for: `(Tide)` is no tuple, `(Tide,)` is."""
        for name in ("tables", "extensions", "personal"):
            if not isinstance(getattr(self, name), tuple | list):
                raise TypeError(f"{name} of the app {self.name} is a tuple; of one alone: {name}=(…,)")

    @property
    def schema(self) -> str:
        """The PostgreSQL schema of the app's tables."""
        return "public" if self.name == PLATFORM else f"plugin_{self.name}"
