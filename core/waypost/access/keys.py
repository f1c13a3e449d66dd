"""Secrets that are derived by the platform's key, so that they need not be stored, and digests to find things by."""

from __future__ import annotations

import base64
import hmac
from hashlib import sha256
from uuid import UUID


def derived(secret_key: str, purpose: str, id: UUID) -> str:
    """Derive the secret of one thing for one purpose: 43 characters that only the platform can make again."""
    digest = hmac.digest(secret_key.encode(), f"{purpose}:{id}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def code_of(secret_key: str, purpose: str, id: UUID) -> str:
    """Make the code that names a thing and proves that it was handed out: its id, a dot, its secret."""
    return f"{id.hex}.{derived(secret_key, purpose, id)}"


def read_code(code: str, secret_key: str, purpose: str) -> UUID | None:
    """Read such a code; None for one that was not made here for this purpose."""
    name, _, secret = code.partition(".")
    try:
        id = UUID(hex=name)
    except ValueError:
        return None
    made = hmac.compare_digest(derived(secret_key, purpose, id).encode(), secret.encode("utf-8", "replace"))
    return id if made and name == id.hex else None


def keyed_digest(secret_key: str, what: str) -> str:
    """Digest under the platform's key, so that a stolen table is no list of what was digested."""
    return hmac.digest(secret_key.encode(), what.encode(), "sha256").hex()


def plain_digest(secret: str) -> str:
    """Hash a secret for keeping. A plain hash is enough for what has 256 random bits."""
    return sha256(secret.encode()).hexdigest()
