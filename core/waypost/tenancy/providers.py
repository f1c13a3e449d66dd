"""By which providers of OpenID Connect a tenant's people sign in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from waypost.tenancy.models import SignInProvider

VARIABLE: Final = "WAYPOST_OIDC_"
EVERY: Final = "*"
RESERVED_PROVIDERS: Final = frozenset({"callback"})  # /auth/callback


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider that a tenant names; `secret` is the name of an environment variable, never the secret."""

    name: str
    title: str
    issuer: str
    client_id: str
    secret: str | None
    domains: tuple[str, ...]

    def knows(self, email: str) -> bool:
        """Whether it is believed to know whose an address is."""
        return EVERY in self.domains or email.rpartition("@")[2].lower() in self.domains

    def said(self) -> dict[str, Any]:
        """What a tenant's file says of it."""
        said = {"title": self.title, "issuer": self.issuer, "client_id": self.client_id}
        return said | ({"secret": self.secret} if self.secret else {}) | {"domains": list(self.domains)}


def said_providers(providers: Mapping[str, SignInProvider]) -> dict[str, Any]:
    """What a tenant's file says of its providers, as it is kept."""
    return {name: read_provider(name, each.model_dump()).said() for name, each in providers.items()}


def read_providers(kept: str) -> tuple[Provider, ...]:
    """The providers that are kept with a tenant, by name."""
    return tuple(read_provider(name, each) for name, each in sorted(json.loads(kept).items()))


def read_provider(name: str, said: Mapping[str, Any]) -> Provider:
    """One provider, as it is kept."""
    domains = tuple(said["domains"])
    return Provider(name, said["title"], said["issuer"], said["client_id"], said.get("secret"), domains)


def variable_problem(slug: str, variable: str | None) -> str | None:
    """Say why a tenant may not name that variable: it would be another's secret that it sends out."""
    own = f"{VARIABLE}{slug.upper().replace('-', '_')}__"
    if variable is None or variable.startswith(own):
        return None
    return f'"{variable}" is not this tenant\'s: begin it with {own}'
