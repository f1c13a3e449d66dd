"""`/auth/{provider}` and `/auth/callback`: signing in by OpenID Connect."""

from __future__ import annotations

import logging
from typing import Final

from starlette.types import Receive

from waypost.access.attempts import Attempt, TooMany, begin_with_provider, find_attempt, use_attempt
from waypost.access.identities import sign_in_by_provider
from waypost.access.keys import code_of, derived, read_code
from waypost.access.oidc import authorization_url
from waypost.access.providers import Client
from waypost.access.tokens import SIGN_IN
from waypost.http.faults import Code, Fault
from waypost.http.replies import Reply
from waypost.http.sessions import new_browser
from waypost.http.sign_in import Visit, local_path, see_other
from waypost.refusal import Refusal
from waypost.tenancy.providers import Provider

log = logging.getLogger(__name__)

STALE: Final = "This attempt to sign in is over, or was begun in another browser. Begin again."
UNREACHED: Final = "The provider cannot be asked at the moment. Try again later, or sign in by e-mail."
UNPROVED: Final = "The provider did not say who you are in a way that can be believed."
FORGETTING: Final = "Whoever that is asked to be forgotten, which is not over yet. Try again later."


async def go_to_provider(visit: Visit, _receive: Receive) -> Reply:
    """Send somebody to a provider of the tenant, with what must come back."""
    provider = _named(visit, visit.scope["path_params"]["provider"])
    browser, key = visit.browser or new_browser(), visit.platform.secret_key
    asked = visit.begins(browser, local_path(visit.asked.get("to")))
    async with visit.platform.database.transaction(SIGN_IN):
        id = await begin_with_provider(asked, provider.name, key, visit.now)
    if isinstance(id, TooMany):
        return visit.pages.too_many(id.retry_in_s)
    # Only what was counted makes us ask a provider.
    at = await visit.platform.providers.discover(provider.issuer)
    if isinstance(at, Refusal):
        log.warning("The provider %s cannot be used: %s", provider.issuer, at.message)
        return visit.pages.failed(UNREACHED, 503)
    url = authorization_url(
        at,
        client_id=provider.client_id,
        redirect_uri=_callback(visit),
        state=code_of(key, "state", id),
        nonce=derived(key, "nonce", id),
        verifier=derived(key, "verifier", id),
        language=asked.language,
    )
    return see_other(url, {"Set-Cookie": visit.platform.cookies.set_browser(browser)})


async def come_back(visit: Visit, _receive: Receive) -> Reply:
    """Sign in whoever comes back from a provider, in the browser that went there, once."""
    asked, platform = visit.asked, visit.platform
    attempt = await _attempt(visit, asked.get("state", ""))
    if attempt is None:
        return visit.pages.failed(STALE)
    tenant = platform.directory.by_id(attempt.tenant_id) if attempt.tenant_id else None
    provider = next((each for each in tenant.providers if each.name == attempt.provider), None) if tenant else None
    if provider is None or "code" not in asked:
        return visit.pages.failed("The provider did not sign you in.")
    at = await platform.providers.discover(provider.issuer)
    if isinstance(at, Refusal):
        return visit.pages.failed(UNREACHED, 503)
    # RFC 9207: the answer of one provider is not taken for that of another.
    if asked.get("iss", None if at.names_itself else at.issuer) != at.issuer:
        return visit.pages.failed(UNPROVED)
    key = platform.secret_key
    proved = await platform.providers.redeem(
        Client(provider.issuer, provider.client_id, platform.settings.oidc_secrets.get(provider.secret or "")),
        code=asked["code"],
        redirect_uri=_callback(visit),
        verifier=derived(key, "verifier", attempt.id),
        nonce=derived(key, "nonce", attempt.id),
        now=visit.now,
    )
    if isinstance(proved, Refusal):
        log.warning("Nobody was signed in by %s: %s", provider.issuer, proved.message)
        return visit.pages.failed(UNPROVED)
    secret = await sign_in_by_provider(
        platform.database,
        proved,
        visit.join,
        trusted=proved.email is not None and provider.knows(proved.email),
        before=platform.cookies.read(visit.arrival.headers, platform.cookies.session),
        secret_key=key,
        now=visit.now,
    )
    if secret is None:
        return visit.pages.failed(FORGETTING, 503)
    return visit.signed_in(secret, attempt.return_to or f"{visit.arrival.prefix(tenant)}/")


async def _attempt(visit: Visit, state: str) -> Attempt | None:
    """The attempt that a `state` names, used up by this; None in another browser than the one that began it."""
    id = read_code(state, visit.platform.secret_key, "state")
    if id is None:
        return None
    async with visit.platform.database.transaction(SIGN_IN):
        found = await find_attempt(id, "provider", visit.now)
        if found is None or not found.is_of(visit.browser):
            return None
        return await use_attempt(id, "provider", visit.now)


def _named(visit: Visit, name: str) -> Provider:
    providers = visit.tenant.providers if visit.tenant is not None and visit.tenant.is_open else ()
    found = next((each for each in providers if each.name == name), None)
    if found is None:
        raise Fault(Code.NOT_FOUND, "There is no such way to sign in here.")
    return found


def _callback(visit: Visit) -> str:
    return f"{visit.platform.cookies.scheme}://{visit.arrival.host}/auth/callback"
