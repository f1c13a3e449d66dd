"""The contract that the kit tries would notice what it is there to notice."""

from __future__ import annotations

import asyncpg
import pytest

from waypost.db.outside import changes, look_around
from waypost.plugins.manager import Installed, Plugin, Plugins, State
from waypost.plugins.manifest import Manifest
from waypost.plugins.registrars.routes import PluginRoute
from waypost.testing.contract import EXAMPLES, LEFT_SQL, profiles_with


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE badge ADD COLUMN tide text",
        "ALTER TABLE badge ADD CONSTRAINT tide CHECK (slug <> 'tide')",
        "CREATE TABLE tide (id integer)",
        "CREATE INDEX tide ON badge (slug)",
        "CREATE POLICY tide ON badge USING (true)",
        "CREATE ROLE tide; GRANT SELECT ON badge TO tide; GRANT waypost_city TO tide",
        "CREATE FUNCTION tide() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
        """CREATE FUNCTION plugin_tide.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER tide BEFORE UPDATE ON badge FOR EACH ROW EXECUTE FUNCTION plugin_tide.no()""",
    ],
)
async def test_a_migration_that_changes_what_is_the_core_s_is_noticed(admin_url: str, change: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("BEGIN; CREATE SCHEMA plugin_tide")
        before = await look_around(connection, "plugin_tide")
        assert changes(before, await look_around(connection, "plugin_tide", before)) == []
        await connection.execute(change)
        assert "tide" in str(changes(before, await look_around(connection, "plugin_tide", before)))
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "left",
    [
        "CREATE TABLE plugin_tide.tide (id integer)",
        "CREATE VIEW plugin_tide.tide AS SELECT 1 AS one",
        "CREATE SEQUENCE plugin_tide.tide",
        "CREATE TYPE plugin_tide.tide AS (high integer)",
        "CREATE DOMAIN plugin_tide.tide AS text",
        "CREATE FUNCTION plugin_tide.tide() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    ],
)
async def test_a_way_back_that_leaves_something_is_noticed(admin_url: str, left: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("BEGIN; CREATE SCHEMA plugin_tide")
        assert await connection.fetch(LEFT_SQL, "plugin_tide") == []
        await connection.execute(left)
        assert await connection.fetch(LEFT_SQL, "plugin_tide") != []
        await connection.execute("ROLLBACK")
    finally:
        await connection.close()


def test_a_path_is_tried_with_its_parameters() -> None:
    async def show(*_: object) -> None: ...

    path = "/ports/{code}/at/{hour:int}/of/{id:uuid}"
    route = PluginRoute(path, show, frozenset({"GET"}))  # type: ignore[arg-type]
    assert route.example(EXAMPLES) == "/ports/any/at/1/of/00000000-0000-0000-0000-000000000000"
    assert route.shape == "/ports/{}/at/{}/of/{}"


def test_a_plugin_that_requires_others_is_there_in_every_profile_in_which_it_is_tried() -> None:
    """And so are those beside it: what misses another is silently left out of a profile, and would not be tried."""
    requires = {"anchor": (), "boat": ("anchor",), "chart": ("boat",), "dock": ("chart",), "eel": ()}

    def one(name: str) -> Installed:
        manifest = Manifest(name, "1.0", ">=1", name, name, frozenset(), requires[name], {"type": "object"})
        return Installed(name, name, "1.0", State.READY, "", manifest, Plugin(manifest, {}, name))

    tried = [{name for name, _ in profile} for profile in profiles_with(Plugins(map(one, requires)), "chart")]
    assert tried == [
        {"anchor", "boat", "chart"},
        {"anchor", "boat", "chart"},
        {"anchor", "boat", "chart"},
        {"anchor", "boat", "chart", "dock"},
        {"anchor", "boat", "chart", "eel"},
        set(requires),
    ]
