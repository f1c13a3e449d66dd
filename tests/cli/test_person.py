"""`waypost person`: what is kept of somebody, and how they are forgotten, as an operator does it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from click.testing import CliRunner

from tests.cli.conftest import SECRET_KEY, Waypost
from tests.http.stage import insert_tenant
from tests.journeys.kept_of_people import RECIPIENT_SQL
from tests.journeys.test_forgetting import found
from waypost.access.people import NewToken, create_token
from waypost.cli.main import waypost
from waypost.db import City, Database, System, execute, new_id
from waypost.privacy import commands

NAME = "Ethelburga Featherstonehaugh"
# The database of these tests holds the core's tables alone.
CORE_ALONE = {"WAYPOST_PLUGINS": ""}
Somebody = Callable[[str], UUID]


@pytest.fixture
def person(command: Waypost) -> Waypost:
    """Runs `waypost person`."""
    return lambda *arguments: command("person", *arguments, **CORE_ALONE)


@pytest.fixture(scope="module")
async def tenant(database: Database) -> UUID:
    async with database.transaction(System("tenants")):
        return await insert_tenant("alpha", "Alpha")


@pytest.fixture
def somebody(app_url: str, tenant: UUID) -> Somebody:
    """Makes a curator with that address, who has also earned something under it and their name."""

    async def make(email: str) -> UUID:
        async with await Database.open(app_url, pool_size=1) as database:
            facts = {"tenant": tenant, "role": "curator", "email": email, "issuer": None}
            made = await create_token(database, **facts, secret_key=SECRET_KEY, now=datetime.now(UTC))  # type: ignore[arg-type]
            assert isinstance(made, NewToken)
            await earn(database, tenant, email, made.person_id)
            return made.person_id

    return lambda email: asyncio.run(make(email))


async def earn(database: Database, tenant: UUID, address: str, person: UUID | None) -> None:
    async with database.transaction(City(tenant)):
        await execute(RECIPIENT_SQL, tenant, new_id(), NAME, address, person, None)


def left(admin_url: str, *marks: str) -> dict[str, int]:
    return asyncio.run(found(admin_url, *marks))


def test_all_that_is_kept_is_printed_as_json(person: Waypost, somebody: Somebody) -> None:
    who = somebody("told@example.org")
    done = person("export", " Told@Example.org ")
    assert (done.exit_code, done.stderr) == (0, ""), done.exception
    told = json.loads(done.stdout)
    assert told["person"] == str(who)
    (recipient,) = told["cities"]["alpha"]["recipient"]
    assert (recipient["display_name"], recipient["address"]) == (NAME, "told@example.org")
    assert told["own"]["token"][0]["role"] == "curator"
    assert "digest" not in done.stdout


def test_whoever_is_erased_is_nowhere_any_more(person: Waypost, somebody: Somebody, admin_url: str) -> None:
    who = somebody("gone@example.org")
    assert {"public.recipient", "public.person_address"} <= set(left(admin_url, "gone@example.org"))
    done = person("erase", "Gone@example.org", "--yes")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Forgotten: ")
    assert left(admin_url, "gone@example.org") == {}
    assert set(left(admin_url, str(who))) <= {"public.person", "public.event", "public.audit"}
    again = person("erase", "gone@example.org", "--yes")
    assert (again.exit_code, again.stdout) == (0, "Nothing was kept of them.\n")
    assert json.loads(person("export", "gone@example.org").stdout)["cities"] == {}


def test_an_address_without_an_account_is_forgotten_too(
    person: Waypost, app_url: str, admin_url: str, tenant: UUID
) -> None:
    async def make() -> None:
        async with await Database.open(app_url, pool_size=1) as database:
            await earn(database, tenant, "only.here@example.org", None)

    asyncio.run(make())
    told = json.loads(person("export", "only.here@example.org").stdout)
    assert (told["person"], list(told["cities"])) == (None, ["alpha"])
    done = person("erase", "only.here@example.org", "--yes")
    assert (done.exit_code, done.stdout) == (0, "Forgotten: 1 rows were emptied or removed.\n")
    assert left(admin_url, "only.here@example.org") == {}


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_nobody_is_forgotten_without_a_yes(somebody: Somebody, app_url: str, admin_url: str, answer: str) -> None:
    somebody("kept@example.org")
    before = left(admin_url, "kept@example.org")
    settings = {"WAYPOST_DATABASE_URL": app_url, "WAYPOST_SECRET_KEY": SECRET_KEY, **CORE_ALONE}
    done = CliRunner().invoke(waypost, ["person", "erase", "kept@example.org"], env=settings, input=answer)
    assert done.exit_code == 1
    assert "There is no way back" in done.stderr
    assert done.stdout == ""
    assert left(admin_url, "kept@example.org") == before


def test_one_address_is_one_person_s_only(person: Waypost, somebody: Somebody, admin_url: str) -> None:
    somebody("neighbour@example.org")
    before = left(admin_url, "neighbour@example.org")
    person("erase", "other@example.org", "--yes")
    assert left(admin_url, "neighbour@example.org") == before


def test_an_interrupted_erasing_is_finished_later(
    person: Waypost, somebody: Somebody, app_url: str, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody("half@example.org")

    async def broken(*_: object) -> int:
        raise ConnectionResetError("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(commands, "_forget_in", broken)
        assert person("erase", "half@example.org", "--yes").exit_code == 1

    async def whose() -> list[UUID]:
        async with await Database.open(app_url, pool_size=1) as database:
            return await commands.unfinished(database)

    assert asyncio.run(whose()) == [who]
    done = person("erase", "--unfinished")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Forgotten: ")
    assert asyncio.run(whose()) == []
    assert set(left(admin_url, str(who))) <= {"public.person", "public.event", "public.audit"}
    assert person("erase", "--unfinished").stdout == "Nothing was kept of them.\n"


@pytest.mark.parametrize("verb", [("erase", "--yes"), ("export",)])
def test_what_is_no_address_is_refused_in_one_line(person: Waypost, verb: tuple[str, ...]) -> None:
    done = person(*verb, "nobody")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "waypost: That is not an e-mail address.\n"


@pytest.mark.parametrize("arguments", [("erase",), ("erase", "a@example.org", "--unfinished"), ("export",)])
def test_what_is_not_said_clearly_is_wrong_usage(person: Waypost, arguments: tuple[str, ...]) -> None:
    assert person(*arguments).exit_code == 2
