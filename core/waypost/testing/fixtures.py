"""The fixtures of the kit; ordinary functions use them, no plugin for asyncio is needed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from waypost.db import Embedded
from waypost.testing.background import Background, background
from waypost.testing.databases import Server
from waypost.testing.trial import Trial, TrialCity, prepare, trial_of
from waypost.testing.upstream import Upstream
from waypost.testing.upstream import upstream as upstream_server

OPTION = "waypost_plugin"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let pytest's settings name the plugin under test."""
    parser.addini(OPTION, "The name of the Waypost plugin that these tests are of.", default="")


@pytest.fixture(scope="session")
def waypost_loop() -> Iterator[Background]:
    """The event loop behind the fixtures."""
    with background() as loop:
        yield loop


@pytest.fixture(scope="session")
def waypost_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL for the session: WAYPOST_TEST_DATABASE_URL (a superuser's), or an embedded one of its own."""
    given = os.environ.get("WAYPOST_TEST_DATABASE_URL")
    if given:
        yield Server(given)
        return
    with Embedded(Path(tmp_path_factory.mktemp("waypost"))) as embedded:
        yield Server(embedded.admin_url())


@pytest.fixture(scope="session")
def waypost_plugin(pytestconfig: pytest.Config) -> str:
    """The name of the plugin under test; tests of several plugins in one run override this fixture."""
    name = str(pytestconfig.getini(OPTION))
    if not name:
        pytest.fail(f'name the plugin in [tool.pytest.ini_options]: {OPTION} = "kickstart"', pytrace=False)
    return name


@pytest.fixture(scope="session")
def waypost_templates(waypost_server: Server, waypost_loop: Background) -> Iterator[Callable[[str], str]]:
    """Give the name of a database with the tables of the core and of a plugin, to be copied and not used."""
    made: dict[str, str] = {}
    with ExitStack() as stack:

        def template(plugin: str) -> str:
            if plugin not in made:
                name = stack.enter_context(waypost_loop.opened(waypost_server.database()))
                waypost_loop.run(prepare(waypost_server, name, plugin))
                made[plugin] = name
            return made[plugin]

        yield template


@pytest.fixture(scope="module")
def waypost_upstream() -> Iterator[Upstream]:
    """The server behind `upstream`."""
    with upstream_server() as server:
        yield server


@pytest.fixture(scope="module")
def trial(
    waypost_server: Server,
    waypost_loop: Background,
    waypost_templates: Callable[[str], str],
    waypost_upstream: Upstream,
    waypost_plugin: str,
) -> Iterator[Trial]:
    """A platform with two cities that have the plugin switched on, anew for each file of tests."""
    chosen = {"allow_private_targets": (waypost_upstream.target,)}
    opening = trial_of(waypost_loop, waypost_server, waypost_plugin, waypost_templates(waypost_plugin), **chosen)
    with waypost_loop.opened(opening) as opened:
        yield opened


@pytest.fixture
def graph(trial: Trial) -> Callable[..., Any]:
    """Ask a graph: `graph("{ badges { nodes { slug } } }")`; see `Trial.graph`."""
    return trial.graph


@pytest.fixture
def run_jobs(trial: Trial) -> Callable[..., int]:
    """Do what is due in the background; see `Trial.run_jobs`."""
    return trial.run_jobs


@pytest.fixture
def city(trial: Trial) -> TrialCity:
    """The city that is asked where none is named."""
    return trial.city


@pytest.fixture
def neighbour(trial: Trial) -> TrialCity:
    """Another city that has the plugin, too."""
    return trial.neighbour


@pytest.fixture
def upstream(waypost_upstream: Upstream) -> Upstream:
    """A server of somebody else's, which the platform on trial may call although it is on this machine."""
    waypost_upstream.forget()
    return waypost_upstream
