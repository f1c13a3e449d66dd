from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.http.negotiation import MAX_LANGUAGES, Media, choose_media, is_json, languages

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, Media.JSON),
        ("", Media.JSON),
        ("*/*", Media.JSON),
        ("application/*", Media.JSON),
        ("application/json", Media.JSON),
        ("application/json; charset=utf-8", Media.JSON),
        ("application/graphql-response+json", Media.RESPONSE),
        ("application/graphql-response+json, application/json", Media.RESPONSE),
        ("application/json, application/graphql-response+json", Media.RESPONSE),
        ("application/graphql-response+json;q=0.5, application/json", Media.JSON),
        ("application/json, */*", Media.JSON),
        ("application/graphql-response+json, */*;q=0.1", Media.RESPONSE),
        ("APPLICATION/JSON", Media.JSON),
        (BROWSER, Media.HTML),
        ("text/html;q=0.2, application/json", Media.JSON),
        ("text/*", Media.HTML),
        ("application/json;q=0, */*", Media.RESPONSE),
        ("application/json; charset=iso-8859-1", None),
        ("image/png", None),
        ("*/*;q=0", None),
        ("application/json;q=lots", None),
    ],
)
def test_the_client_gets_the_type_that_it_wants_most(accept: str | None, expected: Media | None) -> None:
    assert choose_media(accept, html=True) is expected


def test_a_page_is_offered_only_where_there_is_one() -> None:
    assert choose_media("text/html", html=False) is None
    assert choose_media(BROWSER, html=False) is Media.JSON


@given(st.text(max_size=80))
def test_no_accept_header_breaks_the_choice(accept: str) -> None:
    assert choose_media(accept, html=True) in (*Media, None)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ()),
        ("", ()),
        ("cy", ("cy",)),
        ("en;q=0.5, cy", ("cy", "en")),
        ("en-GB, en;q=0.9, cy;q=0.9, *;q=0.1", ("en-GB", "en", "cy")),
        ("fr;q=0, en", ("en",)),
        ("not a tag, en", ("en",)),
        ("x" * 200, ()),
    ],
)
def test_languages_come_in_the_order_of_the_wish(header: str | None, expected: tuple[str, ...]) -> None:
    assert languages(header) == expected


def test_a_client_that_lists_the_whole_world_gets_ten_languages() -> None:
    assert len(languages(",".join(f"en-{number:03}" for number in range(400)))) == MAX_LANGUAGES


@given(st.text(max_size=80))
def test_no_language_header_breaks_the_order(header: str) -> None:
    assert all(languages(header))


@pytest.mark.parametrize("given_type", ["application/json", "Application/JSON", "application/json; charset=UTF-8"])
def test_json_in_utf_8_is_read(given_type: str) -> None:
    assert is_json(given_type)


@pytest.mark.parametrize(
    "simple",
    [
        None,
        "",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/plain; application/json",
        "application/json; charset=utf-16",
        "application/json,text/plain",
        "application/graphql",
    ],
)
def test_what_a_browser_sends_without_asking_first_is_not_read(simple: str | None) -> None:
    """The protection against forged requests: these types need no preflight."""
    assert not is_json(simple)
