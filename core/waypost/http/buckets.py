"""How much each client, and each tenant, may still ask for: points that come back with time.

Kept in the process, bounded, and forgotten when they are full again; nothing about a client is stored.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from math import ceil
from time import monotonic
from typing import Final

BURST_S: Final = 10.0  # how many seconds' points a bucket holds
MOST_BUCKETS: Final = 20_000


@dataclass(slots=True)
class Bucket:
    """Points of one client or tenant: at most `capacity`, `rate` of them a second coming back."""

    capacity: float
    rate: float
    points: float
    at: float  # when `points` was true, in seconds of a steady clock

    def now(self, at: float) -> float:
        """The points that there are at a moment."""
        return min(self.capacity, self.points + (at - self.at) * self.rate)

    def take(self, cost: float, at: float) -> None:
        """Take points out."""
        self.points, self.at = self.now(at) - cost, at

    def waits_s(self, cost: float, at: float) -> float:
        """How many seconds until so many points can be taken; 0 = now.

        What costs more than the whole bucket may be had when it is full, and leaves a debt.
        """
        return max(0.0, (min(cost, self.capacity) - self.now(at)) / self.rate)


@dataclass(frozen=True)
class Told:
    """What a client is told of its bucket: points left, capacity, seconds until it is full or, refused, may ask."""

    capacity: int
    left: int
    full_in_s: int
    retry_in_s: int = 0

    def headers(self) -> dict[str, str]:
        """The fields of the IETF draft "RateLimit header fields for HTTP"."""
        policy = {"RateLimit-Policy": f'"points";q={self.capacity};w={round(BURST_S)}'}
        state = {"RateLimit": f'"points";r={self.left};t={self.retry_in_s or self.full_in_s}'}
        return {**policy, **state} | ({"Retry-After": str(self.retry_in_s)} if self.retry_in_s else {})


class Buckets:
    """The buckets of one process.

    `points` are what the process gives out a second, all clients together; a tenant's clients together have
    at most its share of them, and one client at most `client_share` of that. 0 points = no limit.
    """

    def __init__(self, points: float, client_share: float, clock: Callable[[], float] = monotonic) -> None:
        self._points = points
        self._client_share = client_share
        self._clock = clock
        self._buckets: OrderedDict[tuple[object, object], Bucket] = OrderedDict()

    def spend(self, cost: int, client: object, tenant: object, share: float) -> Told | None:
        """Take the points of one operation, or refuse: then `retry_in_s` of what is told is not 0.

        `client` is whatever tells clients apart; `tenant` None is the nation, whose share is whole. Null where
        nothing is limited.
        """
        if not self._points:
            return None
        at, rate = self._clock(), self._points * share
        common = self._bucket((tenant, None), rate)
        own = self._bucket((tenant, client), rate * self._client_share)
        waits = max(own.waits_s(cost, at), common.waits_s(cost, at))
        if not waits:
            own.take(cost, at)
            common.take(cost, at)
        left = own.now(at)
        return Told(round(own.capacity), max(0, round(left)), ceil((own.capacity - left) / own.rate), ceil(waits))

    def _bucket(self, key: tuple[object, object], rate: float) -> Bucket:
        found = self._buckets.get(key)
        if found is None or found.rate != rate:
            capacity = rate * BURST_S
            found = self._buckets[key] = Bucket(capacity, rate, capacity, self._clock())
            while len(self._buckets) > MOST_BUCKETS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        return found

    def __len__(self) -> int:
        return len(self._buckets)


def client_of(headers: Mapping[str, str], peer: str | None, *, trusted: bool, person: object) -> object:
    """What tells clients apart: who signed in, else the address; a trusted proxy's word counts for it.

    Of IPv6 it is the network of 64 bits: whoever has one address there has them all.
    """
    if person is not None:
        return person
    forwarded = headers.get("x-forwarded-for") if trusted else None
    return _network(forwarded.rpartition(",")[2].strip() if forwarded else peer)


def _network(address: str | None) -> str | None:
    try:
        known = IPv6Address(address or "")
    except ValueError:  # of IPv4, or a name that a proxy gave
        return address
    return str(known.ipv4_mapped or IPv6Network((int(known), 64), strict=False))
