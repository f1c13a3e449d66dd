from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from waypost.tenancy import colours, fields

colour = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")

GOOD: list[tuple[Any, list[str]]] = [
    (fields.Language, ["en", "cy", "en-GB", "zh-Hans", "sr-Latn-RS", "de-CH-1996", "es-419", "en-x-learn"]),
    (fields.TimeZone, ["Europe/London", "UTC", "America/Argentina/Buenos_Aires"]),
    (fields.Url, ["https://example.org", "http://localhost:8000/a?b=c#d", "https://example.org/caffè%20x"]),
    (fields.Origin, ["https://app.example.org", "http://127.0.0.1:3000", "http://localhost"]),
    (fields.Host, ["example.org", "a-b.c1.example.org", "xn--caf-dma.example.org"]),
    (fields.Reference, ["smart-citizen", "plymouth/smart-citizen"]),
]  # fmt: skip
BAD: list[tuple[Any, list[str]]] = [
    (fields.Language, ["", "english-language-name", "e", "en_GB", "en-", "EN", "en-x"]),
    (fields.TimeZone, ["", "London", "/etc/localtime", "Europe", "Europe/\x00London"]),
    (fields.Url, ["", "example.org", "//example.org", "https:///x", "ftp://example.org", "https://exa mple.org",
                  "https://[::1", 'https://example.org/"', "https://a\nb.org", "data:text/html,x"]),
    (fields.Origin, ["https://example.org/", "https://Example.org", "https://example.org?x", "*"]),
    (fields.Host, ["localhost", "Example.org", "example.org:80", "10.0.0.1", "-a.org", f"{'a' * 64}.org", "*.a.org"]),
    (fields.Reference, ["", "/x", "x/", "a//b", "a/b/c", "A/b"]),
    (fields.Slug, ["", "-a", "a-", "a--b", "ä", "a b", "a" * 101]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD for value in values])
def test_good_values_pass_as_they_are(kind: Any, value: str) -> None:
    assert TypeAdapter(kind).validate_python(value) == value


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD for value in values])
def test_bad_values_are_refused(kind: Any, value: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


def test_prices_are_kept_to_the_penny() -> None:
    price = TypeAdapter[Any](fields.Price)
    assert [str(price.validate_python(text)) for text in ("12.5", "0", "007.00")] == ["12.50", "0.00", "7.00"]
    for wrong in ("-1", "1,50", "1e3", "NaN", "123456789", "", "١"):
        with pytest.raises(ValidationError):
            price.validate_python(wrong)


def test_contrast_is_that_of_the_guidelines() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)
    assert colours.too_weak("#767676", colours.WHITE, "white") is None
    assert colours.too_weak("#777777", colours.WHITE, "white") == (
        "#777777 has a contrast of 4.47 against white, and text needs at least 4.5"
    )


@given(colour, colour)
def test_contrast_has_no_direction_and_lies_between_one_and_twenty_one(one: str, other: str) -> None:
    assert colours.contrast(one, other) == colours.contrast(other, one)
    assert 1 <= colours.contrast(one, other) <= 21.0001


@given(colour)
def test_no_colour_is_too_weak_for_both_black_and_white(one: str) -> None:
    assert not (colours.too_weak(one, colours.WHITE, "white") and colours.too_weak(one, colours.BLACK, "black"))
