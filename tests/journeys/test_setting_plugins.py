"""Stories of a city that switches plugins on and off, sets them, and keeps their secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import orjson
import pytest

from tests.journeys.stage import SECRET, Stage
from tests.plugins.workshop import Workshop, workshop_in
from waypost.db import City, Database, System, execute, fetch, fetchval
from waypost.plugins import load
from waypost.plugins.secrets import secret_of

SETTINGS: Final = """
    [settings]
    type = "object"
    additionalProperties = false
    [settings.properties.station]
    type = "string"
    [settings.properties.level]
    enum = ["neap", "spring"]
    default = "neap"
    [settings.properties.token]
    type = "string"
    format = "secret"
    maxLength = 20
"""
NEEDY: Final = """
    [settings]
    type = "object"
    required = ["port"]
    [settings.properties.port]
    type = "integer"
"""
PLUGIN: Final = "plugin { name active version api prefix title requires contributes settingsSchema pausedUntil }"
ON: Final = {"plugin": "tide", "active": True}
OFF: Final = {"plugin": "tide", "active": False}
WRONG: Final = ("SettingsInvalid", "SETTINGS_INVALID")
HIDDEN: Final = "Ethelburga-9-secret"
BOSS: Final[dict[str, Any]] = {"who": "boss"}
FILED_SQL: Final = "INSERT INTO tenant_plugin (tenant_id, plugin, active, managed_by) VALUES ($1, 'tide', $2, 'files')"
CLEAN_SQL: Final = (
    "DELETE FROM plugin_setting WHERE tenant_id = $1",
    "DELETE FROM plugin_secret WHERE tenant_id = $1",
    "DELETE FROM event WHERE tenant_id = $1",
    "DELETE FROM kept_answer WHERE tenant_id = $1",
)
READ: Final = "{ pluginSettings { plugin settings switchedAt } pluginSecrets { name changedAt } }"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    with workshop_in(tmp_path_factory.mktemp("plugins")) as made:
        made.install("tide", settings=SETTINGS)
        made.install("harbour", requires=["tide"])
        made.install("needy", settings=NEEDY)
        made.install("broken", "1 / 0")
        yield made


@pytest.fixture(scope="module")
async def country(workshop: Workshop, database: Database) -> Stage:
    made = await Stage.set_up(database)
    made.platform.plugins = load(["tide", "harbour", "needy", "broken"])
    await made.admit("boss", "brighton", "city-admin")
    return made


@pytest.fixture
async def stage(country: Stage) -> Stage:
    """The country, in which nobody has set a plugin yet."""
    async with country.database.transaction(System("tests", shared=True)):
        await execute("DELETE FROM tenant_plugin")
    for sql in CLEAN_SQL:
        await country.run("brighton", sql, country.town("brighton").id)
    await country.reload()
    return country


async def rows(stage: Stage, sql: str, town: str = "brighton") -> list[tuple[Any, ...]]:
    async with stage.database.transaction(City(stage.town(town).id)):
        return [tuple(row) for row in await fetch(sql, stage.town(town).id)]


async def switches(stage: Stage, town: str = "brighton") -> list[tuple[Any, ...]]:
    sql = "SELECT plugin, active, managed_by FROM tenant_plugin WHERE tenant_id = $1 ORDER BY plugin"
    return await rows(stage, sql, town)


async def kept(stage: Stage) -> dict[str, Any]:
    """The settings of Brighton's plugins, as its admin reads them."""
    found = (await stage.read(READ, who="boss"))["pluginSettings"]
    return {each["plugin"]: orjson.loads(each["settings"]) for each in found}


async def filed(stage: Stage, *, active: bool) -> None:
    """Brighton's files switched the plugin on, or did once."""
    async with stage.database.transaction(System("tests", shared=True)):
        await execute(FILED_SQL, stage.town("brighton").id, active)
    await stage.reload()


async def test_a_city_switches_a_plugin_on_and_off_and_it_keeps_what_was_set(stage: Stage) -> None:
    done = await stage.done("setPlugin", {**ON, "settings": '{"level": "spring"}'}, PLUGIN, **BOSS)
    schema = done["plugin"].pop("settingsSchema")
    assert orjson.loads(schema)["properties"]["level"] == {"enum": ["neap", "spring"], "default": "neap"}
    assert done["plugin"] == {
        "name": "tide",
        "active": True,
        "version": "1.0.0",
        "api": ">=1,<2",
        "prefix": "tide",
        "title": "A plugin called tide",
        "requires": [],
        "contributes": [],
        "pausedUntil": None,
    }
    assert await switches(stage) == [("tide", True, "graph")]
    here = stage.platform.directory.by_slug("brighton")
    assert here is not None
    assert here.plugins == {"tide"}, "the client hears of it when the directory knows it"
    done = await stage.done("setPlugin", OFF, "plugin { active }", **BOSS)
    assert done["plugin"] == {"active": False}
    assert await switches(stage) == [("tide", False, "graph")]
    assert await kept(stage) == {"tide": {"level": "spring"}}
    assert [each["data"] for each in await stage.told_in("brighton", "city.plugin-set")] == [
        {"plugin": "tide", "active": True},
        {"plugin": "tide", "active": False},
    ]
    assert await switches(stage, "plymouth") == []


async def test_what_is_so_already_is_not_told_again_and_moves_nothing(stage: Stage) -> None:
    await stage.done("setPlugin", ON, "", **BOSS)
    before = await stage.counted()
    for again in (ON, {"plugin": "tide"}, {"plugin": "tide", "settings": "{}"}):
        await stage.done("setPlugin", again, "", **BOSS)
    assert await stage.counted() == before


async def test_every_process_hears_of_a_switch_and_of_nothing_less(stage: Stage) -> None:
    sql = "SELECT version FROM catalogue_version WHERE tenant_id = '00000000-0000-0000-0000-000000000000'"

    async def moved() -> int:
        async with stage.database.transaction(City(stage.town("brighton").id)):
            return await fetchval(sql) or 0

    before = await moved()
    await stage.done("setPlugin", ON, "", **BOSS)
    assert await moved() == before + 1
    await stage.done("setPlugin", {"plugin": "tide", "settings": '{"level": "spring"}'}, "", **BOSS)
    await stage.refused("setPlugin", {**OFF, "settings": "[]"}, **BOSS)
    assert await moved() == before + 1


async def test_on_the_national_graph_the_citys_id_tells_which(stage: Stage) -> None:
    ids = {
        each["slug"]: each["id"]
        for each in (await stage.read("{ cities(first: 9) { nodes { id slug } } }", city=None))["cities"]["nodes"]
    }
    for who in ("boss", "operator"):
        await stage.done("setPlugin", {**ON, "city": ids["brighton"]}, "", who=who, city=None)
        await stage.done("setPlugin", {**OFF, "city": ids["brighton"]}, "", who=who)
    assert await stage.refused("setPlugin", ON, city=None, **BOSS) == ("Refused", "CITY_NEEDED", None)
    elsewhere = {**ON, "city": ids["plymouth"]}
    assert await stage.refused("setPlugin", elsewhere, city=None, **BOSS) == ("Refused", "FORBIDDEN", None)
    assert await stage.refused("setPlugin", elsewhere, **BOSS) == ("Refused", "NOT_FOUND", ["city"])
    nowhere = {**ON, "city": stage.id("Badge", "brighton", "explorer").replace("Badge", "City")}
    assert await stage.refused("setPlugin", nowhere, city=None, who="operator") == ("Refused", "NOT_FOUND", ["city"])
    stranger = {**ON, "city": ids["brighton"]}
    assert await stage.refused("setPlugin", stranger, city=None, who="stranger") == ("Refused", "UNAUTHENTICATED", None)


@pytest.mark.parametrize("who", ["brighton curator", "issuer-admin", "issuer-staff", "employer", "learner"])
async def test_only_who_administers_the_city_may(stage: Stage, who: str) -> None:
    assert await stage.refused("setPlugin", ON, who=who) == ("Refused", "FORBIDDEN", None)
    body = await stage.body(READ, who=who)
    assert [error["extensions"]["code"] for error in body["errors"]] == ["FORBIDDEN"]


async def test_settings_are_read_in_the_citys_own_graph_by_its_admins(stage: Stage) -> None:
    await stage.done("setPlugin", ON, "", **BOSS)
    for city, who, code in ((None, "operator", "CITY_NEEDED"), ("brighton", "", "UNAUTHENTICATED")):
        body = await stage.body(READ, city=city, who=who)
        assert body["errors"][0]["extensions"]["code"] == code
    found = await stage.read(READ, who="operator", city="plymouth")
    assert found == {"pluginSettings": [], "pluginSecrets": []}


@pytest.mark.parametrize(
    ("name", "words"), [("sonar", "is not on this platform"), ("broken", "does not work"), ("../tide", "is not on")]
)
async def test_a_plugin_that_is_not_there_or_left_out_is_refused(stage: Stage, name: str, words: str) -> None:
    given = {"plugin": name, "active": True}
    assert await stage.refused("setPlugin", given, **BOSS) == ("Refused", "PLUGIN_UNAVAILABLE", ["plugin"])
    assert words in (await stage.act("setPlugin", given, **BOSS))["message"]


async def test_what_requires_another_comes_after_it_and_goes_before_it(stage: Stage) -> None:
    needing = {"plugin": "harbour", "active": True}
    assert await stage.refused("setPlugin", needing, **BOSS) == ("Refused", "PLUGIN_NEEDS_OTHERS", ["plugin"])
    assert "requires tide" in (await stage.act("setPlugin", needing, **BOSS))["message"]
    await stage.done("setPlugin", ON, "", **BOSS)
    await stage.done("setPlugin", needing, "", **BOSS)
    assert await stage.refused("setPlugin", OFF, **BOSS) == ("Refused", "PLUGIN_NEEDED", ["plugin"])
    assert "harbour cannot be without tide" in (await stage.act("setPlugin", OFF, **BOSS))["message"]
    await stage.done("setPlugin", {"plugin": "harbour", "active": False}, "", **BOSS)
    await stage.done("setPlugin", OFF, "", **BOSS)


async def test_of_two_that_cannot_both_be_one_is_refused(stage: Stage) -> None:
    """Whoever comes second sees what the first has done."""
    for _ in range(5):
        await stage.done("setPlugin", ON, "", **BOSS)
        needing = {"plugin": "harbour", "active": True}
        ends = await asyncio.gather(*(stage.act("setPlugin", each, **BOSS) for each in (OFF, needing)))
        assert sorted(each["__typename"] for each in ends) == ["Refused", "SetPluginSuccess"]
        for name in ("harbour", "tide"):
            await stage.done("setPlugin", {"plugin": name, "active": False}, "", **BOSS)


async def test_every_problem_of_the_settings_is_told_with_its_path(stage: Stage) -> None:
    given = {**ON, "settings": '{"level": "high", "moon": true, "station": 4}'}
    assert await stage.refused("setPlugin", given, **BOSS) == (
        "SettingsInvalid",
        "SETTINGS_INVALID",
        ["settings", "level"],
    )
    query = """
    mutation($input: SetPluginInput!) {
      setPlugin(input: $input) { ... on SettingsInvalid { code problems { path message } } }
    }"""
    answer = (await stage.read(query, input=given, **BOSS))["setPlugin"]
    assert answer["problems"] == [
        {"path": ["settings", "level"], "message": "'high' is not one of ['neap', 'spring']"},
        {"path": ["settings", "moon"], "message": "unknown; known here: level, station, token"},
        {"path": ["settings", "station"], "message": "4 is not of type 'string'"},
    ]


async def test_a_plugin_is_not_switched_on_without_what_its_settings_must_say(stage: Stage) -> None:
    needy = {"plugin": "needy", "active": True}
    assert await stage.refused("setPlugin", needy, **BOSS) == (
        "SettingsInvalid",
        "SETTINGS_INVALID",
        ["settings", "port"],
    )
    await stage.done("setPlugin", {"plugin": "needy", "settings": '{"port": 7}'}, "", **BOSS)
    await stage.done("setPlugin", needy, "", **BOSS)
    none = {"plugin": "needy", "settings": None}
    assert (await stage.refused("setPlugin", none, **BOSS))[2] == ["settings", "port"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "no",
        "7",
        "{",
        '{"station": NaN}',
        '{"station": "\\u0000"}',
        '{"\\u0000": 1}',
        '{"station": "\\ud800"}',
        '{"a":' * 40 + "1" + "}" * 40,
        '{"a":' + "[" * 900 + "]" * 900 + "}",
        '{"a": 1e999}',
    ],
)
async def test_what_is_no_table_of_settings_is_refused(stage: Stage, text: str) -> None:
    found = await stage.refused("setPlugin", {"plugin": "tide", "settings": text or '""'}, **BOSS)
    assert found == ("Invalid", "INVALID", ["settings"])


# Files


async def test_what_the_files_switched_on_is_theirs_but_for_its_secrets(stage: Stage) -> None:
    await filed(stage, active=True)
    for given in (OFF, ON, {"plugin": "tide", "settings": "{}"}):
        assert await stage.refused("setPlugin", given, **BOSS) == ("ManagedByFiles", "MANAGED_BY_FILES", None)
    query = """
    mutation($input: SetPluginInput!) { setPlugin(input: $input) { ... on ManagedByFiles { source } } }"""
    answer = (await stage.read(query, input=OFF, **BOSS))["setPlugin"]
    assert answer == {"source": "tenants/brighton/tenant.toml:plugins.tide"}
    secret = {"plugin": "tide", "secrets": [{"name": "tide-token", "secret": HIDDEN}]}
    await stage.done("setPlugin", secret, "", **BOSS)
    async with stage.seeded("brighton"):
        await stage.done("setPlugin", OFF, "", **BOSS)
    assert await switches(stage) == [("tide", False, "files")], "the files have it back once they are no seed"


async def test_what_the_files_switched_off_again_is_anybodys(stage: Stage) -> None:
    await filed(stage, active=False)
    await stage.done("setPlugin", ON, "", **BOSS)
    assert await switches(stage) == [("tide", True, "graph")]


# Secrets


async def test_a_secret_is_kept_to_the_letter_and_forgotten_when_somebody_says_so(stage: Stage) -> None:
    pem = f"  -----BEGIN-----\n{HIDDEN}\n-----END-----\n"
    given = {**ON, "settings": '{"token": "tide-token"}', "secrets": [{"name": "tide-token", "secret": pem}]}
    await stage.done("setPlugin", given, "", **BOSS)
    async with stage.database.transaction(City(stage.town("brighton").id)):
        assert await secret_of("tide-token", SECRET) == pem
    (shown,) = (await stage.read(READ, who="boss"))["pluginSecrets"]
    assert set(shown) == {"name", "changedAt"}
    assert shown["name"] == "tide-token"
    gone = {"plugin": "tide", "secrets": [{"name": "tide-token", "secret": None}]}
    for _ in range(2):
        await stage.done("setPlugin", gone, "", **BOSS)
    assert (await stage.read(READ, who="boss"))["pluginSecrets"] == []


@pytest.mark.parametrize(
    ("secrets", "path"),
    [
        ([{"name": "Tide Token", "secret": "x"}], ["secrets", "0"]),
        ([{"name": "one", "secret": "x"}, {"name": "two", "secret": " \n"}], ["secrets", "1"]),
        ([{"name": "one", "secret": "x" * 16_385}], ["secrets", "0"]),
        ([{"name": "one", "secret": "x" * 60_000}], ["secrets", "0", "secret"]),
        ([{"name": "one", "secret": "a\0b"}], ["secrets", "0", "secret"]),
        ([{"name": "one", "secret": "x"}, {"name": "one", "secret": "y"}], ["secrets", "1", "name"]),
        ([{"name": f"n{n}", "secret": "x"} for n in range(21)], ["secrets"]),
    ],
)
async def test_what_is_no_secret_is_refused_and_nothing_of_it_is_kept(
    stage: Stage, secrets: list[dict[str, str]], path: list[str]
) -> None:
    assert await stage.refused("setPlugin", {**ON, "secrets": secrets}, **BOSS) == ("Invalid", "INVALID", path)
    assert await switches(stage) == []


async def test_a_city_keeps_a_hundred_secrets_and_no_more(stage: Stage) -> None:
    for ten in range(5):
        many = [{"name": f"n{ten}-{n}", "secret": "x"} for n in range(20)]
        await stage.done("setPlugin", {"plugin": "tide", "secrets": many}, "", **BOSS)
    more = {"plugin": "tide", "secrets": [{"name": "one-more", "secret": "x"}]}
    assert await stage.refused("setPlugin", more, **BOSS) == ("Refused", "TOO_MANY", ["secrets"])


async def test_no_secret_stands_anywhere(stage: Stage, admin_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither in any table, in an answer, nor in the log; nor is one told that was written where its name belongs."""
    caplog.set_level("DEBUG")
    given = {**ON, "settings": '{"token": "tide-token"}', "secrets": [{"name": "tide-token", "secret": HIDDEN}]}
    query = """
    mutation($input: SetPluginInput!) {
      setPlugin(input: $input) { __typename ... on SetPluginSuccess { plugin { name } } ... on Error { message } }
    }"""
    answers = [await stage.body(query, {"input": given}, "brighton", "boss", "a key") for _ in range(2)]
    assert answers[0] == answers[1]
    misplaced = {**ON, "settings": orjson.dumps({"token": HIDDEN}).decode()}
    answers.append(await stage.body(query, {"input": misplaced}, "brighton", "boss"))
    assert "must be the name of a secret" in answers[-1]["data"]["setPlugin"]["message"]
    assert HIDDEN not in str(answers)
    assert HIDDEN not in caplog.text
    from waypost.db.connections import connect

    admin = await connect(admin_url)
    try:
        tables = await admin.fetch("SELECT schemaname, tablename FROM pg_tables WHERE schemaname !~ '^(pg_|inform)'")
        for schema, table in tables:
            text = await admin.fetchval(f'SELECT string_agg(t::text, \' \') FROM "{schema}"."{table}" t')
            assert HIDDEN not in (text or ""), table
    finally:
        await admin.close()


async def test_what_is_sent_twice_under_one_key_is_done_once(stage: Stage) -> None:
    query = 'mutation { setPlugin(input: {plugin: "tide", active: true}) { __typename } }'
    for _ in range(2):
        await stage.body(query, None, "brighton", "boss", "one key")
    assert len(await stage.told_in("brighton", "city.plugin-set")) == 1


async def test_the_trace_says_who_and_what_and_no_value(stage: Stage) -> None:
    await stage.done("setPlugin", {**ON, "secrets": [{"name": "a", "secret": HIDDEN}]}, "", **BOSS)
    found = await rows(stage, "SELECT act, table_name, verb, changed FROM audit WHERE tenant_id = $1 ORDER BY id")
    assert ("setPlugin", "plugin_setting", "insert", ["plugin", "settings", "switched_at"]) in found
    assert ("setPlugin", "plugin_secret", "insert", ["changed_at", "name", "sealed"]) in found
