"""Talks to providers of sign-in, and remembers for a while what they say of themselves and which keys they use."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson

from waypost.access.oidc import (
    Discovery,
    Proved,
    ProviderFailed,
    TokenInvalid,
    fitting,
    header_of,
    prove,
    read_discovery,
    well_known,
)
from waypost.outgoing import CallFailed, Outgoing

DISCOVERY_S: Final = 3_600.0
KEYS_S: Final = 600.0
AGAIN_S: Final = 30.0  # a key that is not known makes us ask anew, but not more often than this
JSON: Final = {"Accept": "application/json"}


@dataclass(frozen=True)
class Client:
    """What this platform is to a provider; without a secret it proves itself by PKCE alone."""

    issuer: str
    client_id: str
    secret: str | None = field(default=None, repr=False)


@dataclass
class _Keys:
    keys: Sequence[Mapping[str, Any]]
    at: float


class Providers:
    """What one process knows of providers."""

    def __init__(self, outgoing: Outgoing, clock: Callable[[], float] = monotonic) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._discoveries: dict[str, tuple[Discovery, float]] = {}
        self._keys: dict[str, _Keys] = {}

    async def discover(self, issuer: str) -> Discovery | ProviderFailed:
        """Ask a provider where its parts are; remembered for an hour."""
        known = self._discoveries.get(issuer)
        if known and self._clock() - known[1] < DISCOVERY_S:
            return known[0]
        said = await self._json(well_known(issuer))
        found = (
            said if isinstance(said, ProviderFailed) else read_discovery(issuer, said, tuple(self._outgoing.allowed))
        )
        if isinstance(found, Discovery):
            self._discoveries[issuer] = (found, self._clock())
        return found

    async def redeem(
        self, client: Client, *, code: str, redirect_uri: str, verifier: str, nonce: str, now: datetime
    ) -> Proved | ProviderFailed | TokenInvalid:
        """Turn the code of a callback into what it proves."""
        at = await self.discover(client.issuer)
        if isinstance(at, ProviderFailed):
            return at
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
            "client_id": client.client_id,
        }
        headers = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
        if client.secret is not None:
            pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        said = await self._json(at.token_endpoint, headers, urlencode(form).encode())
        if isinstance(said, ProviderFailed):
            return said
        token = said.get("id_token") if isinstance(said, Mapping) else None
        if not isinstance(token, str):
            return TokenInvalid(message="The provider gave no token.")
        return await self._proved(token, at, client, nonce, now)

    async def _proved(
        self, token: str, at: Discovery, client: Client, nonce: str, now: datetime
    ) -> Proved | ProviderFailed | TokenInvalid:
        keys = await self._keys_for(token, at)
        if isinstance(keys, ProviderFailed):
            return keys
        return prove(token, keys, at, client_id=client.client_id, nonce=nonce, now=now)

    async def _keys_for(self, token: str, at: Discovery) -> Sequence[Mapping[str, Any]] | ProviderFailed:
        """The provider's keys; asked for anew where they are old, or none of them fits: providers change them."""
        known, clock = self._keys.get(at.jwks_uri), self._clock()
        age = KEYS_S if known is None else clock - known.at
        fits = known is not None and bool(fitting(known.keys, header_of(token) or {}))
        if known is not None and age < KEYS_S and (fits or age < AGAIN_S):
            return known.keys
        said = await self._json(at.jwks_uri)
        keys = said.get("keys") if isinstance(said, Mapping) else None
        if not isinstance(keys, list):
            return said if isinstance(said, ProviderFailed) else ProviderFailed(message="The provider shows no keys.")
        found = _Keys([key for key in keys if isinstance(key, Mapping)], clock)
        self._keys[at.jwks_uri] = found
        return found.keys

    async def _json(self, url: str, headers: Mapping[str, str] = JSON, body: bytes | None = None) -> Any:
        """Ask for JSON; ProviderFailed for anything but a good answer."""
        try:
            answered = await self._outgoing.call("GET" if body is None else "POST", url, headers, body)
        except CallFailed as error:
            return ProviderFailed(message=f"The provider cannot be reached: {error}.")
        if answered.status != 200:
            return ProviderFailed(message=f"The provider answered {answered.status}.")
        try:
            return orjson.loads(answered.body)
        except orjson.JSONDecodeError:
            return ProviderFailed(message="The provider's answer is no JSON.")
