"""What each role may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Self

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
    "badge.align": "Say which items of skills frameworks a badge shows.",
    "framework.import": "Import a skills framework for the city.",
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
    "badge.propose": "Draft badges, clone those of others, read drafts and comment on them.",
    "badge.submit": "Submit a badge's draft for its review.",
    "badge.publish": "Publish a badge that a curator has approved.",
    "badge.retire": "Take a badge off the lists.",
    "badge.collect": "Put an issuer's badges into collections.",
    "badge.review": "Review the badges of the cities that named this tenant for it.",
    "issuing.manage": "Keep accounts with issuing platforms, and say which issuers may use them.",
    "issuing.link": "Link badges to templates of issuing platforms, and see what was given there.",
    "job.read": "See how far the long work of others is.",
    "feed.manage": "See the feeds that the city takes from outside, and read one now.",
    "webhook.manage": "Tell other systems what happens in the city, and see what they were told.",
    "audit.read": "See who changed what.",
    "city.update": "Change the city's name, looks, contact and further languages.",
    "plugin.manage": "Switch plugins on and off, see and change their settings, and keep their secrets.",
    "member.read": "See who has which role, and which invitations are open.",
    "member.invite": "Invite somebody to a role, and withdraw an invitation.",
    "member.update": "Change somebody's role.",
    "member.remove": "Take somebody's role away.",
    "token.create": "Make a token for a program that acts in one's own role.",
    "token.revoke": "Take back tokens of one's own; anybody's there, for who may remove members of the whole city.",
}

_AWARDER: Final = frozenset({"award.create", "award.read", "claim.create", "claim.cancel", "request.decide"})
_PROVIDER: Final = frozenset({"place.create", "opportunity.create", "opportunity.update", "opportunity.close"})

_TOKENS: Final = frozenset({"token.create", "token.revoke"})
_MEMBERS: Final = frozenset({"member.read", "member.invite", "member.update", "member.remove"})
# What a city is, in the hands of those who administer it.
_CITY: Final = frozenset({"city.update", "plugin.manage"})
# Whoever has signed in is a learner in every city, without a membership.
LEARNER: Final = "learner"

# The one table of roles. A role that is not here may do nothing.
ROLES: Final[Mapping[str, frozenset[str]]] = {
    "operator": frozenset(PERMISSIONS),
    "city-admin": frozenset(PERMISSIONS),
    "curator": frozenset(PERMISSIONS) - _MEMBERS - _CITY - {"issuing.manage"} | {"member.read"},
    "issuer-admin": _PROVIDER
    | _AWARDER
    | _TOKENS
    | _MEMBERS
    | {
        "endorsement.give",
        "endorsement.decide",
        "issuer.update",
        "pathway.create",
        "pathway.update",
        "pathway.publish",
        "pathway.retire",
        "badge.adopt",
        "badge.align",
        "award.revoke",
        "award.accept",
        "award.policy",
        "badge.propose",
        "badge.submit",
        "badge.publish",
        "badge.retire",
        "badge.collect",
        "issuing.link",
    },
    "issuer-staff": _PROVIDER
    | _AWARDER
    | _TOKENS
    | {"pathway.create", "pathway.update", "badge.propose", "badge.submit"},
    "employer": _PROVIDER | _TOKENS,
    "learner": frozenset(),
}


class Granted(str):
    """A permission of a plugin: its name, what it allows in words, and the roles of the core that have it.

    `operator` and `city-admin` always have it; what `issuer-staff` or `employer` has, so has `issuer-admin`, who gives
    those roles. Roles that speak for one issuer have it for that issuer's objects.
    """

    __slots__ = ("roles", "words")
    roles: frozenset[str]
    words: str

    def __new__(cls, name: str, words: str, roles: Iterable[str] = ()) -> Self:
        """Raises ValueError for roles that do not exist, and for the learner's, which is no membership.

        Raises TypeError for one role alone, which would be taken letter by letter.
        """
        if isinstance(roles, str):
            raise TypeError(f'the roles of {name} are a set of names; of one alone: roles={{"{roles}"}}')
        self = super().__new__(cls, name)
        held = frozenset(roles)
        if unknown := sorted(held - ROLES.keys() | held & {LEARNER}):
            raise ValueError(f"{name} is given to {', '.join(unknown)}; members are {', '.join(ROLES)}")
        below = {"issuer-admin"} if held & {"issuer-staff", "employer"} else frozenset[str]()
        self.roles, self.words = held | below | {"operator", "city-admin"}, words
        return self


# These speak for one issuer: their permissions hold for its objects only.
ISSUER_ROLES: Final = frozenset({"issuer-admin", "issuer-staff", "employer"})
NATIONAL_ROLE: Final = "operator"


def permissions_of(role: str | None, limits: frozenset[str] | None = None) -> frozenset[str]:
    """List what a role may do; nothing for no role or an unknown one. `limits` keep it to some of that."""
    whole = ROLES.get(role or "", frozenset())
    return whole if limits is None else whole & limits


def permits(role: str | None, permission: str, limits: frozenset[str] | None = None) -> bool:
    """Whether a role has a permission; for issuer roles, on objects of their issuer only.

    `limits` are the permissions that a token is kept to, None for all of its role. Raises ValueError for one that does
    not exist: a plugin's own that came by its name would else be refused to everybody, without a word.
    """
    if isinstance(permission, Granted):
        return role in permission.roles and (limits is None or permission in limits)
    must_exist(permission)
    return permission in permissions_of(role, limits)


def must_exist(permission: str) -> None:
    """Raise ValueError for what is neither a permission of the platform nor a plugin's `Granted`."""
    if not isinstance(permission, Granted) and permission not in PERMISSIONS:
        raise ValueError(
            f"{permission} is no permission of the platform: ask for a plugin's by its Granted, not by name"
        )


def words_of(permission: str) -> str:
    """What a permission allows, in words."""
    return permission.words if isinstance(permission, Granted) else PERMISSIONS.get(permission, permission)


def issuer_scoped(role: str | None) -> bool:
    """Whether a role speaks for one issuer."""
    return role in ISSUER_ROLES
