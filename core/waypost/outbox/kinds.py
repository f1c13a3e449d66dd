"""Which types of events there are: those of the classes that are declared in this process."""

from __future__ import annotations

from collections.abc import Iterator

from waypost.outbox.act import Event


def event_types() -> Iterator[tuple[str, str | None]]:
    """Every class of events: its module, and its type; None for one whose type follows from its values."""
    for kind in _below(Event):
        try:
            yield kind.__module__, object.__new__(kind).type
        except AttributeError:
            yield kind.__module__, None


def _below(kind: type[Event]) -> Iterator[type[Event]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)
