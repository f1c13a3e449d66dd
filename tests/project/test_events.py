"""The list of events in the documents is the one that the code tells."""

from __future__ import annotations

from tests.project.events import PAGE, literal, told, written


def test_the_list_of_events_is_complete() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page), "write it anew: python -m tests.project.events"


def test_what_is_told_without_a_class_of_its_own_is_in_the_list_too() -> None:
    found = literal()
    assert {"framework.imported", "job.begun"} <= found
    assert found <= set(told())


def test_an_event_of_files_and_one_of_acts_is_one_event() -> None:
    assert told()["place.created"] == ("Place", "–", "A place was added. By files: without data.")
    assert told()["badge.created"] == ("Badge", "–", "An entry of a file was created.")
