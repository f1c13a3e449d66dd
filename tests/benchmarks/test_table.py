"""The parts of `make bench` that need no server: figures, their table, and the peer's lock file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from benchmarks.table import Figure, percentile, ratio, shown, table
from benchmarks.wrk import LoadFailed, lua, read

PEER = Path(__file__).resolve().parents[2] / "benchmarks" / "peers" / "postgraphile"
NUMBERS = st.lists(st.floats(0, 1e6), min_size=1, max_size=200)


def drawn(*figures: Figure) -> list[str]:
    """The table as somebody sees it, without its lines."""
    out = io.StringIO()
    Console(file=out, width=120, no_color=True).print(table(figures, "Waypost"))
    return [" ".join(re.sub("[│┃]", " ", line).split()) for line in out.getvalue().splitlines()]


@given(NUMBERS, st.floats(0.01, 1))
def test_a_percentile_is_one_of_the_values_and_covers_its_share(values: list[float], share: float) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_a_percentile_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


@pytest.mark.parametrize("share", [0, 1.5, 95])
def test_a_share_is_above_nothing_and_at_most_all(share: float) -> None:
    with pytest.raises(ValueError, match="no share"):
        percentile([1.0], share)


def test_rounds_are_compared_with_their_neighbours() -> None:
    """A minute in which the machine is busy slows both sides, and leaves their ratio as it was."""
    ours, theirs = [900.0, 300.0, 60.0], [300.0, 100.0, 20.0]
    assert ratio(ours, theirs) == pytest.approx(3)


def test_rounds_without_a_neighbour_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        ratio([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (3, "3"),
        (1234.5, "1,234"),
        (99.94, "99.9"),
        (2.5161, "2.52"),
        (0.05784, "0.0578"),
        (200_000, "200,000"),
    ],
)
def test_numbers_are_shown_as_readers_want_them(value: float, text: str) -> None:
    assert shown(value) == text


def test_a_target_is_met_at_its_very_edge() -> None:
    assert Figure("sql", "nearest", 3.0, "ms", most=3.0).kept is True
    assert Figure("sql", "nearest", 3.01, "ms", most=3.0).kept is False
    assert Figure("http", "ratio", 0.8, "×", least=0.8).kept is True
    assert Figure("http", "ratio", 0.79, "×", least=0.8).kept is False
    assert Figure("http", "rate", 900, "req/s").kept is None


def test_the_table_says_what_was_measured_and_what_was_missed() -> None:
    lines = drawn(
        Figure("start", "empty", 4.2, "s", most=10),
        Figure("sql", "nearest", 3.5, "ms", most=3, note="400 origins"),
        Figure("http", "waypost", 1200, "req/s", more={"p50, ms": 9.5, "CPU, µs a request": 812}),
    )
    assert "empty 4.20 s ≤ 10 met" in lines
    assert "nearest 3.50 ms ≤ 3 missed 400 origins" in lines
    assert "waypost 1,200 req/s p50 9.50 ms, CPU 812 µs a request" in lines


def test_a_subject_stands_once_above_its_figures() -> None:
    lines = drawn(
        Figure("start", "empty", 4, "s"), Figure("start", "again", 1, "s"), Figure("memory", "server", 90, "MB")
    )
    assert [line for line in lines if line in {"start", "memory"}] == ["start", "memory"]


def test_a_file_of_figures_keeps_what_the_table_rounds() -> None:
    facts = Figure("http", "ratio", 2.51612, "×", least=2, more={"p99, ms": 44.031}).facts()
    assert orjson.loads(orjson.dumps(facts)) == {
        "subject": "http",
        "name": "ratio",
        "value": 2.51612,
        "unit": "×",
        "target": 2,
        "met": True,
        "note": "",
        "more": {"p99, ms": 44.031},
    }


def test_load_with_a_failed_request_does_not_count() -> None:
    told = '{"requests": 90, "us": 3000000, "failed": %d, "p50_us": 1500, "p99_us": 9000}\n'
    load = read("Running 3s test\n\n" + told % 0)
    assert (load.requests, load.per_second, load.p50_ms, load.p99_ms) == (90, 30, 1.5, 9)
    with pytest.raises(LoadFailed, match="1 of 90"):
        read(told % 1)


def test_bodies_reach_wrk_as_they_are() -> None:
    body = orjson.dumps({"query": '{ badges(filter: { text: "[[a]]\\n" }) { nodes { name } } }'})
    assert f"[==[{body.decode()}]==]" in lua([body], fresh=False)


def test_two_runs_never_send_the_same_fresh_request() -> None:
    """Else a server could answer the second run with what it kept from the first."""
    first, second = (re.findall(r"local turn = (\d+)", lua([b"{}"], fresh=True)) for _ in range(2))
    assert int(second[0]) > int(first[0])


def test_the_peers_lock_file_pins_every_version_and_names_no_address() -> None:
    text = (PEER / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: one for name, one in orjson.loads(text)["packages"].items() if name}
    assert all(one["version"] and one["integrity"] for one in packages.values())
    assert "://" not in text
    assert "resolved" not in text


def test_the_peer_is_pinned_to_what_its_lock_file_holds() -> None:
    asked = orjson.loads((PEER / "package.json").read_bytes())
    held = orjson.loads((PEER / "package-lock.json").read_bytes())["packages"]
    for name, version in {**asked["dependencies"], **asked["optionalDependencies"]}.items():
        assert held[f"node_modules/{name}"]["version"] == version
