"""A provider of OpenID Connect on this machine: it signs people in at once, and lies when it is told to."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from time import time
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import orjson
from joserfc import jwk, jwt
from starlette.types import Receive, Scope, Send

CLIENT_ID = "waypost"
SECRET = "a secret of the client: %&"

Claims = dict[str, Any]


@dataclass
class Person:
    """Who signs in at the provider."""

    sub: str = "ada"
    email: str | None = "ada@example.org"
    email_verified: Any = True
    name: str | None = "Ada"

    def claims(self) -> Claims:
        said = {"sub": self.sub, "email": self.email, "email_verified": self.email_verified, "name": self.name}
        return {name: value for name, value in said.items() if value is not None}


@dataclass
class Provider:
    """The provider's state; `lies` change the claims of its tokens, `sign` how they are signed."""

    issuer: str = ""
    person: Person = field(default_factory=Person)
    keys: list[jwk.RSAKey] = field(default_factory=list)
    lies: Mapping[str, Any] = field(default_factory=dict)
    sign: Callable[[Provider, Claims], str] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    status: int = 200
    _codes: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rotate()

    def reset(self) -> None:
        """Be honest again."""
        self.person, self.lies, self.sign, self.metadata, self.status = Person(), {}, None, {}, 200
        self.asked.clear()

    def rotate(self) -> None:
        """Sign with a new key from now on, and show no other."""
        self.keys = [jwk.RSAKey.generate_key(2048, {"kid": secrets.token_hex(4), "use": "sig", "alg": "RS256"})]

    def authorize(self, url: str, **changes: str) -> str:
        """What the person's browser does at the provider; answers where it is sent back to."""
        asked = dict(parse_qsl(url.partition("?")[2])) | changes
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def honest(self, asked: Mapping[str, str]) -> Claims:
        now = int(time())
        times = {"iat": now, "exp": now + 300}
        said = {"iss": self.issuer, "aud": CLIENT_ID, "nonce": asked["nonce"], **times, **self.person.claims()}
        return {name: value for name, value in {**said, **self.lies}.items() if value is not None}

    def signed(self, claims: Claims) -> str:
        key = self.keys[0]
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            await self._answer(send, self._described())
        elif path == "/keys":
            await self._answer(send, {"keys": [key.as_dict(private=False) for key in self.keys]})
        elif path == "/token":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            body = b""
            while True:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    break
            await self._token(send, headers, dict(parse_qsl(body.decode())))
        else:
            await self._answer(send, {}, 404)

    def _described(self) -> Mapping[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "none", "HS256"],
            **self.metadata,
        }

    async def _token(self, send: Send, headers: Mapping[str, str], form: Mapping[str, str]) -> None:
        asked = self._codes.pop(form.get("code", ""), None)
        basic = headers.get("authorization", "").removeprefix("Basic ")
        client, _, secret = base64.b64decode(basic).decode().partition(":")
        verifier = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        right = asked is not None and (
            (unquote(client), unquote(secret)) == (CLIENT_ID, SECRET)
            and challenge == asked["code_challenge"]
            and form["redirect_uri"] == asked["redirect_uri"]
        )
        if not right or asked is None:
            await self._answer(send, {"error": "invalid_grant"}, 400)
            return
        claims = self.honest(asked)
        token = self.signed(claims) if self.sign is None else self.sign(self, claims)
        await self._answer(send, {"access_token": "x", "token_type": "Bearer", "id_token": token})

    async def _answer(self, send: Send, said: Mapping[str, Any], status: int = 200) -> None:
        status = self.status if status == 200 else status
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": orjson.dumps(said)})
