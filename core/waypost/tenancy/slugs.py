"""The names that tenants and catalogue entries have in addresses."""

from __future__ import annotations

import re
from typing import Final

# First segments of addresses that the platform itself answers (contract: "Reserved slugs").
RESERVED: Final = frozenset(
    {
        "graphql",
        "schema.graphql",
        "credentials",
        "achievements",
        "issuers",
        "endorsements",
        "status",
        "verify",
        "oembed",
        "healthz",
        "readyz",
        "metrics",
        "hooks",
        "uploads",
        "sign-in",
        "sign-out",
        "auth",
        "ims",
        "x",
        "static",
        "unsubscribe",
    }
)

MAX_SLUG_LENGTH: Final = 100

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def slug_problem(slug: str) -> str | None:
    """Say what is wrong with a slug, or None: small letters, digits and single hyphens, at most 100."""
    if len(slug) > MAX_SLUG_LENGTH:
        return f"a slug has at most {MAX_SLUG_LENGTH} characters, this one has {len(slug)}"
    if not _SLUG.fullmatch(slug):
        return f'"{slug}" is no slug: small letters and digits, joined by single hyphens, like "real-ideas"'
    return None


def tenant_slug_problem(slug: str) -> str | None:
    """Say why a tenant cannot have this slug, or None: it must be a slug, and not one of the platform's."""
    if slug in RESERVED:
        return f'"{slug}" is reserved for the platform\'s own addresses; choose another name for the folder'
    return slug_problem(slug)
