"""A copy of everything, and the way back into an empty place."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tests.cli.conftest import SECRET_KEY, Waypost
from tests.journeys.stage import Platform, Stage
from waypost.access.attempts import Asked
from waypost.access.identities import ask_for_link, sign_in_by_link
from waypost.access.sessions import find_session
from waypost.apps import core_app
from waypost.composition import engine
from waypost.db import Database, Embedded
from waypost.db.catalogue import faults
from waypost.db.connections import connect
from waypost.tenancy import load_directory
from waypost.testing.databases import Server
from waypost.testing.working import work_off

TABLES_SQL = """
SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
    AND table_name <> 'catalogue_version'  -- which the migration after restoring moves on
ORDER BY 1
"""
READS = (
    "{ cities(first: 100) { totalCount nodes { id slug name state } } }",
    "{ issuers(first: 100) { totalCount nodes { id slug name roles badges { nodes { id } } } } }",
    "{ badges(first: 100) { totalCount nodes { id slug name description layer { code } criteria { text } } } }",
    "{ opportunities: discover(filter: {}, first: 100) { totalCount nodes { id title provider { name } } } }",
    "{ pathways(first: 100) { totalCount nodes { id name allSteps { id title depth } } } }",
    "{ places(first: 100) { totalCount nodes { id name location { latitude longitude } } } }",
)
CURATORS = "{ auditLog(first: 100) { nodes { id act changed person } } viewer { memberships { role } } }"


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """The little country, in which somebody has done something."""
    stage = await Stage.set_up(database)
    place = {"name": "Hall", "kind": "library", "location": {"latitude": 50.82, "longitude": -0.14}}
    await stage.done("createPlace", place, "")
    await stage.done(
        "createOpportunity",
        {"title": "Choir", "summary": "Sing.", "kind": "EVENT", "online": True}
        | {"provider": stage.id("Issuer", "brighton", "youth-club")},
        "",
    )
    return stage


async def content(url: str) -> dict[str, str]:
    """Every row of every table, as one digest a table."""
    admin = await connect(url)
    try:
        return {
            table["name"]: await admin.fetchval(
                f"SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) FROM {table['name']} t"
            )
            for table in await admin.fetch(TABLES_SQL)
        }
    finally:
        await admin.close()


async def answers(stage: Stage) -> list[object]:
    """What the reads of the main journeys answer, in a city and nationally."""
    found: list[object] = [await stage.read(read, city=city) for read in READS for city in ("brighton", None)]
    return [*found, await stage.read(CURATORS, who="brighton curator")]


@pytest.fixture
async def known(stage: Stage, admin_url: str) -> tuple[dict[str, str], list[object]]:
    """What the database holds and answers."""
    return await content(admin_url), await answers(stage)


@pytest.fixture
async def empty(server: Server) -> AsyncIterator[str]:
    """A superuser's URL of a database in which nothing has been made."""
    async with server.database() as name:
        yield server.admin_url(name)


@pytest.fixture
def saved(stage: Stage, command: Waypost, tmp_path: Path) -> Path:
    """A backup."""
    assert command("backup", str(tmp_path / "saved")).exit_code == 0
    return tmp_path / "saved"


def test_what_was_saved_is_all_there_again_in_an_empty_folder(
    stage: Stage, known: tuple[dict[str, str], list[object]], command: Waypost, bare: Waypost, tmp_path: Path
) -> None:
    saved = command("backup", str(tmp_path / "saved"))
    assert saved.exit_code == 0, saved.output
    assert "secret key" in saved.stderr
    assert SECRET_KEY not in (tmp_path / "saved" / "backup.json").read_text()
    assert (tmp_path / "saved" / "database.dump").stat().st_mode & 0o077 == 0
    done = bare("restore", str(tmp_path / "saved"), WAYPOST_SECRET_KEY=SECRET_KEY, WAYPOST_PLUGINS="")
    assert done.exit_code == 0, done.output
    with Embedded(tmp_path / "data") as embedded:
        asyncio.run(_is_the_same(stage, embedded, known))
    again = bare("restore", str(tmp_path / "saved"), WAYPOST_SECRET_KEY=SECRET_KEY, WAYPOST_PLUGINS="")
    assert (again.exit_code, "holds tables already" in again.stderr) == (1, True)


async def _is_the_same(stage: Stage, embedded: Embedded, known: tuple[dict[str, str], list[object]]) -> None:
    assert await content(embedded.admin_url()) == known[0]
    admin = await connect(embedded.admin_url())
    assert [str(fault) for fault in await faults(admin, [core_app()])] == []
    await admin.close()
    async with await Database.open(embedded.app_url(), pool_size=2) as database:
        platform = Platform(await load_directory(database), database)
        restored = replace(stage, database=database, engine=engine(database), platform=platform)
        assert await answers(restored) == known[1]
        await _goes_on(restored)


async def _goes_on(stage: Stage) -> None:
    """Somebody is offered a badge, comes in by a letter's link as who they were, and takes it; the worker works."""
    place = {"name": "Second Hall", "kind": "library", "location": {"latitude": 50.82, "longitude": -0.14}}
    await stage.done("createPlace", place, "", who="brighton curator")
    badge, address, now = stage.id("Badge", "brighton", "explorer"), "learner@example.org", datetime.now(UTC)
    offered = {"badge": badge, "recipient": {"name": "Learner", "email": address}}
    award = (await stage.done("awardBadge", offered, "award { id }", who="issuer-admin"))["award"]["id"]
    asked = Asked(browser="a browser", client="192.0.2.1")
    link = await ask_for_link(stage.database, asked, address, secret_key=SECRET_KEY, now=now)
    assert isinstance(link, UUID)
    session = await sign_in_by_link(stage.database, link, None, now)
    assert session is not None
    person = await find_session(stage.database, session, now)
    assert person == stage.who["learner"].person, "found by the digest that was made before"
    taken = await stage.done("acceptAward", {"award": award}, "award { state }", who="learner")
    assert taken["award"]["state"] == "ACCEPTED"
    assert await stage.events(award) == ["award.created", "award.accepted"]
    await work_off(stage.database)


def test_it_goes_into_an_empty_database_of_another_server_too(
    known: tuple[dict[str, str], list[object]], saved: Path, bare: Waypost, empty: str
) -> None:
    settings = {"WAYPOST_DATABASE_URL": empty, "WAYPOST_SECRET_KEY": SECRET_KEY, "WAYPOST_PLUGINS": ""}
    done = bare("restore", str(saved), **settings)
    assert done.exit_code == 0, done.output
    assert asyncio.run(content(empty)) == known[0]


def test_a_backup_that_is_not_whole_is_refused(saved: Path, bare: Waypost) -> None:
    dump = saved / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-1])
    done = bare("restore", str(saved), WAYPOST_SECRET_KEY=SECRET_KEY)
    assert (done.exit_code, "cut short" in done.stderr) == (1, True)
    (saved / "backup.json").unlink()
    done = bare("restore", str(saved), WAYPOST_SECRET_KEY=SECRET_KEY)
    assert (done.exit_code, "no backup that was finished" in done.stderr) == (1, True)


def test_another_secret_key_is_noticed(saved: Path, bare: Waypost) -> None:
    for settings in ({}, {"WAYPOST_SECRET_KEY": "another key altogether"}):
        done = bare("restore", str(saved), **settings)
        assert (done.exit_code, "another secret key" in done.stderr) == (1, True)


def test_a_backup_of_a_newer_version_is_refused(saved: Path, bare: Waypost, admin_url: str) -> None:
    note = json.loads((saved / "backup.json").read_text())
    note["migrations"].append(["waypost", "9999_tomorrow"])
    (saved / "backup.json").write_text(json.dumps(note))
    done = bare("restore", str(saved), WAYPOST_DATABASE_URL=admin_url, WAYPOST_SECRET_KEY=SECRET_KEY)
    assert (done.exit_code, "newer version" in done.stderr) == (1, True)


def test_nothing_is_written_over(saved: Path, command: Waypost) -> None:
    assert "not empty" in command("backup", str(saved)).stderr
    done = command("restore", str(saved))
    assert (done.exit_code, "holds tables already" in done.stderr) == (1, True)


def test_who_does_not_see_all_rows_makes_no_copy(bare: Waypost, app_url: str, tmp_path: Path) -> None:
    done = bare("backup", str(tmp_path / "half"), WAYPOST_DATABASE_URL=app_url, WAYPOST_DATABASE_ADMIN_URL=app_url)
    assert done.exit_code == 1
    assert "does not see all rows" in done.stderr
    assert not (tmp_path / "half" / "backup.json").exists()
