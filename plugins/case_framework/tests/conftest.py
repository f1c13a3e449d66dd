"""A platform with two cities that have the plugin, as the kit opens it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from waypost.testing import Trial, Upstream, upstream, waypost_loop, waypost_server, waypost_upstream
from waypost.testing.background import Background
from waypost.testing.databases import Server
from waypost.testing.trial import prepare, trial_of

__all__ = ["upstream", "waypost_loop", "waypost_server", "waypost_upstream"]
NAME = "case_framework"


@pytest.fixture(scope="session")
def waypost_database(waypost_server: Server, waypost_loop: Background) -> Iterator[str]:
    """The name of a database with all tables, to be copied."""
    with waypost_loop.opened(waypost_server.database()) as name:
        waypost_loop.run(prepare(waypost_server, name, NAME))
        yield name


@pytest.fixture(scope="module")
def trial(
    waypost_server: Server,
    waypost_loop: Background,
    waypost_database: str,
    waypost_upstream: Upstream,
) -> Iterator[Trial]:
    """The platform, which may call the upstream although it is on this machine."""
    allowed = (waypost_upstream.target,)
    opening = trial_of(waypost_loop, waypost_server, NAME, waypost_database, allow_private_targets=allowed)
    with waypost_loop.opened(opening) as opened:
        yield opened
