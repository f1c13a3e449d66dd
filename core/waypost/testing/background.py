"""An event loop of its own, so that tests may be ordinary functions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

PATIENCE_S: Final = 120.0


class Background:
    """Runs coroutines in a thread that has the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        """Run it to its end and answer what it answers; raises what it raises, and TimeoutError after two minutes."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE_S)

    @contextmanager
    def opened(self, manager: AbstractAsyncContextManager[Result]) -> Iterator[Result]:
        """Have an asynchronous context open until the end, entered and left by one task, as it expects."""
        ready: Future[Result] = Future()
        stop = asyncio.Event()

        async def hold() -> None:
            try:
                async with manager as value:
                    ready.set_result(value)
                    await stop.wait()
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)

        held = asyncio.run_coroutine_threadsafe(hold(), self._loop)
        try:
            yield ready.result(PATIENCE_S)
        finally:
            self._loop.call_soon_threadsafe(stop.set)
            held.result(PATIENCE_S)


@contextmanager
def background() -> Iterator[Background]:
    """Have such a loop until the end."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="waypost.testing", daemon=True)
    thread.start()
    try:
        yield Background(loop)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE_S)
        loop.close()
