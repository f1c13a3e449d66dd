"""Reading a GraphQL request from an HTTP one: the rules of GraphQL over HTTP, before any GraphQL."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope

from waypost.graph import GraphRequest
from waypost.http.faults import Code, Fault
from waypost.http.negotiation import is_json, languages

MAX_BODY_BYTES = 1_000_000
MAX_QUERY_BYTES = 64_000
BODY_WITHIN_S: Final = 10.0  # the whole of it, however many pieces it comes in
IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# The server would go on reading a body that was given up, for as long as the client goes on sending it.
CLOSE: Final = {"Connection": "close"}


class ClientGone(Exception):
    """The client closed the connection before its request was whole; nobody waits for an answer."""


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by lower-case name; a header that came twice is joined by a comma."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def read_get(scope: Scope, headers: Mapping[str, str]) -> GraphRequest:
    """The GraphQL request in the query string of a GET. Raises Fault for what is malformed."""
    raw: bytes = scope["query_string"]
    if len(raw) > MAX_QUERY_BYTES:
        raise Fault(Code.URI_TOO_LONG, f"The query string is longer than {MAX_QUERY_BYTES} bytes; use POST.")
    try:
        given = dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict"))
    except ValueError as error:
        raise Fault(Code.BAD_REQUEST, "The query string is not percent-encoded UTF-8.") from error
    parameters: dict[str, Any] = {name: value or None for name, value in given.items()}
    for name in ("variables", "extensions"):
        if parameters.get(name) is not None:
            parameters[name] = _json(parameters[name].encode(), f"`{name}`")
    return request_of(parameters, headers)


async def read_post(receive: Receive, headers: Mapping[str, str], *, within_s: float = BODY_WITHIN_S) -> GraphRequest:
    """The GraphQL request in the JSON body of a POST, which must be here within so many seconds.

    Raises Fault for another content type, a body over a megabyte or too slow, and all that is
    malformed; ClientGone when the connection closed half-way.
    """
    if not is_json(headers.get("content-type")):
        given = headers.get("content-type") or "none"
        raise Fault(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"The Content-Type must be application/json in UTF-8, and was: {given}.",
            headers={"Accept-Post": "application/json"},
        )
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Fault(
            Code.UNSUPPORTED_MEDIA_TYPE,
            "Compressed requests are not read; send the JSON as it is.",
            headers={"Accept-Encoding": "identity"},
        )
    try:
        async with asyncio.timeout(within_s):
            body = await read_body(receive, headers)
    except TimeoutError as error:
        words = f"The body was not whole within {within_s:g} seconds."
        raise Fault(Code.REQUEST_TIMEOUT, words, headers=CLOSE) from error
    if not body and "upgrade" in headers:  # the server's parser leaves the body unread then
        raise Fault(Code.BAD_REQUEST, "Send the request without `Upgrade`: this is HTTP/1.1.", headers=CLOSE)
    parameters = _json(body, "The body")
    if isinstance(parameters, list):
        raise Fault(Code.BATCHING_NOT_SUPPORTED, "One operation a request; lists of them are not answered.")
    if not isinstance(parameters, dict):
        raise Fault(Code.BAD_REQUEST, "The body must be a JSON object with a `query`.")
    return request_of(parameters, headers)


async def read_body(receive: Receive, headers: Mapping[str, str], most: int = MAX_BODY_BYTES) -> bytearray:
    """Receive a body whole. Raises Fault for one that is larger than so many bytes, ClientGone for half of one."""
    too_large = Fault(Code.PAYLOAD_TOO_LARGE, f"The body is larger than {most} bytes.", headers=CLOSE)
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise too_large
    body, more = bytearray(), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > most:
            raise too_large
    return body


def _json(text: bytes | bytearray, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Fault(Code.BAD_REQUEST, f"{what} is not JSON: {error}.") from error


def request_of(parameters: Mapping[str, Any], headers: Mapping[str, str]) -> GraphRequest:
    """Check the types of the parameters and put them together with what the headers say."""
    query, document = (_typed(parameters, name, str, "a string") for name in ("query", "documentId"))
    if bool(query) == bool(document):
        raise Fault(Code.BAD_REQUEST, "Send either `query`, the GraphQL document, or `documentId` of a published one.")
    _typed(parameters, "extensions", dict, "an object")  # none is known, but a wrong type is a mistake
    return GraphRequest(
        query=query or "",
        document_id=document,
        operation_name=_typed(parameters, "operationName", str, "a string"),
        variables=_typed(parameters, "variables", dict, "an object"),
        languages=languages(headers.get("accept-language")),
        idempotency_key=_idempotency_key(headers.get("idempotency-key")),
    )


def _typed(parameters: Mapping[str, Any], name: str, kind: type, words: str) -> Any:
    value = parameters.get(name)
    if value is not None and not isinstance(value, kind):
        raise Fault(Code.BAD_REQUEST, f"`{name}` must be {words} or null.")
    return value


def _idempotency_key(value: str | None) -> str | None:
    if value is not None and not IDEMPOTENCY_KEY.fullmatch(value):
        raise Fault(Code.BAD_REQUEST, "`Idempotency-Key` takes 1 to 255 visible ASCII characters.")
    return value
