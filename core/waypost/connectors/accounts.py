"""Opens issuing accounts: their settings and secrets, in the owner's scope and never outside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from waypost.connectors.registry import Connectors, Opened
from waypost.db import City, execute, fetchrow, storable
from waypost.outbox.connecting import Access
from waypost.outbox.sealing import Unsealable
from waypost.outbox.work import Work
from waypost.plugins.activation import works_here
from waypost.plugins.secrets import MissingSecret, secret_of
from waypost.plugins.settings import with_defaults

ACCOUNT_SQL: Final = """
SELECT connector, plugin, settings::text AS settings, state FROM issuing_account WHERE tenant_id = $1 AND id = $2
"""
FAILING_SQL: Final = """
UPDATE issuing_account SET state = 'failing', problem = $3
WHERE tenant_id = $1 AND id = $2 AND state <> 'off' AND (state, problem) IS DISTINCT FROM ('failing', $3)
"""
WORKS_SQL: Final = """
UPDATE issuing_account SET state = 'on', problem = NULL, checked_at = $3
WHERE tenant_id = $1 AND id = $2 AND state <> 'off'
"""


async def open_account(work: Work, connectors: Connectors, tenant: UUID, account: UUID) -> Opened | None:
    """Open an account of a tenant for a call; None where it is off, or its plugin is, or a secret is missing.

    What is wrong is noted with the account. An account that fails is opened too: whoever asks decides.
    """
    async with work.database.transaction(City(tenant, quiet=True)):
        row = await fetchrow(ACCOUNT_SQL, tenant, account)
        offered = None if row is None else connectors.find(row["connector"])
        if row is None or row["state"] == "off" or offered is None:
            return None
        if not await works_here(tenant, offered.needs):
            return None
        schema = offered.connector.settings
        settings = with_defaults(json.loads(row["settings"]), schema)
        try:
            key = work.settings.load_secret_key()
            secrets = {name: await secret_of(settings[name], key) for name in secret_keys(schema) if name in settings}
        except (MissingSecret, Unsealable) as error:
            await execute(FAILING_SQL, tenant, account, str(error))
            return None
    access = Access(settings, secrets, connectors.outgoing(work), work.now())
    return Opened(tenant, account, offered, access, connectors.calls)


def secret_keys(schema: Mapping[str, Any]) -> list[str]:
    """The keys of an account's settings that name secrets."""
    properties = schema.get("properties", {}).items()
    return [name for name, inner in properties if isinstance(inner, Mapping) and inner.get("format") == "secret"]


async def note_failing(work: Work, opened: Opened, problem: str) -> None:
    """Note that the platform does not take the account's secret; nothing is tried until it works again."""
    async with work.database.transaction(City(opened.tenant, quiet=True)):
        await execute(FAILING_SQL, opened.tenant, opened.id, storable(problem))


async def note_working(work: Work, opened: Opened) -> None:
    """Note that the platform answers."""
    async with work.database.transaction(City(opened.tenant, quiet=True)):
        await execute(WORKS_SQL, opened.tenant, opened.id, work.now())
