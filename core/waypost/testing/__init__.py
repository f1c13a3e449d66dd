"""What a plugin's tests stand on: `pytest_plugins = ["waypost.testing"]`, and in pytest's settings `waypost_plugin`.

Fixtures: `trial` (a platform with two cities), `graph`, `run_jobs`, `city`, `neighbour`, `upstream`. `PluginContract`
is a ready class of tests that every plugin passes::

    from waypost.testing import PluginContract

    class TestContract(PluginContract):
        pass
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("waypost.testing.contract")

from waypost.testing.contract import PluginContract
from waypost.testing.fixtures import (
    city,
    graph,
    neighbour,
    pytest_addoption,
    run_jobs,
    trial,
    upstream,
    waypost_loop,
    waypost_plugin,
    waypost_server,
    waypost_templates,
    waypost_upstream,
)
from waypost.testing.trial import GraphFailed, Trial, TrialCity
from waypost.testing.upstream import Asked, Upstream

__all__ = [
    "Asked",
    "GraphFailed",
    "PluginContract",
    "Trial",
    "TrialCity",
    "Upstream",
    "city",
    "graph",
    "neighbour",
    "pytest_addoption",
    "run_jobs",
    "trial",
    "upstream",
    "waypost_loop",
    "waypost_plugin",
    "waypost_server",
    "waypost_templates",
    "waypost_upstream",
]
