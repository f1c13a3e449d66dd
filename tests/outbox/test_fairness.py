"""Whose turn it is."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from waypost.outbox.fairness import Lane, Path, Room

PATHS = st.tuples(st.sampled_from("abcd"), st.sampled_from("xyz"))
LANES = st.lists(
    st.builds(Lane, PATHS, st.integers(0, 300), st.floats(-100, 100)), unique_by=lambda lane: lane.path, max_size=12
)
HELD = st.lists(st.tuples(PATHS, st.integers(1, 5)), max_size=6)
SHARE = st.sampled_from([Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(1, 6)])
SHARES = st.tuples(SHARE, SHARE)
HALVES = (Fraction(1, 2), Fraction(3, 4))


def room_with(size: int, shares: tuple[Fraction, ...], held: list[tuple[Path, int]]) -> Room:
    room = Room(size, shares)
    for path, count in held:
        room.begin(path, count)
    return room


@given(st.integers(1, 200), SHARES, HELD, LANES, st.integers(0, 300))
def test_no_more_is_begun_than_is_due_and_there_is_room_for(
    size: int, shares: tuple[Fraction, ...], held: list[tuple[Path, int]], lanes: list[Lane], most: int
) -> None:
    room = room_with(size, shares, held)
    chosen = room.choose(lanes, most)
    due = {lane.path: lane.pieces for lane in lanes}
    assert all(0 < count <= due[path] for path, count in chosen.items())
    assert sum(chosen.values()) <= max(0, min(most, room.free))
    for path, count in chosen.items():
        room.begin(path, count)
        assert room.held[path] <= room.most
        assert room.held[path[:1]] <= max(1, int(size * shares[0]))


@given(st.integers(1, 200), SHARES, HELD, LANES)
def test_where_there_is_room_something_is_begun_of_what_is_due(
    size: int, shares: tuple[Fraction, ...], held: list[tuple[Path, int]], lanes: list[Lane]
) -> None:
    room = room_with(size, shares, held)
    due = [lane for lane in lanes if lane.pieces]
    waiting = [lane for lane in due if not room.held[lane.path[:1]]]
    if room.free > 0 and waiting:
        assert room.choose(due, size)
        assert room.next_in_s(due) is not None


@given(st.integers(4, 200), SHARES, st.lists(st.tuples(PATHS, st.integers(1, 300)), max_size=12), LANES)
def test_what_ends_leaves_nothing_behind(
    size: int, shares: tuple[Fraction, ...], held: list[tuple[Path, int]], lanes: list[Lane]
) -> None:
    room = room_with(size, shares, held)
    for path, count in held:
        room.end(path, count)
    assert room.held == {}
    assert room.choose(lanes, size) == Room(size, shares).choose(lanes, size)


def test_the_oldest_of_what_has_nothing_comes_first() -> None:
    room = room_with(6, HALVES, [(("a", "x"), 1)])
    lanes = [
        Lane(("a", "x"), 9, -50.0),
        Lane(("a", "y"), 9, -20.0),
        Lane(("b", "x"), 9, -1.0),
        Lane(("c", "x"), 9, -7.0),
    ]
    assert list(room.choose(lanes, 6)) == [("c", "x"), ("b", "x"), ("a", "y")]


def taken(room: Room, paths: list[Path]) -> list[int]:
    """How many pieces each has that comes with a great many, one after the other, and never ends."""
    for path in paths:
        for chosen, count in room.choose([Lane(path, 99, -1.0)], 200).items():
            room.begin(chosen, count)
    return [room.held[path] for path in paths]


def test_each_kind_that_hangs_leaves_some_to_the_next() -> None:
    room = Room(16, (Fraction(1, 2), Fraction(1)))
    assert taken(room, [(name, "") for name in "abcde"]) == [8, 4, 2, 1, 1]
    assert room.free == 0
    assert room.next_in_s([Lane(("f", ""), 1, -1.0)]) is None
    room.end(("e", ""), 1)
    assert room.choose([Lane(("a", ""), 99, -9.0), Lane(("f", ""), 1, -1.0)], 200) == {("f", ""): 1}


def test_each_city_that_hangs_leaves_some_of_the_kind_to_the_next() -> None:
    room = Room(16, HALVES)
    assert taken(room, [("a", city) for city in "vwxyz"]) == [6, 1, 1, 0, 0]
    room.end(("a", "v"), 1)
    assert room.choose([Lane(("a", "v"), 99, -9.0), Lane(("a", "y"), 1, -1.0)], 200) == {("a", "y"): 1}
    assert taken(room, [("b", "v")]) == [3]


@given(st.lists(st.integers(1, 60), min_size=2, max_size=12), st.integers(1, 32))
def test_every_city_has_its_turn_whatever_others_have_waiting(pieces: list[int], size: int) -> None:
    """All work takes equally long: at each step what was begun has ended, and some is begun of who has most, first."""
    room, left, last = Room(size, HALVES), dict(enumerate(pieces)), dict.fromkeys(range(len(pieces)), 0)
    for step in range(sum(pieces)):
        lanes = [Lane(("mail", str(city)), count, -float(count)) for city, count in left.items() if count]
        for path, count in room.choose(lanes, size).items():
            left[int(path[1])] -= count
            last[int(path[1])] = step
        assert all(step - last[city] <= len(pieces) for city, count in left.items() if count)
    assert not any(left.values())


def test_what_hangs_is_not_waited_for() -> None:
    room = room_with(16, HALVES, [(("a", "x"), 6)])
    assert room.next_in_s([Lane(("a", "x"), 99, -5.0), Lane(("b", "x"), 0, 3.0)]) == 3.0
    assert room.next_in_s([Lane(("a", "x"), 99, -5.0)]) is None
    assert room.next_in_s([Lane(("a", "x"), 99, -5.0), Lane(("a", "y"), 1, -1.0)]) == -1.0
