from __future__ import annotations

import pytest

from waypost.http.hosts import Hosts, is_loopback, without_port

HOSTS = Hosts.told("https://waypost.example.org", bound_to="192.0.2.7", proxies=("10.0.0.0/8", "::1"))


@pytest.mark.parametrize("name", ["waypost.example.org", "192.0.2.7", "localhost", "127.0.0.1", "127.3.4.5", "::1"])
def test_our_own_names_and_loopback_are_believed(name: str) -> None:
    assert HOSTS.is_own(name)


@pytest.mark.parametrize("name", ["", "evil.example", "example.org", "localhost.evil.example", "10.0.0.1", "0.0.0.0"])
def test_any_other_name_is_not_ours(name: str) -> None:
    assert not HOSTS.is_own(name)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("Example.org:8000", "example.org"),
        ("example.org.", "example.org"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_port_is_no_part_of_a_name(host: str, name: str) -> None:
    assert without_port(host) == name


def test_a_trusted_proxy_says_which_host_was_meant() -> None:
    headers = {"host": "app:8000", "x-forwarded-host": "Learn.Brighton.example"}
    assert HOSTS.host_of(headers, "10.1.2.3") == "learn.brighton.example"


@pytest.mark.parametrize("peer", ["203.0.113.9", None, "testclient"])
def test_a_stranger_cannot_say_it(peer: str | None) -> None:
    headers = {"host": "waypost.example.org", "x-forwarded-host": "learn.brighton.example"}
    assert HOSTS.host_of(headers, peer) == "waypost.example.org"


def test_of_several_forwarded_hosts_the_nearest_proxy_s_word_counts() -> None:
    headers = {"host": "app", "x-forwarded-host": "evil.example, waypost.example.org"}
    assert HOSTS.host_of(headers, "10.0.0.1") == "waypost.example.org"


def test_a_proxy_that_is_no_address_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"proxy\.internal"):
        Hosts.told("http://127.0.0.1:8000", bound_to=None, proxies=("proxy.internal",))


def test_loopback_is_only_this_machine() -> None:
    assert is_loopback("localhost")
    assert not is_loopback("example.org")
