"""Holding the engine's answer against the executor's: values, the order of keys, errors, and what cursors mean."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.oracle.calls import Cursors, Problem, is_cursor
from tests.oracle.executor import Verdict


def differences(answer: Mapping[str, Any], verdict: Verdict, cursors: Cursors) -> list[str]:
    """Return where an answer of the engine is not what it must be; learn its cursors on the way."""
    problems = Counter(_problem(each) for each in answer.get("errors", ()))
    if not verdict.accepted:
        wanted = Counter(verdict.errors)
        told = Counter({(code, ()): count for (code, _), count in problems.items()})
        return (
            [] if "data" not in answer and set(told) == set(wanted) else [f"accepted: {answer}, not {verdict.errors}"]
        )
    if "data" not in answer:
        return [f"refused as a whole: {answer['errors']}"]
    if verdict.data is None:  # what lies beside the refusal that left nothing may be told or not (GraphQL, 6.4.4)
        refusing = {path[:1] for _, path in verdict.errors}
        problems = Counter({each: count for each, count in problems.items() if each[1][:1] in refusing})
    return _of_problems(problems, verdict.errors) + _unlike(answer["data"], verdict.data, (), cursors)


def _of_problems(told: Counter[Problem], wanted: Sequence[Problem]) -> list[str]:
    """Return what was told and not wanted, and the other way round; of several codes any one is right."""
    missing = []
    for codes, path in wanted:
        found = next((each for each in told if each[1] == path and each[0] in codes.split("|")), None)
        if found is None:
            missing.append((codes, path))
        else:
            told -= Counter([found])
    return [f"errors: {dict(told)} too many, {missing} missing"] if missing or told else []


def _problem(error: Mapping[str, Any]) -> Problem:
    return error["extensions"]["code"], tuple(error.get("path", ()))


def _unlike(one: Any, other: Any, path: tuple[Any, ...], cursors: Cursors) -> list[str]:
    """Return where two values differ; of each list and object the first few differences."""
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            return [f"{_at(path)} has the keys {list(one)}, not {list(other)}"]
        return [each for key in one for each in _unlike(one[key], other[key], (*path, key), cursors)][:5]
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return [f"{_at(path)} has {len(one)} entries, not {len(other)}: {str(one)[:300]}, not {str(other)[:300]}"]
        pairs = enumerate(zip(one, other, strict=True))
        return [each for index, (a, b) in pairs for each in _unlike(a, b, (*path, index), cursors)][:5]
    if is_cursor(other):
        if isinstance(one, str) and cursors.learn(one, other):
            return []
        return [f"{_at(path)} is {one!r}, which stood elsewhere before"]
    if one == other and isinstance(one, bool) is isinstance(other, bool):
        return []
    return [f"{_at(path)} is {one!r}, not {other!r}"]


def _at(path: tuple[Any, ...]) -> str:
    return ".".join(map(str, path)) or "the answer"
