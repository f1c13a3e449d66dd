from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from tests.cli.conftest import SECRET_KEY, Waypost
from tests.plugins.workshop import Workshop, workshop_in
from waypost.cli.parts import load_plugins, with_tables
from waypost.db import Database
from waypost.db.roles import login_url
from waypost.settings import Settings
from waypost.testing.databases import PASSWORD, Server


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[str]:
    """A superuser's URL of a database in which nothing has been made."""
    async with server.database() as name:
        yield server.admin_url(name)


APP = """
    from pathlib import Path

    from waypost.db import App
    from waypost.plugins import hookimpl

    @hookimpl
    def waypost_app(registrar):
        registrar.app(App(name="NAME", migrations=Path(__file__).parent / "migrations"))
"""
FRAMEWORK = """
    from waypost.plugins import hookimpl

    def load():
        raise OSError("the disk is gone")

    @hookimpl
    def waypost_frameworks(registrar):
        registrar.framework("fog.levels", load)
"""
SCRIPT = "-- migrate:up\n{}\n-- migrate:down\nSELECT 1;\n"


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    """Where throw-away plugins are installed: tide, whose migration fails; ebb, which needs it; sail; and fog."""
    with workshop_in(tmp_path) as made:
        for name, sql, requires in (
            ("tide", "SELECT 1 / 0;", ()),
            ("ebb", "SELECT 1;", ("tide",)),
            ("sail", "SELECT 1;", ()),
        ):
            made.install(name, APP.replace("NAME", name), requires=requires)
            folder = tmp_path / f"waypost_{name}" / "migrations"
            folder.mkdir()
            (folder / "0001_made.sql").write_text(SCRIPT.format(sql))
        made.install("fog", FRAMEWORK, contributes=["framework:fog.levels"])
        yield made


@pytest.fixture
def strong(bare: Waypost, empty: str) -> Waypost:
    """Runs a command where the environment names one strong login for everything, as on a laptop."""

    def run(*arguments: str) -> Result:
        return bare(*arguments, WAYPOST_DATABASE_URL=empty, WAYPOST_SECRET_KEY=SECRET_KEY, WAYPOST_PLUGINS="")

    return run


def test_the_database_goes_forward_and_back(strong: Waypost) -> None:
    first = strong("migrate")
    assert first.exit_code == 0, first.output
    assert "waypost: 0001_tenancy applied" in first.stdout
    assert strong("migrate").stdout == "The database is up to date.\n"
    back = strong("migrate", "--back", "2")
    assert back.exit_code == 0, back.output
    assert back.stdout.count("taken back") == 2
    assert strong("migrate").stdout.count("applied") == 2


def test_beside_a_strong_login_a_weak_one_is_made_and_used(strong: Waypost, empty: str) -> None:
    assert strong("migrate").exit_code == 0
    done = strong("token", "create", "--national", "--email", "a@example.org")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("wp_")


def test_serving_with_a_strong_login_is_refused(bare: Waypost, empty: str) -> None:
    done = bare("serve", "--port", "0", WAYPOST_DATABASE_URL=empty, WAYPOST_SECRET_KEY=SECRET_KEY)
    assert done.exit_code == 1
    assert "too strong" in done.stderr


def test_a_weak_login_cannot_migrate(bare: Waypost, app_url: str) -> None:
    done = bare("migrate", WAYPOST_DATABASE_URL=app_url)
    assert done.exit_code == 1
    assert "WAYPOST_DATABASE_ADMIN_URL" in done.stderr


def test_migrating_gives_the_named_login_its_password(bare: Waypost, empty: str) -> None:
    """docker-compose.yml hands over two addresses; the second login does not exist yet."""
    weak = login_url(empty, "waypost_app", PASSWORD)
    settings = {"WAYPOST_DATABASE_ADMIN_URL": empty, "WAYPOST_DATABASE_URL": weak, "WAYPOST_PLUGINS": ""}
    assert bare("migrate", **settings).exit_code == 0
    done = bare("token", "create", "--national", "--email", "a@example.org", **settings)
    assert done.exit_code == 0, done.output


PLUGINS = ("ebb", "fog", "sail", "tide")


def working(url: str) -> set[str]:
    """The names of the plugins that a process over this database would work with."""

    async def look() -> set[str]:
        async with await Database.open(url, pool_size=1) as database:
            plugins = await with_tables(database, load_plugins(Settings(plugins=PLUGINS)))
        return set(plugins.working)

    return asyncio.run(look())


@pytest.mark.usefixtures("workshop")
def test_what_a_plugin_cannot_bring_to_the_database_costs_that_plugin_alone(
    bare: Waypost, empty: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weak = login_url(empty, "waypost_app", PASSWORD)
    settings = {"WAYPOST_DATABASE_ADMIN_URL": empty, "WAYPOST_DATABASE_URL": weak, "WAYPOST_PLUGINS": ",".join(PLUGINS)}
    done = bare("migrate", **settings)
    assert done.exit_code == 1, done.output
    assert "waypost: 0001_tenancy applied" in done.stdout
    assert "tide: left as it was: 0001_made.sql: division by zero\n" in done.stdout
    assert "sail: 0001_made applied" in done.stdout
    assert "tide: 0001_made" not in done.stdout
    assert "plugin tide keeps in the database was left as it was: tide: 0001_made.sql: division by zero" in caplog.text
    assert "the framework fog.levels is left as it was: OSError: the disk is gone" in caplog.text
    assert working(weak) == {"sail", "fog"}
    assert "not applied: tide 0001_made" in bare("doctor", **settings).output
    again = bare("migrate", "--leave-plugins", **settings)
    assert (again.exit_code, again.stdout.partition(": 0001")[0]) == (0, "tide: left as it was")
    assert "up to date" not in again.stdout
    (tmp_path / "waypost_tide" / "migrations" / "0001_made.sql").write_text(SCRIPT.format("SELECT 1;"))
    assert bare("migrate", **settings).stdout == "tide: 0001_made applied\n"
    assert working(weak) == set(PLUGINS)


@pytest.mark.usefixtures("workshop")
def test_where_nobody_has_migrated_to_this_version_all_plugins_wait(bare: Waypost, empty: str) -> None:
    weak = login_url(empty, "waypost_app", PASSWORD)
    settings = {"WAYPOST_DATABASE_ADMIN_URL": empty, "WAYPOST_DATABASE_URL": weak}
    assert bare("migrate", **settings, WAYPOST_PLUGINS="").exit_code == 0
    assert working(weak) == {"fog"}
    assert bare("migrate", "--back", "1", **settings, WAYPOST_PLUGINS="").exit_code == 0
    assert working(weak) == set(PLUGINS)


@pytest.mark.usefixtures("workshop")
@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (SCRIPT.format("SELECT 2;"), "changed since it was applied: sail 0001_made"),
        (None, "applied by another version: sail 0001_made"),
    ],
    ids=["changed", "missing"],
)
def test_a_migration_that_was_applied_and_is_not_as_it_was_is_told(
    bare: Waypost, empty: str, tmp_path: Path, changed: str | None, words: str
) -> None:
    weak = login_url(empty, "waypost_app", PASSWORD)
    settings = {"WAYPOST_DATABASE_ADMIN_URL": empty, "WAYPOST_DATABASE_URL": weak, "WAYPOST_PLUGINS": "sail"}
    assert bare("migrate", **settings).exit_code == 0
    file = tmp_path / "waypost_sail" / "migrations" / "0001_made.sql"
    file.unlink()
    if changed is not None:
        file.write_text(changed)
    done = bare("migrate", **settings)
    assert (done.exit_code, "sail: left as it was: 0001_made.sql" in done.stdout) == (1, True)
    assert words in bare("doctor", **settings).output
