"""The time that a plugin's mutation has, and what becomes of one that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from waypost.calling import HANGING, Call, PluginPaused

from .errors import GraphError
from .python_fields import failed, paused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .engine import Engine
    from .query import Query, Selected

T = TypeVar("T")

ACT_S: Final = 10.0  # with all that it waits for


async def in_time(
    plugin: str,
    carry_out: Callable[..., Awaitable[T]],
    engine: Engine,
    query: Query,
    field: Selected,
    *args: Any,
) -> T:
    """Let a plugin's mutation act within its time; whatever it fails at is undone, and raised as a `GraphError`.

    Whoever has signed in may send what it fails at, so that only what hangs makes it rest, and it alone.
    """
    request, rests = query.request, f"mutation {field.name}"
    call = Call(plugin, field.coordinate, request.tenant, ACT_S, meant=(GraphError,), entry=rests, pausing=HANGING)
    try:
        done: T = await request.calls.make(call, carry_out, engine, query, field, *args)
    except GraphError:
        raise
    except PluginPaused as error:
        raise paused(error.plugin) from error
    except Exception as error:
        raise failed(plugin, field, error) from error
    return done
