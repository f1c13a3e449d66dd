"""In whose name a transaction speaks: each scope is a database role, entered for one transaction."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

OWNER_ROLE = "waypost_owner"
LOGIN_ROLE = "waypost_app"
SCOPE_ROLES = ("waypost_city", "waypost_national", "waypost_learner", "waypost_system")

# Citus hands a SET on to its workers only when told to; where it is not loaded nobody reads this name.
_TO_WORKERS = "SET LOCAL citus.propagate_set_commands = 'local'"
# Stands for what all tenants share: directories, standards, postcodes.
SHARED: Final = UUID(int=0)
_JOB = re.compile(r"[a-z][a-z0-9]*(?:[-_.:][a-z0-9]+)*")


def _uuid(value: UUID | str) -> UUID:
    """Parse an identifier again, so that what is interpolated into SQL consists of hexadecimal digits."""
    return UUID(int=value.int) if isinstance(value, UUID) else UUID(value)


@dataclass(frozen=True, slots=True)
class City:
    """One tenant: everything of its own, nothing of anybody else, not even public rows.

    `quiet` is for bookkeeping that no remembered answer shows (marks, deliveries): its writes do not move the
    tenant's catalogue on. Raises `ValueError` when `tenant` is not a UUID.
    """

    tenant: UUID
    quiet: bool = False
    role: ClassVar[str] = "waypost_city"

    def __post_init__(self) -> None:
        object.__setattr__(self, "tenant", _uuid(self.tenant))

    @property
    def catalogue(self) -> UUID | None:
        """Whose catalogue its writes move on."""
        return None if self.quiet else self.tenant

    def sql(self) -> str:
        """SQL (statements without a final semicolon) that enters the scope inside a transaction."""
        return f"SET LOCAL ROLE {self.role}; {_TO_WORKERS}; SET LOCAL app.tenant_id = '{self.tenant}'"


@dataclass(frozen=True, slots=True)
class National:
    """The whole country, reading what tenants have published."""

    role: ClassVar[str] = "waypost_national"
    catalogue: ClassVar[None] = None

    def sql(self) -> str:
        """SQL (statements without a final semicolon) that enters the scope inside a transaction."""
        return f"SET LOCAL ROLE {self.role}; {_TO_WORKERS}"


@dataclass(frozen=True, slots=True)
class Learner:
    """One person and what belongs to that person alone.

    Raises `ValueError` when `person` is not a UUID.
    """

    person: UUID
    role: ClassVar[str] = "waypost_learner"
    catalogue: ClassVar[None] = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "person", _uuid(self.person))

    def sql(self) -> str:
        """SQL (statements without a final semicolon) that enters the scope inside a transaction."""
        return f"SET LOCAL ROLE {self.role}; {_TO_WORKERS}; SET LOCAL app.person_id = '{self.person}'"


@dataclass(frozen=True, slots=True)
class System:
    """A named piece of the platform's own work, over directories and queues only.

    `shared` says that it changes what every graph shows, such as the directory of tenants. Raises
    `ValueError` when `job` is not a short name such as `sign-in` or `outbox.deliver`.
    """

    job: str
    shared: bool = False
    role: ClassVar[str] = "waypost_system"

    def __post_init__(self) -> None:
        if not _JOB.fullmatch(self.job):
            raise ValueError(f"{self.job!r} is no name of a job: lower-case letters, digits and -_.: between them")

    @property
    def catalogue(self) -> UUID | None:
        """Whose catalogue its writes move on."""
        return SHARED if self.shared else None

    def sql(self) -> str:
        """SQL (statements without a final semicolon) that enters the scope inside a transaction."""
        return f"SET LOCAL ROLE {self.role}; {_TO_WORKERS}; SET LOCAL app.job = '{self.job}'"


Scope = City | National | Learner | System
