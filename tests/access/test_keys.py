from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from waypost.access.keys import code_of, derived, keyed_digest, read_code

KEY = "a key for tests alone"
ID = UUID(int=7)


@given(st.uuids(), st.sampled_from(["link", "state"]))
def test_a_code_is_read_by_who_made_it_for_the_same_purpose(id: UUID, purpose: str) -> None:
    code = code_of(KEY, purpose, id)
    assert read_code(code, KEY, purpose) == id
    assert read_code(code, KEY, "other") is None
    assert read_code(code, "another key", purpose) is None


@given(st.text())
def test_no_text_by_chance_is_a_code(text: str) -> None:
    assert read_code(text, KEY, "link") is None
    assert read_code(f"{ID.hex}.{text}", KEY, "link") is None


def test_a_code_is_written_in_one_way_alone() -> None:
    code = code_of(KEY, "link", ID)
    for other in (code.upper(), code + ".", f"{{{code}", code.replace(".", ".."), str(ID) + code[32:], code + " "):
        assert read_code(other, KEY, "link") is None, other


def test_secrets_of_two_things_two_purposes_or_two_keys_differ() -> None:
    made = {derived(key, purpose, id) for key in "ab" for purpose in "xy" for id in (ID, UUID(int=8))}
    assert len(made) == 8
    assert all(len(each) == 43 for each in made)
    assert keyed_digest("a", "x") != keyed_digest("b", "x")
