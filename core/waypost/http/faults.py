"""What can be wrong with a request before the graph is asked, each fault with a code and a status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import orjson

from waypost.tracing import reference

log = logging.getLogger(__name__)


class Code(StrEnum):
    """`errors[].extensions.code` of everything that the HTTP layer refuses. docs/ describes each."""

    BAD_REQUEST = "BAD_REQUEST"
    BATCHING_NOT_SUPPORTED = "BATCHING_NOT_SUPPORTED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"  # noqa: S105 - a code, not a token
    FORBIDDEN = "FORBIDDEN"
    ORIGIN_NOT_ALLOWED = "ORIGIN_NOT_ALLOWED"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    REQUEST_TIMEOUT = "REQUEST_TIMEOUT"
    CONFLICT = "CONFLICT"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    URI_TOO_LONG = "URI_TOO_LONG"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    MISDIRECTED_REQUEST = "MISDIRECTED_REQUEST"
    INTERNAL = "INTERNAL"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"


STATUS: Final[Mapping[Code, int]] = {
    Code.BAD_REQUEST: 400,
    Code.BATCHING_NOT_SUPPORTED: 400,
    Code.UNAUTHENTICATED: 401,
    Code.TOKEN_EXPIRED: 401,
    Code.FORBIDDEN: 403,
    Code.ORIGIN_NOT_ALLOWED: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.REQUEST_TIMEOUT: 408,
    Code.CONFLICT: 409,
    Code.PAYLOAD_TOO_LARGE: 413,
    Code.URI_TOO_LONG: 414,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.MISDIRECTED_REQUEST: 421,
    Code.INTERNAL: 500,
    Code.THROTTLED: 429,
    Code.UNAVAILABLE: 503,
}


class Fault(Exception):
    """A request that is answered with an error instead of being put to the graph.

    `headers` are added to the answer (`Allow`, `WWW-Authenticate`, `Retry-After`);
    `extensions` stand beside the code in the body.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = STATUS[code]
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    def body(self) -> bytes:
        """The GraphQL response that says what was wrong: `{"errors": [...]}`, without `data`."""
        error = {"message": self.message, "extensions": {"code": self.code, **self.extensions}}
        return orjson.dumps({"errors": [error]})


def method_not_allowed(method: str, allowed: str) -> Fault:
    """The fault for a method that the path does not know; `allowed` becomes the `Allow` header."""
    return Fault(
        Code.METHOD_NOT_ALLOWED,
        f"{method} is not possible here; use {allowed}.",
        headers={"Allow": allowed},
    )


def unexpected(error: Exception) -> Fault:
    """What a client may know of an exception: a reference, under which the log has the rest."""
    under = reference()
    log.error("Unexpected error %s", under, exc_info=error, extra={"request": under})
    return Fault(
        Code.INTERNAL,
        f"Something broke on our side. The reference is {under}.",
        extensions={"reference": under},
    )
