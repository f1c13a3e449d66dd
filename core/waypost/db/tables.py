"""The four base classes of all tables; whoever writes a table says by its base whose rows it holds."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Self, cast

from piccolo.columns import UUID, Column
from piccolo.columns.defaults.uuid import UUID4
from piccolo.query import Delete, Insert, Update
from piccolo.query.methods.objects import GetRelated, UpdateSelf
from piccolo.query.methods.refresh import Refresh
from piccolo.table import Table

from waypost.db.engine import ENGINE
from waypost.db.errors import Unsupported
from waypost.db.ids import new_id
from waypost.db.ownership import LEADING, Kind, Ownership, parse_grants
from waypost.db.transaction import current_tenant


class OwnedTable(Table):
    """What the four kinds have in common; not a base for tables itself."""

    _ownership: Ownership

    def __init_subclass__(  # noqa: PLR0913 - each keyword is one thing that a table says of itself
        cls,
        *,
        kind: Kind | None = None,
        key: tuple[str, ...] = ("id",),
        tablename: str | None = None,
        schema: str | None = None,
        help_text: str | None = None,
        grants: Mapping[str, str] | None = None,
        tenant_policy: bool | str = False,
        shared_row: bool = False,
        updates: Mapping[str, Sequence[str]] | None = None,
        reason: str = "",
        unaudited: str = "",
        append_only: bool = False,
        sealed: bool = False,
    ) -> None:
        """Bind a table to the scoped engine and to its kind.

        `key` names the primary key after the leading column. `grants`, `reason`, `tenant_policy`, `shared_row`,
        `updates`, `unaudited`, `append_only` and `sealed` are read by the kinds that document them.
        Raises `TypeError` for a declaration that its kind does not allow.
        """
        if kind is not None:  # one of the four bases below, no table
            cls._base = kind
            return
        given: object = key  # nobody has checked it
        if isinstance(given, str):
            raise TypeError(f'{cls.__name__}: the key is a tuple of names; of one alone: key=("{given}",)')
        lead = LEADING[cls._base]
        whole_key = (lead, *key) if lead else key
        _mark_key(cls, key, whole_key)
        super().__init_subclass__(tablename=tablename, db=ENGINE, schema=schema, help_text=help_text)
        _forget_made_up_defaults(cls)
        name = cls._meta.tablename
        _allow(cls, bool(grants), bool(tenant_policy or shared_row or updates), reason)
        if cls._base is not Kind.TENANT and (unaudited or append_only):
            raise TypeError(f"{cls.__name__}: unaudited and append_only belong to tenant tables")
        cls._ownership = Ownership(
            kind=cls._base,
            key=whole_key,
            public=cls._base is Kind.TENANT and "public" in {c._meta.name for c in cls._meta.columns},
            grants=parse_grants(name, grants or {}),
            tenant_column="tenant_id" if tenant_policy is True else tenant_policy or None,
            shared_row=shared_row,
            updates={scope: tuple(columns) for scope, columns in (updates or {}).items()},
            reason=reason,
            traced_by=None if unaudited or cls._base is not Kind.TENANT else _traced_by(cls, key),
            append_only=append_only,
            sealed=sealed,
        )
        if sealed and not cls._ownership.public:
            raise TypeError(f"{name} is sealed, and has no column `public` to say from when on")

    _base: Kind

    def save(self, columns: Sequence[Column | str] | None = None) -> Insert[Self] | Update[Self]:
        """Insert the row or update it by its whole key, which is never written again (Citus refuses that)."""
        if self._exists_in_db and columns is None:
            columns = [c for c in self._meta.columns if c._meta.name not in self._ownership.key]
        query = super().save(columns)
        if isinstance(query, Update):
            for column in _other_key_columns(self):
                query = query.where(column == getattr(self, column._meta.name))
        return cast("Insert[Self] | Update[Self]", query)

    def remove(self) -> Delete:
        """Delete the row by its whole key."""
        others = [(column, getattr(self, column._meta.name)) for column in _other_key_columns(self)]
        query = super().remove()
        for column, value in others:
            query = query.where(column == value)
        return query

    def refresh(self, columns: Sequence[Column] | None = None, load_json: bool = False) -> Refresh:
        """Read the row again; raises `Unsupported` where Piccolo would compare a part of the key."""
        self._needs_simple_key("refresh")
        return super().refresh(columns, load_json)

    def update_self(self, values: dict[Column | str, Any]) -> UpdateSelf:
        """Update the row in place; raises `Unsupported` where Piccolo would compare a part of the key."""
        self._needs_simple_key("update_self")
        return super().update_self(values)

    def get_related(self, foreign_key: Any) -> GetRelated[Any]:
        """Follow a foreign key; raises `Unsupported` where Piccolo would compare a part of the key."""
        self._needs_simple_key("get_related")
        return super().get_related(foreign_key)

    def _needs_simple_key(self, what: str) -> None:
        if len(_other_key_columns(self)) > (self._ownership.key[0] in _LEADS):
            raise Unsupported(f"{what}() compares one column, {self._meta.tablename} has more; write the query")

    @classmethod
    def create_table(cls, *_: Any, **__: Any) -> NoReturn:
        """Refused: tables are made by migrations."""
        raise Unsupported(f"{cls._meta.tablename} is made by its migration")


class TenantTable(OwnedTable, kind=Kind.TENANT):
    """Rows of one tenant: its City scope alone reads and writes them; National reads those that are `public`.

    The primary key is `(tenant_id, *key)`; `tenant_id` defaults to the current
    City's tenant. A table that National may read declares `public = Boolean(default=False)`; with `sealed=True`
    nobody changes or removes a row once it is public, short of removing what it belongs to.

    Whoever acts leaves a trace of every change (see `auditing`). `unaudited="why"` is for tables that only follow
    from others or tell the same themselves; `append_only=True` for the trace itself.
    """

    # None outside City: Piccolo then asks for the value.
    tenant_id = UUID(default=cast("Callable[[], uuid.UUID]", current_tenant))
    id = UUID(primary_key=True, default=new_id)


class PersonTable(OwnedTable, kind=Kind.PERSON):
    """Rows of one person, read and written by that person's Learner scope.

    The primary key is `(person_id, *key)`. `grants={"system": "SELECT"}`
    lets another scope at all rows, for sign-in.
    """

    person_id = UUID(default=None)
    id = UUID(primary_key=True, default=new_id)


class ReferenceTable(OwnedTable, kind=Kind.REFERENCE):
    """What the whole country shares: every scope reads it, only migrations and imports write it."""

    id = UUID(primary_key=True, default=new_id)


class PlatformTable(OwnedTable, kind=Kind.PLATFORM):
    """Directories and queues: each scope has exactly its `grants`, and `reason` says why the table is here.

    `tenant_policy=True` lets City write only rows with its own `tenant_id`
    (or, given a name, rows that bear the tenant in that column), while it reads all; with `shared_row=True` it
    may write that of the nil uuid too, which stands for what all share. `updates={"city": ("name",)}` keeps a scope's
    UPDATE to those columns.
    """

    id = UUID(primary_key=True, default=new_id)


_LEADS = frozenset(lead for lead in LEADING.values() if lead)


def ownership(table: type[Table]) -> Ownership:
    """Give what a table class says about its rows; raises `TypeError` for one of no kind."""
    found = getattr(table, "_ownership", None)
    if not isinstance(found, Ownership):
        raise TypeError(f"{table.__name__} is of none of the four kinds of table")
    return found


def _mark_key(cls: type[OwnedTable], key: tuple[str, ...], whole_key: tuple[str, ...]) -> None:
    """Tell Piccolo which single column is "the" key, lest it invent a column `id` that no migration makes."""
    name = "id" if "id" in key else (key or whole_key)[0]
    if "id" not in key and "id" not in vars(cls):
        # Not `del`: the column is inherited. None is no Column, so Piccolo passes over it.
        setattr(cls, "id", None)  # noqa: B010 - mypy knows it as a column
    missing = [part for part in whole_key if not isinstance(getattr(cls, part, None), Column)]
    if missing:
        raise TypeError(f"{cls.__name__}: the key names {', '.join(missing)}, which the table does not declare")
    column: Column = getattr(cls, name).copy()
    column._meta.primary_key = True
    setattr(cls, name, column)


def _traced_by(cls: type[OwnedTable], key: tuple[str, ...]) -> str:
    """Give the first column of the key that holds an id, since the audit keeps no other values."""
    columns = {column._meta.name: column for column in cls._meta.columns}
    return next((name for name in key if isinstance(columns[name], UUID)), "")


def _forget_made_up_defaults(cls: type[OwnedTable]) -> None:
    """Take away what Piccolo would write where nobody gave a value: '' for no text, any uuid for no key."""
    for column in cls._meta.columns:
        given: object = getattr(column, "default", None)
        if column._meta.primary_key and column._meta.name == "id" and isinstance(given, UUID4):
            given = new_id
        elif column._meta.null or isinstance(given, UUID4):
            given = None
        column.default = given
        column._meta.params["default"] = given


def _allow(cls: type[OwnedTable], grants: bool, tenant_policy: bool, reason: str) -> None:
    base, name = cls._base, cls.__name__
    if base is Kind.PLATFORM and not reason:
        raise TypeError(f'{name}: a platform table says why it is one: reason="…"')
    if base is not Kind.PLATFORM and (tenant_policy or reason):
        raise TypeError(f"{name}: tenant_policy and reason belong to platform tables")
    if base in {Kind.TENANT, Kind.REFERENCE} and grants:
        raise TypeError(f"{name}: the grants of a {base} table follow from its kind")


def _other_key_columns(row: OwnedTable) -> list[Column]:
    """List the key's columns apart from the one that Piccolo compares."""
    meta = row._meta
    return [meta.get_column_by_name(name) for name in ownership(type(row)).key if name != meta.primary_key._meta.name]
