"""Locks between processes that vanish with the process that held them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waypost.db.errors import CannotRun

try:
    import fcntl
except ImportError as error:  # Windows
    raise CannotRun(
        "the embedded PostgreSQL needs Linux or macOS; set WAYPOST_DATABASE_URL to a server of your own"
    ) from error

_POLL_S = 0.02


@contextmanager
def exclusive(path: Path, timeout_s: float) -> Iterator[None]:
    """Hold the lock file `path` alone, waiting up to `timeout_s` seconds; raises `CannotRun` after that."""
    handle = _open(path)
    try:
        deadline = time.monotonic() + timeout_s
        while not _try(handle, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise CannotRun(
                    f"another process has been starting or stopping PostgreSQL for {timeout_s:g} s ({path}); "
                    "end it and try again"
                )
            time.sleep(_POLL_S)
        yield
    finally:
        os.close(handle)


class SharedLock:
    """A place among the users of something; whoever is last can tell."""

    def __init__(self, path: Path) -> None:
        self._handle = _open(path)
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def release(self) -> bool:
        """Leave, and answer whether nobody else is left. To be called where nobody can enter meanwhile."""
        last = _try(self._handle, fcntl.LOCK_EX)
        os.close(self._handle)
        return last


def _open(path: Path) -> int:
    # Not inherited by programs that this process starts, so that the server itself is no user.
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try(handle: int, kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
