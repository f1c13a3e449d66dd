"""A long trace is exported whole, in order, and never another tenant's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.audit.exporting import COLUMNS, PIECE, export_audit
from waypost.audit.rules import first_id_since, last_id_until
from waypost.db import Database, first_id
from waypost.db.connections import connect

HERE, THERE, NOBODY = UUID(int=1), UUID(int=2), UUID(int=3)
BEGUN = datetime(2027, 1, 1, tzinfo=UTC)
LONG = 2 * PIECE + 1
# One entry a minute; the number of each is its row.
FILL_SQL = """
INSERT INTO audit (tenant_id, id, at, person_id, role, act, table_name, row_id, verb, changed)
SELECT $1, (lpad(to_hex((extract(epoch FROM $3::timestamptz + n * interval '1 minute') * 1000)::bigint), 12, '0')
        || '7000' || lpad(to_hex(n), 16, '8000000000000000'))::uuid,
       $3::timestamptz + n * interval '1 minute', $1, 'curator', 'updatePlace',
       'place', lpad(n::text, 32, '0')::uuid, 'update', '{name,slug}'
FROM generate_series(1, $2::int) n
"""


@pytest.fixture(scope="module", autouse=True)
async def traces(admin_url: str) -> None:
    admin = await connect(admin_url)
    try:
        await admin.execute(FILL_SQL, HERE, LONG, BEGUN)
        await admin.execute(FILL_SQL, THERE, 3, BEGUN)
    finally:
        await admin.close()


async def exported(database: Database, tenant: UUID, since: datetime | None = None) -> list[Sequence[Any]]:
    return [row async for rows in export_audit(database, tenant, since) for row in rows]


async def test_every_entry_is_there_once_oldest_first(database: Database) -> None:
    rows = await exported(database, HERE)
    where = COLUMNS.index("row")
    assert [int(str(row[where]).replace("-", "")) for row in rows] == list(range(1, LONG + 1))
    first = dict(zip(COLUMNS, rows[0], strict=True))
    assert (first["at"], first["person"]) == ("2027-01-01T00:01:00+00:00", HERE)
    assert (first["role"], first["token"], first["act"], first["table"]) == ("curator", None, "updatePlace", "place")
    assert (first["verb"], first["changed"]) == ("update", ["name", "slug"])


async def test_a_tenant_s_export_is_its_own(database: Database) -> None:
    assert {row[COLUMNS.index("person")] for row in await exported(database, THERE)} == {THERE}
    assert await exported(database, NOBODY) == []


async def test_since_means_not_before(database: Database) -> None:
    last = BEGUN + timedelta(minutes=LONG)
    assert len(await exported(database, HERE, last)) == 1
    assert len(await exported(database, HERE, last + timedelta(seconds=1))) == 0
    assert len(await exported(database, HERE, last - timedelta(minutes=PIECE))) == PIECE + 1


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_days_away_from_a_moment_need_not_be_read(moment: datetime) -> None:
    """Entries are found by their ids, which are made in the order of time; by `at` nothing finds them."""
    assert first_id_since(moment) <= first_id(moment) <= last_id_until(moment)
    if abs(moment - BEGUN) < timedelta(days=10_000):
        assert first_id(moment - timedelta(days=2)) < first_id_since(moment)
        assert last_id_until(moment) < first_id(moment + timedelta(days=2))


async def test_a_clock_that_was_put_back_hides_nothing(database: Database, admin_url: str) -> None:
    """An id is of the moment of the change, `at` of the moment at which its transaction began."""
    admin = await connect(admin_url)
    earlier = BEGUN - timedelta(hours=23)
    id = UUID(int=first_id(earlier).int | 1)
    sql = "INSERT INTO audit (tenant_id, id, at, person_id, act, table_name, verb, changed)"
    try:
        await admin.execute(f"{sql} VALUES ($1, $2, $3, $1, 'x', 'place', 'insert', '{{}}')", NOBODY, id, BEGUN)
        assert len(await exported(database, NOBODY, BEGUN)) == 1
    finally:
        await admin.execute("DELETE FROM audit WHERE id = $1", id)
        await admin.close()
