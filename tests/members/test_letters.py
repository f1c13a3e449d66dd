"""The letters to sign in by and to invite with, put together as they are sent."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from waypost.members.effects import EFFECTS
from waypost.outbox.composing import Envelope, compose_letter
from waypost.outbox.work import Addressed

ENVELOPE = Envelope("post@example.org", UUID(int=1), "example.org", datetime(2027, 1, 4, tzinfo=UTC))
LINK = "https://waypost.example.org/alpha/sign-in/link?code=x&y=z"
VALUES = {
    "sign-in": {"city": "Brighton & <Hove>", "link": LINK, "minutes": 15},
    "address": {"city": "Brighton & <Hove>", "link": LINK, "minutes": 15},
    "invitation": {
        "city": "Brighton & <Hove>\r\nBcc: evil@example.org",
        "name": "Ada <b>",
        "role": "issuer-staff",
        "issuer": "First & Make",
        "link": LINK,
        "days": 14,
    },
}


@pytest.mark.parametrize("language", ["en", "cy", "en-GB"])
@pytest.mark.parametrize("letter", EFFECTS.letters, ids=lambda letter: letter.name)
def test_a_letter_says_what_it_is_for_in_text_and_html(letter: object, language: str) -> None:
    from waypost.outbox.work import Letter

    assert isinstance(letter, Letter)
    message = compose_letter(letter, Addressed("ada@example.org", language, VALUES[letter.name]), ENVELOPE)
    text = message.get_body(("plain",))
    html = message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert LINK in text.get_content()
    assert LINK.replace("&", "&amp;") in html.get_content()
    assert "<Hove>" not in html.get_content()
    assert "Ada <b>" not in html.get_content()
    assert message["Bcc"] is None
    assert "List-Unsubscribe" not in message
    assert "Brighton & <Hove>" in str(message["Subject"])


def test_a_letter_without_name_and_issuer_is_whole_too() -> None:
    letter = next(each for each in EFFECTS.letters if each.name == "invitation")
    values = {**VALUES["invitation"], "name": None, "issuer": None}
    message = compose_letter(letter, Addressed("ada@example.org", "en", values), ENVELOPE)
    text = message.get_body(("plain",))
    assert text is not None
    assert "Dear" not in text.get_content()
    assert "None" not in text.get_content()
