"""What plugins do in the background reaches the cities that have them, and no others."""

from __future__ import annotations

from uuid import UUID

from tests.outbox.test_working import Seen, fly
from tests.rooms import found_tenant
from tests.working import work_off
from waypost.calling import Calls
from waypost.db import Database, System, execute
from waypost.plugins.activation import where_active

ON_SQL = "INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'kites', $2)"


async def switch(database: Database, tenant: UUID, *, on: bool) -> None:
    async with database.transaction(System("tenants", shared=True)):
        await execute(ON_SQL, tenant, on)


async def test_a_handler_hears_of_cities_that_have_its_plugin_alone(database: Database) -> None:
    with_it, off, without = [await found_tenant(database, slug) for slug in ("lewes", "ryde", "bude")]
    await switch(database, with_it.tenant_id, on=True)
    await switch(database, off.tenant_id, on=False)
    seen = Seen()
    kites = [await fly(database, here) for here in (with_it, off, without)]
    await work_off(database, effects=where_active("kites", seen.effects(), Calls()))
    assert [event.object_id for event in seen.events if event.object_id in kites] == kites[:1]
