"""What is told of an answer that breaks: never its words, which may hold what nobody is to read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from asyncpg import (
    AdminShutdownError,
    CannotConnectNowError,
    DeadlockDetectedError,
    IdleInTransactionSessionTimeoutError,
    InterfaceError,
    InternalClientError,
    LockNotAvailableError,
    PostgresConnectionError,
    QueryCanceledError,
    TooManyConnectionsError,
)

from waypost.tracing import reference

from .answers import Answer, failed
from .errors import GraphError

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

UNREACHABLE: Final = (
    OSError,
    PostgresConnectionError,
    InterfaceError,
    InternalClientError,  # the server's last word came while nothing was asked
    CannotConnectNowError,
    AdminShutdownError,
    TooManyConnectionsError,
    IdleInTransactionSessionTimeoutError,
)
HELD: Final = (LockNotAvailableError, DeadlockDetectedError)
log: Final = logging.getLogger("waypost.graph")


async def unbroken(work: Coroutine[Any, Any, Answer]) -> Answer:
    """Run the work, and answer what it does; what breaks unforeseen is logged, and told as a reference to that."""
    try:
        return await work
    except GraphError as error:
        return failed(error)
    except QueryCanceledError:
        return failed(GraphError("TIMEOUT", "The answer took longer than this platform allows; ask for less."))
    except HELD as error:
        log.warning("others held what was to be written: %s", error)
        words = "Others are writing the same just now, so that nothing was written; try again soon."
        return failed(GraphError("UNAVAILABLE", words))
    except UNREACHABLE as error:
        log.warning("the database cannot be reached: %s", error)
        return failed(GraphError("UNAVAILABLE", "The database cannot be reached just now; try again soon."))
    except Exception:
        under = reference()
        log.exception("unforeseen failure %s", under, extra={"request": under})
        return failed(GraphError("INTERNAL", f"Something broke on our side. Reference: {under}"))
