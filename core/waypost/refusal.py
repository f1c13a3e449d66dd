"""Refusals: a "no" that is a value, with a code, words for people and the place in the input."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why something was not done. A subclass is one reason; its name gives the code.

    `code` is documented and stable (`SlugTaken` → `SLUG_TAKEN`), `message` says what was wrong and what to
    do, `path` leads into the input (field names and list indexes as text).
    """

    message: str
    path: tuple[str, ...] = ()
    code: str = ""

    def __post_init__(self) -> None:
        if not self.code:
            object.__setattr__(self, "code", _HUMP.sub("_", type(self).__name__).upper())

    def under(self, *steps: str) -> Self:
        """Return the same refusal as seen from further out: `steps` go before its path."""
        return replace(self, path=(*steps, *self.path))


@dataclass(frozen=True, kw_only=True)
class Refused(Refusal):
    """A refusal without a type of its own; give it a `code`."""


@dataclass(frozen=True, kw_only=True)
class Invalid(Refusal):
    """A value that the field does not take."""


@dataclass(frozen=True, kw_only=True)
class NotFound(Refusal):
    """Nothing here has that id or slug; what belongs to another tenant is not found either."""


@dataclass(frozen=True, kw_only=True)
class SlugTaken(Refusal):
    """Something here has that slug, or had it once: slugs are never given again."""


@dataclass(frozen=True, kw_only=True)
class ManagedByFiles(Refusal):
    """The row belongs to the tenant's files, which would overwrite the change."""

    source: str | None = None


def missing() -> NotFound:
    """Refuse an id that names nothing here; made up, another tenant's and gone are told in the same words."""
    return NotFound(message="The id names nothing here.")


def enough(words: str, *path: str) -> Refused:
    """Refuse one more where there are as many as there may be; the words say how many that is."""
    return Refused(code="TOO_MANY", message=words, path=path)


# What a mutation may be refused with, for front ends; docs/front-ends.md has each.
CODES: Final[Mapping[str, str]] = {
    "ACCOUNT_IN_USE": "Something was sent by the issuing account, or may have been, so it stays where it is.",
    "ALREADY_AWARDED": "The recipient has the badge already, and by its policy is not given it again.",
    "ALREADY_DECIDED": "Another curator was quicker, or the submission is not awaiting a decision.",
    "ALREADY_ENDORSED": "The organisation has endorsed this already, or was refused.",
    "CITY_CLOSED": "The city has left the platform: it can be read, and nothing is written any more.",
    "CITY_NEEDED": "The national graph cannot tell which city is meant; ask the city's own graph.",
    "CLOSED": "It was closed or retired, and is not changed any more.",
    "CODE_INVALID": "The code is wrong, cancelled, over or used up; nobody learns which.",
    "CODE_NOT_YET": "The code cannot be used yet.",
    "DRAFT_NOT_READY": "The linter found errors, or warnings that nobody gave a reason for; `findings` has them.",
    "FORBIDDEN": "The asker has not the permission, or has it for another issuer or city only.",
    "IDEMPOTENCY_ANSWER_LOST": "Done before under the same `Idempotency-Key`; its answer is lost. Read what it made.",
    "IDEMPOTENCY_KEY_REUSED": "The `Idempotency-Key` was used for another request; choose a new one for each.",
    "INVALID": "A value that the field does not take; `path` says which.",
    "INVALID_POINT": "A latitude or longitude that is nowhere on the earth.",
    "INVALID_POSTCODE": "That is not the form of a UK postcode.",
    "INVITATION_OVER": "The invitation was accepted or withdrawn, or its time is over.",
    "LAST_ADMIN": "The city would be left without anybody who administers it.",
    "LAST_ADDRESS": "It is the last verified address of its person, who could sign in no more.",
    "LAYER_UNKNOWN": "No standard of this platform has that layer.",
    "MANAGED_BY_FILES": "The row belongs to the city's files, which would overwrite the change.",
    "MORE_THAN_YOURS": "Nobody gives a role or a permission that they have not themselves.",
    "NOT_APPROVED": "No version of the badge is approved, so that none can be published.",
    "NOT_AWARDABLE": "The badge is not published, or retired: nobody can be given it.",
    "NOT_FOUND": "Nothing here has that id; made up, another city's and gone are all the same.",
    "NOT_PUBLISHABLE": "A badge lacks what earners and verifiers need to see; `path` says what.",
    "ORGANISATION_CONFLICT": "Official numbers or slug belong to different organisations.",
    "OWN_BADGE": "Who belongs to a badge's issuer or creator does not review it.",
    "PARENT_CYCLE": "An issuer would stand below itself.",
    "PATHWAY_CYCLE": "Completing the pathway awards a badge that it asks for, directly or through others.",
    "PLUGIN_NEEDED": "Plugins that are switched on here require the one that was to be switched off.",
    "PLUGIN_NEEDS_OTHERS": "The plugin requires others, which are not switched on here.",
    "PLUGIN_OFF": "The city has not switched on the plugin whose act this is.",
    "PLUGIN_UNAVAILABLE": "No plugin of that name works on this platform.",
    "RECURRENCE_INVALID": "The recurrence is no rule of RFC 5545, or one that is not taken.",
    "REVIEW_TAKEN": "Another curator holds the submission for now.",
    "RULE_IMPOSSIBLE": "A rule asks for more than there is below it.",
    "SETTINGS_INVALID": "Settings that the plugin's schema does not allow; `problems` has all, with their paths.",
    "SLUG_TAKEN": "Something here has that slug, or had it once.",
    "STEPS_INVALID": "The steps are no tree, more than 200, or deeper than 6.",
    "TOO_LATE": "The hour in which it can be undone is over, or it was undone already.",
    "TOO_MANY": "There are too many of these already; the message says how many there may be.",
    "TOO_MANY_TRIES": "Too many codes were wrong within an hour.",
    "UNAUTHENTICATED": "Nobody has signed in: there is no token.",
    "WRONG_BADGE_STATE": "The act does not fit to where the badge is on its way; `state` says where that is.",
    "WRONG_STATE": "What was asked cannot be done in the state that the thing is in.",
}
