"""Batch fields put into the text of an answer, without taking all of it apart."""

from __future__ import annotations

from json import JSONDecoder
from typing import TYPE_CHECKING, Any, Final

import orjson

from .marks import PLACE_MARK
from .python_fields import Computed, worked_out
from .shape import Incomplete, complete

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .plan import Plan
    from .query import Patch
    from .request import Request

    # What the work of a patch gave, by its number: a value or an exception a place, in the order of the answer.
    Worked = dict[int, Sequence[Any]]

READ: Final = JSONDecoder().raw_decode


async def put_in(text: str, plan: Plan, request: Request) -> tuple[str | None, Worked]:
    """Finish the places in an answer's text; return it, and what the work gave.

    There is no text where something has to be told or done that needs the tree: a row of another tenant, an ordinary
    resolver, a value that failed or that its type does not allow. The work is not to be done again then.
    """
    patches = {patch.number: patch for patch in plan.patches}
    found = _places(text)
    if not all(isinstance(patches[place["$"]].work, Computed) for place, _, _ in found):
        return None, {}
    worked: Worked = {}
    for number in dict.fromkeys(place["$"] for place, _, _ in found):
        parents = [place for place, _, _ in found if place["$"] == number]
        worked[number] = await worked_out(parents, patches[number], plan, request)
    return _joined(text, found, patches, {number: iter(values) for number, values in worked.items()}), worked


def _places(text: str) -> list[tuple[dict[str, Any], int, int]]:
    """Return the places of an answer in order: what stands there, where it begins and where it ends."""
    found = []
    begins = text.find(PLACE_MARK)
    while begins >= 0:
        place, ends = READ(text, begins)
        found.append((place, begins, ends))
        begins = text.find(PLACE_MARK, ends)
    return found


def _joined(
    text: str, found: Sequence[tuple[dict[str, Any], int, int]], patches: Mapping[int, Patch], values: Mapping[int, Any]
) -> str | None:
    pieces, at = [], 0
    faults: list[Incomplete] = []
    for place, begins, ends in found:
        number = place["$"]
        value = next(values[number])
        if isinstance(value, Exception):
            return None
        pieces += [text[at:begins], orjson.dumps(complete(patches[number].shape, value, faults)).decode()]
        at = ends
    return None if faults else "".join((*pieces, text[at:]))
