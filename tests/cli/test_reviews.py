from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import Waypost
from tests.http.stage import insert_tenant
from waypost.db import City, Database, System, execute, new_id
from waypost.school.export import COLUMNS

REVIEW_SQL = """
INSERT INTO review (tenant_id, id, home_tenant_id, badge_id, state, priority, name, creator_name, issuer_name, language,
                    layer, words, findings, round, received_at, submitted_at, due_at)
VALUES ($1, $2, $1, $2, 'submitted', 0, '@SUM(1)', 'Club', 'Club', 'en', 'rsa-2019/engage', '{}', '[]', 1, now(), now(),
        now())
"""


@pytest.fixture(scope="module", autouse=True)
async def desk(database: Database) -> None:
    async with database.transaction(System("tenants")):
        id = await insert_tenant("alpha", "Alpha")
        await insert_tenant("empty", "Empty")
    async with database.transaction(City(id)):
        await execute(REVIEW_SQL, id, new_id())


def test_a_tenants_reviews_are_written_as_csv(command: Waypost) -> None:
    done = command("reviews", "export", "--tenant", "alpha")
    assert done.exit_code == 0, done.output
    (line,) = csv.DictReader(io.StringIO(done.stdout))
    assert (line["city"], line["badge"], line["urgent"]) == ("alpha", "'@SUM(1)", "yes")


@pytest.mark.parametrize("arguments", [("--tenant", "empty"), ("--tenant", "alpha", "--state", "approved")])
def test_without_reviews_there_is_only_the_heading(command: Waypost, arguments: tuple[str, ...]) -> None:
    done = command("reviews", "export", *arguments)
    assert (done.exit_code, done.stdout.strip()) == (0, ",".join(COLUMNS))


def test_a_tenant_that_is_not_there_is_named(command: Waypost) -> None:
    done = command("reviews", "export", "--tenant", "nowhere")
    assert done.exit_code == 1
    assert "there is no tenant nowhere; there are alpha" in done.stderr
    assert command("reviews", "export", "--tenant", "alpha", "--state", "none").exit_code == 2
