"""Points that come back with time."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as some

from waypost.http.buckets import BURST_S, MOST_BUCKETS, Buckets, client_of


@dataclass
class Clock:
    """A clock that moves only when it is told to."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


def test_a_client_has_its_share_of_its_tenants_share() -> None:
    told = Buckets(1_000, 0.1, Clock()).spend(10, "client", "tenant", 0.5)
    assert told is not None
    assert (told.capacity, told.left) == (500, 490)  # ten seconds of 1,000 x 0.5 x 0.1


def test_who_asked_for_too_much_is_told_when_to_come_back_and_is_right() -> None:
    clock = Clock()
    buckets = Buckets(1_000, 0.1, clock)
    assert buckets.spend(500, "client", "tenant", 0.5) is not None
    refused = buckets.spend(100, "client", "tenant", 0.5)
    assert refused is not None
    assert (refused.left, refused.retry_in_s) == (0, 2)
    assert refused.headers()["Retry-After"] == "2"
    clock.at += 2
    again = buckets.spend(100, "client", "tenant", 0.5)
    assert again is not None
    assert again.retry_in_s == 0


def test_one_client_does_not_take_what_others_have() -> None:
    buckets = Buckets(1_000, 0.1, Clock())
    buckets.spend(500, "greedy", "tenant", 0.5)
    other = buckets.spend(100, "modest", "tenant", 0.5)
    assert other is not None
    assert other.retry_in_s == 0


def test_one_tenant_does_not_take_what_others_have() -> None:
    clock = Clock()
    buckets = Buckets(1_000, 0.5, clock)
    for client in range(3):
        told = buckets.spend(2_500, client, "busy", 0.5)
        assert told is not None
        assert bool(told.retry_in_s) == (client == 2)
    other = buckets.spend(2_500, 0, "quiet", 0.5)
    assert other is not None
    assert other.retry_in_s == 0


def test_what_costs_more_than_a_full_bucket_is_given_once_and_leaves_a_debt() -> None:
    clock = Clock()
    buckets = Buckets(1_000, 0.1, clock)
    first = buckets.spend(1_000, "client", None, 1.0)
    assert first is not None
    assert first.retry_in_s == 0
    second = buckets.spend(1_500, "client", None, 1.0)
    assert second is not None
    assert second.retry_in_s > 0


def test_without_points_nothing_is_limited() -> None:
    assert Buckets(0, 0.1).spend(10**9, "client", "tenant", 0.5) is None


def test_a_flood_of_clients_does_not_fill_the_memory() -> None:
    buckets = Buckets(1_000, 0.1, Clock())
    for client in range(MOST_BUCKETS + 100):
        buckets.spend(1, client, "tenant", 0.5)
    assert len(buckets) == MOST_BUCKETS


@given(some.lists(some.tuples(some.floats(0, 3), some.integers(1, 400)), max_size=60))
def test_nobody_gets_more_than_the_burst_and_the_rate(asked: list[tuple[float, int]]) -> None:
    clock = Clock()
    buckets, begun, given_out = Buckets(1_000, 0.1, clock), clock.at, 0
    for pause, cost in asked:
        clock.at += pause
        told = buckets.spend(cost, "client", "tenant", 1.0)
        assert told is not None
        given_out += 0 if told.retry_in_s else cost
    assert given_out <= 100 * (BURST_S + clock.at - begun) + 0.001


def test_clients_are_told_apart_by_who_signed_in_else_by_address() -> None:
    headers = {"x-forwarded-for": "203.0.113.9, 198.51.100.7"}
    assert client_of(headers, "10.0.0.1", trusted=True, person="ada") == "ada"
    assert client_of(headers, "10.0.0.1", trusted=True, person=None) == "198.51.100.7"
    assert client_of(headers, "10.0.0.1", trusted=False, person=None) == "10.0.0.1"


def test_addresses_of_one_network_of_ipv6_are_one_client() -> None:
    def client(address: str) -> object:
        return client_of({}, address, trusted=False, person=None)

    assert client("2001:db8:1:1::1") == client("2001:0DB8:1:1:ffff::2") == "2001:db8:1:1::/64"
    assert client("2001:db8:1:2::1") != client("2001:db8:1:1::1")
    assert client("::ffff:10.0.0.1") == client("10.0.0.1") == "10.0.0.1"
    assert client("unix:") == "unix:"
    assert client_of({}, None, trusted=False, person=None) is None
