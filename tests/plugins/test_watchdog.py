"""A plugin that holds the interpreter is named."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.plugins.workshop import Workshop
from waypost.plugins import Plugins, load, watching
from waypost.plugins.watchdog import culprit_in

HOLDS = """
    import re
    import time

    from waypost.plugins import hookimpl

    def hold():
        time.sleep(0.5)

    async def find_postcode(postcode):
        if postcode == "IN C":  # a pattern that takes for ever, in C, with the interpreter in its hand
            re.match(r"(a+)+$", "a" * 24 + "b")
        else:
            hold()

    @hookimpl
    def waypost_geocoders(registrar):
        registrar.geocoder(find_postcode)
"""


@pytest.fixture
def plugins(workshop: Workshop) -> Plugins:
    workshop.install("heavy", HOLDS, contributes=["geocoder:find_postcode"])
    return load(["heavy"])


@pytest.mark.parametrize(("how", "where"), [("on the loop", "in hold"), ("IN C", "in find_postcode")])
async def test_who_holds_the_interpreter_is_named(
    plugins: Plugins, how: str, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    find = sys.modules["waypost_heavy.plugin"].find_postcode
    async with watching(plugins, held_s=0.1):
        await asyncio.sleep(0)
        await find(how)
        await asyncio.sleep(0.1)
    assert plugins.calls.held == {"heavy": 1}
    assert "the plugin heavy held the interpreter for more than 0.1 s, at plugin.py, line" in caplog.text
    assert where in caplog.text


async def test_a_loop_that_turns_is_left_in_peace(plugins: Plugins, caplog: pytest.LogCaptureFixture) -> None:
    async with watching(plugins, held_s=0.2):
        for _ in range(20):
            await asyncio.sleep(0.02)
    assert plugins.calls.held == {}
    assert caplog.text == ""


async def test_a_plugin_that_only_waits_while_the_core_is_at_work_is_not_accused(
    plugins: Plugins, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = threading.Thread(target=sys.modules["waypost_heavy.plugin"].hold)
    async with watching(plugins, held_s=0.1):
        await asyncio.sleep(0)
        waiting.start()
        until = time.thread_time() + 0.2
        while time.thread_time() < until:
            pass  # the core is at work
        await asyncio.sleep(0.1)
    waiting.join()
    assert plugins.calls.held == {}
    assert "nobody was answered for more than 0.1 s, and no plugin was to be seen" in caplog.text


def test_the_loop_s_own_thread_is_looked_at_first(tmp_path: Path) -> None:
    text = "".join(
        f'Thread 0x{ident:016x} (most recent call first):\n  File "/usr/lib/re.py", line 1 in match\n'
        f'  File "{tmp_path}/{name}/plugin.py", line {ident} in work\n  File "/usr/lib/x.py", line 2 in run\n\n'
        for ident, name in ((5, "rain"), (7, "wind"))
    )
    folders = {"rain": tmp_path / "rain", "wind": tmp_path / "wind"}
    assert culprit_in(text, folders, loop=7) == ("wind", "plugin.py, line 7, in work")
    assert culprit_in(text, folders, loop=5) == ("rain", "plugin.py, line 5, in work")
    assert culprit_in(text, {"rain": tmp_path / "rain"}, loop=7) == ("rain", "plugin.py, line 5, in work")
    assert culprit_in(text, {"rain": tmp_path / "rain"}, loop=7, itself=True) is None
    assert culprit_in(text, {}, loop=threading.get_ident()) is None
