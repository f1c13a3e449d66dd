from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from piccolo.columns import Text

from tests.db.conftest import Yard
from tests.db.tables import YARD, Colour, Draft, Note
from waypost.db import App, City, Connection, MigrationFault, TenantTable, new_id
from waypost.db.catalogue import faults
from waypost.db.connections import connect
from waypost.db.errors import MigrationChanged, MigrationMalformed, MigrationMissing, MigrationOutOfOrder
from waypost.db.migrate import migrate, owner, roll_back
from waypost.db.scripts import read_scripts
from waypost.testing.databases import Server


def script(up: str, down: str = "SELECT 1;") -> str:
    return f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n"


ONE = script("CREATE TABLE one (tenant_id uuid, id uuid, PRIMARY KEY (tenant_id, id));", "DROP TABLE one;")
TWO = script("ALTER TABLE one ADD COLUMN two text;", "ALTER TABLE one DROP COLUMN two;")


def brings(name: str, folder: Path, **more: Any) -> App:
    """An app with the table of `ONE` and `TWO`."""

    class One(TenantTable, tablename="one", schema=f"plugin_{name}"):
        two = Text(null=True)

    return App(name, folder, (One,), **more)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_one.sql").write_text(ONE)
    (tmp_path / "0002_two.sql").write_text(TWO)
    return tmp_path


async def has(connection: Connection, table: str, column: str = "id") -> bool:
    where = "attrelid = to_regclass($1) AND attname = $2 AND NOT attisdropped"
    return bool(await connection.fetchval(f"SELECT EXISTS (SELECT FROM pg_attribute WHERE {where})", table, column))


async def test_migrations_are_applied_once_and_in_order(yard: Yard, folder: Path) -> None:
    app = brings("small", folder)
    applied = await migrate(yard.admin_url, [YARD, app])
    assert [(done.app, done.number, done.name) for done in applied] == [("small", 1, "one"), ("small", 2, "two")]
    assert await has(yard.admin, "plugin_small.one", "two")
    assert not await has(yard.admin, "public.one")
    assert await migrate(yard.admin_url, [YARD, app]) == []
    (folder / "0003_three.sql").write_text(script("SELECT 1;"))
    assert [done.number for done in await migrate(yard.admin_url, [YARD, app])] == [3]


async def test_migrations_lead_back_and_forward_again(yard: Yard) -> None:
    back = await roll_back(yard.admin_url, YARD, to=1)
    assert [done.number for done in back] == [2]
    assert not await has(yard.admin, "draft", "words")
    assert [done.number for done in await roll_back(yard.admin_url, YARD, to=0)] == [1]
    assert not await has(yard.admin, "draft")
    assert await roll_back(yard.admin_url, YARD, to=0) == []
    assert len(await migrate(yard.admin_url, [YARD])) == 2
    assert await faults(yard.admin, [YARD]) == []


async def test_half_a_migration_leaves_nothing(yard: Yard, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text(script("CREATE TABLE three ();\nSELECT 1 / 0;"))
    with pytest.raises(MigrationFault, match=r"small: 0003_bad\.sql: division by zero"):
        await migrate(yard.admin_url, [App("small", folder)])
    assert not await has(yard.admin, "plugin_small.one")
    assert await yard.admin.fetchval("SELECT count(*) FROM migration WHERE app = 'small'") == 0


async def test_an_app_that_fails_is_left_as_it_was_and_others_go_on(yard: Yard, folder: Path, tmp_path: Path) -> None:
    good, bad, strange = tmp_path / "good", tmp_path / "bad", tmp_path / "strange"
    shutil.copytree(folder, good)
    shutil.copytree(folder, bad)
    shutil.copytree(folder, strange)
    (bad / "0003_bad.sql").write_text(script("CREATE TABLE three ();\nSELECT 1 / 0;"))
    apps = [YARD, brings("bad", bad), brings("good", good)]
    apps += [
        brings("strange", strange, extensions=("no_such_extension",)),
        brings("empty", good, reference=unprepared),
    ]
    spared: dict[str, str] = {}
    applied = await migrate(
        yard.admin_url, apps, spared=lambda app, error: spared.update({app.name: str(error).partition(": ")[0]})
    )
    assert {done.app for done in applied} == {"good", "empty"}
    assert spared.keys() == {"bad", "strange", "empty"}
    assert "no_such_extension" in spared["strange"] or "cannot be prepared" in spared["strange"]
    assert await has(yard.admin, "plugin_good.one")
    assert not await has(yard.admin, "plugin_bad.one")


async def unprepared(connection: Connection) -> None:
    raise LookupError("there is no list of colours")


async def test_the_platform_itself_is_never_spared(yard: Yard, folder: Path) -> None:
    (folder / "0003_bad.sql").write_text(script("SELECT 1 / 0;"))
    broken = App(YARD.name, folder)
    with pytest.raises(MigrationFault):
        await migrate(yard.admin_url, [broken], spared=lambda *_: None)


async def test_a_migration_that_changed_after_it_was_applied_is_an_error(yard: Yard, folder: Path) -> None:
    app = brings("small", folder)
    await migrate(yard.admin_url, [app])
    (folder / "0001_one.sql").write_text(ONE.replace("uuid,", "uuid NOT NULL,"))
    with pytest.raises(MigrationChanged, match=r"0001_one\.sql"):
        await migrate(yard.admin_url, [app])
    with pytest.raises(MigrationChanged):
        await roll_back(yard.admin_url, app, to=0)
    (folder / "0001_one.sql").write_bytes(ONE.replace("\n", "\r\n").encode())
    assert await migrate(yard.admin_url, [app]) == []  # a checkout on Windows is no change


async def test_a_migration_that_was_applied_and_is_gone_is_an_error(yard: Yard, folder: Path) -> None:
    app = brings("small", folder)
    await migrate(yard.admin_url, [app])
    (folder / "0002_two.sql").rename(folder / "0002_other.sql")
    with pytest.raises(MigrationMissing, match=r"0002_two\.sql was applied"):
        await migrate(yard.admin_url, [app])
    (folder / "0002_other.sql").unlink()
    with pytest.raises(MigrationMissing):
        await roll_back(yard.admin_url, app, to=0)


async def test_a_migration_cannot_slip_in_before_one_that_was_applied(yard: Yard, folder: Path) -> None:
    app = brings("small", folder)
    (folder / "0002_two.sql").rename(folder / "0003_two.sql")
    await migrate(yard.admin_url, [app])
    (folder / "0002_late.sql").write_text(script("SELECT 1;"))
    with pytest.raises(MigrationOutOfOrder, match="0002_late comes after 0003"):
        await migrate(yard.admin_url, [app])


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("1_one.sql", ONE, "named like"),
        ("0001_One.sql", ONE, "named like"),
        ("0001_one.sql", "CREATE TABLE one ();", "needs one"),
        ("0001_one.sql", "-- migrate:down\n-- migrate:up\n", "needs one"),
        ("0001_one.sql", "-- migrate:up\nSELECT 1;\nCOMMIT;\n-- migrate:down\n", "inside one"),
        ("0001_one.sql", script("SELECT ';'; COMMIT"), "inside one"),
        ("0001_one.sql", script("SELECT 1; /* on */ Start Transaction;"), "inside one"),
        ("0001_one.sql", script("SELECT 1;", "ROLLBACK AND CHAIN;"), "inside one"),
        ("0001_two.sql", ONE, "same number 0001"),
    ],
)
def test_a_malformed_migration_is_named(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / "0001_first.sql").write_text(ONE)
    if "same" not in words:
        (tmp_path / "0001_first.sql").unlink()
    (tmp_path / name).write_text(text)
    with pytest.raises(MigrationMalformed, match=words) as refusal:
        read_scripts(tmp_path)
    assert str(tmp_path) in str(refusal.value)


@pytest.mark.parametrize(
    "sql",
    [
        "DO $body$\nBEGIN\n    PERFORM 1;\nEND;\n$body$;",
        "SELECT 'it''s; commit;', E'\\'; commit;' AS \"; commit;\"; -- ; commit;\n",
        "SAVEPOINT here; ROLLBACK TO here;",
        "SELECT 1 AS endless; SELECT CASE WHEN true THEN 1\nEND;",
    ],
)
def test_words_of_transactions_may_stand_where_they_end_none(tmp_path: Path, sql: str) -> None:
    (tmp_path / "0001_one.sql").write_text(script(sql))
    assert [one.name for one in read_scripts(tmp_path)] == ["one"]


async def test_a_table_that_no_migration_makes_is_an_error(yard: Yard, folder: Path) -> None:
    class Nowhere(TenantTable, schema="plugin_small"):
        pass

    with pytest.raises(MigrationFault, match=r'no migration makes "plugin_small"\."nowhere"'):
        await migrate(yard.admin_url, [App("small", folder, (Nowhere,))])


async def test_a_migration_moves_the_data_of_all_tenants(yard: Yard, tmp_path: Path) -> None:
    """Row security binds the owner too: a migration would find no row and say nothing."""
    shutil.copytree(YARD.migrations, tmp_path, dirs_exist_ok=True)
    (tmp_path / "0003_titles.sql").write_text(
        script("UPDATE draft SET title = upper(title);", "UPDATE draft SET title = lower(title);")
    )
    for tenant in (1, 2):
        await yard.admin.execute("INSERT INTO draft VALUES ($1, $2, 'x')", UUID(int=tenant), new_id())
    app = App("waypost", tmp_path, YARD.tables)
    await migrate(yard.admin_url, [app])
    assert await yard.admin.fetchval("SELECT array_agg(title) FROM draft") == ["X", "X"]
    await roll_back(yard.admin_url, app, to=2)
    assert await yard.admin.fetchval("SELECT array_agg(title) FROM draft") == ["x", "x"]
    assert await faults(yard.admin, [app]) == []


async def test_policies_and_grants_follow_the_classes_again_after_they_were_spoilt(yard: Yard) -> None:
    await yard.admin.execute(
        "DROP POLICY city ON note; CREATE POLICY open ON draft USING (true);"
        "ALTER TABLE diary NO FORCE ROW LEVEL SECURITY; GRANT DELETE ON colour TO waypost_city;"
        "GRANT SELECT (words) ON draft TO PUBLIC; REVOKE SELECT ON door FROM waypost_city"
    )
    assert len(await faults(yard.admin, [YARD])) == 6
    await migrate(yard.admin_url, [YARD])
    assert [fault.what for fault in await faults(yard.admin, [YARD])] == []


async def test_tables_that_are_as_they_should_be_are_not_touched(yard: Yard) -> None:
    """So that `waypost up` beside a running server waits for nobody."""
    reader = await asyncpg.connect(yard.admin_url)
    await reader.execute("BEGIN; SELECT * FROM note, draft, colour")
    before = await yard.admin.fetch("SELECT oid, xmin FROM pg_policy ORDER BY oid")
    await migrate(yard.admin_url, [YARD])
    assert await yard.admin.fetch("SELECT oid, xmin FROM pg_policy ORDER BY oid") == before
    await reader.close()


async def test_reference_data_is_loaded_by_the_owner_each_time(yard: Yard) -> None:
    async def load(connection: Connection) -> None:
        assert await connection.fetchval("SELECT current_user") == "waypost_owner"
        await connection.execute("INSERT INTO colour VALUES ('red', 'Red') ON CONFLICT DO NOTHING")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute("INSERT INTO draft VALUES ($1, $1, 'x')", UUID(int=1))

    for _ in range(2):
        await migrate(yard.admin_url, [App("waypost", YARD.migrations, YARD.tables, load)])
    async with yard.database.transaction(City(UUID(int=1))):
        assert await Colour.select(Colour.code) == [{"code": "red"}]


async def test_an_import_writes_what_all_share_as_the_owner(yard: Yard) -> None:
    async with owner(yard.admin_url) as connection:
        await connection.execute("INSERT INTO colour VALUES ('blue', 'Blue')")
    assert await yard.admin.fetchval("SELECT count(*) FROM colour") == 1


async def test_a_plugin_brings_tables_of_the_same_kinds_in_a_schema_of_its_own(yard: Yard, folder: Path) -> None:
    class One(TenantTable, schema="plugin_small"):
        pass

    (folder / "0002_two.sql").unlink()
    app = App("small", folder, (One,))
    await migrate(yard.admin_url, [YARD, app])
    assert await faults(yard.admin, [YARD, app]) == []
    async with yard.database.transaction(City(UUID(int=1))):
        await One().save()
    async with yard.database.transaction(City(UUID(int=2))):
        assert await One.count() == 0


async def test_extensions_are_made_for_the_app(server: Server, folder: Path) -> None:
    async with server.database() as name:
        await migrate(server.admin_url(name), [brings("small", folder, extensions=("cube", "unaccent"))])
        connection = await connect(server.admin_url(name))
        made = {row["extname"] for row in await connection.fetch("SELECT extname FROM pg_extension")}
        await connection.close()
    assert made == {"plpgsql", "cube", "unaccent"}


def test_tables_of_the_yard_are_all_declared() -> None:
    assert {Note, Draft, Colour} < set(YARD.tables)
