"""Small pieces of SQL text that print JSON.

Text is concatenated instead of built by `json_build_object`: it is the fastest of the ways that
PostgreSQL offers, keeps the order of the selection, and knows neither the limit of 50 keys nor the
cutting of long aliases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Self

MAX_ARGUMENTS = 100  # PostgreSQL's FUNC_MAX_ARGS


class Literal(str):
    """A SQL string literal that knows its `text`, so that two which meet become one."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Self:
        """Quote the text."""
        made = super().__new__(cls, "'" + text.replace("'", "''") + "'")
        made.text = text
        return made


class Joined(str):
    """`concat(…)` that knows its `parts`, so that one inside another becomes a single call."""

    __slots__ = ("parts",)
    parts: Sequence[str]

    def __new__(cls, parts: Sequence[str]) -> Self:
        """Write the call."""
        made = super().__new__(cls, _concat(parts))
        made.parts = parts
        return made


def literal(text: str) -> str:
    """Return a SQL string literal."""
    return Literal(text)


def text_object(fields: Iterable[tuple[str, str]]) -> str:
    """Return SQL for a JSON object from keys (GraphQL names, or ours that begin with $) and JSON texts."""
    parts: list[str] = []
    mark = "{"
    for key, value in fields:
        parts += [literal(f'{mark}"{key}":'), value]
        mark = ","
    return joined([*parts, Literal("}" if parts else "{}")])


def joined(parts: Iterable[str]) -> str:
    """Return SQL for any number of texts one after another; NULL among them counts as nothing."""
    flat: list[str] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Joined) else (part,):
            before = flat[-1] if flat else None
            if isinstance(piece, Literal) and isinstance(before, Literal):
                flat[-1] = Literal(before.text + piece.text)
            else:
                flat.append(piece)
    return flat[0] if len(flat) == 1 and isinstance(flat[0], Literal) else Joined(flat)


def _concat(parts: Sequence[str]) -> str:
    while len(parts) > MAX_ARGUMENTS:
        parts = [f"concat({', '.join(parts[n : n + MAX_ARGUMENTS])})" for n in range(0, len(parts), MAX_ARGUMENTS)]
    return f"concat({', '.join(parts)})"


def text_list(item: str, order: str = "", where: str = "") -> str:
    """Return an aggregate that prints a JSON list of the items, `[]` when there are none."""
    ordered = f" order by {order}" if order else ""
    kept = f" filter (where {where})" if where else ""
    return joined([Literal("["), f"string_agg({item}, ','{ordered}){kept}", Literal("]")])


def every(conditions: Iterable[str]) -> str:
    """Return the conjunction of the conditions."""
    return " and ".join(conditions) or "true"
