"""The feeds that hooks.md shows are taken in as the page says, by the tests that it shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests.plugins.workshop import workshop_in
from tests.project.documents import ROOT, blocks
from waypost.testing import Trial, Upstream
from waypost.testing.background import Background
from waypost.testing.databases import Server
from waypost.testing.trial import prepare, trial_of

PAGE: Final = ROOT / "docs" / "hooks.md"
MANIFEST, PLUGIN, TEST = (each.text for each in blocks(PAGE) if each.marker == "runs: events")
KEY, KEYED_PULL, KEYED_TEST = (each.text for each in blocks(PAGE) if each.marker == "runs: keyed events")


@pytest.fixture
def on_trial(
    tmp_path: Path, waypost_server: Server, waypost_loop: Background, waypost_upstream: Upstream
) -> Iterator[Callable[[str, str], Trial]]:
    """Opens a platform with a plugin of the page, which may call the fake upstream."""
    with ExitStack() as stack:

        def opened(settings: str, code: str) -> Trial:
            workshop = stack.enter_context(workshop_in(tmp_path))
            code = code.replace("essential", "fair")  # a plugin of the repository has that prefix already
            schema = f'[settings]\ntype = "object"\n\n{settings}'
            workshop.install("fair", code, contributes=["feed:fairEvents"], settings=schema)
            database = stack.enter_context(waypost_loop.opened(waypost_server.database()))
            waypost_loop.run(prepare(waypost_server, database, "fair"))
            allowed = {"allow_private_targets": (waypost_upstream.target,)}
            trial = trial_of(waypost_loop, waypost_server, "fair", database, **allowed)
            return stack.enter_context(waypost_loop.opened(trial))

        yield opened


def told(name: str, *tests: str) -> Callable[[Trial, Upstream], None]:
    """A test of the page."""
    known: dict[str, Any] = {}
    for each in tests:
        exec(compile(each, "hooks.md", "exec"), known)
    test: Callable[[Trial, Upstream], None] = known[name]
    return test


def test_the_test_of_the_page_passes(on_trial: Callable[[str, str], Trial], upstream: Upstream) -> None:
    told("test_what_a_feed_has_is_taken_in", TEST)(on_trial(MANIFEST, PLUGIN), upstream)
    assert [each.query for each in upstream.asked] == [{"page": "1"}, {"page": "2"}]


def test_the_test_of_a_feed_with_a_key_passes(on_trial: Callable[[str, str], Trial], upstream: Upstream) -> None:
    trial = on_trial(f"{MANIFEST}\n{KEY}", f"{PLUGIN}\n{KEYED_PULL}")
    told("test_the_key_goes_along_and_turns_up_nowhere", TEST, KEYED_TEST)(trial, upstream)
    assert [each.path for each in upstream.asked] == ["/halls/events", "/mills/events"]
