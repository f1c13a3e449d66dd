"""Keeps secrets in rows: sealed under the platform's key, each for one purpose and one place."""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE_BYTES: Final = 12


class Unsealable(Exception):
    """What was sealed cannot be opened: another platform key, another place, or it was changed."""


def seal(secret_key: str, purpose: str, place: str, plain: bytes) -> str:
    """Seal something for a purpose (`webhook`) and a place (an id): opened elsewhere it is nothing."""
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(_key(secret_key, purpose)).encrypt(nonce, plain, place.encode())
    return urlsafe_b64encode(nonce + sealed).decode()


def unseal(secret_key: str, purpose: str, place: str, sealed: str) -> bytes:
    """Open it again. Raises `Unsealable`."""
    try:
        raw = urlsafe_b64decode(sealed)
        return AESGCM(_key(secret_key, purpose)).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], place.encode())
    except (ValueError, InvalidTag) as error:
        raise Unsealable(f"what was sealed for {purpose} cannot be opened: was WAYPOST_SECRET_KEY changed?") from error


def digest_of(*parts: str) -> str:
    """A digest of several texts, each told apart from the next."""
    found = sha256()
    for part in parts:
        found.update(b"%d:" % len(part.encode()) + part.encode())
    return found.hexdigest()


def _key(secret_key: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, None, f"waypost:{purpose}".encode()).derive(secret_key.encode())
