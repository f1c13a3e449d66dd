"""What a clumsy or hostile plugin registers costs that plugin, and neither the start of the process nor the core."""

from __future__ import annotations

import pytest

from tests.plugins.workshop import Workshop
from waypost.cli.parts import load_plugins, parts_of
from waypost.cli.scaffold import plugin_files, prefix_of
from waypost.composition import effects
from waypost.http import Platform, create_app
from waypost.plugins import Plugins, State
from waypost.plugins.names import RESERVED_PREFIXES
from waypost.settings import Settings

ROUTES = """
    from waypost.plugins import hookimpl

    async def show(request, site): ...
    async def edit(request, site): ...

    @hookimpl
    def waypost_routes(registrar):
        registrar.route("FIRST", show)
        registrar.route("SECOND", edit, methods=["POST"])
"""
JOB = """
    from waypost.outbox import JobKind
    from waypost.plugins import hookimpl

    async def run(work, facts): ...

    @hookimpl
    def waypost_effects(registrar):
        registrar.job(JobKind("incoming.tide", run))
"""
HOOK = """
    from waypost.outbox.incoming import IncomingHook
    from waypost.plugins import hookimpl

    async def check(work, call): ...
    async def handle(work, call): ...

    @hookimpl
    def waypost_routes(registrar):
        registrar.incoming(IncomingHook(check, handle))
"""
SCHEDULE = """
    from waypost.outbox import Schedule
    from waypost.plugins import hookimpl

    async def run(work): ...

    @hookimpl
    def waypost_effects(registrar):
        registrar.schedule(Schedule("tide.nightly", EVERY, run))
"""
PERMISSION = """
    from waypost.plugins import Granted, hookimpl

    @hookimpl
    def waypost_permissions(registrar):
        registrar.permission(Granted("badge.review", "See badges.", roles={"employer"}))
"""
APP = """
    from pathlib import Path

    from waypost.db import App
    from waypost.plugins import hookimpl

    @hookimpl
    def waypost_app(registrar):
        registrar.app(App(name="tide", migrations=Path(__file__).parent / "FOLDER"))
"""
PROXY = """
    class Unbound:
        @property
        def __class__(self):
            raise RuntimeError("working outside of a request")

    request = Unbound()
"""


def started(*names: str) -> Plugins:
    """Start a process with these plugins, up to its paths and its work in the background."""
    settings = Settings(base_url="http://127.0.0.1:8000", plugins=names)
    plugins = load_plugins(settings)
    create_app(Platform(settings, parts_of(plugins), "postgresql://nobody@127.0.0.1:1/none"))
    effects(plugins)
    return plugins


def reason(plugins: Plugins, name: str = "tide") -> str:
    """Why a plugin is left out."""
    (found,) = [one for one in plugins.installed if one.name == name]
    assert found.state is State.LEFT_OUT
    return found.reason


@pytest.mark.parametrize(
    ("first", "second", "fault"),
    [
        ("/ports", "/of/{tenant}", "the path /of/{tenant} has two parameters called tenant"),
        ("/ports", "/of/{x}/at/{x:int}", "the path /of/{x}/at/{x:int} has two parameters called x"),
        ("/ports/{code}", "/ports/{id}", "the paths /ports/{code} and /ports/{id} are one"),
    ],
)
def test_a_path_that_could_not_be_served_costs_its_plugin(
    workshop: Workshop, first: str, second: str, fault: str
) -> None:
    code = ROUTES.replace("FIRST", first).replace("SECOND", second)
    workshop.install("tide", code, contributes=["route:show", "route:edit"])
    assert fault in reason(started("tide"))


def test_work_of_the_core_s_name_costs_its_plugin(workshop: Workshop) -> None:
    workshop.install("tide", HOOK, contributes=["incoming:handle"])
    workshop.install("incoming", JOB, contributes=["job:incoming.tide"])
    plugins = started("tide", "incoming")
    assert "prefix: 'incoming' is the platform's own; take another" in reason(plugins, "incoming")
    assert plugins.get("tide")


def test_every_first_word_of_the_core_s_work_is_reserved() -> None:
    whole = effects()
    parts = (whole.handlers, whole.jobs, whole.schedules, whole.letters, whole.spreads, whole.bundles)
    names = [each.name for part in parts for each in part]
    assert {name.partition(".")[0] for name in names if "." in name} <= RESERVED_PREFIXES


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        (
            "@hookimpl\ndef waypost_effect(registrar): ...",
            "there is no hook waypost_effect; did you mean waypost_effects?",
        ),
        ("@hookimpl\ndef waypost_effects(reg): ...", "waypost_effects takes (registrar), and not (reg)"),
        (
            "def waypost_effects(registrar): ...",
            "waypost_effects is not marked with @hookimpl, so that nobody calls it",
        ),
    ],
)
def test_a_hook_that_nobody_would_call_costs_its_plugin(workshop: Workshop, code: str, fault: str) -> None:
    workshop.install("tide", f"from waypost.plugins import hookimpl\n\n{code}\n", contributes=["job:tide.count"])
    assert fault in reason(started("tide"))


@pytest.mark.parametrize("every", ["0", "-5", "0.1", "'hourly'"])
def test_a_schedule_without_a_time_costs_its_plugin(workshop: Workshop, every: str) -> None:
    workshop.install("tide", SCHEDULE.replace("EVERY", every), contributes=["schedule:tide.nightly"])
    assert "the schedule tide.nightly runs every so many seconds" in reason(started("tide"))


def test_a_plugin_cannot_be_the_core(workshop: Workshop) -> None:
    workshop.install("waypost", prefix="tide")
    assert "name: 'waypost' is the platform's own; take another" in reason(started("waypost"), "waypost")


def test_a_permission_of_the_core_is_given_by_the_core_alone(workshop: Workshop) -> None:
    workshop.install("badge", PERMISSION, contributes=["permission:badge.review"])
    assert "the permission badge.review is the platform's own" in reason(started("badge"), "badge")


def test_a_permission_is_more_than_its_name(workshop: Workshop) -> None:
    name = PERMISSION.replace("registrar.permission(", "registrar.permission(str(").replace("})", "}))")
    workshop.install("badge", name)
    assert 'the permission badge.review must be a Granted("badge.verb", ' in reason(started("badge"), "badge")


@pytest.mark.parametrize(
    ("folder", "fault"),
    [("migrations", "there is no folder"), (".", "needs one `-- migrate:up` and then one `-- migrate:down`")],
)
def test_migrations_that_cannot_be_read_cost_their_plugin(workshop: Workshop, folder: str, fault: str) -> None:
    workshop.install("tide", APP.replace("FOLDER", folder))
    (workshop.folder / "waypost_tide" / "0001_tides.sql").write_text("CREATE TABLE tide ();", encoding="utf-8")
    assert fault in reason(started("tide"))


def test_a_manifest_of_bottomless_lists_costs_its_plugin(workshop: Workshop) -> None:
    workshop.install("tide", manifest="a = " + "[" * 100_000)
    assert "cannot be read: maximum recursion depth exceeded" in reason(started("tide"))


def test_what_raises_as_soon_as_it_is_looked_at_costs_its_plugin(workshop: Workshop) -> None:
    workshop.install("tide", PROXY)
    assert "its hooks do not fit: RuntimeError: working outside of a request" in reason(started("tide"))


@pytest.mark.filterwarnings("ignore:We recommend giving your table a different name")
@pytest.mark.parametrize("name", ["badge", "class", "counted", "import", "on", "select", "user", "a_1b_2"])
def test_what_the_scaffold_writes_works_under_any_name(workshop: Workshop, name: str) -> None:
    written, package = plugin_files(name, "Awkward", prefix_of(name)), f"waypost_{name}"
    workshop.install(name, written[f"{package}/plugin.py"], manifest=written[f"{package}/waypost-plugin.toml"])
    (workshop.folder / package / "migrations").mkdir()
    migration = f"{package}/migrations/0001_counts.sql"
    (workshop.folder / migration).write_text(written[migration], encoding="utf-8")
    (found,) = [one for one in started(name).installed if one.name == name]
    assert (found.state, found.reason) == (State.READY, "")
