"""The receiver of the documents takes our messages and no others."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.project.documents import ROOT, blocks
from waypost.webhooks.rules import shown_secret, sign

Check = Callable[[str, dict[str, str], bytes], bool]
KEY = b"k" * 32


def check() -> Check:
    (example,) = [block for block in blocks(ROOT / "docs" / "webhooks.md") if block.language == "python"]
    found: dict[str, Any] = {}
    exec(example.text, found)  # the document's own example
    is_ours: Check = found["is_ours"]
    return is_ours


def message(body: bytes, *keys: bytes, age_s: int = 0) -> dict[str, str]:
    at = int(time.time()) - age_s
    headers = {"webhook-id": "some-id", "webhook-timestamp": str(at)}
    return headers | {"webhook-signature": sign(keys, "some-id", at, body)}


def test_what_we_sign_is_taken() -> None:
    is_ours = check()
    assert is_ours(shown_secret(KEY), message(b"{}", KEY), b"{}")
    assert is_ours(shown_secret(KEY), message(b"{}", b"n" * 32, KEY), b"{}"), "while the secret is changed"


def test_what_was_changed_is_old_or_of_somebody_else_is_not() -> None:
    is_ours = check()
    assert not is_ours(shown_secret(KEY), message(b"{}", KEY), b"{ }")
    assert not is_ours(shown_secret(b"n" * 32), message(b"{}", KEY), b"{}")
    assert not is_ours(shown_secret(KEY), message(b"{}", KEY, age_s=301), b"{}")
    assert not is_ours(shown_secret(KEY), {**message(b"{}", KEY), "webhook-id": "another"}, b"{}")
