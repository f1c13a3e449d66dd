"""Whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from waypost.outbox.fairness import Lane, Room

LANES = st.lists(
    st.builds(Lane, st.sampled_from("abcdefgh"), st.integers(0, 300), st.floats(-100, 100)),
    unique_by=lambda lane: lane.name,
)
HELD = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(1, 5)), max_size=6)


def room_with(size: int, share: int, held: list[tuple[str, int]]) -> Room:
    room = Room(size, share)
    for lane, count in held:
        room.begin(lane, count)
    return room


@given(st.integers(1, 200), st.integers(2, 8), HELD, LANES, st.integers(0, 300))
def test_no_more_is_begun_than_is_due_and_there_is_room_for(
    size: int, share: int, held: list[tuple[str, int]], lanes: list[Lane], most: int
) -> None:
    room = room_with(size, share, held)
    chosen = room.choose(lanes, most)
    due = {lane.name: lane.pieces for lane in lanes}
    assert all(0 < count <= due[name] for name, count in chosen.items())
    assert sum(chosen.values()) <= max(0, min(most, room.free))
    for name, count in chosen.items():
        assert room.held[name] + count <= max(1, size // share)


@given(st.integers(1, 200), st.integers(2, 8), HELD, LANES)
def test_where_there_is_room_something_is_begun_of_what_is_due(
    size: int, share: int, held: list[tuple[str, int]], lanes: list[Lane]
) -> None:
    room = room_with(size, share, held)
    due = [lane for lane in lanes if lane.pieces]
    waiting = [lane for lane in due if not room.held[lane.name]]
    if room.free > 0 and waiting:
        assert room.choose(due, size)
        assert room.next_in_s(due) is not None


def test_the_oldest_of_what_has_nothing_comes_first() -> None:
    room = room_with(3, 2, [("a", 1)])
    lanes = [Lane("a", 9, -50.0), Lane("b", 9, -1.0), Lane("c", 9, -7.0)]
    assert list(room.choose(lanes, 3)) == ["c", "b"]


def test_each_that_hangs_leaves_some_to_the_next() -> None:
    room = Room(16, 2)
    taken = []
    for name in "abcde":
        chosen = room.choose([Lane(name, 99, -1.0)], 200)
        taken.append(chosen[name])
        room.begin(name, chosen[name])
    assert taken == [8, 4, 2, 1, 1]
    assert room.free == 0
    assert room.next_in_s([Lane("f", 1, -1.0)]) is None
    room.end("e", 1)
    assert room.choose([Lane("a", 99, -9.0), Lane("f", 1, -1.0)], 200) == {"f": 1}


def test_what_hangs_is_not_waited_for() -> None:
    room = room_with(16, 2, [("a", 8)])
    assert room.next_in_s([Lane("a", 99, -5.0), Lane("b", 0, 3.0)]) == 3.0
    assert room.next_in_s([Lane("a", 99, -5.0)]) is None
