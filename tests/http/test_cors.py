from __future__ import annotations

import pytest

from waypost.http.cors import preflight, readable_by, refuse_foreign_page
from waypost.http.faults import Code, Fault

LISTED = ("https://brighton.example.org",)
ALLOW = "Access-Control-Allow-Origin"


def asks(origin: str, *wanted: str) -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": ", ".join(wanted),
    }


def test_every_page_may_read_what_is_public() -> None:
    assert preflight(asks("https://anywhere.example", "content-type"), LISTED)[ALLOW] == "*"
    assert readable_by({"origin": "https://anywhere.example"}, LISTED) == {ALLOW: "*"}


def test_a_listed_page_may_send_a_token() -> None:
    answer = preflight(asks(LISTED[0], "authorization", "content-type"), LISTED)
    assert answer[ALLOW] == LISTED[0]
    assert "Authorization" in answer["Access-Control-Allow-Headers"]
    assert readable_by({"origin": LISTED[0], "authorization": "Bearer x"}, LISTED) == {ALLOW: LISTED[0]}


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://brighton.example.org", "https://brighton.example.org:444", ""],
)
def test_no_other_page_may_send_a_token(origin: str) -> None:
    assert ALLOW not in preflight(asks(origin, "content-type", "Authorization"), LISTED)
    headers = {"origin": origin, "authorization": "Bearer x"}
    assert readable_by(headers, LISTED) == {}
    with pytest.raises(Fault) as refused:
        refuse_foreign_page(headers, LISTED, "127.0.0.1:8000")
    assert refused.value.code is Code.ORIGIN_NOT_ALLOWED


def test_nobody_is_ever_allowed_to_send_cookies() -> None:
    for origins in (LISTED, ()):
        assert "Access-Control-Allow-Credentials" not in preflight(asks(LISTED[0], "authorization"), origins)


def test_programs_and_our_own_pages_may_send_a_token() -> None:
    refuse_foreign_page({"authorization": "Bearer x"}, (), "127.0.0.1:8000")
    refuse_foreign_page({"authorization": "Bearer x", "origin": "http://127.0.0.1:8000"}, (), "127.0.0.1:8000")


def test_a_page_on_another_port_is_another_page() -> None:
    with pytest.raises(Fault):
        refuse_foreign_page({"authorization": "Bearer x", "origin": "http://127.0.0.1:9"}, (), "127.0.0.1:8000")
