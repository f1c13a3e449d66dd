"""Files of awards, good ones and any bytes at all."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from waypost.awards.lines import Reader
from waypost.outbox.jobs import MOST_PROBLEMS

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
names = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30).filter(
    lambda text: text.strip() == text
)
texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=60)
rows = st.lists(st.tuples(names, st.integers(0, 10**9), texts), min_size=1, max_size=20, unique_by=lambda row: row[1])


def read(content: bytes) -> tuple[Reader, list[Any]]:
    reader = Reader(io.BytesIO(content), NOW)
    return reader, list(reader.lines())


@given(rows, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.sampled_from([",", ";"]))
def test_what_a_spreadsheet_writes_is_read_as_it_was_meant(
    people: list[tuple[str, int, str]], bom: bool, end: str, delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
    writer.writerow(["Name", "E-mail".replace("-", ""), "narrative"])
    writer.writerows([name, f"p{number}@example.org", text] for name, number, text in people)
    reader, lines = read(out.getvalue().encode("utf-8-sig" if bom else "utf-8"))
    assert reader.problems == []
    assert [(line.who.name, line.who.address, line.words.narrative) for line in lines] == [
        (name, f"p{number}@example.org", text.strip() or None) for name, number, text in people
    ]
    assert [line.number for line in lines] == sorted({line.number for line in lines})


@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"name,email\n{text}".encode("utf-8", "ignore"))
)
@example(b"name,em\x00ail\nA,a@example.org\n")
def test_whatever_the_bytes_are_there_are_lines_or_problems_with_their_place(content: bytes) -> None:
    reader, lines = read(content)
    assert lines or reader.problems
    assert all(problem.line is not None and problem.line >= 1 for problem in reader.problems)
    last = content.count(b"\n") + content.count(b"\r") + 2
    assert all((problem.line or 0) <= last for problem in reader.problems)
    assert not any("\x00" in f"{problem.column} {problem.message}" for problem in reader.problems)


@given(st.integers(1, 60), st.integers(0, 200))
def test_a_byte_that_is_not_utf_8_is_told_by_line_and_place(line: int, place: int) -> None:
    good = ["name,email"] + [f"N{n},n{n}@example.org" for n in range(line)]
    bad = b"x" * place + b"\xff,a@example.org\n"
    reader, _ = read(("\n".join(good) + "\n").encode() + bad)
    (problem,) = reader.problems
    assert (problem.code, problem.line) == ("NOT_UTF8", line + 2)
    assert f"Byte {place + 1} " in problem.message


@given(st.lists(st.sampled_from(["a@example.org", "A@example.org", "b@example.org"]), min_size=1, max_size=12))
def test_the_second_line_of_one_recipient_is_told_with_the_first(addresses: list[str]) -> None:
    content = "name,email\n" + "".join(f"N{n},{each}\n" for n, each in enumerate(addresses))
    reader, lines = read(content.encode())
    small = [each.lower() for each in addresses]
    firsts = {each: small.index(each) for each in small}
    assert [line.number for line in lines] == sorted(index + 2 for index in firsts.values())
    assert all(f"line {firsts[small[(p.line or 0) - 2]] + 2};" in p.message for p in reader.problems)


def test_reading_ends_when_there_are_more_problems_than_anybody_reads() -> None:
    reader, _ = read(b"name,email\n" + b"N,nothing\n" * 5_000)
    assert len(reader.problems) == MOST_PROBLEMS


def test_problems_repeat_no_names_and_no_addresses() -> None:
    reader, _ = read(b"name,email,birth_year\nSecretname,secret-address,2019\nSecretname,s@example.org,1\n")
    assert reader.problems
    assert not any("ecret" in problem.message for problem in reader.problems)
