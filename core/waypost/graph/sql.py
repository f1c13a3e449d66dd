"""Small pieces of SQL text that print JSON.

Text is concatenated instead of built by `json_build_object`: it is the fastest of the ways that
PostgreSQL offers, keeps the order of the selection, and knows neither the limit of 50 keys nor the
cutting of long aliases.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

MAX_ARGUMENTS = 100  # PostgreSQL's FUNC_MAX_ARGS


def literal(text: str) -> str:
    """Return a SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def text_object(fields: Iterable[tuple[str, str]]) -> str:
    """Return SQL for a JSON object from keys (GraphQL names, or ours that begin with $) and JSON texts."""
    parts: list[str] = []
    mark = "{"
    for key, value in fields:
        parts += [literal(f'{mark}"{key}":'), value]
        mark = ","
    return chunked([*parts, "'}'"]) if parts else "'{}'"


def chunked(parts: Sequence[str]) -> str:
    """Return `concat(…)` of any number of parts."""
    while len(parts) > MAX_ARGUMENTS:
        parts = [f"concat({', '.join(parts[n : n + MAX_ARGUMENTS])})" for n in range(0, len(parts), MAX_ARGUMENTS)]
    return f"concat({', '.join(parts)})"


def text_list(item: str, order: str = "", where: str = "") -> str:
    """Return an aggregate that prints a JSON list of the items, `[]` when there are none."""
    ordered = f" order by {order}" if order else ""
    kept = f" filter (where {where})" if where else ""
    return f"concat('[', string_agg({item}, ','{ordered}){kept}, ']')"


def every(conditions: Iterable[str]) -> str:
    """Return the conjunction of the conditions."""
    return " and ".join(conditions) or "true"
