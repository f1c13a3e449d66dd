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
    "award.create": "Give badges to people and organisations, and undo a batch within the hour.",
    "award.read": "See who was given what.",
    "award.revoke": "Take an award back, or replace it by another.",
    "award.accept": "Accept and decline what the organisation itself was given.",
    "award.policy": "Say how often one recipient is given a badge.",
    "endorsement.give": "Endorse a badge or an issuer for one's own organisation, and withdraw that.",
    "endorsement.decide": "Accept or refuse what others say of one's own badges and organisation.",
    "claim.create": "Make codes by which people claim badges, see and print them.",
    "claim.cancel": "Cancel a code.",
    "request.decide": "Read requests for one's own badges with their evidence, and decide them.",
}

_AWARDER: Final = frozenset({"award.create", "award.read", "claim.create", "claim.cancel", "request.decide"})
_PROVIDER: Final = frozenset({"place.create", "opportunity.create", "opportunity.update", "opportunity.close"})

# The one table of roles. A role that is not here may do nothing.
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "operator": frozenset(PERMISSIONS),
    "city-admin": frozenset(PERMISSIONS),
    "curator": frozenset(PERMISSIONS),
    "issuer-admin": _PROVIDER
    | _AWARDER
    | {
        "endorsement.give",
        "endorsement.decide",
        "issuer.update",
        "pathway.create",
        "pathway.update",
        "pathway.publish",
        "pathway.retire",
        "badge.adopt",
        "award.revoke",
        "award.accept",
        "award.policy",
    },
    "issuer-staff": _PROVIDER | _AWARDER | {"pathway.create", "pathway.update"},
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
