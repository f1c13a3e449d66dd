"""Calls to issuing platforms over HTTP, and which error an answer is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import orjson

from waypost.outbox.connecting import (
    Access,
    Doubtful,
    Invalid,
    NotFound,
    Throttled,
    Unauthorised,
    Unavailable,
)
from waypost.outgoing import Answered, CallFailed, NotReached, TargetRefused

LONGEST_WAIT_S: Final = 86_400.0
# Calls that change nothing: whether they were answered makes no difference to the platform.
READS: Final = frozenset({"GET", "HEAD"})


async def ask(
    access: Access, method: str, url: str, headers: Mapping[str, str], body: Mapping[str, Any] | None = None
) -> Answered:
    """Make one call with a JSON body, and return an answer of the kinds 2xx, 400 or 422.

    Which of the last two are `Invalid`, and with which words, only the platform's connector can read. Raises
    `Unauthorised` (401, 403), `NotFound` (404, 410), `Throttled` (429), `Unavailable` (503, and where it was never
    reached); for anything else `Doubtful`, or `Unavailable` where the call changes nothing.
    """
    sent = {"accept": "application/json", "user-agent": "Waypost", **headers}
    content = None
    if body is not None:
        sent["content-type"], content = "application/json", orjson.dumps(body)
    try:
        answer = await access.outgoing.call(method, url, sent, content)
    except (NotReached, TargetRefused) as error:
        raise Unavailable(str(error)) from error
    except CallFailed as error:
        raise _unsure(method, str(error)) from error
    return _sorted(method, answer, access.now)


def _sorted(method: str, answer: Answered, now: datetime) -> Answered:
    after_s = retry_after_s(answer.headers.get("retry-after"), now)
    match answer.status:
        case status if 200 <= status < 300:
            return answer
        case 400 | 422:
            return answer
        case 401 | 403:
            raise Unauthorised(f"the platform answered {answer.status}: the account's secret is not good for this")
        case 404 | 410:
            raise NotFound(f"the platform answered {answer.status}: it is not there")
        case 429:
            raise Throttled("the platform answered 429: too much was asked", after_s)
        case 503:
            raise Unavailable("the platform answered 503", after_s)
        case other:
            raise _unsure(method, f"the platform answered {other}")


def _unsure(method: str, words: str) -> Doubtful | Unavailable:
    return Unavailable(words) if method in READS else Doubtful(words)


def json_of(method: str, answer: Answered) -> Mapping[str, Any]:
    """Read an answer as a JSON object; raises what `ask` raises for an answer that cannot be used."""
    try:
        found = orjson.loads(answer.body)
    except ValueError as error:
        raise _unsure(method, "the platform answered something else than JSON") from error
    if not isinstance(found, dict):
        raise _unsure(method, "the platform answered JSON of another form")
    if answer.status in {400, 422}:
        raise Invalid(f"the platform answered {answer.status}")
    return found


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Read `Retry-After` (RFC 9110, 10.2.3): seconds or a date; None for none or nonsense, at most a day."""
    if value is None:
        return None
    if value.strip().isascii() and value.strip().isdigit():
        return min(float(value.strip()), LONGEST_WAIT_S)
    try:
        at = parsedate_to_datetime(value)
        seconds = (at - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
