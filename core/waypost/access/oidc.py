"""OpenID Connect without I/O: what a provider says of itself, where people are sent, what their token proves."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from waypost.refusal import Refusal

# Signatures of public keys alone: with `none` or a shared secret anybody could be the provider.
ALGORITHMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    "EdDSA": "OKP",
    "Ed25519": "OKP",
}
LEEWAY_S: Final = 60  # how far clocks may be apart
OLDEST_S: Final = 600  # a token that was made longer ago is not of this attempt
LONGEST_TOKEN: Final = 20_000
SCOPES: Final = "openid email profile"


@dataclass(frozen=True, kw_only=True)
class TokenInvalid(Refusal):
    """The provider's token does not prove who somebody is."""


@dataclass(frozen=True, kw_only=True)
class ProviderFailed(Refusal):
    """A provider cannot be asked, or what it says of itself cannot be."""


@dataclass(frozen=True)
class Discovery:
    """Where a provider's parts are, as it says itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: frozenset[str]
    names_itself: bool  # RFC 9207: the callback bears `iss`


@dataclass(frozen=True)
class Proved:
    """What a token proves: who it is to the provider, and an address if the provider has verified it."""

    issuer: str
    subject: str
    email: str | None
    name: str | None


def well_known(issuer: str) -> str:
    """The address at which a provider describes itself."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def read_discovery(issuer: str, said: object, allowed: Sequence[str] = ()) -> Discovery | ProviderFailed:
    """Read what a provider says of itself; it must be the issuer that was asked, and its parts be behind TLS.

    `allowed` are `host:port` that may do without.
    """
    if not isinstance(said, Mapping) or said.get("issuer") != issuer:
        return ProviderFailed(message="The provider calls itself something else than the issuer that was asked.")
    ends = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(isinstance(end, str) and _is_safe(end, allowed) for end in ends):
        return ProviderFailed(message="The provider names no safe addresses for its parts.")
    offered = said.get("id_token_signing_alg_values_supported", ["RS256"])
    known = frozenset(each for each in offered if each in ALGORITHMS) if isinstance(offered, list) else frozenset()
    if not known:
        return ProviderFailed(message="The provider signs by no algorithm that is taken here.")
    authorization, token, keys = (str(end) for end in ends)
    names_itself = said.get("authorization_response_iss_parameter_supported") is True
    return Discovery(issuer, authorization, token, keys, known, names_itself)


def _is_safe(url: str, allowed: Sequence[str]) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return False
    if parts.username or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and f"{parts.hostname}:{port}" in allowed)


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier (RFC 7636)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def authorization_url(
    at: Discovery, *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str, language: str | None
) -> str:
    """Where somebody is sent to sign in."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    if language:
        asked["ui_locales"] = language
    glue = "&" if urlsplit(at.authorization_endpoint).query else "?"
    return f"{at.authorization_endpoint}{glue}{urlencode(asked)}"


def header_of(token: str) -> Mapping[str, Any] | None:
    """Read the header of a signed token, of which nothing is believed yet; None for what is no such token."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        return None
    try:
        found = orjson.loads(base64.urlsafe_b64decode(token.partition(".")[0] + "==="))
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None


def fitting(keys: Sequence[Mapping[str, Any]], header: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Choose the keys that may have signed a token with this header."""
    algorithm, kid = header.get("alg"), header.get("kid")
    return [
        key
        for key in keys
        if key.get("kty") == ALGORITHMS.get(str(algorithm))
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid") == kid)
    ]


def prove(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    at: Discovery,
    *,
    client_id: str,
    nonce: str,
    now: datetime,
) -> Proved | TokenInvalid:
    """Find out what an ID token proves (OpenID Connect Core, 3.1.3.7); refused with TokenInvalid.

    Its signature must be of one of the provider's keys by an algorithm that the provider names and that is taken
    here; issuer, audience, authorised party, times and nonce must be right.
    """
    header = header_of(token)
    if header is None or header.get("alg") not in ALGORITHMS or header.get("alg") not in at.algorithms:
        return TokenInvalid(message="The token is not signed by an algorithm that is taken here.")
    if header.get("crit") is not None:
        return TokenInvalid(message="The token asks for what is not known here.")
    claims = _signed(token, fitting(keys, header), str(header["alg"]))
    if claims is None:
        return TokenInvalid(message="The token's signature is of none of the provider's keys.")
    wrong = _wrong(claims, at.issuer, client_id, nonce, now.timestamp())
    if wrong:
        return TokenInvalid(message=wrong)
    email, name = claims.get("email"), claims.get("name")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return Proved(at.issuer, claims["sub"], email if verified else None, name if isinstance(name, str) else None)


def _signed(token: str, keys: Sequence[Mapping[str, Any]], algorithm: str) -> dict[str, Any] | None:
    for key in keys:
        try:
            return dict(jwt.decode(token, jwk.import_key(dict(key)), algorithms=[algorithm]).claims)
        except (JoseError, ValueError, TypeError, KeyError):
            continue
    return None


def _wrong(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: float) -> str | None:
    """What is wrong with the claims of a token that the provider did sign; None for nothing."""
    audience, party = claims.get("aud"), claims.get("azp")
    several = audience if isinstance(audience, list) else [audience]
    times = {name: claims.get(name) for name in ("exp", "iat", "nbf")}
    if any(value is not None and not _is_time(value) for value in times.values()):
        return "The token's times are no times."
    expires, made, begins = times["exp"], times["iat"], times["nbf"]
    subject = claims.get("sub")
    given = claims.get("nonce")
    checks = (
        (claims.get("iss") == issuer, "The token is another provider's."),
        (client_id in several, "The token was made for somebody else."),
        (party == client_id or (party is None and len(several) == 1), "The token was given to somebody else."),
        (expires is not None and expires > now - LEEWAY_S, "The token has expired."),
        (made is not None and now - OLDEST_S < made < now + LEEWAY_S, "The token was not made just now."),
        (begins is None or begins < now + LEEWAY_S, "The token does not hold yet."),
        (isinstance(subject, str) and 0 < len(subject) <= 255, "The token names nobody."),
        (
            isinstance(given, str) and hmac.compare_digest(given.encode(), nonce.encode()),
            "The token belongs to another attempt to sign in.",
        ),
    )
    return next((words for right, words in checks if not right), None)


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
