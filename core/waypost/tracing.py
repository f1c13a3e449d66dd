"""The id under which a request is found again: the name of its task, so that every line of the log knows it."""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

_PREFIX: Final = "request "


def new_request_id() -> str:
    """Make an id that nobody guesses and people can read out: twelve hexadecimal digits."""
    return secrets.token_hex(6)


def begin_request(id: str) -> None:
    """Give the current task to a request, until its end or another request."""
    task = asyncio.current_task()
    if task is not None:
        task.set_name(_PREFIX + id)


def request_id() -> str | None:
    """Return the id of the request that is being answered here, None where none is."""
    name = request_task()
    return None if name is None else name.removeprefix(_PREFIX)


def request_task() -> str | None:
    """Return the name for a further task of the same request, None where none is being answered."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs in this thread
        return None
    name = "" if task is None else task.get_name()
    return name if name.startswith(_PREFIX) else None


def reference() -> str:
    """Return what is told of a failure instead of its words, and stands in the log: the request's id, if there is."""
    return request_id() or new_request_id()
