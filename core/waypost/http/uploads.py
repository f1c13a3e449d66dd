"""`/uploads/{id}`: takes the bytes of a file that was announced by `createUpload`, from who announced it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import orjson
from starlette.types import Receive, Scope, Send

from waypost.awards.uploads import LARGEST, PIECE, BrokenOff, Upload, read_upload, receive
from waypost.db import Actor, City, Database
from waypost.graph.ids import parse_id
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.requests import CLOSE, ClientGone
from waypost.http.sites import Arrival
from waypost.tenancy import Tenant

ALLOWED: Final = "OPTIONS, PUT"
ACT: Final = "createUpload"  # of which this is the end
WITHIN_S: Final = 300.0  # the whole of it
SILENCE_S: Final = 20.0  # between two pieces
MISSING: Final = "No file is expected at this address, or not from you: announce it with `createUpload`."


@dataclass(frozen=True)
class Uploads:
    """Keeps the bytes piece by piece; nothing is read of a body that is too large or of a stranger."""

    platform: Platform

    async def __call__(self, scope: Scope, receive_: Receive, send: Send) -> None:
        """Answer one request."""
        headers: Mapping[str, str] = scope["arrival"].headers
        named = parse_id(scope["path_params"]["id"])
        tenant = self.platform.directory.by_id(named.tenant) if named and named.tenant else None
        origins = tenant.origins if tenant else ()
        if scope["method"] == "OPTIONS":
            allowed = cors.preflight(headers, origins)
            if "Access-Control-Allow-Methods" in allowed:
                allowed["Access-Control-Allow-Methods"] = "PUT"
            await send_reply(Reply(204, headers={"Allow": ALLOWED} | allowed), scope, send)
            return
        if scope["method"] != "PUT":
            raise method_not_allowed(scope["method"], ALLOWED)
        try:
            upload, home, actor = await self._expected(scope)
            database = self.platform.database.on_behalf_of(actor)
            await self._keep(database, home, upload, receive_, headers)
            body = orjson.dumps({"complete": True, "size": upload.size})
            reply = Reply(200, body, "application/json")
        except Fault as fault:
            reply = Reply(fault.status, fault.body(), "application/json", fault.headers)
        always = cors.readable_by(headers, origins) | {"Cache-Control": "no-store"}
        await send_reply(reply.under(always), scope, send)

    async def _expected(self, scope: Scope) -> tuple[Upload, Tenant, Actor]:
        """Find the file that is announced at this address by who asks, and whose trace it leaves."""
        arrival: Arrival = scope["arrival"]
        named = parse_id(scope["path_params"]["id"])
        if named is None or named.type != "Upload" or named.tenant is None:
            raise Fault(Code.NOT_FOUND, MISSING, headers=CLOSE)
        _refuse_too_large(arrival.headers)
        tenant = self.platform.directory.by_id(named.tenant)
        if tenant is None:
            raise Fault(Code.NOT_FOUND, MISSING, headers=CLOSE)
        cors.refuse_foreign_page(arrival.headers, tenant.origins, arrival.host)
        asker = await asker_of(self.platform, arrival.headers, arrival.host, tenant)
        actor = asker.actor(ACT)
        if actor is None:
            raise Fault(
                Code.UNAUTHENTICATED, "Sign in, or send the token with which the file was announced.", headers=CLOSE
            )
        async with self.platform.database.transaction(City(tenant.id, quiet=True)):
            upload = await read_upload(tenant.id, named.row, actor.person, datetime.now(UTC))
        if upload is None:
            raise Fault(Code.NOT_FOUND, MISSING, headers=CLOSE)
        length = arrival.headers.get("content-length")
        if length is not None and length.isdecimal() and int(length) != upload.size:
            raise Fault(Code.BAD_REQUEST, f"{upload.size} bytes were announced, not {length}.", headers=CLOSE)
        return upload, tenant, actor

    async def _keep(
        self, database: Database, tenant: Tenant, upload: Upload, receive_: Receive, headers: Mapping[str, str]
    ) -> None:
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Fault(Code.UNSUPPORTED_MEDIA_TYPE, "Send the bytes as they are, not compressed.", headers=CLOSE)
        try:
            async with asyncio.timeout(WITHIN_S):
                whole = await receive(database, tenant.id, upload, _pieces(receive_, upload.size))
        except TimeoutError as error:
            raise Fault(Code.REQUEST_TIMEOUT, "The file was not whole in time.", headers=CLOSE) from error
        except BrokenOff as error:
            words = "The file was sent anew meanwhile, or was used already; for another one announce another."
            raise Fault(Code.CONFLICT, words, headers=CLOSE) from error
        if not whole:
            raise Fault(Code.BAD_REQUEST, f"{upload.size} bytes were announced, and fewer came.")


def _refuse_too_large(headers: Mapping[str, str]) -> None:
    """Refuse by the length that is announced, before a byte is read."""
    length = headers.get("content-length", "0")
    if length.isdecimal() and int(length) > LARGEST:
        raise Fault(Code.PAYLOAD_TOO_LARGE, f"A file has at most {LARGEST} bytes.", headers=CLOSE)


async def _pieces(receive_: Receive, size: int) -> AsyncIterator[bytes]:
    """Give out a body in pieces of the same size. Raises Fault where more comes than was announced."""
    held, seen, more = bytearray(), 0, True
    while more:
        async with asyncio.timeout(SILENCE_S):
            message = await receive_()
        if message["type"] == "http.disconnect":
            raise ClientGone
        some: bytes = message.get("body", b"")
        more = message.get("more_body", False)
        seen += len(some)
        if seen > size:
            raise Fault(Code.PAYLOAD_TOO_LARGE, f"{size} bytes were announced, and more came.", headers=CLOSE)
        held += some
        while len(held) >= PIECE:
            yield bytes(held[:PIECE])
            del held[:PIECE]
    if held:
        yield bytes(held)
