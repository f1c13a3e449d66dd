"""`/sign-in`, `/sign-out`, `/auth/…`: how people sign in, by a letter or by a provider."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import orjson
from starlette.types import Receive, Scope, Send

from waypost.access.attempts import Asked, TooMany, find_attempt, too_many
from waypost.access.identities import address_of, ask_for_link, sign_in_by_link, veiled
from waypost.access.keys import read_code
from waypost.access.people import normal_address
from waypost.access.sessions import end_session, end_sessions, find_session
from waypost.access.tokens import SIGN_IN
from waypost.awards.joining import join_address
from waypost.db import Database
from waypost.graph import GraphRequest
from waypost.http.asking import asker_of
from waypost.http.buckets import client_of
from waypost.http.faults import Code, Fault, method_not_allowed
from waypost.http.negotiation import languages
from waypost.http.platform import Platform
from waypost.http.replies import Reply, send_reply
from waypost.http.requests import BODY_WITHIN_S, CLOSE, read_body
from waypost.http.sessions import new_browser
from waypost.http.sign_in_pages import SignInPages
from waypost.http.sites import Arrival
from waypost.http.tenants import tenant_of
from waypost.outbox import enqueue
from waypost.refusal import Refusal
from waypost.tenancy import Tenant

FORM_BYTES: Final = 20_000
FORM: Final = "application/x-www-form-urlencoded"
# A letter is answered after so long, whether the address is known, new, or has had too many.
ANSWERED_AFTER_S: Final = 0.4
_PATH: Final = re.compile(r"/(?![/\\])[\x21-\x7e]*")
ACCEPT: Final = """
mutation Accept($input: AcceptInvitationInput!) { acceptInvitation(input: $input) {
  __typename ... on AcceptInvitationSuccess { member { role } } ... on Error { code message } } }
"""


@dataclass(frozen=True)
class Visit:
    """One request to the pages of signing in."""

    platform: Platform
    scope: Scope
    tenant: Tenant | None
    now: datetime

    @classmethod
    def of(cls, platform: Platform, scope: Scope) -> Visit:
        """Find the tenant of a request. Raises Fault or Moved where its address names none."""
        return cls(platform, scope, tenant_of(scope, platform.directory), datetime.now(UTC))

    @property
    def arrival(self) -> Arrival:
        """How it arrived."""
        arrival: Arrival = self.scope["arrival"]
        return arrival

    @property
    def prefix(self) -> str:
        """What stands before the paths here."""
        return self.arrival.prefix(self.tenant)

    @property
    def pages(self) -> SignInPages:
        """The pages in the look of the tenant."""
        return SignInPages(self.platform.assets, self.tenant, self.prefix)

    @property
    def asked(self) -> dict[str, str]:
        """What the query string says."""
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1")))

    @property
    def letter(self) -> dict[str, str]:
        """What the link of a letter says: now, or before somebody had to sign in."""
        return self.asked if "code" in self.asked else self.platform.cookies.read_letter(self.arrival.headers)

    @property
    def session(self) -> str | None:
        """The secret of the session that counts here."""
        return self.platform.cookies.session_of(self.arrival.headers, self.arrival.host)

    @property
    def browser(self) -> str | None:
        """The cookie of a browser that asked to sign in."""
        return self.platform.cookies.read(self.arrival.headers, self.platform.cookies.browser)

    @property
    def client(self) -> str:
        """The client's address."""
        peer = self.scope["client"][0] if self.scope.get("client") else None
        trusted = self.platform.hosts.is_proxy(peer)
        return str(client_of(self.arrival.headers, peer, trusted=trusted, person=None))

    def begins(self, browser: str, to: str | None) -> Asked:
        """Where an attempt of this visit begins."""
        spoken = languages(self.arrival.headers.get("accept-language"))
        host = self.arrival.host if self.arrival.tenant is not None else None
        tenant = None if self.tenant is None else self.tenant.id
        return Asked(browser, self.client, tenant, host, to, spoken[0][:35] if spoken else None)

    async def refuse_too_many(self) -> TooMany | None:
        """Refuse a client that has tried too often."""
        async with self.platform.database.transaction(SIGN_IN):
            return await too_many(self.client, self.platform.secret_key, self.now)

    def refuse_foreign_page(self) -> None:
        """Raise Fault for a form that another page sent."""
        if not self.platform.cookies.is_ours(self.arrival.headers, self.arrival.host):
            raise Fault(Code.ORIGIN_NOT_ALLOWED, "Only a page of this host may send this form.")

    async def form(self, receive: Receive) -> dict[str, str]:
        """What a form of ours says. Raises Fault for one of another page, or what is no form."""
        self.refuse_foreign_page()
        if self.arrival.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
            raise Fault(Code.UNSUPPORTED_MEDIA_TYPE, "This takes the form of the page.")
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                body = await read_body(receive, self.arrival.headers, FORM_BYTES)
            return dict(parse_qsl(body.decode("utf-8"), max_num_fields=20))
        except TimeoutError as error:
            words = f"The form was not whole within {BODY_WITHIN_S:g} seconds."
            raise Fault(Code.REQUEST_TIMEOUT, words, headers=CLOSE) from error
        except ValueError as error:
            raise Fault(Code.BAD_REQUEST, "The form cannot be read.") from error

    def kept(self, reply: Reply, **said: str) -> Reply:
        """The same answer; the browser alone remembers what its letter said, until somebody has signed in."""
        return reply.under({"Set-Cookie": self.platform.cookies.set_letter(said)})

    async def join(self, database: Database, person: UUID, address: str) -> None:
        """Let somebody have what was given to an address that they have proved."""
        await join_address(database, person, address, secret_key=self.platform.secret_key)

    def signed_in(self, secret: str, to: str | None) -> Reply:
        """Go on as somebody who has signed in."""
        return see_other(to or f"{self.prefix}/", {"Set-Cookie": self.platform.cookies.set_session(secret)})


def see_other(location: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Send a browser on, after a form."""
    return Reply(303, headers={"Location": location, "Cache-Control": "private, no-store", **(headers or {})})


def local_path(to: str | None) -> str | None:
    """A path of this host to return to; None for anything that could lead elsewhere."""
    return to if to and len(to) <= 1_000 and _PATH.fullmatch(to) else None


Way = Callable[[Visit, Receive], Awaitable[Reply]]


@dataclass(frozen=True)
class SignInPath:
    """One path: what a GET shows, and what its form does where it has one."""

    platform: Platform
    get: Way
    post: Way | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method = scope["method"]
        allowed = "GET, HEAD, POST" if self.post else "GET, HEAD"
        visit = Visit.of(self.platform, scope)
        if method in ("GET", "HEAD"):
            reply = await self.get(visit, receive)
        elif method == "POST" and self.post is not None:
            reply = await self.post(visit, receive)
        else:
            raise method_not_allowed(method, allowed)
        await send_reply(reply, scope, send)


# By a letter


async def show_ways(visit: Visit, _receive: Receive) -> Reply:
    """The ways to sign in."""
    return visit.pages.start(local_path(visit.asked.get("to")))


async def show_look(visit: Visit, _receive: Receive) -> Reply:
    """The tenant's colours."""
    return visit.pages.look()


async def ask_letter(visit: Visit, receive: Receive) -> Reply:
    """Send a letter with a link, and say the same after the same time whoever has that address."""
    form, begun = await visit.form(receive), monotonic()
    to = local_path(form.get("to"))
    address = normal_address(form.get("email", ""))
    if isinstance(address, Refusal):
        return visit.pages.start(to, "That is not an e-mail address. One looks like name@example.org.", status=400)
    refused = await visit.refuse_too_many()
    if refused:
        return visit.pages.too_many(refused.retry_in_s)
    browser = visit.browser or new_browser()
    database, key = visit.platform.database, visit.platform.secret_key
    attempt = await ask_for_link(database, visit.begins(browser, to), address, secret_key=key, now=visit.now)
    if isinstance(attempt, TooMany):
        return visit.pages.too_many(attempt.retry_in_s)
    if attempt is not None:
        async with database.transaction(SIGN_IN):
            await enqueue("mail", {"letter": "sign-in", "attempt": attempt})
    await asyncio.sleep(max(0.0, ANSWERED_AFTER_S - (monotonic() - begun)))
    sent = visit.pages.sent()
    cookie = {"Set-Cookie": visit.platform.cookies.set_browser(browser)}
    return Reply(sent.status, sent.body, sent.media, {**sent.headers, **cookie})


async def show_link(visit: Visit, _receive: Receive) -> Reply:
    """What a link leads to; nothing is used up by looking at it."""
    return await _confirmation(visit, visit.asked.get("code", ""))


async def use_link(visit: Visit, receive: Receive) -> Reply:
    """Sign in by the link; in another browser than the one that asked only after a word about that."""
    form = await visit.form(receive)
    code = form.get("code", "")
    id = read_code(code, visit.platform.secret_key, "link")
    async with visit.platform.database.transaction(SIGN_IN):
        attempt = None if id is None else await find_attempt(id, "link", visit.now)
    if attempt is None:
        return visit.pages.over()
    if not attempt.is_of(visit.browser) and form.get("here") != "yes":
        return await _confirmation(visit, code)
    secret = await sign_in_by_link(visit.platform.database, attempt.id, visit.session, visit.now)
    return visit.pages.over() if secret is None else visit.signed_in(secret, attempt.return_to)


async def _confirmation(visit: Visit, code: str) -> Reply:
    id = read_code(code, visit.platform.secret_key, "link")
    async with visit.platform.database.transaction(SIGN_IN):
        attempt = None if id is None else await find_attempt(id, "link", visit.now)
    if attempt is None:
        return visit.pages.over()
    address = await address_of(visit.platform.database, attempt)
    elsewhere = not attempt.is_of(visit.browser)
    return visit.pages.confirm(code, veiled(address) if address else None, elsewhere=elsewhere)


# Out again


async def show_leave(visit: Visit, _receive: Receive) -> Reply:
    """The ways to sign out; a link alone signs nobody out."""
    return visit.pages.leave()


async def leave(visit: Visit, receive: Receive) -> Reply:
    """Sign out, here or everywhere."""
    form, secret = await visit.form(receive), visit.session
    if secret is not None:
        database = visit.platform.database
        person = await find_session(database, secret, visit.now) if form.get("everywhere") == "yes" else None
        async with database.transaction(SIGN_IN):
            await end_session(secret)
            if person is not None:
                await end_sessions(person)
    return see_other(f"{visit.prefix}/", {"Set-Cookie": visit.platform.cookies.clear_session()})


# Invitations


async def show_invitation(visit: Visit, _receive: Receive) -> Reply:
    """What an invitation's letter leads to: who has not signed in does that first."""
    letter = visit.letter
    invitation, code = letter.get("invitation", ""), letter.get("code", "")
    if not invitation or not code:
        return visit.pages.letter_needed()
    asker = await asker_of(visit.platform, visit.arrival.headers, visit.arrival.host, None)
    if asker.person is not None:
        return visit.pages.invitation(invitation, code, None)
    way = f"{visit.prefix}/sign-in?{urlencode({'to': f'{visit.prefix}/sign-in/invitation'})}"
    return visit.kept(visit.pages.invitation(invitation, code, way), invitation=invitation, code=code)


async def accept_invitation(visit: Visit, receive: Receive) -> Reply:
    """Accept an invitation, as the mutation of that name does."""
    form = await visit.form(receive)
    given = {"input": {name: form.get(name, "") for name in ("invitation", "code")}}
    platform = visit.platform
    asker = await asker_of(platform, visit.arrival.headers, visit.arrival.host, visit.tenant)
    answer = await platform.engine.answer(platform.graph(visit.tenant), GraphRequest(ACCEPT, variables=given), asker)
    body = orjson.loads(answer.body)
    done = (body.get("data") or {}).get("acceptInvitation")
    if not done or "member" not in done:
        return visit.pages.failed(done["message"] if done else "This invitation cannot be read.")
    return visit.pages.joined(done["member"]["role"]).under({"Set-Cookie": platform.cookies.clear_letter()})
