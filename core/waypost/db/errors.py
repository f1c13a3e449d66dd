"""What can go wrong between the platform and its database, by name."""

from __future__ import annotations


class DatabaseFault(Exception):
    """Any fault that this room names."""


class NoScope(DatabaseFault):
    """A query was made outside a transaction in scope, or after its transaction had ended."""


class AnotherScope(DatabaseFault):
    """A transaction was opened inside one of another scope."""


class TransactionAborted(DatabaseFault):
    """An error inside was swallowed, or a query went on that nobody waits for: nothing was written."""


class Unsupported(DatabaseFault):
    """A way around the scoped transaction, which is therefore closed."""


class TooStrong(DatabaseFault):
    """The login role may do more than enter the four scopes, so isolation would not hold."""


class TooOld(DatabaseFault):
    """The server is older than PostgreSQL 15."""


class CannotRun(DatabaseFault):
    """The embedded server cannot run here; the message says why and what to do."""


class BackupFault(DatabaseFault):
    """A copy of the database cannot be made or taken back; the message says why."""


class RolesMissing(DatabaseFault):
    """The roles or the schema cannot be prepared with the rights of the administrating login."""


class MigrationFault(DatabaseFault):
    """A migration cannot be applied or taken back; the message names app and file."""


class MigrationChanged(MigrationFault):
    """A migration that was applied reads differently now."""


class MigrationMissing(MigrationFault):
    """A migration that was applied has no file any more."""


class MigrationOutOfOrder(MigrationFault):
    """A pending migration has a lower number than one already applied."""


class MigrationMalformed(MigrationFault):
    """A file is not named `0001_name.sql` or lacks its `-- migrate:up` or `-- migrate:down` part."""
