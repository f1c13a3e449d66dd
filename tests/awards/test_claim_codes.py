"""Codes to claim badges with: how they are made, read, drawn, and when they can be used."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.awards.claim_cards import LINE_LENGTH, LINES, Card, card, content, qr, wrapped
from waypost.awards.claim_rules import (
    LENGTH,
    SYMBOLS,
    Terms,
    code_of,
    digest_of,
    link_problem,
    read_code,
    shown,
    terms_problem,
    usable,
)

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
KEY = "a key for tests alone"
ids = st.uuids()
codes = ids.map(lambda row: code_of(KEY, row))
moments = st.none() | st.integers(-50, 50).map(lambda hours: NOW + timedelta(hours=hours))


@given(codes, st.sampled_from(["", " ", "-", " - ", "–", "_"]), st.booleans())
def test_a_code_is_read_however_it_is_typed(code: str, between: str, lower: bool) -> None:
    typed = between.join([code[:4], code[4:8], code[8:]])
    typed = typed.replace("0", "O").replace("1", "l") if lower else typed
    assert read_code(typed.lower() if lower else typed) == code
    assert read_code(shown(code)) == code


@given(ids, ids)
def test_every_row_has_a_code_of_its_own_that_the_key_alone_makes_again(one: UUID, two: UUID) -> None:
    assert code_of(KEY, one) == code_of(KEY, one)
    assert (code_of(KEY, one) == code_of(KEY, two)) == (one == two)
    assert code_of(KEY, one) != code_of("another key", one)


@given(codes)
def test_a_code_is_twelve_symbols_that_nobody_mistakes(code: str) -> None:
    assert len(code) == LENGTH
    assert set(code) <= set(SYMBOLS)
    assert not set("OIL") & set(SYMBOLS)
    assert len(SYMBOLS) ** LENGTH == 2**60


def test_codes_use_all_symbols_at_all_places() -> None:
    """Rows that are made one after the other have codes that have nothing in common."""
    found = [code_of(KEY, UUID(int=n)) for n in range(2_000)]
    assert len(set(found)) == len(found)
    assert all({code[place] for code in found} == set(SYMBOLS) for place in range(LENGTH))


@given(codes)
def test_a_digest_gives_no_code_away_without_the_key(code: str) -> None:
    assert code not in digest_of(KEY, code)
    assert digest_of(KEY, code) != digest_of("another key", code)


@given(st.text())
def test_nothing_else_is_a_code(text: str) -> None:
    code = read_code(text)
    assert code is None or (len(code) == LENGTH and set(code) <= set(SYMBOLS))


@given(moments, moments, st.none() | st.integers(1, 3), st.integers(0, 3), moments)
def test_a_code_can_be_used_within_its_terms_and_never_else(
    opens: datetime | None, closes: datetime | None, most: int | None, claimed: int, cancelled: datetime | None
) -> None:
    wrong = usable(Terms(opens, closes, most), claimed, cancelled, NOW)
    ended = cancelled is not None or (closes is not None and closes <= NOW) or (most is not None and claimed >= most)
    early = opens is not None and opens > NOW
    expected = "CODE_INVALID" if ended else "CODE_NOT_YET" if early else None
    assert (wrong and wrong.code) == expected


@pytest.mark.parametrize(
    ("terms", "recipients", "path"),
    [
        (Terms(closes_at=NOW), None, "closesAt"),
        (Terms(opens_at=NOW + timedelta(days=2), closes_at=NOW + timedelta(days=1)), None, "closesAt"),
        (Terms(most=0), None, "limit"),
        (Terms(most=1_000_001), None, "limit"),
        (Terms(most=2), 3, "limit"),
        (Terms(), 0, "recipients"),
        (Terms(), 501, "recipients"),
    ],
)
def test_terms_that_cannot_be_are_refused(terms: Terms, recipients: int | None, path: str) -> None:
    wrong = terms_problem(terms, NOW, recipients)
    assert wrong is not None
    assert wrong.path == (path,)


def test_sensible_terms_are_not() -> None:
    assert terms_problem(Terms(), NOW, None) is None
    assert terms_problem(Terms(most=1), NOW, 500) is None
    assert terms_problem(Terms(NOW, NOW + timedelta(days=1), 20), NOW, None) is None


@pytest.mark.parametrize(
    "link",
    ["javascript:alert('{code}')", "https://example.org/", "https://x.org/{code}{code}", "https://x.org/ {code}"],
)
def test_a_scan_leads_to_web_addresses_alone(link: str) -> None:
    assert link_problem(link)
    assert link_problem("https://app.example.org/claim?code={code}") is None


def test_a_scan_finds_the_code() -> None:
    code = code_of(KEY, UUID(int=1))
    assert content(code, None) == shown(code)
    assert content(code, "https://app.example.org/c/{code}") == f"https://app.example.org/c/{code}"


@given(codes, st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=200))
def test_a_card_is_a_picture_whatever_is_written_on_it(code: str, text: str) -> None:
    words: dict[str, Any] = {"badge": text, "issuer": text, "recipient": text}
    drawn = card(Card(code, **words, link="https://x.org/?a=1&code={code}"))
    try:
        tree = fromstring(drawn)
    except Exception as error:  # XML itself has no way to hold some characters
        raise AssertionError(repr(text)) from error
    assert tree.tag.endswith("svg")
    assert shown(code) in drawn
    assert not [
        each for each in tree.iter() if each.tag.rpartition("}")[2] not in {"svg", "title", "rect", "text", "path"}
    ]
    assert fromstring(qr(code)).tag.endswith("svg")


@given(st.text(max_size=300))
def test_a_name_fits_on_its_card(text: str) -> None:
    lines = wrapped(text)
    assert len(lines) <= LINES
    assert all(len(line) <= LINE_LENGTH + 2 for line in lines)
