"""What holds for every plugin, as a class of tests to inherit."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asyncpg import InsufficientPrivilegeError

from waypost.apps import core_app
from waypost.cli.parts import load_plugins
from waypost.composition import schema_of
from waypost.db import App, Kind, ownership
from waypost.db.connections import connect
from waypost.db.migrate import migrate, roll_back
from waypost.plugins import AppRegistrar, Plugins, RoutesRegistrar, State
from waypost.plugins.names import schema_name
from waypost.plugins.settings import problems_in, with_defaults
from waypost.settings import Settings
from waypost.testing.databases import Server
from waypost.testing.trial import Trial, allowed

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
        for other in with_all.ready:
            schema_of(with_all, with_all.profile({trial.name, other.manifest.name, *other.manifest.requires}))

    def test_its_migrations_go_forwards_and_back(self, trial: Trial, waypost_server: Server) -> None:
        """From nothing to all tables, back to none, and forwards again."""
        app = self.app_of(trial)
        trial.loop.run(_there_and_back(waypost_server, trial.plugins, app))

    def test_no_city_reads_or_writes_another_s_rows(self, trial: Trial) -> None:
        """In a city's transaction no row of the other is seen, changed, removed or made in its name."""
        self.fill(trial)
        for table in self.app_of(trial).tables:
            if ownership(table).kind is not Kind.TENANT:
                continue
            name = f"{table._meta.schema}.{table._meta.tablename}"
            for mine, other in ((trial.city, trial.neighbour), (trial.neighbour, trial.city)):
                foreign = f"FROM {name} WHERE tenant_id <> $1"
                assert trial.rows(f"SELECT count(*) AS rows {foreign}", mine.tenant_id, city=mine) == [{"rows": 0}]
                put = f"INSERT INTO {name} (tenant_id) VALUES ($1)"
                with pytest.raises(InsufficientPrivilegeError):
                    trial.rows(put, other.tenant_id, city=mine)

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
                path = f"/{off.slug}/x/{trial.name}{route.path.split('{')[0]}"
                assert trial.request("GET", path).status_code == 404
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
        trial.loop.run(_survived(waypost_server, trial.plugins))

    @staticmethod
    def app_of(trial: Trial) -> App:
        """Its app; a plugin without tables skips what is about them."""
        app = trial.plugin.by(AppRegistrar).registered
        if app is None:
            pytest.skip("it brings no tables")
        return app


async def _there_and_back(server: Server, plugins: Plugins, app: App) -> None:
    async with server.database() as name:
        url = server.admin_url(name)
        apps = [core_app(), *plugins.apps()]
        forwards = [one for one in await migrate(url, apps) if one.app == app.name]
        assert forwards, f"{app.name} has no migration"
        back = await roll_back(url, app, to=0)
        assert [one.number for one in back] == [one.number for one in reversed(forwards)]
        assert await _tables(url, schema_name(app.name)) == 0, "its way back leaves tables"
        assert [one.number for one in await migrate(url, apps)] == [one.number for one in forwards]


async def _survived(server: Server, plugins: Plugins) -> None:
    async with server.database() as name:
        url = server.admin_url(name)
        await migrate(url, [core_app(), *plugins.apps()])
        assert await migrate(url, [core_app()]) == []


async def _tables(url: str, schema: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = $1", schema))
    finally:
        await connection.close()


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
