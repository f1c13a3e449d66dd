from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from graphql import GraphQLSchema, build_schema

from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.plugins import Profile, State, fitting, load

CORE = "type Query { places: [Place!]! } type Place { name: String! }"


@dataclass(frozen=True)
class Composed:
    """A schema like those that the graph engine composes."""

    core: GraphQLSchema


def composing(**added: str) -> Callable[[Profile], Composed]:
    """Something that composes: each plugin adds this SDL, or is refused where there is none."""

    def compose(profile: Profile) -> Composed:
        names = [name for name, _ in profile]
        if refused := sorted(name for name in names if name not in added):
            raise ValueError(f"{refused[0]} adds a field\nto a type that does not exist")
        return Composed(build_schema(" ".join([CORE, *(added[name] for name in names)])))

    return compose


def test_plugins_that_fit_stay(workshop: Workshop) -> None:
    workshop.install("harbour")
    workshop.install("tide")
    plugins = load(["harbour", "tide"])
    assert fitting(plugins, composing(harbour="", tide="type TideTable { name: String }")) is plugins


def test_a_type_reached_by_the_way_carries_the_prefix_too(workshop: Workshop) -> None:
    workshop.install("tide")
    sdl = "type TideTable { moon: Moon, at: Time } type Moon { phase: Phase } enum Phase { NEW FULL } scalar Time"
    plugins = fitting(load(["tide"]), composing(tide=sdl))
    assert one(plugins, "tide").reason == "its declarations do not fit: types must begin with Tide: Moon, Phase"


def test_a_type_belongs_to_the_plugin_that_brought_it(workshop: Workshop) -> None:
    workshop.install("harbour", requires=["tide"])
    workshop.install("tide")
    sdl = {"tide": "type TideTable { name: String }", "harbour": "type HarbourTides { table: TideTable }"}
    assert len(fitting(load(["harbour", "tide"]), composing(**sdl)).ready) == 2


def test_a_plugin_whose_declarations_do_not_fit_is_left_out_and_named(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    workshop.install("harbour")
    workshop.install("tide")
    with caplog.at_level(logging.WARNING, "waypost.plugins"):
        plugins = fitting(load(["harbour", "tide"]), composing(tide=""))
    assert one(plugins, "harbour").state is State.LEFT_OUT
    assert one(plugins, "harbour").reason == (
        "its declarations do not fit: ValueError: harbour adds a field to a type that does not exist"
    )
    assert "plugin harbour is left out" in caplog.text
    assert plugins.national == {("tide", "1.0.0")}


def test_who_requires_a_plugin_that_does_not_fit_goes_with_it(workshop: Workshop) -> None:
    workshop.install("boat", requires=["tide"])
    workshop.install("harbour")
    workshop.install("tide")
    plugins = fitting(load(["boat", "harbour", "tide"]), composing(boat="", harbour=""))
    assert [plugin.manifest.name for plugin in plugins.ready] == ["harbour"]
    assert one(plugins, "boat").reason == "it requires tide, which cannot be used here"


def test_a_fault_of_the_core_is_blamed_on_no_plugin(workshop: Workshop) -> None:
    workshop.install("tide")

    def compose(profile: Profile) -> Composed:
        raise ValueError("the core does not fit itself")

    with pytest.raises(ValueError, match="the core does not fit itself"):
        fitting(load(["tide"]), compose)
