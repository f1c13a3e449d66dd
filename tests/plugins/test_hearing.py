"""A plugin that waits for what can never happen is left out, and its author told what was meant."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import waypost
from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.cli.parts import load_plugins
from waypost.composition import effects, events_told
from waypost.plugins import Plugins
from waypost.settings import Settings

WAITING = """
    from waypost.outbox import Handler
    from waypost.plugins import hookimpl

    async def run(work, event):
        pass

    @hookimpl
    def waypost_effects(registrar):
        registrar.handler(Handler("PREFIX.hear", EVENTS, run))
"""
TELLING = """
    from dataclasses import dataclass
    from uuid import UUID

    from waypost.outbox import Event

    @dataclass(frozen=True)
    class TideWatched(Event):
        tide: UUID

    @dataclass(frozen=True)
    class TideTableWritten(Event):
        table: UUID
        about = "TideTable"
"""
VAGUE = """
    from dataclasses import dataclass
    from uuid import UUID

    from waypost.outbox import Event

    @dataclass(frozen=True)
    class Tidal(Event):
        tide: UUID
        what: str

        @property
        def type(self):
            return f"tide.{self.what}"
"""


def waiting(workshop: Workshop, events: str, name: str = "harbour") -> None:
    """Install a plugin with a handler of these events."""
    workshop.install(
        name, WAITING.replace("PREFIX", name).replace("EVENTS", events), contributes=[f"handler:{name}.hear"]
    )


def loaded(*names: str) -> Plugins:
    return load_plugins(Settings(plugins=names))


def test_a_plugin_that_waits_for_what_nobody_tells_is_left_out(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    waiting(workshop, '{"award.creatd", "badge.published"}')
    plugins = loaded("harbour")
    assert one(plugins, "harbour").reason == (
        "the handler harbour.hear: nobody tells award.creatd; did you mean award.created?"
    )
    assert "plugin harbour is left out: the handler harbour.hear: nobody tells award.creatd" in caplog.text


@pytest.mark.parametrize("type", ["badge.created", "job.ended", "opportunity.closed", "pathway.retired"])
def test_what_files_and_jobs_tell_can_be_waited_for(workshop: Workshop, type: str) -> None:
    waiting(workshop, f'frozenset({{"{type}"}})')
    assert one(loaded("harbour"), "harbour").reason == ""


def test_the_events_of_another_plugin_can_be_waited_for(workshop: Workshop) -> None:
    waiting(workshop, '{"tide.watched", "tide-table.written"}')
    workshop.install("tide", TELLING)
    assert one(loaded("harbour", "tide"), "harbour").reason == ""


def test_an_event_that_another_plugin_does_not_tell_is_named(workshop: Workshop) -> None:
    waiting(workshop, '{"tide.wached", "tide-table.burnt"}')
    workshop.install("tide", TELLING)
    reason = one(loaded("harbour", "tide"), "harbour").reason
    assert "nobody tells tide.wached; did you mean tide.watched?" in reason
    assert "nobody tells tide-table.burnt" in reason


def test_the_events_of_a_plugin_that_is_not_installed_may_be_waited_for(workshop: Workshop) -> None:
    waiting(workshop, '{"moon.risen"}')
    assert one(loaded("harbour"), "harbour").reason == ""


def test_a_type_that_follows_from_values_is_let_through(workshop: Workshop) -> None:
    waiting(workshop, '{"tide.anything"}')
    workshop.install("tide", VAGUE)
    assert one(loaded("harbour", "tide"), "harbour").reason == ""


def test_one_text_is_no_set_of_events(workshop: Workshop) -> None:
    waiting(workshop, '"badge.published"')
    assert one(loaded("harbour"), "harbour").reason == (
        'the handler harbour.hear waits for a set of events: frozenset({"badge.published"})'
    )


def test_everything_that_the_core_tells_or_waits_for_is_known() -> None:
    told = events_told()
    assert {type for handler in effects().handlers for type in handler.events} <= told
    sources = [each.read_text(encoding="utf-8") for each in Path(waypost.__file__).parent.rglob("*.py")]
    written = {type for text in sources for type in re.findall(r'(?:Told|_tell)\([^)]*?"([a-z-]+\.[a-z-]+)"', text)}
    assert "job.begun" in written
    assert written <= told
    assert sum(len(re.findall(r"^class \w+\(Event\)", text, re.MULTILINE)) for text in sources) <= len(told)
