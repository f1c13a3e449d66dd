"""The secrets that settings name: sealed in the tenant's own rows, and shown to nobody again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchval
from waypost.outbox.sealing import seal, unseal
from waypost.plugins.settings import is_secret_name

PURPOSE: Final = "plugin secret"
MOST_BYTES: Final = 16_384  # a private key in PEM fits well

SET_SQL: Final = """
INSERT INTO plugin_secret (tenant_id, name, sealed, changed_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (tenant_id, name) DO UPDATE SET sealed = excluded.sealed, changed_at = excluded.changed_at
"""
FIND_SQL: Final = "SELECT tenant_id, sealed FROM plugin_secret WHERE name = $1"
LIST_SQL: Final = "SELECT name, changed_at FROM plugin_secret WHERE tenant_id = $1 ORDER BY name"
REMOVE_SQL: Final = "DELETE FROM plugin_secret WHERE tenant_id = $1 AND name = $2 RETURNING true"


class BadSecret(ValueError):
    """A secret that cannot be kept: a name of another form, nothing in it, or too much."""


class MissingSecret(LookupError):
    """The tenant has no secret of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no secret called {name} here; set it with `waypost secrets set`")
        self.name = name


@dataclass(frozen=True)
class KnownSecret:
    """What may be known of a secret: its name, and when it was last set."""

    name: str
    changed_at: datetime


async def set_secret(tenant: UUID, name: str, value: str, *, secret_key: str, now: datetime) -> None:
    """Keep a secret under its name, in place of one that was there.

    Runs in the tenant's City transaction. `secret_key` is the platform's. Raises `BadSecret`.
    """
    if not is_secret_name(name):
        raise BadSecret(f"{name[:80]!r} is no name of a secret: lower-case words and numbers with dashes between")
    if not value.strip() or "\0" in value or len(value.encode()) > MOST_BYTES:
        raise BadSecret(f"a secret is text of 1 to {MOST_BYTES} bytes")
    await execute(SET_SQL, tenant, name, seal(secret_key, PURPOSE, _place(tenant, name), value.encode()), now)


async def secret_of(name: str, secret_key: str) -> str:
    """The current tenant's secret of that name, as settings give it for a key of the format `secret`.

    Runs in the tenant's City transaction. Raises `MissingSecret`, and `Unsealable` where the platform's key changed.
    """
    rows = await fetch(FIND_SQL, name)
    if not rows:
        raise MissingSecret(name)
    return unseal(secret_key, PURPOSE, _place(rows[0]["tenant_id"], name), rows[0]["sealed"]).decode()


async def secrets_in(tenant: UUID) -> Sequence[KnownSecret]:
    """Which secrets a tenant has, by name. Runs in its City transaction."""
    return [KnownSecret(row["name"], row["changed_at"]) for row in await fetch(LIST_SQL, tenant)]


async def remove_secret(tenant: UUID, name: str) -> None:
    """Forget a secret. Runs in the tenant's City transaction. Raises `MissingSecret`."""
    if not await fetchval(REMOVE_SQL, tenant, name):
        raise MissingSecret(name)


def _place(tenant: UUID, name: str) -> str:
    return f"{tenant}:{name}"
