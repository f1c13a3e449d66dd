"""Credly's JSON, with its oddities, read and written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.connectors import Access, Doubtful, IssueState, NotFound, Order
from waypost.outgoing import Outgoing
from waypost.plugins import manifest_of
from waypost_credly import shapes
from waypost_credly.connector import SETTINGS, Credly, _headers

ORDER = Order(
    template="t",
    reference="r",
    earner="waypost:e",
    address="ada@example.org",
    first_name="Ada",
    last_name="Lovelace",
    issued_at=datetime(2014, 4, 1, 9, 41, tzinfo=timezone(timedelta(hours=-5))),
    language="cy",
    evidence=("https://example.org/film",),
)
BADGE: dict[str, object] = {
    "id": "b",
    "state": "pending",
    "badge_template": {"id": "t"},
    "expires_at": None,
    "replacement_badge_id": None,
    "evidence": [],
}


def test_an_order_is_written_as_credly_wants_it() -> None:
    body = shapes.issue_body(ORDER, letters=True)
    assert body["issued_at"] == "2014-04-01 09:41:00 -0500"
    assert body["expires_at"] is False, "null would be the template's own"
    assert body["locale"] == "en", "Welsh is not among its languages"
    assert body["suppress_badge_notification_email"] is False
    assert [each["type"] for each in body["evidence"]] == ["IdEvidence", "UrlEvidence"]
    replacing = shapes.replace_body(ORDER)
    assert "recipient_email" not in replacing, "whose it is stays as it is"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (False, None),
        ("", None),
        ("2027-01-04 09:00:00 +0000", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04T09:00:00Z", datetime(2027, 1, 4, 9, tzinfo=UTC)),
        ("2027-01-04T09:00:00.000-05:00", datetime(2027, 1, 4, 14, tzinfo=UTC)),
        ("2027-01-04", None),
        ("next spring", None),
    ],
)
def test_a_moment_that_cannot_be_read_is_none_and_hides_no_badge(value: object, expected: datetime | None) -> None:
    found = shapes.issued({**BADGE, "expires_at": value, "state_updated_at": value})
    assert (found.expires_at, found.changed_at) == (expected, expected)


def test_one_badge_that_nobody_can_read_does_not_hide_the_others() -> None:
    assert [each.id for each in shapes.readable([BADGE, {"id": "odd", "state": "sleeping"}, {}])] == ["b"]


def test_what_has_a_replacement_is_replaced() -> None:
    found = shapes.issued({**BADGE, "state": "accepted", "replacement_badge_id": "c"})
    assert (found.state, found.replaced_by) == (IssueState.REPLACED, "c")


def test_our_reference_is_read_back() -> None:
    written = orjson.loads(orjson.dumps(shapes.issue_body(ORDER, letters=False)))
    assert shapes.issued({**BADGE, "evidence": written["evidence"]}).reference == "r"
    other = [{"type": "IdEvidence", "name": "Student number", "value": "r"}, None, "x"]
    assert shapes.issued({**BADGE, "evidence": other}).reference is None


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["data", "errors", "id"]), inner),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*BADGE, "url"]), anything, max_size=3))
def test_a_badge_of_another_form_is_doubtful_and_nothing_worse(changes: dict[str, object]) -> None:
    try:
        shapes.issued({**BADGE, **changes})
    except Doubtful:
        return


@given(anything | st.binary())
def test_a_refusal_of_any_form_can_be_read(said: object) -> None:
    body = said if isinstance(said, bytes) else orjson.dumps(said, option=orjson.OPT_NON_STR_KEYS, default=str)
    message, fields = shapes.refusal(body)
    assert message is None or isinstance(message, str)
    assert all(isinstance(word, str) for words in fields.values() for word in words)


def test_a_refusal_names_its_attributes() -> None:
    body = {"data": {"message": "No.", "errors": [{"attribute": "recipient_email", "messages": ["is invalid"]}]}}
    assert shapes.refusal(orjson.dumps(body)) == ("No.", {"recipient_email": ["is invalid"]})


def test_a_template_that_does_not_say_so_may_be_one_that_is_given_twice() -> None:
    assert shapes.template({"id": "t", "name": "T", "state": "active"}).duplicates
    assert not shapes.template({"id": "t", "allow_duplicate_badges": False}).duplicates


def access(**settings: object) -> Access:
    known = {"organisation": "o", "token": "live", "sandbox": False, "letters": True}
    return Access({**known, **settings}, {"token": "abc"}, Outgoing(), datetime.now(UTC))


def test_the_token_is_the_name_and_nothing_stands_behind_the_colon() -> None:
    assert _headers(access()) == {"authorization": "Basic YWJjOg=="}


def test_the_sandbox_is_another_host() -> None:
    credly = Credly()
    assert credly._url(access(), "/badges") == "https://api.credly.com/v1/organizations/o/badges"
    assert credly._url(access(sandbox=True), "").startswith("https://sandbox-api.credly.com/v1/")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/v1/organizations/o/badges?page=2",
        "http://api.credly.com/v1/organizations/o/badges?page=2",
        "https://api.credly.com@evil.example/v1/organizations/o/badges",
        "https://api.credly.com/v1/organizations/other/badges?page=2",
        "//evil.example/v1/organizations/o/",
    ],
)
def test_pages_lie_in_the_account(url: str) -> None:
    credly = Credly()
    assert credly._is_own(access(), "https://api.credly.com/v1/organizations/o/badges?page=2")
    assert not credly._is_own(access(), url)


async def test_no_id_leads_out_of_its_path() -> None:
    for id in ("../x", "a/b", "a?b", "", "é", "a b", "%2e"):
        with pytest.raises(NotFound):
            await Credly().read(access(), id)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{}", b'{"id":1,"organization_id":"o"}', b"\xff"])
def test_what_is_no_webhook_of_credlys_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Credly().hint(body)


def test_settings_are_as_the_readme_says() -> None:
    from pathlib import Path

    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert [name for name in SETTINGS["properties"] if f"| `{name}` |" not in readme] == []


def test_the_manifest_names_what_is_registered() -> None:
    from waypost.plugins import ConnectorRegistrar, RoutesRegistrar
    from waypost_credly import plugin

    connectors, routes = ConnectorRegistrar("credly", "credly"), RoutesRegistrar("credly", "credly")
    plugin.waypost_connectors(connectors)
    plugin.waypost_routes(routes)
    assert connectors.faults + routes.faults == []
    assert connectors.contributions | routes.contributions == set(manifest_of("waypost_credly").contributes)
