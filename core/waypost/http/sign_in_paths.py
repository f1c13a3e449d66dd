"""Which path of signing in leads to what: on the platform's own pages, in a tenant's, and on its own host."""

from __future__ import annotations

from starlette.routing import Route

from waypost.http import sign_in as pages
from waypost.http import sign_in_address as addresses
from waypost.http import sign_in_providers as providers
from waypost.http.platform import Platform
from waypost.http.sign_in import SignInPath


def sign_in_routes(platform: Platform) -> list[Route]:
    """The routes; what is fixed stands before what takes a name."""
    paths = {
        "/sign-in": SignInPath(platform, pages.show_ways, pages.ask_letter),
        "/sign-in/link": SignInPath(platform, pages.show_link, pages.use_link),
        "/sign-in/address": SignInPath(platform, addresses.show_address, addresses.use_address),
        "/sign-in/invitation": SignInPath(platform, pages.show_invitation, pages.accept_invitation),
        "/sign-in/look.css": SignInPath(platform, pages.show_look),
        "/sign-out": SignInPath(platform, pages.show_leave, pages.leave),
        "/auth/callback": SignInPath(platform, providers.come_back),
        "/auth/{provider}": SignInPath(platform, providers.go_to_provider),
    }
    return [Route(f"{prefix}{path}", end) for prefix in ("", "/{tenant}") for path, end in paths.items()]
