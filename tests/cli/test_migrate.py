from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from click.testing import Result

from tests.cli.conftest import SECRET_KEY, Waypost
from waypost.db.roles import login_url
from waypost.testing.databases import PASSWORD, Server


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[str]:
    """A superuser's URL of a database in which nothing has been made."""
    async with server.database() as name:
        yield server.admin_url(name)


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
