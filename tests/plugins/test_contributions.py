from __future__ import annotations

import pytest

from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.cli.tenants import known_to_files
from waypost.composition import schema_of
from waypost.plugins import Plugins, State, fitting, load
from waypost.settings import Settings
from waypost.tenancy.sections import KINDS

APP = """
    from pathlib import Path

    from piccolo.columns import UUID, Integer, Text
    from piccolo.table import Table

    from waypost.db import App, ReferenceTable, TenantTable
    from waypost.plugins import hookimpl

    class Tide(TenantTable, key=("place_id",), tablename="tide", schema="plugin_tide"):
        place_id = UUID()
        metres = Integer()

    TABLES

    @hookimpl
    def waypost_app(registrar):
        registrar.app(App(name="tide", migrations=Path(__file__).parent, tables=LIST))
"""

GRAPH = """
    from waypost.db import ReferenceTable
    from waypost.graph import extend, query, value
    from waypost.plugins import hookimpl

    @value
    class TideTable:
        metres: int

    @extend("Place")
    class PlaceTides:
        tide_table: TideTable | None = None

    @query
    class TideQuery:
        tide_tables: list[TideTable] | None = None

    MORE

    @hookimpl
    def waypost_graph(registrar):
        registrar.node(TideTable)
        registrar.extend(PlaceTides)
        registrar.query(TideQuery)
        REGISTER
"""

GRAPH_CONTRIBUTIONS = ["type:TideTable", "field:Place.tideTable", "query:tideTables"]


def app(tables: str = "", listed: str = "(Tide,)") -> str:
    """Code of a plugin with tables."""
    return APP.replace("TABLES", tables.strip()).replace("LIST", listed)


def graph(more: str = "", register: str = "pass") -> str:
    """Code of a plugin with declarations."""
    return GRAPH.replace("MORE", more.strip()).replace("REGISTER", register)


def test_a_plugin_brings_tables_in_its_own_schema(workshop: Workshop) -> None:
    workshop.install("tide", app(), contributes=["table:tide"])
    plugins = load(["tide"])
    assert one(plugins, "tide").reason == ""
    (brought,) = plugins.apps()
    assert brought.schema == "plugin_tide"
    assert [table._meta.tablename for table in brought.tables] == ["tide"]


@pytest.mark.parametrize(("schema", "where"), [("", "public"), (', schema="plugin_moon"', "plugin_moon")])
def test_a_table_outside_the_plugins_schema_is_refused_by_name(workshop: Workshop, schema: str, where: str) -> None:
    tables = f"""
    class Harbour(ReferenceTable, key=("code",), tablename="harbour"{schema}):
        code = Text()
    """
    workshop.install("tide", app(tables, "(Tide, Harbour)"), contributes=["table:tide", "table:harbour"])
    plugins = load(["tide"])
    assert one(plugins, "tide").state is State.LEFT_OUT
    assert one(plugins, "tide").reason == f"the table harbour lies in the schema {where} and must lie in plugin_tide"
    assert plugins.apps() == ()


def test_a_table_of_none_of_the_four_kinds_is_refused_by_name(workshop: Workshop) -> None:
    tables = """
    class Harbour(Table, tablename="harbour", schema="plugin_tide"):
        code = Text()
    """
    workshop.install("tide", app(tables, "(Tide, Harbour)"), contributes=["table:tide", "table:harbour"])
    assert "the table harbour is of none of the four kinds" in one(load(["tide"]), "tide").reason


OF_PEOPLE = """
    from waypost.db import Finds, Personal, PersonTable

    class Swimmer(BASE, tablename="swimmer", schema="plugin_tide"):
        COLUMN
"""
FORGETS = "Personal(table=Swimmer, by={FOUND}, MORE),"


@pytest.mark.parametrize(
    ("base", "column", "personal", "fault"),
    [
        ("TenantTable", "person_id = UUID()", "", "person_id leads to a person"),
        ("TenantTable", "recipient_id = UUID()", "", "recipient_id leads to a person"),
        ("TenantTable", "recipient_id = UUID()", ("'recipient_id': Finds.RECIPIENT", ""), None),
        ("TenantTable", "person_id = UUID()", ("'person_id': Finds.PERSON", "stays='A bare id.'"), None),
        ("TenantTable", "coach_id = UUID()", "", None),
        ("PersonTable", "metres = Integer()", "", "its rows belong to a person and go with them"),
        ("PersonTable", "metres = Integer()", ("'person_id': Finds.PERSON", "stays='No.'"), "go with them"),
        ("PersonTable", "metres = Integer()", ("'person_id': Finds.PERSON", ""), None),
    ],
)
def test_a_table_that_leads_to_people_says_how_they_are_forgotten(
    workshop: Workshop, base: str, column: str, personal: tuple[str, str] | str, fault: str | None
) -> None:
    said = FORGETS.replace("FOUND", personal[0]).replace("MORE", personal[1]) if personal else ""
    code = app(OF_PEOPLE.replace("BASE", base).replace("COLUMN", column), "(Tide, Swimmer)")
    code = code.replace("(Tide, Swimmer)))", f"(Tide, Swimmer), personal=({said})))")
    workshop.install("tide", code, contributes=["table:tide", "table:swimmer"])
    reason = one(load(["tide"]), "tide").reason
    assert (reason == "") if fault is None else ("swimmer does not say how people" in reason and fault in reason)


def test_an_app_is_called_like_its_plugin(workshop: Workshop) -> None:
    code = app(listed="()").replace('App(name="tide"', 'App(name="waypost"')
    workshop.install("tide", code)
    assert one(load(["tide"]), "tide").reason == "the app is called waypost and must be called tide"


def test_a_plugin_has_one_app(workshop: Workshop) -> None:
    code = app().replace("registrar.app(", "for _ in range(2): registrar.app(")
    workshop.install("tide", code, contributes=["table:tide"])
    assert "a second app is registered" in one(load(["tide"]), "tide").reason


def test_a_plugin_brings_types_fields_and_root_fields(workshop: Workshop) -> None:
    workshop.install("tide", graph(), contributes=GRAPH_CONTRIBUTIONS)
    plugins = load(["tide"])
    assert one(plugins, "tide").reason == ""
    (declared,) = plugins.declarations(plugins.national)
    assert (declared.plugin, declared.prefix) == ("tide", "tide")
    assert [kind.__name__ for kind in (*declared.nodes, *declared.extensions, *declared.queries)] == [
        "TideTable",
        "PlaceTides",
        "TideQuery",
    ]


@pytest.mark.parametrize(
    ("more", "register", "contribution", "reason"),
    [
        (
            "@value\n    class Moon:\n        phase: str",
            "node",
            "type:Moon",
            "the type Moon must begin with Tide",
        ),
        (
            '@extend("Place")\n    class Moon:\n        moon_phase: str | None',
            "extend",
            "field:Place.moonPhase",
            "the field Place.moonPhase must begin with tide",
        ),
        (
            "@query\n    class Moon:\n        tides: str | None",
            "query",
            "query:tides",
            "the field tides must begin with tide",
        ),
    ],
)
def test_a_name_without_the_prefix_is_refused(
    workshop: Workshop, more: str, register: str, contribution: str, reason: str
) -> None:
    code = graph(more, f"registrar.{register}(Moon)")
    workshop.install("tide", code, contributes=[*GRAPH_CONTRIBUTIONS, contribution])
    assert one(load(["tide"]), "tide").reason == reason


@pytest.mark.parametrize(
    ("register", "reason"),
    [
        ("registrar.node(PlaceTides)", "PlaceTides is not declared with node or value of waypost.graph"),
        ("registrar.extend(TideTable)", "TideTable is not declared with extend of waypost.graph"),
        ("registrar.query(PlaceTides)", "PlaceTides is not declared with query of waypost.graph"),
        ("registrar.extend(TideQuery)", "TideQuery is not declared with extend of waypost.graph"),
        ("registrar.node(int)", "int is not declared with node or value of waypost.graph"),
    ],
)
def test_what_is_declared_otherwise_is_refused(workshop: Workshop, register: str, reason: str) -> None:
    workshop.install("tide", graph(register=register), contributes=GRAPH_CONTRIBUTIONS)
    assert one(load(["tide"]), "tide").reason == reason


def test_what_is_registered_twice_is_refused(workshop: Workshop) -> None:
    workshop.install("tide", graph(register="registrar.node(TideTable)"), contributes=GRAPH_CONTRIBUTIONS)
    assert one(load(["tide"]), "tide").reason == "type:TideTable is registered twice"


EFFECTS = """
    from waypost.outbox import Handler, JobKind, Letter, Schedule
    from waypost.plugins import hookimpl

    async def run(work, what=None):
        pass

    @hookimpl
    def waypost_effects(registrar):
        registrar.handler(Handler("PREFIX.hear", frozenset({"badge.published"}), run))
        registrar.job(JobKind("PREFIX.count", run))
        registrar.schedule(Schedule("PREFIX.nightly", 86_400, run))
        registrar.letter(Letter("PREFIX.report", run))
"""
EFFECT_CONTRIBUTIONS = ["handler:PREFIX.hear", "job:PREFIX.count", "schedule:PREFIX.nightly", "letter:PREFIX.report"]


def effects(prefix: str) -> tuple[str, list[str]]:
    """Code of a plugin with background work, and what its manifest says of that."""
    return EFFECTS.replace("PREFIX", prefix), [each.replace("PREFIX", prefix) for each in EFFECT_CONTRIBUTIONS]


def report(prefix: str) -> dict[str, str]:
    """The files of the letter that it writes."""
    parts = ("subject.txt", "txt", "html")
    return {f"letters/{prefix}.report.en.{part}": "The tide is {{ metres }} m high.\n" for part in parts}


def test_a_plugin_does_things_in_the_background(workshop: Workshop) -> None:
    code, contributes = effects("tide")
    workshop.install("tide", code, contributes=contributes, files=report("tide"))
    plugins = load(["tide"])
    assert one(plugins, "tide").reason == ""
    (found,) = [each for each in plugins.effects() if each.handlers]
    assert found.handlers[0].name == "tide.hear"
    assert (found.jobs[0].name, found.schedules[0].name) == ("tide.count", "tide.nightly")
    assert found.letters[0].package == "waypost_tide"


def test_background_work_carries_the_prefix(workshop: Workshop) -> None:
    code, contributes = effects("moon")
    workshop.install("tide", code, contributes=contributes, files=report("moon"))
    assert "the handler moon.hear must begin with tide." in one(load(["tide"]), "tide").reason


MUTATION = """
    import strawberry

    from waypost.graph import act, mutation, payload, value
    from waypost.outbox import command
    from waypost.plugins import hookimpl

    @strawberry.input
    class TideNoteInput:
        words: str

    @value
    class TideNoteSuccess:
        words: str

    TideNotePayload = payload("TideNotePayload", TideNoteSuccess)

    @command(may="place.update")
    async def note(act, words):
        return {"words": words}

    async def run(act, given):
        return await note(act, given["words"])

    @mutation
    class TideMutation:
        NAME: TideNotePayload | None = act(run, TideNoteInput, doc="Note something.")

    @hookimpl
    def waypost_graph(registrar):
        registrar.input(TideNoteInput)
        registrar.node(TideNoteSuccess)
        registrar.mutation(TideMutation)
"""


def test_a_plugin_brings_mutations(workshop: Workshop) -> None:
    contributes = ["type:TideNoteInput", "type:TideNoteSuccess", "mutation:tideNote"]
    workshop.install("tide", MUTATION.replace("NAME", "tide_note"), contributes=contributes)
    plugins = fitting(load(["tide"]), lambda profile: schema_of(load(["tide"]), profile))
    assert one(plugins, "tide").reason == ""
    assert "tideNote(" in schema_of(plugins, plugins.national).sdl()
    assert "tideNote(" not in schema_of(plugins, frozenset()).sdl()


def test_a_mutation_carries_the_prefix(workshop: Workshop) -> None:
    workshop.install("tide", MUTATION.replace("NAME", "note"))
    assert "the field note must begin with tide" in one(load(["tide"]), "tide").reason


def test_sections_may_stand_in_every_kind_of_entry() -> None:
    assert sorted(kind.name for kind in known_to_files(Settings(), Plugins(())).kinds) == list(KINDS)
