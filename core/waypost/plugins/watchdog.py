"""Names the plugin that holds the interpreter, so that nobody else is answered."""

from __future__ import annotations

import asyncio
import faulthandler
import os
import re
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from logging import getLogger
from pathlib import Path
from time import thread_time
from typing import IO, Final

from waypost.plugins.manager import Plugins

LOG: Final = getLogger(__name__)

HELD_S: Final = 1.0
BEAT_S: Final = 0.25
_FRAME: Final = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+) in (?P<name>.*)$', re.MULTILINE)
_THREAD: Final = re.compile(r"^(?:Current thread|Thread) (0x[0-9a-f]+)", re.MULTILINE)


@asynccontextmanager
async def watching(plugins: Plugins, *, held_s: float = HELD_S) -> AsyncIterator[None]:
    """Watch this event loop until the end; one watchdog a process.

    Where the loop does not turn for `held_s` seconds, what all threads are doing is written down by a timer that needs
    no interpreter (`faulthandler`), so that code in C which never lets go of it is caught too. As soon as the loop
    turns again the plugin found there is named in the log and counted.
    """
    with tempfile.TemporaryFile() as found:
        beating = asyncio.create_task(_beat(plugins, found, held_s, threading.get_ident()))
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait({beating})


async def _beat(plugins: Plugins, found: IO[bytes], held_s: float, loop: int) -> None:
    try:
        while True:
            faulthandler.dump_traceback_later(held_s, file=found)
            ours_s = thread_time()
            await asyncio.sleep(min(BEAT_S, held_s / 4))
            faulthandler.cancel_dump_traceback_later()
            if os.fstat(found.fileno()).st_size:
                _name(plugins, _taken(found), held_s, loop, itself=thread_time() - ours_s > held_s / 2)
    finally:
        faulthandler.cancel_dump_traceback_later()


def _taken(found: IO[bytes]) -> str:
    found.seek(0)
    text = found.read().decode(errors="replace")
    found.seek(0)
    found.truncate()
    return text


def _name(plugins: Plugins, text: str, held_s: float, loop: int, *, itself: bool) -> None:
    culprit = culprit_in(text, _folders(plugins), loop, itself=itself)
    if culprit is None:
        LOG.warning("nobody was answered for more than %g s, and no plugin was to be seen:\n%s", held_s, text)
        return
    plugin, where = culprit
    plugins.calls.held[plugin] += 1
    LOG.error("the plugin %s held the interpreter for more than %g s, at %s", plugin, held_s, where)


def culprit_in(text: str, folders: Mapping[str, Path], loop: int, *, itself: bool = False) -> tuple[str, str] | None:
    """The plugin at work in the stacks that `faulthandler` wrote, and where; None where there is none.

    `folders` are those of the plugins' packages. The thread of the loop (its ident) is looked at first, then the
    others: one of theirs may hold the interpreter too. `itself`: the loop's thread was at work all the time, so that
    those of the others which stand in a plugin only wait there.
    """
    begins = [match.start() for match in _THREAD.finditer(text)] or [0]
    stacks = [text[begin:end] for begin, end in zip(begins, [*begins[1:], len(text)], strict=True)]
    stacks.sort(key=lambda stack: not _is_of(stack, loop))
    for stack in stacks[:1] if itself else stacks:
        for frame in _FRAME.finditer(stack):  # the innermost comes first
            for plugin, folder in folders.items():
                if Path(frame["file"]).is_relative_to(folder):
                    return plugin, f"{Path(frame['file']).name}, line {frame['line']}, in {frame['name']}"
    return None


def _is_of(stack: str, ident: int) -> bool:
    thread = _THREAD.match(stack)
    return thread is not None and int(thread[1], 16) == ident


def _folders(plugins: Plugins) -> dict[str, Path]:
    packages = {plugin.manifest.name: sys.modules.get(plugin.package) for plugin in plugins.ready}
    return {name: Path(found.__path__[0]) for name, found in packages.items() if found is not None}
