"""The doctor says what is wrong, and what to do."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SECRET_KEY, Waypost
from tests.plugins.workshop import Workshop, workshop_in
from waypost.cli import checkup
from waypost.db.connections import connect

NAMES = (
    *("database", "extensions", "migrations", "policies", "clock", "queue", "erasing", "files"),
    *("settings", "secrets", "secret key", "disk", "mail"),
)


async def _execute(url: str, sql: str) -> None:
    admin = await connect(url)
    await admin.execute(sql)
    await admin.close()


@contextmanager
def spoilt(url: str, spoil: str, repair: str) -> Iterator[None]:
    """Something wrong for a while."""
    asyncio.run(_execute(url, spoil))
    try:
        yield
    finally:
        asyncio.run(_execute(url, repair))


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    with workshop_in(tmp_path) as made:
        yield made


@pytest.fixture
def doctor(command: Waypost) -> Any:
    """Asks the doctor; answers the checks by name, and the exit code."""

    def ask(**settings: str) -> tuple[dict[str, dict[str, str]], int]:
        done = command("doctor", "--json", **{"WAYPOST_PLUGINS": "", **settings})
        found = json.loads(done.stdout)
        return {each["check"]: each for each in found}, done.exit_code

    return ask


def test_all_is_well(doctor: Any) -> None:
    found, code = doctor()
    assert tuple(found) == NAMES
    assert {name for name, each in found.items() if each["state"] != "ok"} == set()
    assert code == 0


def test_people_read_it_as_lines(command: Waypost) -> None:
    done = command("doctor", WAYPOST_PLUGINS="")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("ok         database    PostgreSQL ")
    assert len(done.stdout.splitlines()) == len(NAMES)


PERSON = "11111111-1111-1111-1111-111111111111"
HALF_FORGOTTEN = (
    f"INSERT INTO person (id, erased_at) VALUES ('{PERSON}', now());"
    f"INSERT INTO identity (digest, person_id) VALUES ('x', '{PERSON}')"
)
WORK = "INSERT INTO work (id, kind, state, due_at) VALUES (gen_random_uuid(), 'x', {}); SELECT 1"
RENAME = "SET allow_system_table_mods = on; UPDATE pg_extension SET extname = '{}' WHERE extname = '{}'"
WRONGS = (
    ("extensions", RENAME.format("gone", "cube"), RENAME.format("cube", "gone"), "missing: cube"),
    ("migrations", "DELETE FROM migration WHERE number = 1", None, "not applied: waypost 0001_tenancy"),
    (
        "migrations",
        "INSERT INTO migration (app, number, name, digest) VALUES ('waypost', 9999, 'tomorrow', '')",
        "DELETE FROM migration WHERE number = 9999",
        "applied by another version: waypost 9999_tomorrow",
    ),
    (
        "policies",
        "ALTER TABLE badge DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE badge ENABLE ROW LEVEL SECURITY",
        '"public"."badge": row security is not enabled',
    ),
    (
        "policies",
        "ALTER TABLE place DISABLE TRIGGER audit",
        "ALTER TABLE place ENABLE TRIGGER audit",
        '"public"."place": the trigger audit is missing or different',
    ),
    ("queue", WORK.format("'dead', now()"), "DELETE FROM work", "1 pieces of work failed for good"),
    ("queue", WORK.format("'due', now() - interval '1 day'"), "DELETE FROM work", "one due for 1440 minutes"),
    (
        "erasing",
        HALF_FORGOTTEN,
        f"DELETE FROM identity; DELETE FROM person WHERE id = '{PERSON}'",
        "1 people were forgotten in part only",
    ),
)


@pytest.mark.parametrize(("name", "spoil", "repair", "words"), WRONGS, ids=[each[3] for each in WRONGS])
def test_what_is_wrong_is_said_with_its_mend(
    doctor: Any, admin_url: str, name: str, spoil: str, repair: str | None, words: str
) -> None:
    keep = "CREATE TABLE IF NOT EXISTS public.kept AS SELECT * FROM migration;"
    back = "INSERT INTO migration SELECT * FROM kept ON CONFLICT DO NOTHING; "
    with spoilt(admin_url, keep + spoil if repair is None else spoil, back if repair is None else repair):
        found, code = doctor()
    asyncio.run(_execute(admin_url, "DROP TABLE IF EXISTS kept"))
    assert found[name]["state"] == "wrong"
    assert words in found[name]["words"]
    assert found[name]["mend"]
    assert code == 1


def test_what_migrating_does_not_mend_is_not_sent_there(doctor: Any, admin_url: str) -> None:
    column = "ALTER TABLE place ADD COLUMN tide text"
    with spoilt(admin_url, column, "ALTER TABLE place DROP COLUMN tide"):
        mend = doctor()[0]["policies"]["mend"]
    assert "adds a migration that makes them as its table classes say" in mend
    assert "waypost migrate" not in mend
    both = f"{column}; ALTER TABLE place DISABLE TRIGGER audit"
    with spoilt(admin_url, both, "ALTER TABLE place DROP COLUMN tide; ALTER TABLE place ENABLE TRIGGER audit"):
        mend = doctor()[0]["policies"]["mend"]
    assert "waypost migrate makes policies, grants and triggers anew; tables and columns" in mend


def test_work_that_failed_for_good_is_replayed_as_the_doctor_says(
    doctor: Any, command: Waypost, admin_url: str
) -> None:
    dead = "INSERT INTO work (id, kind, state, due_at, attempts) VALUES (gen_random_uuid(), '{}', 'dead', now(), 7); "
    with spoilt(admin_url, dead.format("mail") * 2 + dead.format("other") + "SELECT 1", "DELETE FROM work"):
        found, _ = doctor()
        assert found["queue"]["mend"].endswith("waypost work replay")
        assert command("work", "replay", "--kind", "other").stdout == "1 pieces of work are due again\n"
        assert "2 pieces of work failed for good" in doctor()[0]["queue"]["words"]
        assert command("work", "replay").stdout == "2 pieces of work are due again\n"
        assert command("work", "replay").stdout == "0 pieces of work are due again\n"
        found, code = doctor()
        assert (found["queue"]["words"], code) == ("3 pieces of work are due", 0)


def test_files_that_drifted_are_noticed(doctor: Any, tmp_path: Path) -> None:
    folder = tmp_path / "tenants" / "exeter"
    folder.mkdir(parents=True)
    text = 'name = "Exeter"\nkind = "network"\nlanguages = ["en"]\ntimezone = "Europe/London"\nstandard = "rsa-2019"\n'
    look = '[look]\nprimary_colour = "#1b4332"\naccent_colour = "#ffd166"\n'
    (folder / "tenant.toml").write_text(text + look)
    found, _ = doctor()
    assert (found["files"]["state"], found["files"]["mend"]) == (
        "wrong",
        "waypost tenants apply --dry-run shows them",
    ), found["files"]
    (folder / "tenant.toml").write_text("name = 3\n")
    assert doctor()[0]["files"]["mend"] == "waypost tenants check names them"


def test_a_mail_server_that_is_none_is_noticed(doctor: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        found, code = doctor(WAYPOST_SMTP_URL=f"smtp://127.0.0.1:{taken.getsockname()[1]}")
    assert (found["mail"]["state"], code) == ("wrong", 1)


@pytest.mark.parametrize("interval", ["1 minute", "-1 minute"])
def test_a_clock_that_differs_from_the_databases_is_noticed(
    doctor: Any, monkeypatch: pytest.MonkeyPatch, interval: str
) -> None:
    monkeypatch.setattr(checkup, "NOW_SQL", f"SELECT clock_timestamp() + interval '{interval}' AS now")
    found, code = doctor()
    assert (found["clock"]["state"], code) == ("wrong", 1)
    assert found["clock"]["words"] in {"59 s apart from the database's", "60 s apart from the database's"}
    assert "NTP" in found["clock"]["mend"]


def test_a_disk_that_is_nearly_full_is_noticed(doctor: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(total=2_000_000_000, free=999_999_999)
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage)
    found, code = doctor()
    assert (found["disk"]["state"], code) == ("wrong", 1)
    assert found["disk"]["words"].startswith("1.0 GB free of 2 at ")
    assert "WAYPOST_DATA_DIR" in found["disk"]["mend"]


def test_a_key_that_is_missing_is_noticed(doctor: Any, tmp_path: Path) -> None:
    found, code = doctor(WAYPOST_SECRET_KEY="")
    assert (found["secret key"]["state"], found["secret key"]["words"], code) == ("wrong", "there is none", 1)
    assert "WAYPOST_SECRET_KEY" in found["secret key"]["mend"]
    assert not (tmp_path / "data" / "secret_key").exists(), "it looks, and makes none"


def test_a_key_that_others_can_read_is_noticed(doctor: Any, tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret_key"
    path.parent.mkdir(exist_ok=True)
    path.write_text("a key that was kept\n")
    path.chmod(0o644)
    assert "others can read" in doctor(WAYPOST_SECRET_KEY="")[0]["secret key"]["words"]
    path.chmod(0o600)
    assert doctor(WAYPOST_SECRET_KEY="")[0]["secret key"]["state"] == "ok"


def test_without_a_database_the_rest_is_still_looked_at(bare: Waypost, tmp_path: Path) -> None:
    for settings in ({}, {"WAYPOST_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}):
        done = bare("doctor", "--json", WAYPOST_SECRET_KEY=SECRET_KEY, **settings)
        found = {each["check"]: each["state"] for each in json.loads(done.stdout)}
        assert (found["database"], found["policies"], found["disk"]) == ("wrong", "not asked", "ok")
        assert done.exit_code == 1
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_login_that_is_too_strong_is_named(bare: Waypost, admin_url: str) -> None:
    settings = {"WAYPOST_DATABASE_URL": admin_url, "WAYPOST_DATABASE_ADMIN_URL": admin_url}
    done = bare("doctor", "--json", WAYPOST_SECRET_KEY=SECRET_KEY, **settings)
    database = json.loads(done.stdout)[0]
    assert database["state"] == "wrong"
    assert "too strong" in database["words"]


SECRET_SETTINGS = """
    [settings]
    type = "object"
    [settings.properties.tokens]
    type = "object"
    additionalProperties = { type = "string", format = "secret" }
    [settings.properties.hook]
    type = "string"
    format = "secret"
    default = "tide-hook"
"""
TENANT = "22222222-2222-2222-2222-222222222222"
NAMED = f"""
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ('{TENANT}', 'bude', 'Bude', 'city', '{{en}}', 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166');
INSERT INTO tenant_slug (slug, tenant_id) VALUES ('bude', '{TENANT}');
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ('{TENANT}', 'tide', true);
INSERT INTO plugin_setting (tenant_id, plugin, settings)
VALUES ('{TENANT}', 'tide', '{{"tokens": {{"live": "tide-live"}}}}')
"""
CLEARED = "; ".join(
    f"DELETE FROM {table} WHERE {key} = '{TENANT}'"
    for table, key in (
        *(("plugin_secret", "tenant_id"), ("plugin_setting", "tenant_id"), ("tenant_plugin", "tenant_id")),
        *(("tenant_slug", "tenant_id"), ("tenant", "id")),
    )
)


CHANGED = """
    [settings]
    type = "object"
    additionalProperties = false
    [settings.properties.days]
    type = "integer"
"""


def test_settings_that_an_upgraded_plugin_does_not_take_any_more_are_named(
    doctor: Any, admin_url: str, workshop: Workshop
) -> None:
    workshop.install("tide", settings=CHANGED)
    with spoilt(admin_url, NAMED, CLEARED):
        found = doctor(WAYPOST_PLUGINS="tide")[0]["settings"]
        assert found["state"] == "wrong"
        assert found["words"] == "bude: plugins.tide.tokens: unknown; known here: days"
        assert "the tenant's file" in found["mend"]
    assert doctor(WAYPOST_PLUGINS="tide")[0]["settings"]["state"] == "ok"


def test_a_secret_that_settings_name_and_nobody_has_set_is_named(
    doctor: Any, command: Waypost, admin_url: str, workshop: Workshop
) -> None:
    workshop.install("tide", settings=SECRET_SETTINGS)
    with spoilt(admin_url, NAMED, CLEARED):
        found = doctor(WAYPOST_PLUGINS="tide")[0]["secrets"]
        assert found["words"] == (
            "bude: the settings of tide name tide-hook, which nobody has set; "
            "bude: the settings of tide name tide-live, which nobody has set"
        )
        assert found["mend"] == "waypost secrets set --tenant bude tide-hook; so for the others"
        for name in ("tide-hook", "tide-live"):
            kept = command("secrets", "set", "--tenant", "bude", name, stdin="swordfish", WAYPOST_PLUGINS="tide")
            assert kept.exit_code == 0, kept.output
        assert doctor(WAYPOST_PLUGINS="tide")[0]["secrets"]["state"] == "ok"


KEYED_FEEDS = """
    [settings]
    type = "object"
    [settings.properties.feeds.additionalProperties.properties.key]
    type = "string"
    format = "secret"
"""
KEYED = """
UPDATE plugin_setting SET settings = '{"feeds": {"county": {"key": "county-key"}, "open": {}}}' WHERE plugin = 'tide'
"""


def test_a_secret_that_the_settings_of_a_feed_name_is_named_too(
    doctor: Any, admin_url: str, workshop: Workshop
) -> None:
    workshop.install("tide", settings=KEYED_FEEDS)
    with spoilt(admin_url, f"{NAMED}; {KEYED}", CLEARED):
        found = doctor(WAYPOST_PLUGINS="tide")[0]["secrets"]
    assert found["words"] == "bude: the settings of tide name county-key, which nobody has set"
    assert found["mend"] == "waypost secrets set --tenant bude county-key"
