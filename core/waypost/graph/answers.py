"""GraphQL responses as bytes, with what the caller must know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from .errors import GraphError, sayable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLError

    from .keeping import Keep


@dataclass(frozen=True)
class Answer:
    """A GraphQL response.

    `accepted` is false when nothing was executed: the document or its variables are wrong. `code` is that of the
    first error of a request that failed as a whole. `cost` is what the operation was priced at, in points;
    `keep` for how long everybody may be given the same answer, null where nobody may.
    """

    body: bytes
    accepted: bool = True
    code: str | None = None
    cost: int | None = None
    keep: Keep | None = None


def told(errors: Sequence[GraphError]) -> list[dict[str, object]]:
    """Return errors as a response writes them."""
    return [each.formatted() for each in errors]


def response(data: Any, errors: Sequence[Mapping[str, object]]) -> bytes:
    """Return the bytes of a response to what was executed."""
    return orjson.dumps({"errors": list(errors), "data": data} if errors else {"data": data})


def refused(errors: Sequence[tuple[str, GraphQLError]]) -> Answer:
    """Return the answer to a document or variables that are wrong."""
    told = [
        {
            **error.formatted,
            "message": sayable(error.message),
            "extensions": {**(error.extensions or {}), "code": code},
        }
        for code, error in errors
    ]
    return Answer(orjson.dumps({"errors": told}), accepted=False, code=errors[0][0])


def unexecuted(error: GraphError) -> Answer:
    """Return the answer to a request that was refused before anything ran."""
    return Answer(orjson.dumps({"errors": [error.formatted()]}), accepted=False, code=error.code)


def failed(error: GraphError) -> Answer:
    """Return the answer to a request that failed as a whole while it ran."""
    return Answer(response(None, [error.formatted()]), code=error.code)
