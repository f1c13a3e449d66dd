"""Scopes, transactions, row security, migrations and the embedded server."""

from __future__ import annotations

from waypost.db.apps import App
from waypost.db.auditing import Actor
from waypost.db.connections import Connection
from waypost.db.database import Database
from waypost.db.embedded import Embedded
from waypost.db.errors import (
    AnotherScope,
    CannotRun,
    DatabaseFault,
    MigrationFault,
    NoScope,
    RolesMissing,
    TooOld,
    TooStrong,
    TransactionAborted,
    Unsupported,
)
from waypost.db.ids import first_id, new_id
from waypost.db.ownership import Kind, Ownership
from waypost.db.personal import Finds, Personal
from waypost.db.reads import Read, Reads
from waypost.db.scope import SHARED, City, Learner, National, Scope, System
from waypost.db.sql import copy, execute, executemany, fetch, fetchrow, fetchval, one_at_a_time, storable
from waypost.db.tables import OwnedTable, PersonTable, PlatformTable, ReferenceTable, TenantTable, ownership
from waypost.db.transaction import Transaction, act_as, current_actor, current_scope, move_shared, stamp
from waypost.db.versions import Versions

__all__ = [
    "SHARED",
    "Actor",
    "AnotherScope",
    "App",
    "CannotRun",
    "City",
    "Connection",
    "Database",
    "DatabaseFault",
    "Embedded",
    "Finds",
    "Kind",
    "Learner",
    "MigrationFault",
    "National",
    "NoScope",
    "OwnedTable",
    "Ownership",
    "PersonTable",
    "Personal",
    "PlatformTable",
    "Read",
    "Reads",
    "ReferenceTable",
    "RolesMissing",
    "Scope",
    "System",
    "TenantTable",
    "TooOld",
    "TooStrong",
    "Transaction",
    "TransactionAborted",
    "Unsupported",
    "Versions",
    "act_as",
    "copy",
    "current_actor",
    "current_scope",
    "execute",
    "executemany",
    "fetch",
    "fetchrow",
    "fetchval",
    "first_id",
    "move_shared",
    "new_id",
    "one_at_a_time",
    "ownership",
    "stamp",
    "storable",
]
