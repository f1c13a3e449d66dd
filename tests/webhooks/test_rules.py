"""Signatures, addresses, and when an endpoint is left in peace."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.outbox.retries import DELAYS_S, MOST_ATTEMPTS, retry_in_s
from waypost.outbox.sealing import Unsealable, digest_of, seal, unseal
from waypost.webhooks.rules import (
    Health,
    events_problem,
    retry_after_s,
    shown_secret,
    sign,
    url_problem,
    wants,
)

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The vector of the specification's own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signed = sign([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign([secret, secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == f"{signed} {signed}"
    assert shown_secret(secret) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/hook", "ftp://example.org/", "https://", "https:///x", "//example.org", "", "hook"),
        *("https://127.0.0.1/", "https://10.1.2.3/", "https://[::1]/", "https://[::ffff:10.0.0.1]/"),
        *(
            "https://169.254.169.254/latest/meta-data",
            "https://localhost/",
            "https://db.internal/",
            "https://intranet/",
        ),
        *("https://user:secret@example.org/", "https://example.org/#top", "https://example.org:99999/"),
        *("https://exa mple.org/", "https://example.org\\@evil.org/", "https://[::1", "https://0.0.0.0/"),
        *("https://a..example.org/", f"https://{'a' * 64}.example.org/", "https://例え..jp/", "https://[fec0::1]/"),
        *("https://[64:ff9b::a00:1]/", "https://[fd00::1]/", "https://224.0.0.1/"),
    ],
)
def test_an_address_that_must_not_be_called_is_refused(url: str) -> None:
    refusal = url_problem(url, ())
    assert refusal is not None
    assert (refusal.code, refusal.path) == ("INVALID", ("url",))


@pytest.mark.parametrize("url", ["https://example.org/hook?to=us", "https://93.184.216.34:8443/", "https://例え.jp/"])
def test_a_public_address_is_taken(url: str) -> None:
    assert url_problem(url, ()) is None


def test_a_private_address_that_the_operator_named_is_taken_also_without_tls() -> None:
    assert url_problem("http://127.0.0.1:9999/", ("127.0.0.1:9999",)) is None
    assert url_problem("http://127.0.0.1:9998/", ("127.0.0.1:9999",)) is not None


def test_types_of_events_are_named_one_by_one_or_by_their_object() -> None:
    assert events_problem(["badge.published", "award.*", "job.half-done"]) is None
    for wrong in ([], ["*"], ["badge"], ["Badge.published"], ["badge.published", "a b.c"], ["a.b"] * 51):
        assert events_problem(wrong) is not None
    assert wants(["award.*"], "award.created")
    assert not wants(["award.*"], "awards.created")
    assert not wants(["badge.published"], "badge.retired")


def test_an_endpoint_that_fails_often_rests_longer_and_longer() -> None:
    health = Health()
    for _ in range(9):
        health = health.after([False], NOW)
    assert health.rests(NOW) == 0
    rests = []
    for _ in range(10):
        health = health.after([False], NOW)
        rests.append(health.rests(NOW))
    assert rests == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]
    assert health.rests(NOW + timedelta(hours=1)) == 0
    assert health.after([False, True], NOW) == Health()


@given(st.integers(1, 20), st.floats(0, 1), st.floats(0, 1e9))
def test_what_failed_comes_again_within_a_day_or_never(attempts: int, share: float, least: float) -> None:
    wait = retry_in_s(attempts, lambda: share, least_s=least)
    if attempts >= MOST_ATTEMPTS:
        assert wait is None
    else:
        assert wait is not None
        assert 0 <= wait <= DELAYS_S[-1]
        assert wait >= min(least, DELAYS_S[-1])


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), (None, 0), ("", 0), ("-1", 0), ("soon", 0), ("9" * 9, 86_400), ("1" * 99, 0)]
)
def test_a_receiver_may_ask_for_time(value: str | None, seconds: float) -> None:
    assert retry_after_s(value) == seconds


@given(st.binary(max_size=100), st.text(max_size=20))
def test_what_is_sealed_is_opened_in_its_place_alone(plain: bytes, place: str) -> None:
    sealed = seal("a key for tests alone", "webhook", place, plain)
    assert unseal("a key for tests alone", "webhook", place, sealed) == plain
    for key, purpose, where in (
        ("another key for tests", "webhook", place),
        ("a key for tests alone", "answer", place),
        ("a key for tests alone", "webhook", place + "x"),
    ):
        with pytest.raises(Unsealable):
            unseal(key, purpose, where, sealed)
    with pytest.raises(Unsealable):
        unseal("a key for tests alone", "webhook", place, "é")


@given(st.lists(st.text(max_size=5), max_size=4), st.lists(st.text(max_size=5), max_size=4))
def test_a_digest_tells_texts_apart(one: list[str], other: list[str]) -> None:
    assert (digest_of(*one) == digest_of(*other)) == (one == other)
