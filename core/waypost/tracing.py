"""The ids under which things are found again: the name of a task has them, so that every line of the log does.

They are that of the request that is answered, and in the background also those of the work, its tenant and its event.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote

_PREFIX: Final = "about "


def new_request_id() -> str:
    """Make an id that nobody guesses and people can read out: twelve hexadecimal digits."""
    return secrets.token_hex(6)


def begin_request(id: str) -> None:
    """Give the current task to a request, until its end or another request."""
    task = asyncio.current_task()
    if task is not None:
        task.set_name(_named({"request": id}))


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Give the current task to what has these ids (without those that are None), until the end of the block."""
    task = _task()
    if task is None:
        yield
        return
    before = task.get_name()
    task.set_name(_named({name: str(id) for name, id in ids.items() if id is not None}))
    try:
        yield
    finally:
        task.set_name(before)


def ids() -> dict[str, str]:
    """Return the ids of what is being done here, by what they are ids of."""
    name = request_task()
    return {} if name is None else dict(each.split("=", 1) for each in name.split()[1:])


def request_id() -> str | None:
    """Return the id of the request that is being answered here, or that made the work; None where there is none."""
    return ids().get("request")


def request_task() -> str | None:
    """Return the name for a further task about the same, None where there is nothing to know it by."""
    task = _task()
    name = "" if task is None else task.get_name()
    return name if name.startswith(_PREFIX) else None


def reference() -> str:
    """Return what is told of a failure instead of its words, and stands in the log: the request's id, if there is."""
    return request_id() or new_request_id()


def _task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None


def _named(ids: dict[str, str]) -> str:
    return _PREFIX + " ".join(f"{name}={quote(id, safe='')}" for name, id in ids.items())
