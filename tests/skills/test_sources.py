"""A format is a plugin's code: what it fails at costs one import, is named, and holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from tests.frameworks import OUTLINE, outline, package
from waypost.calling import MOST_FAILURES, Calls
from waypost.outbox.frameworks import End, Fault, Package
from waypost.outgoing import Outgoing
from waypost.plugins import formats
from waypost.plugins.formats import CalledFormat
from waypost.skills.sources import fetch_framework, read_framework

HERE, THERE = UUID(int=1), UUID(int=2)
FILE = outline("craft", {"saw": {}})


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[object], Any]]:
    """A function of a plugin's that does not come back before the test is over."""
    monkeypatch.setattr(formats, "LOOKING_S", 0.05)
    monkeypatch.setattr(formats, "READING_S", 0.05)
    over = Event()
    yield lambda _given: over.wait(60)
    over.set()


def raises(_given: object) -> Any:
    raise LookupError("the register is closed")


def called(calls: Calls, tenant: UUID = HERE, plugin: str = "odd", /, **functions: Any) -> CalledFormat:
    return CalledFormat(plugin, replace(OUTLINE, **functions), calls, tenant)


async def read(*formats: CalledFormat) -> str:
    """Its title, or the one fault."""
    found = await read_framework(FILE, formats)
    if isinstance(found, Package):
        return found.document.title
    (fault,) = found
    return f"{fault.code}: {fault.message}"


async def fetched(format: CalledFormat) -> str:
    found = await fetch_framework("https://case.example.org/craft", [format], Outgoing())
    assert isinstance(found, Fault)
    return f"{found.code}: {found.message}"


async def alive(work: Awaitable[Any]) -> Any:
    """What the work answers; all the while others of this loop get their turn."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.005)
            turns += 1

    counting = asyncio.create_task(count())
    answer = await work
    counting.cancel()
    assert turns > 3
    return answer


@pytest.mark.parametrize(("function", "said"), [("knows", "the look of"), ("read", "the reading of")])
async def test_a_format_that_hangs_at_a_file_costs_that_import_and_is_named(
    hangs: Callable[[object], Any], function: str, said: str
) -> None:
    calls = Calls()
    fault = await alive(read(called(calls, **{function: hangs})))
    assert fault == (
        "FORMAT_FAILED: the plugin odd, which reads Outlines of tests, failed: "
        f"{said} the format tests of odd has not answered within 0.05 s"
    )
    assert calls.failures == {"odd": 1}
    assert await read(called(calls)) == "Craft"


async def test_a_format_that_hangs_at_an_address_costs_that_import_and_is_named(
    hangs: Callable[[object], Any],
) -> None:
    fault = await alive(fetched(called(Calls(), asked=hangs)))
    assert "the plugin odd" in fault
    assert "the address of the format tests of odd has not answered within 0.05 s" in fault


@pytest.mark.parametrize("function", ["knows", "read"])
async def test_a_format_that_raises_at_a_file_is_named(function: str) -> None:
    calls = Calls()
    fault = await read(called(calls, **{function: raises}))
    assert fault == "FORMAT_FAILED: the plugin odd, which reads Outlines of tests, failed: LookupError"
    assert calls.failures == {"odd": 1}


@pytest.mark.parametrize(("asked", "why"), [(raises, "LookupError"), (lambda _url: None, "TypeError")])
async def test_a_format_that_raises_at_an_address_or_answers_none_is_named(
    asked: Callable[[str], Any], why: str
) -> None:
    said = f"FORMAT_FAILED: the plugin odd, which reads Outlines of tests, failed: {why}"
    assert await fetched(called(Calls(), asked=asked)) == said


@pytest.mark.parametrize("answer", [None, [], "no", ["no"], [Fault("A", "a"), None]])
async def test_what_is_neither_a_package_nor_faults_is_a_failure(answer: Sequence[object] | None) -> None:
    calls = Calls()
    fault = await read(called(calls, read=lambda _data: answer))
    assert fault == "FORMAT_FAILED: the plugin odd, which reads Outlines of tests, failed: TypeError"
    assert calls.failures == {"odd": 1}


CRAFT = package("craft", {"saw": {}})


@pytest.mark.parametrize(
    "odd",
    [
        {"document": None},
        {"document": replace(CRAFT.document, title=None)},  # type: ignore[arg-type]  # as a plugin may, here and below
        {"items": None},
        {"items": ({"identifier": "saw"},)},
        {"items": (replace(CRAFT.items[0], identifier="saw"),)},  # type: ignore[arg-type]
        {"items": (replace(CRAFT.items[0], statement=7),)},  # type: ignore[arg-type]
        {"items": (replace(CRAFT.items[0], changed_at="2026-01-01"),)},  # type: ignore[arg-type]
        {"associations": (replace(CRAFT.associations[0], origin="saw"),)},  # type: ignore[arg-type]
        {"associations": (replace(CRAFT.associations[0], origin=End("saw", "saw")),)},  # type: ignore[arg-type]
        {"associations": (replace(CRAFT.associations[0], sequence="1"),)},  # type: ignore[arg-type]
    ],
)
async def test_a_package_with_a_part_of_another_type_is_a_failure(odd: dict[str, Any]) -> None:
    fault = await read(called(Calls(), read=lambda _data: replace(CRAFT, **odd)))
    assert fault == "FORMAT_FAILED: the plugin odd, which reads Outlines of tests, failed: TypeError"


async def test_a_format_that_fails_keeps_no_other_from_reading_its_own_files() -> None:
    calls = Calls()
    broken, good = called(calls, knows=raises), called(calls, HERE, "good")
    assert await read(broken, good) == "Craft"
    assert await read(good, broken) == "Craft"


async def test_a_format_that_keeps_failing_rests_in_that_city_alone() -> None:
    calls = Calls()
    for _ in range(MOST_FAILURES):
        await read(called(calls, knows=raises))
    fault = await read(called(calls))
    assert "the plugin odd has kept failing here and is paused for 30 s" in fault
    assert await read(called(calls, THERE)) == "Craft"


async def test_a_format_may_look_at_a_file_and_an_address_in_a_coroutine() -> None:
    async def knows(_beginning: bytes) -> bool:
        return False

    fault = await read(called(Calls(), knows=knows))
    assert fault.startswith("FORMAT_UNKNOWN")
