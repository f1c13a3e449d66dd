"""Feeds, for those who look after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import strawberry

from waypost.graph import Connection, Key, Node, Order, guarded, node, one, pages, query
from waypost.graph.permitted import permitted

from . import tables

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query
    from waypost.jobs.graph import Job

MANAGE: Final = "feed.manage"
BY_NAME: Final = Order((Key("{0}.name", "text"), Key("{0}.id", "uuid")))


@strawberry.enum(description="How it is with a feed.")
class FeedState(Enum):
    """States of a feed."""

    WAITING = strawberry.enum_value("waiting", description="It was read, and is read again when it is due.")
    READING = strawberry.enum_value("reading", description="It is being read; `job` tells how far that is.")
    FAILED = strawberry.enum_value("failed", description="It could not be read to its end; `problem` says why.")
    OFF = strawberry.enum_value("off", description="The settings name it no more; what it brought stays as it is.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MANAGE, issuer=None),)


@node(tables.Feed, seen=_seen)
class Feed(Node):
    """What others offer, taken in from outside; its address is in the city's settings of the plugin."""

    plugin: str
    name: str
    state: FeedState
    pages: int
    items: int
    total: int | None
    problems: int
    problem_code: str | None
    problem: str | None
    begun_at: datetime | None
    ended_at: datetime | None
    due_at: datetime
    job: Job | None = one("job_id", doc="The job that read it last, or reads it.")


@query
class FeedQuery:
    """Root fields of feeds."""

    feeds: Connection[Feed] = guarded(MANAGE, pages(order=BY_NAME, doc="What the city takes in from outside, by name."))


TYPES = (Feed, FeedQuery)
