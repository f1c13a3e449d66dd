"""The feed that hooks.md shows is taken in as the page says, by the test that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from tests.plugins.workshop import workshop_in
from tests.project.documents import ROOT, blocks
from waypost.testing import Trial, Upstream
from waypost.testing.background import Background
from waypost.testing.databases import Server
from waypost.testing.trial import prepare, trial_of

MANIFEST, PLUGIN, TEST = (each.text for each in blocks(ROOT / "docs" / "hooks.md") if each.marker == "runs: events")
SETTINGS: Final = f'[settings]\ntype = "object"\n\n{MANIFEST}'


@pytest.fixture(scope="module")
def trial(
    tmp_path_factory: pytest.TempPathFactory,
    waypost_server: Server,
    waypost_loop: Background,
    waypost_upstream: Upstream,
) -> Iterator[Trial]:
    """A platform with the plugin of the page, which may call the fake upstream."""
    with ExitStack() as stack:
        workshop = stack.enter_context(workshop_in(tmp_path_factory.mktemp("events")))
        code = PLUGIN.replace("essential", "fair")  # a plugin of the repository has that prefix already
        workshop.install("fair", code, contributes=["feed:fairEvents"], settings=SETTINGS)
        database = stack.enter_context(waypost_loop.opened(waypost_server.database()))
        waypost_loop.run(prepare(waypost_server, database, "fair"))
        allowed = {"allow_private_targets": (waypost_upstream.target,)}
        opened = trial_of(waypost_loop, waypost_server, "fair", database, **allowed)
        yield stack.enter_context(waypost_loop.opened(opened))


def test_the_test_of_the_page_passes(trial: Trial, upstream: Upstream) -> None:
    told: dict[str, Any] = {}
    exec(compile(TEST, "hooks.md", "exec"), told)
    test: Callable[[Trial, Upstream], None] = told["test_what_a_feed_has_is_taken_in"]
    test(trial, upstream)
    assert [each.query for each in upstream.asked] == [{"page": "1"}, {"page": "2"}]
