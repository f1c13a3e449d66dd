"""Switching a plugin off or uninstalling it keeps its data; removing that is a command of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.cli.conftest import SECRET_KEY, Waypost
from tests.http.stage import BASE_URL, insert_tenant
from waypost.access.people import create_token
from waypost.cli.parts import apps_of, load_plugins, parts_of
from waypost.db import City, Database, System, execute, fetchval
from waypost.db.connections import connect
from waypost.db.migrate import migrate
from waypost.http import Platform, create_app
from waypost.refusal import Refusal
from waypost.settings import Settings

PLUGIN = "skills_builder"
SETTING_SQL = """
INSERT INTO plugin_setting (tenant_id, plugin, settings) VALUES ($1, 'skills_builder', '{"framework": "1.0"}')
"""
ON_SQL = "INSERT INTO tenant_plugin (tenant_id, plugin) VALUES ($1, 'skills_builder')"
SET = """
mutation($input: SetPluginInput!) {
  setPlugin(input: $input) { ... on SetPluginSuccess { plugin { name active version } } ... on Error { code } }
}"""
SCHEMA_SQL = "CREATE SCHEMA plugin_long_gone AUTHORIZATION waypost_owner"
OFF_SQL = "UPDATE tenant_plugin SET active = false WHERE tenant_id = $1"


@pytest.fixture(scope="module")
async def whitby(database: Database, admin_url: str) -> UUID:
    await migrate(admin_url, apps_of(load_plugins(Settings(plugins=(PLUGIN,)))))
    async with database.transaction(System("tenants")):
        tenant = await insert_tenant("whitby", "Whitby")
        await execute(ON_SQL, tenant)
    async with database.transaction(City(tenant)):
        await execute(SETTING_SQL, tenant)
    return tenant


def inside(app_url: str, work: Callable[[Database], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        async with await Database.open(app_url, pool_size=1) as database:
            return await work(database)

    return asyncio.run(run())


def kept(app_url: str, tenant: UUID) -> tuple[int, int, bool]:
    """How many settings, switches, and whether the plugin's schema is there."""

    async def look(database: Database) -> tuple[int, int, bool]:
        async with database.transaction(City(tenant)):
            settings = await fetchval("SELECT count(*) FROM plugin_setting")
        async with database.transaction(System("tenants")):
            switches = await fetchval("SELECT count(*) FROM tenant_plugin")
            schema = await fetchval("SELECT to_regnamespace('plugin_skills_builder') IS NOT NULL")
        return settings, switches, schema

    found: tuple[int, int, bool] = inside(app_url, look)
    return found


async def token_of(database: Database, tenant: UUID) -> str:
    """The token of somebody who administers the city."""
    now = datetime.now(UTC)
    made = await create_token(
        database, tenant=tenant, role="city-admin", email="boss@example.org", secret_key=SECRET_KEY, now=now
    )
    assert not isinstance(made, Refusal)
    return made.token


async def set_plugin(app_url: str, token: str, *, active: bool, installed: tuple[str, ...]) -> Any:
    """What Whitby's graph answers to setPlugin in a process that has these plugins."""
    settings = Settings(base_url=BASE_URL, plugins=installed, secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with (
        platform.opened(),
        httpx.AsyncClient(transport=httpx.ASGITransport(create_app(platform)), base_url=BASE_URL) as client,
    ):
        asked = {"query": SET, "variables": {"input": {"plugin": PLUGIN, "active": active}}}
        answer = await client.post("/whitby/graphql", json=asked, headers={"Authorization": f"Bearer {token}"})
    return answer.json()["data"]["setPlugin"]


def test_only_asking_for_it_removes_what_a_plugin_keeps(
    command: Waypost, app_url: str, admin_url: str, whitby: UUID
) -> None:
    async def switch_off(database: Database) -> None:
        async with database.transaction(System("tenants")):
            await execute(OFF_SQL, whitby)

    forget = ("plugins", "forget", PLUGIN, "--yes")
    refused = command(*forget)
    assert refused.exit_code == 1
    assert "skills_builder is switched on in whitby; switch it off there first" in refused.output
    assert "take [plugins.skills_builder] out of its tenant.toml, and run waypost tenants apply" in refused.output
    inside(app_url, switch_off)
    asyncio.run(migrate(admin_url, apps_of(load_plugins(Settings(plugins=())))))  # as if it were not installed
    assert kept(app_url, whitby) == (1, 1, True)
    done = command(*forget)
    assert done.exit_code == 0, done.output
    assert "tables dropped, switches and settings of 1 tenants removed" in done.output
    assert kept(app_url, whitby) == (0, 0, False)
    nothing = "skills_builder: 0 tables dropped, switches and settings of 0 tenants removed.\n"
    assert command(*forget).output == nothing
    applied = asyncio.run(migrate(admin_url, apps_of(load_plugins(Settings(plugins=(PLUGIN,))))))
    assert {one.app for one in applied} == {PLUGIN}


def test_what_a_city_switched_on_in_its_graph_goes_when_it_is_not_installed_any_more(
    command: Waypost, app_url: str, whitby: UUID
) -> None:
    """Off in the graph, which has not the plugin's fields any more, then forgotten."""
    admin = inside(app_url, lambda database: token_of(database, whitby))

    def sets(active: bool, *installed: str) -> Any:
        return asyncio.run(set_plugin(app_url, admin, active=active, installed=installed))

    assert sets(True, PLUGIN)["plugin"]["active"] is True
    forget = ("plugins", "forget", PLUGIN, "--yes")
    said = f'setPlugin(input: {{plugin: "{PLUGIN}", active: false}}) to /whitby/graphql'
    refused = command(*forget)
    assert (refused.exit_code, said in refused.output) == (1, True)
    assert sets(True) == {"code": "PLUGIN_UNAVAILABLE"}
    assert sets(False) == {"plugin": {"name": PLUGIN, "active": False, "version": ""}}
    assert sets(True) == {"code": "PLUGIN_UNAVAILABLE"}
    done = command(*forget)
    assert (done.exit_code, kept(app_url, whitby)) == (0, (0, 0, False)), done.output
    assert sets(False) == {"code": "PLUGIN_UNAVAILABLE"}


def test_a_closed_city_in_which_nobody_can_switch_it_off_keeps_nobody_from_forgetting(
    command: Waypost, app_url: str, whitby: UUID
) -> None:
    async def close(database: Database) -> None:
        async with database.transaction(System("tenants")):
            await execute(ON_SQL, whitby)
            await execute("UPDATE tenant SET state = 'closed' WHERE id = $1", whitby)

    async def open_again(database: Database) -> None:
        async with database.transaction(System("tenants")):
            await execute("UPDATE tenant SET state = 'open' WHERE id = $1", whitby)

    inside(app_url, close)
    done = command("plugins", "forget", PLUGIN, "--yes")
    inside(app_url, open_again)
    assert done.exit_code == 0, done.output
    assert "switches and settings of 1 tenants removed" in done.output


def test_the_core_is_no_plugin_and_keeps_its_migrations(command: Waypost, admin_url: str, whitby: UUID) -> None:
    done = command("plugins", "forget", "waypost", "--yes")
    assert (done.exit_code, "'waypost' is no name of a plugin" in done.output) == (2, True)
    assert asyncio.run(migrate(admin_url, apps_of(load_plugins(Settings(plugins=()))))) == []


@pytest.mark.parametrize("name", ["public", "waypost; drop schema public", "Skills"])
def test_what_is_no_plugin_s_name_touches_nothing(command: Waypost, name: str) -> None:
    done = command("plugins", "forget", name, "--yes")
    assert (name == "public", done.exit_code) in {(True, 1), (False, 2)}


def test_a_name_of_which_nothing_is_known_is_refused_with_the_nearest(command: Waypost, whitby: UUID) -> None:
    """Whoever mistypes a name thinks otherwise that it is done."""
    done = command("plugins", "forget", "skills_buildr", "--yes")
    assert done.exit_code == 1
    assert 'nothing is known of a plugin called skills_buildr; did you mean "skills_builder"?' in done.stderr
    assert "no way back" not in command("plugins", "forget", "skills_buildr", stdin="y\n").output


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (SCHEMA_SQL, "0 tables dropped"),
        (f"{SCHEMA_SQL}; SET ROLE waypost_owner; CREATE TABLE plugin_long_gone.a (a int)", "1 tables dropped"),
        ("INSERT INTO migration (app, number, name, digest) VALUES ('long_gone', 1, 'a', '')", "0 tables dropped"),
        ("INSERT INTO tenant_plugin SELECT id, 'long_gone', false FROM tenant", "settings of 1 tenants removed"),
        ("INSERT INTO plugin_setting (tenant_id, plugin) SELECT id, 'long_gone' FROM tenant", "of 1 tenants removed"),
    ],
)
def test_what_is_left_of_one_that_is_not_installed_is_enough(
    command: Waypost, admin_url: str, whitby: UUID, left: str, words: str
) -> None:
    asyncio.run(as_administrator(admin_url, left))
    done = command("plugins", "forget", "long_gone", "--yes")
    assert (done.exit_code, words in done.stdout) == (0, True), done.output
    assert command("plugins", "forget", "long_gone", "--yes").exit_code == 1


async def as_administrator(admin_url: str, sql: str) -> None:
    connection = await connect(admin_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def test_where_it_is_still_on_nobody_is_asked_first(command: Waypost, app_url: str, whitby: UUID) -> None:
    async def switch(database: Database, active: bool) -> None:
        async with database.transaction(System("tenants")):
            await execute("DELETE FROM tenant_plugin WHERE tenant_id = $1", whitby)
            if active:
                await execute(ON_SQL, whitby)

    inside(app_url, lambda database: switch(database, True))
    refused = command("plugins", "forget", PLUGIN, stdin="y\n")
    inside(app_url, lambda database: switch(database, False))
    assert (refused.exit_code, "is switched on in whitby" in refused.output) == (1, True)
    assert "no way back" not in refused.output


def test_its_help_says_that_secrets_stay(command: Waypost) -> None:
    assert "Secrets belong to the city, and stay" in " ".join(command("plugins", "forget", "--help").stdout.split())


def test_what_a_city_set_without_ever_switching_it_on_is_removed_too(command: Waypost, app_url: str) -> None:
    """`setPlugin` keeps settings also for a plugin that stays off."""

    async def set_only(database: Database) -> UUID:
        async with database.transaction(System("tenants")):
            tenant = await insert_tenant("robin-hoods-bay", "Robin Hood's Bay")
        async with database.transaction(City(tenant)):
            await execute(SETTING_SQL, tenant)
        return tenant

    tenant = inside(app_url, set_only)
    done = command("plugins", "forget", PLUGIN, "--yes")
    assert "switches and settings of 1 tenants removed" in done.output
    assert kept(app_url, tenant)[0] == 0


def test_it_asks_before_it_removes(command: Waypost) -> None:
    assert command("plugins", "forget", PLUGIN, stdin="n\n").exit_code == 1
