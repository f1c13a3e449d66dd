"""What holds for every plugin, as a class of tests to inherit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import httpx
import pytest
from asyncpg import InsufficientPrivilegeError

from waypost.apps import core_app
from waypost.cli.parts import load_plugins, parts_of
from waypost.composition import schema_of
from waypost.db import App, Kind, ownership
from waypost.db.connections import connect
from waypost.db.migrate import migrate, roll_back
from waypost.http import Platform, create_app
from waypost.plugins import AppRegistrar, Plugins, Profile, RoutesRegistrar, State
from waypost.plugins.names import schema_name
from waypost.plugins.settings import problems_in, with_defaults
from waypost.settings import Settings
from waypost.testing.databases import Server
from waypost.testing.trial import BASE_URL, SECRET_KEY, Trial, TrialCity, allowed, with_required

LEFT_SQL = """
SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace($1)
UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = to_regnamespace($1)
UNION ALL SELECT typname::text FROM pg_type WHERE typnamespace = to_regnamespace($1)
ORDER BY 1
"""
# What a path's parameters stand for where the path is tried.
EXAMPLES: Mapping[str, str] = {"str": "any", "int": "1", "uuid": "00000000-0000-0000-0000-000000000000"}

EVERYTHING = "{ badges { nodes { __typename id slug name } } plugins { name active } }"


class PluginContract:
    """Inherit it in a plugin's tests, and every one of these is tried: `class TestContract(PluginContract): pass`.

    `fill` may write rows of the plugin in both cities; the more there is, the more the attacks can find.
    """

    def fill(self, trial: Trial) -> None:
        """Write rows in `trial.city` and `trial.neighbour`; nothing unless a plugin says how."""

    def test_the_manifest_is_true(self, trial: Trial) -> None:
        """It registers what it announces and nothing else, and can be imported and composed."""
        assert (trial.installed.state, trial.installed.reason) == (State.READY, "")

    def test_it_composes_alone_and_with_everything_else_installed(self, trial: Trial) -> None:
        """Its names clash with nobody's, in any profile."""
        with_all = load_plugins(Settings())
        found = next(one for one in with_all.installed if one.name == trial.name)
        assert (found.state, found.reason) == (State.READY, "")
        for profile in profiles_with(with_all, trial.name):
            schema_of(with_all, profile)

    def test_its_migrations_go_forwards_and_back(self, trial: Trial, waypost_server: Server) -> None:
        """From nothing to all tables, back to nothing, and forwards again.

        Migrating itself refuses what is changed elsewhere, and tables that are not as their classes say.
        """
        app = self.app_of(trial)
        trial.loop.run(_there_and_back(waypost_server, trial.plugins, app))

    def test_no_city_reads_or_writes_another_s_rows(self, trial: Trial) -> None:
        """In a city's transaction no row of the other is seen, changed, removed or made in its name.

        Skipped, after all attacks, where a table had no rows that they could have found.
        """
        self.fill(trial)
        empty = []
        for table in self.app_of(trial).tables:
            if ownership(table).kind is not Kind.TENANT:
                continue
            name = f"{table._meta.schema}.{table._meta.tablename}"
            for mine, other in ((trial.city, trial.neighbour), (trial.neighbour, trial.city)):
                _attack(trial, name, mine, other)
                if not trial.rows(f"SELECT FROM {name} LIMIT 1", city=other):
                    empty.append(f"{name} in {other.slug}")
        if empty:
            pytest.skip(f"nothing could be found, for `fill` writes no rows: {', '.join(empty)}")

    def test_it_is_invisible_where_it_is_off(self, trial: Trial) -> None:
        """A city without it has the schema of the core, no path of it, and no call is taken."""
        off = trial.neighbour
        trial.switch(off, on=False)
        try:
            sdl = trial.request("GET", f"/{off.slug}/schema.graphql").text
            others = {name for name in allowed(trial.name) if name != trial.name}
            assert sdl == schema_of(trial.plugins, trial.plugins.profile(others)).sdl()
            assert trial.request("POST", f"/hooks/{trial.name}/{off.slug}").status_code == 404
            for route in trial.plugin.by(RoutesRegistrar).routes:
                path = f"/{off.slug}/x/{trial.name}{route.example(EXAMPLES)}"
                assert {trial.request(each, path).status_code for each in route.methods} == {404}
            assert trial.graph(EVERYTHING, city=off)["badges"]["nodes"][0]["slug"] == "film"
        finally:
            trial.switch(off, on=True)

    def test_its_settings_survive_a_round_trip(self, trial: Trial) -> None:
        """Its defaults are good by its own schema, and are what a city that says nothing has."""
        schema = trial.plugin.manifest.settings
        defaults = with_defaults({}, schema)
        missing = set(schema.get("required", ())) - set(defaults)
        assert missing or problems_in(defaults, schema) == []
        trial.settings(**defaults)
        (stored,) = trial.rows("SELECT settings FROM plugin_setting WHERE plugin = $1", trial.name)
        assert with_defaults(_json(stored["settings"]), schema) == defaults

    def test_the_platform_survives_its_removal(self, trial: Trial, waypost_server: Server) -> None:
        """Uninstalled, with its tables and rows still there, the core migrates, composes and answers."""
        self.fill(trial)
        without = load_plugins(Settings(plugins=()))
        assert trial.name not in {plugin.manifest.name for plugin in without.ready}
        assert schema_of(without, without.profile({trial.name})).sdl() == schema_of(without, frozenset()).sdl()
        (database,) = trial.rows("SELECT current_database() AS name")
        assert trial.loop.run(_survived(waypost_server, database["name"], without, trial.city)) == "film"

    @staticmethod
    def app_of(trial: Trial) -> App:
        """Its app; a plugin without tables skips what is about them."""
        app = trial.plugin.by(AppRegistrar).registered
        if app is None:
            pytest.skip("it brings no tables")
        return app


def profiles_with(plugins: Plugins, name: str) -> Iterator[Profile]:
    """The profiles in which a plugin is tried, each with all that is required: alone, beside every other, with all."""
    known = {one.name: one.manifest for one in plugins.installed}
    mine = with_required(name, known)
    for other in plugins.ready:
        yield plugins.profile({*mine, *with_required(other.manifest.name, known)})
    yield plugins.profile(other.manifest.name for other in plugins.ready)


async def _there_and_back(server: Server, plugins: Plugins, app: App) -> None:
    async with server.database() as name:
        url = server.admin_url(name)
        apps = [core_app(plugins.frameworks()), *plugins.apps()]
        await migrate(url, [one for one in apps if one.name != app.name])
        forwards = [one for one in await migrate(url, apps) if one.app == app.name]
        assert forwards, f"{app.name} has no migration"
        back = await roll_back(url, app, to=0)
        assert [one.number for one in back] == [one.number for one in reversed(forwards)]
        assert await _found(url, LEFT_SQL, schema_name(app.name)) == set(), "its way back leaves something"
        assert [one.number for one in await migrate(url, apps)] == [one.number for one in forwards]


def _attack(trial: Trial, name: str, mine: TrialCity, other: TrialCity) -> None:
    """Try in one city to see, change, remove and make rows of the other in a table."""
    foreign = f"{name} WHERE tenant_id = $1"
    assert trial.rows(f"SELECT count(*) AS rows FROM {foreign}", other.tenant_id, city=mine) == [{"rows": 0}]
    for take in (f"UPDATE {name} SET tenant_id = tenant_id WHERE tenant_id = $1", f"DELETE FROM {foreign}"):
        with suppress(InsufficientPrivilegeError):
            assert trial.rows(f"{take} RETURNING tenant_id", other.tenant_id, city=mine) == []
    with pytest.raises(InsufficientPrivilegeError):
        trial.rows(f"INSERT INTO {name} (tenant_id) VALUES ($1)", other.tenant_id, city=mine)


async def _survived(server: Server, database: str, without: Plugins, city: TrialCity) -> str:
    """Start the platform without the plugin on the very database that it filled; answers the slug of a badge there."""
    assert await migrate(server.admin_url(database), [core_app()]) == []
    settings = Settings(base_url=BASE_URL, plugins=(), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(without), await server.app_url(database))
    transport = httpx.ASGITransport(create_app(platform))
    async with platform.opened(), httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        answer = (await client.post(f"/{city.slug}/graphql", json={"query": EVERYTHING})).json()
        return str(answer["data"]["badges"]["nodes"][0]["slug"])


async def _found(url: str, sql: str, *values: str) -> set[tuple[Any, ...]]:
    """Run a statement as the administrator; the rows that it finds."""
    connection = await connect(url)
    try:
        return {tuple(row) for row in await connection.fetch(sql, *values)}
    finally:
        await connection.close()


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
