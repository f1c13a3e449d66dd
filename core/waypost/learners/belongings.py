"""What the asker joined and saved, as front ends see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from waypost.db import Database, Learner
from waypost.graph import Key, Lookup, Order, Ordering, expression, extend, pages
from waypost.opportunities.graph import COUNTED

if TYPE_CHECKING:
    from waypost.discover.graph import OpportunityConnection
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.members.graph import Find
    from waypost.pathways.graph import PathwayConnection

# By the names of the lookups: what the asker keeps, read in the asker's own scope, as JSON text.
KEPT_SQL: Final = {
    "joined": """
SELECT coalesce(json_agg(json_build_object('id', pathway_id, 'at', joined_at)), '[]')::text
FROM joined_pathway WHERE person_id = $1
""",
    "saved": """
SELECT coalesce(json_agg(json_build_object('id', opportunity_id, 'at', saved_at)), '[]')::text
FROM saved_opportunity WHERE person_id = $1
""",
}


def kept_in(database: Database, kind: str) -> Find:
    """Return the lookup "joined" or "saved"."""

    async def find(_key: str, request: Request) -> str:
        person = request.asker.person
        return "[]" if person is None else await database.reads.read(Learner(person), KEPT_SQL[kind], [person]) or "[]"

    return find


def _joined(request: Request) -> Lookup:
    return Lookup("joined", str(request.asker.person), lambda found: found)


def _saved(request: Request) -> Lookup:
    return Lookup("saved", str(request.asker.person), lambda found: found)


GETTERS: Final = {"joined": _joined, "saved": _saved}


def _kept(query: Query, kind: str) -> str:
    """Return SQL for the rows `kept` (id, at) of what the asker keeps."""
    return f"jsonb_to_recordset({query.param(GETTERS[kind], 'jsonb')}) kept(id uuid, at timestamptz)"


def _is_kept(kind: str) -> Callable[[Query, Here, Selected], str]:
    def text(query: Query, here: Here, field: Selected) -> str:
        del field
        query.personal = True
        if not query.decide(lambda request: request.asker.person is not None):
            return "'false'"
        return f"({here}.id in (select kept.id from {_kept(query, kind)}))::text"

    return text


def _among(kind: str) -> Callable[[Query, Here, Here], Sequence[str]]:
    def link(query: Query, here: Here, there: Here) -> Sequence[str]:
        del here
        return (f"{there}.id in (select kept.id from {_kept(query, kind)})",)

    return link


def _newest(kind: str) -> Callable[[Query, Here, Selected], Ordering]:
    def order(query: Query, row: Here, field: Selected) -> Ordering:
        del row, field
        since = f"coalesce((select kept.at from {_kept(query, kind)} where kept.id = {{0}}.id), 'epoch')"
        return Ordering(kind, Order((Key(since, "timestamptz"), Key("{0}.id", "uuid")), descending=True))

    return order


@extend("Viewer")
class ViewerBelongings:
    """What the asker keeps."""

    pathways: PathwayConnection = pages(
        link=_among("joined"),
        order=_newest("joined"),
        anywhere=True,
        doc="What the asker joined, the latest first: in this city, or nationally everywhere.",
    )
    saved: OpportunityConnection = pages(
        link=_among("saved"),
        order=_newest("saved"),
        counted=COUNTED,
        anywhere=True,
        doc="What the asker saved, the latest first: in this city, or nationally everywhere. Also what is over by now.",
    )


@extend("Pathway")
class PathwayJoined:
    """Whether the asker is on a pathway."""

    viewer_has_joined: bool = expression(_is_kept("joined"), doc="Whether the asker joined it; false for strangers.")


@extend("Opportunity")
class OpportunitySaved:
    """Whether the asker keeps an opportunity."""

    viewer_has_saved: bool = expression(_is_kept("saved"), doc="Whether the asker saved it; false for strangers.")


TYPES = (ViewerBelongings, PathwayJoined, OpportunitySaved)
