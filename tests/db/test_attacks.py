"""Each scope is attacked in turn; each attack is believed because it is also seen to succeed without its policy."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from itertools import pairwise
from uuid import UUID

import asyncpg
import pytest

from tests.db.conftest import Yard
from tests.db.tables import YARD
from waypost.db import City, Learner, National, Scope, System
from waypost.db.security import expected, qualified
from waypost.db.tables import ownership

HERE, THERE = UUID(int=1), UUID(int=2)
ME, YOU = UUID(int=11), UUID(int=12)
A, B, C = UUID(int=21), UUID(int=22), UUID(int=23)

ROWS = f"""
INSERT INTO note VALUES ('{HERE}', '{A}', 'mine', 'w', true), ('{THERE}', '{B}', 'public', 'w', true),
                        ('{THERE}', '{C}', 'hidden', 'w', false);
INSERT INTO draft VALUES ('{HERE}', '{A}', 'mine'), ('{THERE}', '{B}', 'theirs');
INSERT INTO colour VALUES ('red', 'Red');
INSERT INTO diary VALUES ('{ME}', '{A}', 'mine'), ('{YOU}', '{B}', 'yours');
INSERT INTO sign_in VALUES ('{ME}', 'mine'), ('{YOU}', 'yours');
INSERT INTO door VALUES ('here', '{HERE}'), ('there', '{THERE}');
INSERT INTO queue VALUES ('{A}', 'work');
"""


@dataclass(frozen=True)
class Attack:
    """What somebody tries who must not: it is refused, or touches no row."""

    name: str
    scope: Scope
    sql: str

    @property
    def table(self) -> str:
        words = self.sql.replace("(", " ").split()
        return next(word for before, word in pairwise(words) if before in {"FROM", "INTO", "UPDATE"})


CITY = City(HERE)
ATTACKS = [
    Attack("a city reads a public row of another", CITY, f"SELECT * FROM note WHERE id = '{B}'"),
    Attack("a city reads a hidden row of another", CITY, f"SELECT * FROM note WHERE id = '{C}'"),
    Attack("a city reads what is never public", CITY, f"SELECT * FROM draft WHERE tenant_id = '{THERE}'"),
    Attack("a city changes a row of another", CITY, f"UPDATE note SET title = 'x' WHERE id = '{B}'"),
    Attack("a city takes a row over", CITY, f"UPDATE note SET tenant_id = '{HERE}' WHERE id = '{B}'"),
    Attack("a city gives a row away", CITY, f"UPDATE note SET tenant_id = '{THERE}' WHERE id = '{A}'"),
    Attack("a city removes a row of another", CITY, f"DELETE FROM note WHERE id = '{B}'"),
    Attack("a city locks a row of another", CITY, f"SELECT * FROM note WHERE id = '{B}' FOR UPDATE"),
    Attack("a city writes for another", CITY, f"INSERT INTO note VALUES ('{THERE}', '{UUID(int=30)}', 'x')"),
    Attack("a city claims the door of another", CITY, f"UPDATE door SET tenant_id = '{HERE}' WHERE slug = 'there'"),
    Attack("a city opens a door for another", CITY, f"INSERT INTO door VALUES ('new', '{THERE}')"),
    Attack("a city removes the door of another", CITY, "DELETE FROM door WHERE slug = 'there'"),
    Attack("a city reads a diary", CITY, "SELECT * FROM diary"),
    Attack("a city reads how people sign in", CITY, "SELECT * FROM sign_in"),
    Attack("a city writes what all share", CITY, "UPDATE colour SET name = 'x'"),
    Attack("a city reads the queue", CITY, "SELECT * FROM queue"),
    Attack("a city empties a table", CITY, "DELETE FROM queue"),
    Attack("the nation reads what is hidden", National(), f"SELECT * FROM note WHERE id = '{C}'"),
    Attack("the nation reads drafts", National(), "SELECT * FROM draft"),
    Attack("the nation writes", National(), f"INSERT INTO note VALUES ('{HERE}', '{UUID(int=30)}', 'x', '', true)"),
    Attack("the nation changes a public row", National(), "UPDATE note SET title = 'x' WHERE public"),
    Attack("the nation publishes", National(), f"UPDATE note SET public = true WHERE id = '{C}'"),
    Attack("the nation removes", National(), "DELETE FROM note"),
    Attack("the nation reads diaries", National(), "SELECT * FROM diary"),
    Attack("the nation opens a door", National(), f"INSERT INTO door VALUES ('new', '{HERE}')"),
    Attack("a learner reads another's diary", Learner(ME), f"SELECT * FROM diary WHERE id = '{B}'"),
    Attack("a learner changes another's diary", Learner(ME), f"UPDATE diary SET words = 'x' WHERE id = '{B}'"),
    Attack("a learner writes in another's", Learner(ME), f"INSERT INTO diary VALUES ('{YOU}', '{C}', 'x')"),
    Attack("a learner gives a page away", Learner(ME), f"UPDATE diary SET person_id = '{YOU}' WHERE id = '{A}'"),
    Attack("a learner removes another's page", Learner(ME), f"DELETE FROM diary WHERE id = '{B}'"),
    Attack("a learner reads another's secret", Learner(ME), f"SELECT * FROM sign_in WHERE person_id = '{YOU}'"),
    Attack("a learner reads a city", Learner(ME), "SELECT * FROM note"),
    Attack("a learner reads doors", Learner(ME), "SELECT * FROM door"),
    Attack("the system reads a city", System("job"), "SELECT * FROM note"),
    Attack("the system writes in a city", System("job"), f"INSERT INTO note VALUES ('{HERE}', '{UUID(int=30)}', 'x')"),
    Attack("the system reads diaries", System("job"), "SELECT * FROM diary"),
    Attack("the system changes a secret", System("job"), "UPDATE sign_in SET secret = 'x'"),
    Attack("the system moves a door", System("job"), f"UPDATE door SET tenant_id = '{THERE}'"),
    Attack("the system writes what all share", System("job"), "INSERT INTO colour VALUES ('blue', 'Blue')"),
]


async def touched(yard: Yard, attack: Attack) -> int | str:
    """How many rows an attack reached, or how it was refused; nothing of it stays."""
    connection = await asyncpg.connect(yard.app_url)
    try:
        await connection.execute(f"BEGIN; {attack.scope.sql()}")
        status = await connection.execute(attack.sql)
        return int(status.rpartition(" ")[2])
    except asyncpg.InsufficientPrivilegeError as refusal:
        return str(refusal)
    finally:
        await connection.close()


def everything(table: str, role: str) -> tuple[str, str]:
    """SQL that lets one role do anything with one table's rows, and SQL that takes that back."""
    owned = next(ownership(declared) for declared in YARD.tables if declared._meta.tablename == table)
    grants = [f"GRANT {verb} ON {table} TO {name}" for name, verb in sorted(expected(owned).grants) if name == role]
    return (
        f"CREATE POLICY spoilt ON {table} TO {role} USING (true) WITH CHECK (true); GRANT ALL ON {table} TO {role}",
        "; ".join((f"DROP POLICY spoilt ON {table}", f"REVOKE ALL ON {table} FROM {role}", *grants)),
    )


async def test_no_attack_reaches_a_row_and_each_does_without_its_policy(yard: Yard) -> None:
    await yard.admin.execute(ROWS)
    for attack in ATTACKS:
        outcome = await touched(yard, attack)
        assert isinstance(outcome, str) or outcome == 0, f"{attack.name}: reached {outcome} rows"
        async with yard.spoilt(*everything(attack.table, attack.scope.role)):
            reached = await touched(yard, attack)
            assert isinstance(reached, int), f"{attack.name}: proves nothing, still refused ({reached})"
            assert reached > 0, f"{attack.name}: proves nothing, reaches no row even without its policy"
        assert await touched(yard, attack) == outcome


async def test_each_scope_may_do_what_is_its_own(yard: Yard) -> None:
    await yard.admin.execute(ROWS)
    for attack, rows in (
        (Attack("", CITY, "SELECT * FROM note"), 1),
        (Attack("", CITY, "UPDATE draft SET title = 'x'"), 1),
        (Attack("", CITY, "SELECT * FROM door"), 2),
        (Attack("", CITY, "UPDATE door SET slug = 'x' WHERE slug = 'here'"), 1),
        (Attack("", CITY, f"INSERT INTO queue VALUES ('{B}', 'work')"), 1),
        (Attack("", CITY, "SELECT * FROM colour"), 1),
        (Attack("", National(), "SELECT * FROM note"), 2),
        (Attack("", National(), "SELECT * FROM door"), 2),
        (Attack("", Learner(ME), "UPDATE diary SET words = 'x'"), 1),
        (Attack("", Learner(ME), "DELETE FROM sign_in"), 1),
        (Attack("", System("job"), "SELECT * FROM sign_in"), 2),
        (Attack("", System("job"), "DELETE FROM queue"), 1),
    ):
        assert await touched(yard, attack) == rows, attack


async def foreign_rows(yard: Yard, requests: int) -> int:
    """How many rows of others were seen in interleaved requests of twenty tenants, through two connections."""
    chance = random.Random(20)

    async def request(tenant: UUID) -> int:
        sql = "SELECT count(*) FILTER (WHERE tenant_id <> $1)::text FROM draft"
        if chance.random() < 0.5:
            return int(await yard.database.reads.read(City(tenant), sql, [tenant]) or 0)
        async with yard.database.transaction(City(tenant)) as transaction:
            await asyncio.sleep(chance.random() / 1000)
            return int(await transaction.connection.fetchval(sql, tenant))

    tenants = [UUID(int=100 + n % 20) for n in range(requests)]
    return sum(await asyncio.gather(*(request(tenant) for tenant in tenants)))


async def test_interleaved_requests_see_no_foreign_row_and_do_without_the_policy(yard: Yard) -> None:
    await yard.admin.executemany(
        "INSERT INTO draft VALUES ($1, $2, 'x')", [(UUID(int=100 + n), UUID(int=n)) for n in range(20)]
    )
    assert await foreign_rows(yard, 400) == 0
    async with yard.spoilt(
        "ALTER TABLE draft DISABLE ROW LEVEL SECURITY", "ALTER TABLE draft ENABLE ROW LEVEL SECURITY"
    ):
        assert await foreign_rows(yard, 40) == 40 * 19


@pytest.mark.parametrize("table", YARD.tables, ids=lambda table: table.__name__)
async def test_the_owner_itself_is_bound_by_row_security(yard: Yard, table: type[object]) -> None:
    await yard.admin.execute(ROWS)
    kind = ownership(table).kind  # type: ignore[arg-type]  # parametrize knows no types
    await yard.admin.execute("SET ROLE waypost_owner")
    rows = await yard.admin.fetchval(f"SELECT count(*) FROM {qualified(table)}")  # type: ignore[arg-type]  # likewise
    assert (rows > 0) == (kind in {"reference", "platform"})
