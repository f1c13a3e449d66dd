"""What plugins answer over HTTP: `/{tenant}/x/{plugin}/…`, and calls from outside at `/hooks/{plugin}/{tenant}`."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from math import ceil
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from waypost.calling import HANGING, Call, CallLate, PluginBusy, PluginPaused
from waypost.http import cors
from waypost.http.asking import asker_of
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.platform import Platform
from waypost.http.replies import PAGE_HEADERS, Reply, send_reply
from waypost.http.requests import BODY_WITHIN_S, CLOSE, MAX_BODY_BYTES, read_body
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.outbox.incoming import MOST_BYTES, Forged, IncomingHook, TooManyWaiting
from waypost.outbox.work import Work
from waypost.plugins import PluginRoute, RoutesRegistrar, Site
from waypost.plugins.incoming import take_call
from waypost.plugins.secrets import MissingSecret
from waypost.tenancy import Tenant
from waypost.tenancy.entries import Here

LOG: Final = getLogger(__name__)

PATIENCE_S: Final = 10.0  # for the response, and once more for what it sends
MOST_ANSWER_BYTES: Final = 10_000_000
RETRY_S: Final = 30
_NAME: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE: Final = re.compile(rb"[^\x00-\x08\x0a-\x1f\x7f]*")
NOTHING: Final = "There is nothing at this address."
READING: Final = frozenset(("GET", "HEAD"))
# What a page of a plugin gets where it says nothing itself.
DEFAULTS: Final = {**PAGE_HEADERS, "Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}


def plugin_routes(platform: Platform) -> list[BaseRoute]:
    """The paths of all plugins that work; each answers where its plugin is switched on."""
    found: list[BaseRoute] = []
    for plugin in platform.plugins.in_order():
        name, registered = plugin.manifest.name, plugin.by(RoutesRegistrar)
        by_path: defaultdict[str, dict[str, PluginRoute]] = defaultdict(dict)
        for route in registered.routes:
            by_path[route.path] |= dict.fromkeys(route.methods, route)
        found += [Route(f"/{{tenant}}/x/{name}{path}", PluginPath(platform, name, of)) for path, of in by_path.items()]
        if registered.hook is not None:
            found.append(Route(f"/hooks/{name}/{{tenant}}", IncomingPath(platform, name, registered.hook)))
    return found


@dataclass(frozen=True)
class PluginPath:
    """One path of a plugin, with who answers by method."""

    platform: Platform
    plugin: str
    by_method: Mapping[str, PluginRoute]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; a plugin that fails, is late or rests costs this answer."""
        method = scope["method"]
        tenant = _tenant_with(self.platform, scope, self.plugin)
        route = self.by_method.get("GET" if method == "HEAD" else method)
        if route is None:
            raise method_not_allowed(method, ", ".join(sorted(self.by_method)))
        if not tenant.is_open and method not in READING:
            raise Fault(Code.FORBIDDEN, "This city has left: it can be read, and nothing is written any more.")
        site = await self._site(scope, tenant, reads=method in READING)
        body = await _body(receive, scope["arrival"].headers, MAX_BODY_BYTES)
        request = Request(scope, _once(body, receive))
        entry = f"{method} {route.path}"
        call = Call(self.plugin, entry, tenant.id, PATIENCE_S, meant=(MissingSecret,), entry=entry, pausing=HANGING)
        calls = self.platform.plugins.calls
        try:
            with (
                _blamed(self.plugin, entry, tenant),
                calls.counted(call),
            ):  # one call: that an endpoint answers is no success of what hangs in sending
                response: Response = await calls.bounded(call, route.endpoint, request, site)
                _is_response(response)
                answer: list[Message] = await calls.bounded(call, _sent_by, response, scope, receive)
                _is_answer(answer)
        except MissingSecret as error:
            raise _not_set_up(self.plugin, tenant, error) from error
        except (PluginPaused, PluginBusy, CallLate) as error:
            raise _not_now(error) from error
        answer[0]["headers"] = _with_ours(answer[0]["headers"])
        for message in answer:
            await send(message)

    async def _site(self, scope: Scope, tenant: Tenant, *, reads: bool) -> Site:
        arrival: Arrival = scope["arrival"]
        cors.refuse_foreign_page(arrival.headers, tenant.origins, arrival.host)
        if not reads:
            cors.refuse_foreign_write(arrival.headers, tenant.origins, arrival.host)
        asker = await asker_of(self.platform, arrival.headers, arrival.host, tenant)
        work = Work(self.platform.database, self.platform.settings)
        return Site(Here.of(tenant), work, asker.person, asker.role, asker.issuer, asker.limits)


@dataclass(frozen=True)
class IncomingPath:
    """Takes calls from outside: believed by the plugin, kept, answered with 200, and handled later."""

    platform: Platform
    plugin: str
    hook: IncomingHook

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one call: 200 once it is kept, or known already; whatever prevents that, the sender tries again."""
        tenant = _tenant_with(self.platform, scope, self.plugin)
        if scope["method"] != "POST":
            raise method_not_allowed(scope["method"], "POST")
        if not tenant.is_open:
            raise Fault(Code.NOT_FOUND, NOTHING)
        headers: Mapping[str, str] = scope["arrival"].headers
        body = await _body(receive, headers, MOST_BYTES)
        work = Work(self.platform.database, self.platform.settings)
        try:
            new = await take_call(self.platform.plugins.calls, self.plugin, self.hook, work, tenant.id, body, headers)
        except Forged as error:
            raise Fault(Code.UNAUTHENTICATED, "This call is not believed.") from error
        except MissingSecret as error:
            raise _not_set_up(self.plugin, tenant, error) from error
        except TooManyWaiting as error:
            words = "Too many calls wait to be handled; try again later."
            raise Fault(Code.THROTTLED, words, headers={"Retry-After": str(RETRY_S)}) from error
        except (PluginPaused, PluginBusy, CallLate) as error:
            raise _not_now(error) from error
        said = orjson.dumps({"received": True, "new": new})
        await send_reply(Reply(200, said, "application/json", {"Cache-Control": "no-store"}), scope, send)


def _tenant_with(platform: Platform, scope: Scope, plugin: str) -> Tenant:
    """The tenant in the path, which has the plugin switched on. Raises Fault where it has not."""
    tenant = tenant_of(scope, platform.directory)
    if tenant is None or all(name != plugin for name, _ in platform.plugins.profile(tenant.plugins)):
        raise Fault(Code.NOT_FOUND, NOTHING)
    return tenant


@contextmanager
def _blamed(plugin: str, where: str, tenant: Tenant) -> Iterator[None]:
    """Have the log of what is raised say whose it is: of an answer that is none, no line of the plugin is in it."""
    try:
        yield
    except Exception as error:
        error.add_note(f"The plugin {plugin} raised this at {where}, for {tenant.slug}.")
        raise


async def _body(receive: Receive, headers: Mapping[str, str], most: int) -> bytes:
    try:
        async with asyncio.timeout(BODY_WITHIN_S):
            return bytes(await read_body(receive, headers, most))
    except TimeoutError as error:
        words = f"The body was not whole within {BODY_WITHIN_S:g} seconds."
        raise Fault(Code.REQUEST_TIMEOUT, words, headers=CLOSE) from error


def _once(body: bytes, receive: Receive) -> Receive:
    """Give out a body that was read already, then what the connection says."""
    left: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_on() -> Message:
        return left.pop() if left else await receive()

    return receive_on


def _is_response(answer: Any) -> None:
    if not isinstance(answer, Response):
        raise TypeError(f"it answered {type(answer).__name__} instead of a Response")


async def _sent_by(response: Response, scope: Scope, receive: Receive) -> list[Message]:
    """Everything that a response sends: what fails or hangs in its midst costs an answer and no connection.

    What it does after that (its `background`) is done, too.
    """
    sent: list[Message] = []
    size = 0

    async def keep(message: Message) -> None:
        nonlocal size
        sent.append(message)
        size += len(message.get("body", b""))
        if size > MOST_ANSWER_BYTES:
            raise ValueError(f"its answer has more than {MOST_ANSWER_BYTES} bytes")

    await response(scope, receive, keep)
    return sent


def _is_answer(sent: list[Message]) -> None:
    """Raise TypeError where a server would break off the connection."""
    types = [message["type"] for message in sent]
    if types != ["http.response.start", *["http.response.body"] * (len(sent) - 1)] or sent[-1].get("more_body"):
        raise TypeError("it sent no whole answer")
    if sent[0]["status"] not in range(200, 600):
        raise TypeError("its status is none that an answer has")
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in sent[0]["headers"]):
        raise TypeError("a header of its answer has what no header may have, such as a line break")


def _with_ours(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers without cookies, for those of sessions are ours alone, and with those that an answer has anyway."""
    theirs = [(name.lower(), value) for name, value in headers if name.lower() != b"set-cookie"]
    known = {name for name, _ in theirs}
    ours = [(name.lower().encode(), value.encode()) for name, value in DEFAULTS.items()]
    return [*theirs, *(each for each in ours if each[0] not in known)]


def _not_set_up(plugin: str, tenant: Tenant, error: MissingSecret) -> Fault:
    """Nobody set a secret that the city's settings name: the city's admin can mend that, the plugin cannot."""
    words = "plugin %s cannot answer in %s: there is no secret called %s; see waypost doctor"
    LOG.warning(words, plugin, tenant.slug, error.name, extra={"tenant": str(tenant.id)})
    said = "What answers here is not wholly set up in this city yet; try again later."
    return Fault(Code.UNAVAILABLE, said, headers={"Retry-After": str(RETRY_S)})


def _not_now(error: PluginPaused | PluginBusy | CallLate) -> Fault:
    after_s = ceil(error.for_s) if isinstance(error, PluginPaused) else RETRY_S
    words = "The plugin that answers here does not work just now; try again later."
    return Fault(Code.UNAVAILABLE, words, headers={"Retry-After": str(after_s)})
