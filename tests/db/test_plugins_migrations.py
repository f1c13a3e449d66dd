"""A plugin's migrations make and change what is in its own schema, and nothing else."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from piccolo import columns
from piccolo.columns import Integer, Text

from tests.db.conftest import Yard
from tests.db.tables import YARD
from waypost.db import App, MigrationFault, TenantTable
from waypost.db.catalogue import faults
from waypost.db.migrate import migrate, roll_back

KEPT = "CREATE TABLE kept (tenant_id uuid, id uuid, {} PRIMARY KEY (tenant_id, id));"


class Kept(TenantTable, schema="plugin_small"):
    pass


def written(folder: Path, *scripts: tuple[str, str]) -> Path:
    for number, (up, down) in enumerate(scripts, 1):
        (folder / f"{number:04}_step.sql").write_text(f"-- migrate:up\n{up}\n-- migrate:down\n{down}\n")
    return folder


def small(folder: Path, up: str, down: str = "SELECT 1;") -> App:
    first = (KEPT.format(""), "DROP TABLE kept;")
    return App("small", written(folder, first, (up, down)), (Kept,))


# What looks around would find the copy first, and what is put off would happen at the end.
HIDDEN = """
CREATE TEMP TABLE pg_class AS SELECT * FROM pg_catalog.pg_class;
ALTER TABLE public.draft DISABLE ROW LEVEL SECURITY
"""
PUT_OFF = """
CREATE TEMP TABLE later (a int);
CREATE FUNCTION pg_temp.change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    ALTER TABLE public.note ADD COLUMN x text;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON later DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION pg_temp.change();
INSERT INTO later VALUES (1)
"""
OUTSIDE = (
    ("ALTER TABLE public.draft DISABLE ROW LEVEL SECURITY", "row security of public.draft (changed)"),
    ("ALTER TABLE public.draft NO FORCE ROW LEVEL SECURITY", "row security of public.draft (changed)"),
    ("ALTER TABLE public.note ADD COLUMN x text", "column public.note.x (new)"),
    ("ALTER TABLE public.note DROP COLUMN words", "column public.note.words (gone)"),
    ("ALTER TABLE public.note ALTER COLUMN title SET DEFAULT 'x'", "column public.note.title (changed)"),
    ("ALTER TABLE public.note ALTER COLUMN words TYPE varchar(9)", "column public.note.words (changed)"),
    ("ALTER TABLE public.note ADD CONSTRAINT short CHECK (true)", "constraint short on public.note (new)"),
    ("CREATE INDEX quick ON public.note (title)", "index public.quick (new)"),
    ("CREATE POLICY open ON public.note USING (true)", "policy open on public.note (new)"),
    ("ALTER POLICY city ON public.note USING (true)", "policy city on public.note (changed)"),
    ("GRANT SELECT ON public.draft TO waypost_national", "grants on public.draft (changed)"),
    ("GRANT SELECT (title) ON public.draft TO waypost_national", "column public.draft.title (changed)"),
    ("ALTER TABLE public.note DISABLE TRIGGER audit", "trigger audit on public.note (changed)"),
    ("CREATE TABLE public.loose (a int)", "table public.loose (new)"),
    ("CREATE VIEW public.seen AS SELECT 1 AS a", "view public.seen (new)"),
    ("ALTER TABLE public.note SET SCHEMA plugin_small", "table public.note (gone)"),
    ("CREATE FUNCTION public.one() RETURNS int LANGUAGE sql AS 'SELECT 1'", "function public.one() (new)"),
    ("GRANT EXECUTE ON FUNCTION public.audit_row() TO PUBLIC", "function public.audit_row() (changed)"),
    ("CREATE DOMAIN public.short AS text", "type public.short (new)"),
    ("CREATE TYPE public.mood AS ENUM ('calm')", "type public.mood (new)"),
    ("ALTER TABLE plugin_other.theirs ADD COLUMN x text", "column plugin_other.theirs.x (new)"),
    ("GRANT USAGE ON SCHEMA plugin_other TO PUBLIC", "schema plugin_other (changed)"),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC", "default privileges of waypost_owner (new)"),
    ("INSERT INTO public.colour VALUES ('red', 'Red')", "rows of public.colour (changed)"),
    ("DELETE FROM public.migration", "rows of public.migration (changed)"),
    ("TRUNCATE public.diary", "rows of public.diary (changed)"),
    (
        HIDDEN,
        "row security of public.draft (changed)",
    ),
    (
        PUT_OFF,
        "column public.note.x (new)",
    ),
    ("RESET ROLE; GRANT waypost_owner TO waypost_app", "membership of waypost_app in waypost_owner (new)"),
    ("RESET ROLE; REVOKE waypost_city FROM waypost_app", "membership of waypost_app in waypost_city (gone)"),
    ("RESET ROLE; ALTER ROLE waypost_city BYPASSRLS", "role waypost_city (changed)"),
    ("RESET ROLE; CREATE ROLE strong_one SUPERUSER", "role strong_one (new)"),
    ("RESET ROLE; ALTER ROLE waypost_city SET row_security = off", "settings of waypost_city (new)"),
)


@pytest.fixture
async def other(yard: Yard, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Another plugin that has a table."""

    class Theirs(TenantTable, schema="plugin_other"):
        pass

    made = KEPT.format("").replace("kept", "theirs")
    await migrate(
        yard.admin_url, [YARD, App("other", written(tmp_path_factory.mktemp("other"), (made, "")), (Theirs,))]
    )


@pytest.mark.usefixtures("other")
@pytest.mark.parametrize(("sql", "words"), OUTSIDE, ids=[words for _, words in OUTSIDE])
async def test_what_is_not_the_plugin_s_is_refused_by_name(yard: Yard, tmp_path: Path, sql: str, words: str) -> None:
    spared: list[str] = []
    app = small(tmp_path, f"{sql};")
    applied = await migrate(yard.admin_url, [YARD, app], spared=lambda _, error: spared.append(str(error)))
    assert applied == []
    assert len(spared) == 1
    assert f"outside of the schema plugin_small: {words}" in spared[0] or f"; {words}" in spared[0]
    assert await faults(yard.admin, [YARD]) == []
    assert await yard.admin.fetchval("SELECT to_regclass('plugin_small.kept') IS NULL")


async def test_the_way_back_is_held_to_the_same(yard: Yard, tmp_path: Path) -> None:
    app = small(tmp_path, "SELECT 1;", "ALTER TABLE public.note DISABLE ROW LEVEL SECURITY;")
    await migrate(yard.admin_url, [YARD, app])
    with pytest.raises(MigrationFault, match=r"row security of public\.note \(changed\)"):
        await roll_back(yard.admin_url, app, to=1)
    assert await yard.admin.fetchval("SELECT count(*) FROM migration WHERE app = 'small'") == 2
    assert await faults(yard.admin, [YARD, app]) == []


async def test_a_script_that_ends_its_transaction_is_refused_before_it_runs(yard: Yard, tmp_path: Path) -> None:
    app = small(tmp_path, "SELECT 1; COMMIT; ALTER TABLE public.note DISABLE ROW LEVEL SECURITY;")
    with pytest.raises(MigrationFault, match="begins or ends a transaction"):
        await migrate(yard.admin_url, [YARD, app])
    assert await faults(yard.admin, [YARD]) == []


async def test_foreign_keys_to_the_core_and_reading_there_are_a_plugin_s_right(yard: Yard, tmp_path: Path) -> None:
    class Marked(TenantTable, schema="plugin_small"):
        note_id = columns.UUID()
        colour = Text(null=True)

    made = KEPT.format(
        "note_id uuid NOT NULL, colour text REFERENCES public.colour (code),"
        "FOREIGN KEY (tenant_id, note_id) REFERENCES public.note (tenant_id, id) ON DELETE CASCADE,"
    ).replace("kept", "marked")
    moved = (
        "ALTER TABLE public.note NO FORCE ROW LEVEL SECURITY;"
        "INSERT INTO marked (tenant_id, id, note_id) SELECT tenant_id, id, id FROM public.note;"
        "ALTER TABLE public.note FORCE ROW LEVEL SECURITY;"
    )
    await yard.admin.execute("INSERT INTO note VALUES ($1, $1, 'x')", UUID(int=1))
    app = App("small", written(tmp_path, (made, "DROP TABLE marked;"), (moved, "DELETE FROM marked;")), (Marked,))
    assert len(await migrate(yard.admin_url, [YARD, app])) == 2
    assert await yard.admin.fetchval("SELECT count(*) FROM plugin_small.marked") == 1
    assert await faults(yard.admin, [YARD, app]) == []
    assert len(await roll_back(yard.admin_url, app, to=0)) == 2
    assert len(await migrate(yard.admin_url, [app])) == 2  # alone, as tests of plugins do


OWN = (
    ("CREATE TABLE loose (a int);", '"plugin_small"."loose": of no kind: no table class declares it'),
    ("GRANT SELECT ON kept TO waypost_national;", 'grant SELECT on "plugin_small"."kept" to waypost_national'),
    ("GRANT SELECT (id) ON kept TO PUBLIC;", 'grant SELECT (id) on "plugin_small"."kept" to PUBLIC'),
    ("CREATE SEQUENCE s; GRANT USAGE ON s TO waypost_city;", 'grant USAGE on "plugin_small"."s" to waypost_city'),
    ("GRANT CREATE ON SCHEMA plugin_small TO waypost_city;", "grant CREATE on schema plugin_small to waypost_city"),
    ("CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;", "m: a materialised view has no row security"),
    ("ALTER TABLE kept ADD COLUMN x text;", '"plugin_small"."kept": the column x is not declared'),
)


@pytest.mark.parametrize(("sql", "words"), OWN, ids=[words for _, words in OWN])
async def test_its_own_schema_holds_what_its_classes_declare(yard: Yard, tmp_path: Path, sql: str, words: str) -> None:
    with pytest.raises(MigrationFault) as refused:
        await migrate(yard.admin_url, [YARD, small(tmp_path, sql)])
    assert words in str(refused.value)
    assert await yard.admin.fetchval("SELECT to_regclass('plugin_small.kept') IS NULL")


async def test_a_grant_that_follows_from_the_kind_may_be_written_too(yard: Yard, tmp_path: Path) -> None:
    app = small(tmp_path, "GRANT SELECT ON kept TO waypost_city;")
    assert len(await migrate(yard.admin_url, [YARD, app])) == 2


async def test_where_nothing_is_pending_nothing_is_compared(yard: Yard, tmp_path: Path) -> None:
    app = small(tmp_path, "SELECT 1;")
    await migrate(yard.admin_url, [YARD, app])
    await yard.admin.execute("CREATE TABLE plugin_small.by_hand (a int)")
    assert await migrate(yard.admin_url, [YARD, app]) == []


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ("", "the column weight is declared, but not there"),
        ("weight text NOT NULL,", "the column weight is text, declared as INTEGER"),
        ("weight integer,", "the column weight is null, declared not null"),
    ],
)
async def test_a_class_that_says_something_else_than_its_migrations_is_named(
    yard: Yard, tmp_path: Path, made: str, words: str
) -> None:
    class Heavy(TenantTable, tablename="kept", schema="plugin_small"):
        weight = Integer()

    folder = written(tmp_path, (KEPT.format(made), "DROP TABLE kept;"))
    with pytest.raises(MigrationFault) as refused:
        await migrate(yard.admin_url, [YARD, App("small", folder, (Heavy,))])
    assert f'small: "plugin_small"."kept": {words}' in str(refused.value)


async def test_a_column_declared_later_without_a_migration_is_named(yard: Yard, tmp_path: Path) -> None:
    class Heavy(TenantTable, tablename="kept", schema="plugin_small"):
        weight = Integer()

    app = small(tmp_path, "SELECT 1;")
    await migrate(yard.admin_url, [YARD, app])
    with pytest.raises(MigrationFault, match="the column weight is declared, but not there"):
        await migrate(yard.admin_url, [YARD, App("small", app.migrations, (Heavy,))])
