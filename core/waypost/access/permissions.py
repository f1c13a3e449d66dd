"""What each role may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Every permission, with what it allows. Commands name theirs; tests hold the two lists together.
PERMISSIONS: Final[Mapping[str, str]] = {
    "issuer.create": "Add an organisation's presence to the city.",
    "issuer.update": "Change an issuer's words, roles and place.",
    "issuer.close": "Take an issuer off the lists.",
    "place.create": "Add a place.",
    "place.update": "Change a place.",
    "place.close": "Take a place off the lists.",
    "opportunity.create": "Offer something to take part in.",
    "opportunity.update": "Change an opportunity.",
    "opportunity.close": "Take an opportunity off the lists.",
    "pathway.create": "Draft a pathway.",
    "pathway.update": "Change a pathway and its steps.",
    "pathway.publish": "Show a pathway to everybody.",
    "pathway.retire": "Take a pathway off the lists.",
    "badge.adopt": "Show another city's badge here.",
    "badge.propose": "Draft badges, clone those of others, read drafts and comment on them.",
    "badge.submit": "Submit a badge's draft for its review.",
    "badge.publish": "Publish a badge that a curator has approved.",
    "badge.retire": "Take a badge off the lists.",
    "badge.collect": "Put an issuer's badges into collections.",
    "badge.review": "Review the badges of the cities that named this tenant for it.",
}

_PROVIDER: Final = frozenset({"place.create", "opportunity.create", "opportunity.update", "opportunity.close"})

# The one table of roles. A role that is not here may do nothing.
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "operator": frozenset(PERMISSIONS),
    "city-admin": frozenset(PERMISSIONS),
    "curator": frozenset(PERMISSIONS),
    "issuer-admin": _PROVIDER
    | {
        "issuer.update",
        "pathway.create",
        "pathway.update",
        "pathway.publish",
        "pathway.retire",
        "badge.adopt",
        "badge.propose",
        "badge.submit",
        "badge.publish",
        "badge.retire",
        "badge.collect",
    },
    "issuer-staff": _PROVIDER | {"pathway.create", "pathway.update", "badge.propose", "badge.submit"},
    "employer": _PROVIDER,
    "learner": frozenset(),
}

# These speak for one issuer: their permissions hold for its objects only.
ISSUER_ROLES: Final = frozenset({"issuer-admin", "issuer-staff", "employer"})
NATIONAL_ROLE: Final = "operator"


def permissions_of(role: str | None) -> frozenset[str]:
    """List what a role may do; nothing for no role or an unknown one."""
    return ROLES.get(role or "", frozenset())


def permits(role: str | None, permission: str) -> bool:
    """Whether a role has a permission; for issuer roles, on objects of their issuer only."""
    return permission in permissions_of(role)


def issuer_scoped(role: str | None) -> bool:
    """Whether a role speaks for one issuer."""
    return role in ISSUER_ROLES
