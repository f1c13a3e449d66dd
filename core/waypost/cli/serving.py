"""Runs the server in this process until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from errno import EACCES, EADDRINUSE, EADDRNOTAVAIL
from typing import Any, Final, TypeVar

import click

from waypost.cli.faults import Refused

Result = TypeVar("Result")

STOP_WITHIN_S: Final = 10
LARGEST_MESSAGE: Final = 256_000  # bytes, of a WebSocket
PING_S: Final = 20.0
STUCK_MS: Final = 60_000  # a client that takes nothing for so long is given up by the system


def bind(host: str, port: int) -> socket.socket:
    """Reserve the address before anything slow begins, without listening yet; `port` 0 takes a free one.

    Raises Refused when another process has the port, or the address is not ours to use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it from the socket that accepts them
        bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STUCK_MS)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise Refused(_why_not(error, host, port)) from error
    return bound


def run(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run a coroutine on uvloop where there is one; Ctrl+C and SIGTERM cancel it, so that it cleans up."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(_stoppable(main))


def settle() -> None:
    """Let the garbage collector pass over what there is: what a server makes before it is ready lasts as long as it.

    Looking through all of that, again and again, would stop every answer for a tenth of a second each time.
    """
    gc.freeze()


async def serve(
    app: Any, bound: socket.socket, *, ready: Callable[[], None], stopping: Callable[[], None] = lambda: None
) -> None:
    """Serve an ASGI application on a bound socket until this task is cancelled, then finish what was begun.

    `ready` is called once requests are answered, `stopping` before it is waited for what has no end of its own.
    """
    server = _server(app, ready)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        await asyncio.shield(serving)
    except asyncio.CancelledError:
        stopping()
        server.should_exit = True
        await serving


def _server(app: Any, ready: Callable[[], None]) -> Any:
    import uvicorn

    from waypost.http.heads import BoundedRequests

    class Server(uvicorn.Server):
        """uvicorn's, except that signals are not its own affair: they cancel the whole command."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            ready()

    return Server(
        uvicorn.Config(
            app,
            http=BoundedRequests,
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE,
            ws_ping_interval=PING_S,
            ws_ping_timeout=PING_S,
            ws_per_message_deflate=False,  # a window for each connection costs more than the small messages save
            lifespan="off",
            log_config=None,
            access_log=False,  # the reverse proxy keeps one; ours would only repeat learners' addresses
            proxy_headers=False,  # ours knows which proxies are trusted
            server_header=False,
            timeout_graceful_shutdown=STOP_WITHIN_S,
        )
    )


async def _stoppable(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Let the first SIGTERM end `main` as Ctrl+C does: by cancelling it."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    told = False

    def stop() -> None:
        nonlocal told
        if task is not None and not told:  # cleaning up is not to be cancelled too
            told = True
            task.cancel()

    loop.add_signal_handler(signal.SIGTERM, stop)
    try:
        return await main()
    except asyncio.CancelledError:
        if not told:  # Ctrl+C, which the runner turns into KeyboardInterrupt
            raise
        raise click.exceptions.Exit(128 + signal.SIGTERM) from None
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == EADDRINUSE:
        return f"port {port} of {host} is in use by another program; choose another with --port"
    if error.errno == EACCES:
        return f"port {port} is reserved for the system; choose one above 1023 with --port"
    if error.errno == EADDRNOTAVAIL:
        return f"this machine has no address {host}; choose another with --host"
    return f"cannot listen on {host}, port {port}: {error.strerror}"
