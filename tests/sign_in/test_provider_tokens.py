"""Tokens of providers that prove nothing: they lie, are forged, or are of another attempt."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from hashlib import sha256
from time import time
from typing import Any

import orjson
import pytest
from joserfc import jwk, jwt

from tests.sign_in.provider import CLIENT_ID, Claims, Provider
from tests.sign_in.stage import Make, signed_in

NOW = int(time())
LIES: dict[str, dict[str, Any]] = {
    "of another provider": {"iss": "https://evil.example"},
    "made for somebody else": {"aud": "other"},
    "made for two, given to nobody": {"aud": [CLIENT_ID, "other"]},
    "made for two, given to the other": {"aud": [CLIENT_ID, "other"], "azp": "other"},
    "given to somebody else": {"azp": "other"},
    "without audience": {"aud": None},
    "expired": {"exp": NOW - 3_600},
    "without end": {"exp": None},
    "with an end that is no time": {"exp": "tomorrow"},
    "with an end that is true": {"exp": True},
    "old": {"iat": NOW - 7_200},
    "without beginning": {"iat": None},
    "made in the future": {"iat": NOW + 7_200},
    "not valid yet": {"nbf": NOW + 7_200},
    "of another attempt": {"nonce": "another"},
    "without nonce": {"nonce": None},
    "without subject": {"sub": None},
    "with an empty subject": {"sub": ""},
    "with a subject that is no text": {"sub": 7},
}


@pytest.mark.parametrize("lies", LIES.values(), ids=LIES.keys())
async def test_a_token_that_lies_signs_nobody_in(browser: Make, provider: Provider, lies: dict[str, Any]) -> None:
    provider.lies = lies
    someone = browser()
    assert await signed_in(someone, provider) == 400
    assert someone.session is None


def _encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode()


def unsigned(_provider: Provider, claims: Claims) -> str:
    return f"{_encoded({'alg': 'none'})}.{_encoded(claims)}."


def unsigned_with_key(provider: Provider, claims: Claims) -> str:
    return f"{_encoded({'alg': 'None', 'kid': provider.keys[0].kid})}.{_encoded(claims)}."


def by_public_key(provider: Provider, claims: Claims) -> str:
    """The public key as the secret of HS256, which confused programs have believed."""
    pem = provider.keys[0].as_pem(private=False)
    head = f"{_encoded({'alg': 'HS256', 'kid': provider.keys[0].kid})}.{_encoded(claims)}"
    made = hmac.digest(pem, head.encode(), sha256)
    return f"{head}.{base64.urlsafe_b64encode(made).rstrip(b'=').decode()}"


def by_another_key(provider: Provider, claims: Claims) -> str:
    key = jwk.RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "kid": provider.keys[0].kid}, claims, key)


def by_a_key_that_it_brings(_provider: Provider, claims: Claims) -> str:
    key = jwk.RSAKey.generate_key(2048)
    return jwt.encode({"alg": "RS256", "jwk": key.as_dict(private=False)}, claims, key)


def changed_afterwards(provider: Provider, claims: Claims) -> str:
    head, _, signature = provider.signed(claims).split(".")
    return f"{head}.{_encoded({**claims, 'sub': 'boss'})}.{signature}"


def no_token(_provider: Provider, _claims: Claims) -> str:
    return "a.b.c"


def endless(provider: Provider, claims: Claims) -> str:
    return provider.signed({**claims, "padding": "x" * 30_000})


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        unsigned_with_key,
        by_public_key,
        by_another_key,
        by_a_key_that_it_brings,
        changed_afterwards,
        no_token,
        endless,
    ],
)
async def test_a_token_that_is_forged_signs_nobody_in(
    browser: Make, provider: Provider, sign: Callable[[Provider, Claims], str]
) -> None:
    provider.sign = sign
    someone = browser()
    assert await signed_in(someone, provider) == 400
    assert someone.session is None


async def test_a_token_of_one_attempt_proves_nothing_in_another(browser: Make, provider: Provider) -> None:
    kept: list[str] = []

    def replayed(provider: Provider, claims: Claims) -> str:
        kept.append(provider.signed(claims))
        return kept[0]

    provider.sign = replayed
    assert await signed_in(browser(), provider) == 303
    assert await signed_in(browser(), provider) == 400
