from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg

from tests.cli.conftest import Waypost

TENANTS = {"WAYPOST_TENANTS_DIR": str(Path(__file__).parents[2] / "tenants")}
ANALYZED_SQL = "SELECT last_analyze IS NOT NULL FROM pg_stat_user_tables WHERE relname = 'opportunity'"


async def _fetchval(url: str, sql: str) -> Any:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def test_what_was_loaded_is_counted_at_once_since_guesses_make_the_nearest_slow(
    command: Waypost, admin_url: str
) -> None:
    for words in (("migrate",), ("tenants", "apply")):
        done = command(*words, **TENANTS)
        assert done.exit_code == 0, done.output
    loaded = command("demo", "load", "--scale", "30", "--json")
    assert loaded.exit_code == 0, loaded.output
    assert json.loads(loaded.stdout)["opportunities"] == 30
    assert asyncio.run(_fetchval(admin_url, ANALYZED_SQL)) is True


def test_where_no_administrator_is_known_loading_leaves_the_counting_to_the_database(
    command: Waypost, bare: Waypost, app_url: str
) -> None:
    for words in (("migrate",), ("tenants", "apply")):
        assert command(*words, **TENANTS).exit_code == 0
    loaded = bare("demo", "load", "--scale", "40", WAYPOST_DATABASE_URL=app_url)
    assert loaded.exit_code == 0, loaded.output
