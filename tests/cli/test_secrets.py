from __future__ import annotations

import pytest

from tests.cli.conftest import Waypost
from tests.http.stage import insert_tenant
from waypost.db import Database, System

pytestmark = pytest.mark.usefixtures("tenant")


@pytest.fixture(scope="module")
async def tenant(database: Database) -> None:
    async with database.transaction(System("tenants")):
        await insert_tenant("whitby", "Whitby")


def test_an_operator_sets_lists_and_removes_secrets(command: Waypost) -> None:
    done = command("secrets", "set", "--tenant", "whitby", "by-hand", stdin="swordfish\n")
    assert (done.exit_code, done.output) == (0, "by-hand is kept for whitby.\n")
    listed = command("secrets", "list", "--tenant", "whitby")
    assert "by-hand  20" in listed.output
    assert "swordfish" not in listed.output
    assert '"name":"by-hand"' in command("secrets", "list", "--tenant", "whitby", "--json").output
    assert command("secrets", "remove", "--tenant", "whitby", "by-hand").exit_code == 0


def test_what_cannot_be_is_refused_and_the_secret_not_repeated(command: Waypost) -> None:
    for name, tenant in (("By Hand", "whitby"), ("fine", "nowhere")):
        refused = command("secrets", "set", "--tenant", tenant, name, stdin="swordfish")
        assert refused.exit_code == 1
        assert "swordfish" not in refused.output
    assert command("secrets", "remove", "--tenant", "whitby", "unknown").exit_code == 1
