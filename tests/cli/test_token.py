from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from tests.cli.conftest import Waypost
from tests.http.stage import insert_tenant
from waypost.access.tokens import Bearer, find_bearer
from waypost.db import City, Database, System, execute, new_id

pytestmark = pytest.mark.usefixtures("tenant")

MAKE = ("token", "create", "--email", "someone@example.org")
ORGANISATION_SQL = "INSERT INTO organisation (id, slug, name, kind) VALUES ($1, 'club', 'Club', 'club')"
ISSUER_SQL = """
INSERT INTO issuer (tenant_id, id, slug, name, kind, organisation_id) VALUES ($1, $2, 'club', 'Club', 'club', $3)
"""


@pytest.fixture(scope="module")
async def tenant(database: Database) -> UUID:
    async with database.transaction(System("tenants")):
        id = await insert_tenant("alpha", "Alpha")
        await insert_tenant("gone", "Gone", state="closed")
    async with database.transaction(City(id)):
        organisation = new_id()
        await execute(ORGANISATION_SQL, organisation)
        await execute(ISSUER_SQL, id, new_id(), organisation)
    return id


def bearer_of(app_url: str, token: str) -> Bearer:
    async def find() -> object:
        async with await Database.open(app_url, pool_size=1) as database:
            return await find_bearer(database, token.strip(), datetime.now(UTC))

    found = asyncio.run(find())
    assert isinstance(found, Bearer), found
    return found


def test_the_token_is_printed_alone_and_is_worth_its_role(command: Waypost, app_url: str, tenant: UUID) -> None:
    done = command(*MAKE, "--tenant", "alpha", "--role", "curator")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("wp_")
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
    bearer = bearer_of(app_url, done.stdout)
    assert (bearer.tenant_id, bearer.role, bearer.issuer_id) == (tenant, "curator", None)


def test_a_national_token_is_an_operator_s(command: Waypost, app_url: str) -> None:
    bearer = bearer_of(app_url, command(*MAKE, "--national").stdout)
    assert (bearer.tenant_id, bearer.role) == (None, "operator")


def test_a_role_of_an_issuer_names_the_issuer(command: Waypost, app_url: str) -> None:
    done = command(*MAKE, "--tenant", "alpha", "--role", "issuer-staff", "--issuer", "club")
    assert bearer_of(app_url, done.stdout).issuer_id is not None


def test_a_script_reads_when_it_ends(command: Waypost) -> None:
    done = command(*MAKE, "--tenant", "alpha", "--role", "curator", "--days", "7", "--json")
    made = json.loads(done.stdout)
    left = datetime.fromisoformat(made["expires_at"]) - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
    assert made["token"].startswith("wp_")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--tenant", "nowhere", "--role", "curator"), "no tenant nowhere; there are alpha, gone"),
        (("--tenant", "gone", "--role", "curator"), "closed"),
        (("--tenant", "alpha", "--role", "wizard"), "wizard"),
        (("--tenant", "alpha", "--role", "operator"), "operator"),
        (("--tenant", "alpha", "--role", "issuer-staff"), "issuer"),
        (("--tenant", "alpha", "--role", "issuer-staff", "--issuer", "none"), "no issuer none"),
        (("--tenant", "alpha", "--role", "curator", "--days", "99999"), "3650"),
        (("--tenant", "alpha", "--role", "curator", "--email", "nobody"), "e-mail"),
    ],
)
def test_what_cannot_be_given_is_refused_in_one_line(command: Waypost, arguments: tuple[str, ...], words: str) -> None:
    done = command(*MAKE, *arguments)
    assert (done.exit_code, done.stdout) == (1, "")
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--tenant", "alpha"),
        ("--tenant", "alpha", "--national", "--role", "curator"),
        ("--national", "--role", "curator"),
        ("--tenant", "alpha", "--role", "curator", "--days", "0"),
    ],
)
def test_what_is_not_said_clearly_is_wrong_usage(command: Waypost, arguments: tuple[str, ...]) -> None:
    assert command(*MAKE, *arguments).exit_code == 2
