"""The JSON of Credly's API, read into the core's vocabulary and written from it. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from logging import getLogger
from typing import Any, Final

import orjson

from waypost.connectors import Doubtful, Issued, IssueState, Order, Template, Unavailable

LOG: Final = getLogger(__name__)
EVENT_KEYS: Final = ("id", "organization_id", "event_type")
REFERENCE: Final = "Waypost"
# The languages in which Credly writes to people; everybody else is written to in English.
LOCALES: Final = frozenset({"en", "fr", "de", "ko", "ja", "zh-CN", "pt", "es-ES", "es-US", "fr-CA", "pt-BR"})


def moment(at: datetime) -> str:
    """Write a moment as Credly does: `2014-04-01 09:41:00 -0500`."""
    return at.strftime("%Y-%m-%d %H:%M:%S %z")


def issue_body(order: Order, *, letters: bool) -> dict[str, Any]:
    """What `POST …/badges` takes."""
    return {
        "recipient_email": order.address,
        "issuer_earner_id": order.earner,
        "locale": order.language if order.language in LOCALES else "en",
        "suppress_badge_notification_email": not letters,
        **replace_body(order),
    }


def replace_body(order: Order) -> dict[str, Any]:
    """What `POST …/badges/{id}/replace` takes.

    `expires_at` null would be the template's own; what holds for ever here is false there.
    """
    reference = {"type": "IdEvidence", "name": REFERENCE, "value": order.reference}
    pages = ({"type": "UrlEvidence", "name": "Evidence", "value": url} for url in order.evidence)
    return {
        "badge_template_id": order.template,
        "issued_to_first_name": order.first_name,
        "issued_to_last_name": order.last_name,
        "issued_at": moment(order.issued_at),
        "expires_at": False if order.expires_at is None else moment(order.expires_at),
        "evidence": [reference, *pages],
    }


def data(answer: Mapping[str, Any], method: str) -> Mapping[str, Any]:
    """What an answer is about."""
    found = answer.get("data")
    if not isinstance(found, dict):
        words = "Credly answered without data"
        raise Unavailable(words) if method == "GET" else Doubtful(words)
    return found


def page(answer: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], str | None]:
    """The items of a list, and the address of its next page."""
    items, meta = answer.get("data"), answer.get("metadata")
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise Unavailable("Credly answered something else than a list")
    following = meta.get("next_page_url") if isinstance(meta, dict) else None
    return items, following if isinstance(following, str) and following else None


def total(answer: Mapping[str, Any]) -> int:
    """How many there are on all pages of a list."""
    meta = answer.get("metadata")
    return whole(meta.get("total_count") if isinstance(meta, dict) else None)


def whole(value: object) -> int:
    """A number of things; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def issued(badge: Mapping[str, Any]) -> Issued:
    """Read a badge that was given."""
    try:
        return Issued(
            id=_text(badge["id"]),
            template=_text(badge["badge_template"]["id"]),
            state=_state(badge),
            earner=_maybe(badge.get("issuer_earner_id")),
            reference=_reference(badge.get("evidence")),
            url=_maybe(badge.get("badge_url")),
            replaced_by=_maybe(badge.get("replacement_badge_id")),
            changed_at=_time(badge.get("state_updated_at")),
            expires_at=_time(badge.get("expires_at")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Doubtful(f"Credly answered with a badge of another form: {type(error).__name__}") from error


def readable(badges: Iterable[Mapping[str, Any]]) -> Iterator[Issued]:
    """Read those of a long list that can be read: what Credly adds one day must not hide all others."""
    for badge in badges:
        try:
            yield issued(badge)
        except Doubtful as error:
            LOG.warning("a badge in a list is passed over: %s", error)


def _state(badge: Mapping[str, Any]) -> IssueState:
    """What has a replacement is replaced, in whatever state it was left."""
    return IssueState.REPLACED if badge.get("replacement_badge_id") else IssueState(badge["state"])


def template(found: Mapping[str, Any]) -> Template:
    """Read a template."""
    return Template(
        id=str(found.get("id")),
        name=str(found.get("name") or ""),
        state=str(found.get("state") or "draft"),
        duplicates=found.get("allow_duplicate_badges") is not False,
        url=_maybe(found.get("url")),
    )


def refusal(body: bytes) -> tuple[str | None, Mapping[str, Sequence[str]]]:
    """Read why Credly does not take something: the message, and the words by attribute."""
    try:
        said = orjson.loads(body)["data"]
        message = _maybe(said.get("message"))
        errors = said.get("errors")
        fields: dict[str, list[str]] = {}
        for each in errors if isinstance(errors, list) else ():
            words = each.get("messages") if isinstance(each, dict) else None
            if isinstance(words, list):
                fields.setdefault(str(each.get("attribute", "base")), []).extend(map(str, words))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, {}
    return message, fields


def _reference(evidence: object) -> str | None:
    """What the order was called by us, where the badge says so."""
    for each in evidence if isinstance(evidence, list) else ():
        if isinstance(each, dict) and each.get("type") == "IdEvidence" and each.get("name") == REFERENCE:
            return _maybe(each.get("value"))
    return None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("text was expected")
    return value


def _maybe(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _time(value: object) -> datetime | None:
    """A moment; null and false both mean none.

    So does a form that is not known: nothing is done by these moments, and a badge must not be Doubtful for them.
    """
    if not isinstance(value, str) or not value:
        return None
    for form in ("%Y-%m-%d %H:%M:%S %z", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"):
        try:
            return datetime.strptime(value, form)  # noqa: DTZ007 - all of these forms have a zone
        except ValueError:
            continue
    return None
