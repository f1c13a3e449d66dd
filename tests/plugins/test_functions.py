"""What a plugin hands over as a function is looked at when it is loaded, and not when it is first called."""

from __future__ import annotations

import pytest

from tests.plugins.workshop import Workshop
from waypost.plugins import State, load

HEAD = """
    from datetime import UTC, datetime
    from uuid import uuid4

    from pydantic import BaseModel

    from waypost.occupations import Source
    from waypost.outbox import Handler, JobKind, Letter, Schedule
    from waypost.outbox.feeding import FeedKind
    from waypost.outbox.frameworks import Format
    from waypost.outbox.incoming import IncomingHook
    from waypost.plugins import hookimpl
    from waypost.tenancy import CatalogueSection

    async def nothing(): ...
    async def one(first): ...
    async def two(first, second): ...
    async def three(first, second, third): ...

    class Words(BaseModel):
        word: str

    def source(**functions):
        web = "https://example.org/"
        return Source("pay", "Pay", "CC0", web, "Them", web, 60.0, frozenset({"soc-2020"}), **functions)

"""
TRIED = [
    ("geocoders", "geocoder(nothing)", "the geocoder nothing is called with (postcode) and takes ()"),
    ("submission", "veto(two)", "the veto two is called with (submission) and takes (first, second)"),
    ("pages", "slot('city', nothing)", "the slot city is called with (site) and takes ()"),
    ("routes", "route('/x', one)", "the path /x is called with (request, site) and takes (first)"),
    ("routes", "incoming(IncomingHook(one, two))", "the check of calls is called with (work, call) and takes (first)"),
    ("routes", "incoming(IncomingHook(two, one))", "the handle of calls is called with (work, call) and takes (first)"),
    ("feeds", "feed(FeedKind('tideOnes', two, two))", "pull of the feed tideOnes is called with (asked) and takes"),
    ("feeds", "feed(FeedKind('tideOnes', one, one))", "read of the feed tideOnes is called with (item, settings) and"),
    ("frameworks", "framework('tide', one)", "the framework tide is called with () and takes (first)"),
    ("frameworks", "format(Format('tide', 'T', two, one))", "knows of the format tide is called with (data) and takes"),
    ("frameworks", "format(Format('tide', 'T', one, two))", "read of the format tide is called with (data) and takes"),
    ("labour_market", "source(source(find=one))", "find of the source pay is called with (asking, code) and takes"),
    ("labour_market", "source(source(figures=two))", "figures of the source pay is called with (asking, code, area)"),
    ("effects", "handler(Handler('tide.x', frozenset(), one))", "the handler tide.x is called with (work, event) and"),
    ("effects", "job(JobKind('tide.x', one))", "the job tide.x is called with (work, facts) and takes (first)"),
    (
        "effects",
        "job(JobKind('tide.x', two, dead=one))",
        "dead of the job tide.x is called with (work, facts) and takes",
    ),
    (
        "effects",
        "schedule(Schedule('tide.x', 60, two))",
        "the schedule tide.x is called with (work) and takes (first, s",
    ),
    ("effects", "letter(Letter('tide.x', one))", "the letter tide.x is called with (work, given) and takes (first)"),
    (
        "catalogue",
        "section(CatalogueSection('badges', 'tide', Words, one, one))",
        "write of the section badges.tide is",
    ),
    (
        "catalogue",
        "section(CatalogueSection('badges', 'tide', dict, three, one))",
        "badges.tide: its model is a pydantic",
    ),
    (
        "catalogue",
        "section(CatalogueSection('badge', 'tide', Words, three, one))",
        "the section badge.tide: the catalogue has no badge; it has badges, issuers,",
    ),
]


def reason(workshop: Workshop, hook: str, call: str) -> str:
    """Why a plugin that does this is left out."""
    workshop.install("tide", f"{HEAD}    @hookimpl\n    def waypost_{hook}(registrar):\n        registrar.{call}\n")
    (found,) = [one for one in load().installed if one.name == "tide"]
    assert found.state is State.LEFT_OUT
    return found.reason


@pytest.mark.parametrize(("hook", "call", "fault"), TRIED)
def test_a_function_takes_what_it_is_called_with(workshop: Workshop, hook: str, call: str, fault: str) -> None:
    assert fault in reason(workshop, hook, call)


@pytest.mark.parametrize(
    ("hook", "call", "fault"),
    [
        (
            "pages",
            "slot('city', one(None))",
            "the slot city is a coroutine, and must be a function: name it, do not call",
        ),
        ("submission", "veto(one(None))", "the veto one is a coroutine, and must be a function"),
        ("frameworks", "framework('tide', 'craft')", "the framework tide is a str, and must be a function"),
        ("routes", "route('/x', 'one')", "the path /x is a str, and must be a function"),
    ],
)
def test_what_was_called_already_is_no_function(workshop: Workshop, hook: str, call: str, fault: str) -> None:
    assert fault in reason(workshop, hook, call)


def test_whatever_can_be_called_so_is_a_function(workshop: Workshop) -> None:
    code = f"""{HEAD}
    from functools import partial

    class Finder:
        def __call__(self, postcode, *, loud=False): ...

    @hookimpl
    def waypost_geocoders(registrar):
        registrar.geocoder(Finder())
        registrar.geocoder(partial(two, "first"))
        registrar.geocoder(lambda *all: None)
        registrar.geocoder(str)
    """
    workshop.install("tide", code, contributes=["geocoder:geocoder"])
    (found,) = [one for one in load().installed if one.name == "tide"]
    assert found.reason
    assert "is called with" not in found.reason
