"""Standard Webhooks 1.0.0, and when an endpoint is left in peace: pure rules."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from waypost.outgoing import is_public
from waypost.refusal import Invalid

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
LONGEST_URL: Final = 2_000
MOST_EVENTS: Final = 50
MOST_WEBHOOKS: Final = 20  # of a tenant
ROTATION: Final = timedelta(hours=24)

# An endpoint that fails so often in a row rests: a minute, then twice as long each time, at most an hour.
FAILURES_BEFORE_REST: Final = 10
REST_S: Final = 60.0
LONGEST_REST_S: Final = 3_600.0
LONGEST_RETRY_AFTER_S: Final = 86_400.0

_EVENT: Final = re.compile(r"[a-z]+(?:-[a-z]+)*\.(?:\*|[a-z]+(?:-[a-z]+)*)")


def shown_secret(secret: bytes) -> str:
    """A secret as receivers keep it."""
    return PREFIX + base64.b64encode(secret).decode()


def sign(secrets: Sequence[bytes], id: str, timestamp: int, body: bytes) -> str:
    """The header `webhook-signature`: one signature for each secret, so that receivers may change theirs in peace."""
    content = f"{id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(each, content, "sha256")).decode() for each in secrets)


def wants(events: Collection[str], type: str) -> bool:
    """Whether a webhook of these events is told of that type; `award.*` means all of awards."""
    return type in events or f"{type.partition('.')[0]}.*" in events


def events_problem(events: Sequence[str]) -> Invalid | None:
    """Say which of the types of events is none."""
    if not 1 <= len(events) <= MOST_EVENTS:
        return Invalid(message=f"Name 1 to {MOST_EVENTS} types of events.", path=("events",))
    for index, each in enumerate(events):
        if not _EVENT.fullmatch(each):
            words = "A type of event is like badge.published; award.* means all of awards."
            return Invalid(message=words, path=("events", str(index)))
    return None


def url_problem(url: str, allowed: Collection[str]) -> Invalid | None:
    """Say why that address cannot be told anything; `allowed` are `host:port` that may be private and without TLS.

    What a name means is only known when it is called, and looked at then.
    """

    def no(words: str) -> Invalid:
        return Invalid(message=words, path=("url",))

    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        (parts.hostname or "").encode("idna")  # as it is looked up
    except ValueError:
        return no("That is no address of the web.")
    host = parts.hostname
    if len(url) > LONGEST_URL or parts.scheme not in {"http", "https"} or not host or re.search(r"[\s\\]", url):
        return no("That is no address of the web.")
    if parts.username is not None or parts.password is not None:
        return no("An address with a name or password in it would stand in logs; the signature says who calls.")
    if parts.fragment:
        return no("What stands behind # is never sent.")
    if f"{host}:{port}" in allowed:
        return None
    if parts.scheme != "https":
        return no("Only https is called.")
    if not _is_public_host(host):
        return no("That is no public address.")
    return None


def _is_public_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))
    return is_public(host)


@dataclass(frozen=True)
class Health:
    """How an endpoint does: failed attempts in a row, and until when it rests."""

    failures: int = 0
    resting_until: datetime | None = None

    def rests(self, now: datetime) -> float:
        """For how many seconds more it is left in peace; 0 = it may be called."""
        return 0.0 if self.resting_until is None else max((self.resting_until - now).total_seconds(), 0.0)

    def after(self, ok: Sequence[bool], now: datetime) -> Health:
        """How it does after these attempts."""
        if any(ok):
            return Health()
        failures = self.failures + len(ok)
        if failures < FAILURES_BEFORE_REST:
            return Health(failures, None)
        times = min(failures - FAILURES_BEFORE_REST, 6)
        return Health(failures, now + timedelta(seconds=min(REST_S * 2.0**times, LONGEST_REST_S)))


def is_taken(status: int) -> bool:
    """Whether the receiver has it."""
    return 200 <= status < 300


def retry_after_s(value: str | None) -> float:
    """How long a receiver asks us to wait; 0 where it says nothing that we understand."""
    return min(float(value), LONGEST_RETRY_AFTER_S) if value is not None and re.fullmatch(r"\d{1,9}", value) else 0.0


def spread_out(seconds: float, share: Callable[[], float]) -> float:
    """After a rest not everything comes at once."""
    return seconds * (1 + 0.2 * share())
