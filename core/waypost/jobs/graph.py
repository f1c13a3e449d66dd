"""Long work as those who began it watch it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import strawberry

from waypost.graph import ID, Argument, Node, changes, column, many, node, only, query, subscription, value
from waypost.graph.ids import parse_id
from waypost.graph.permitted import own, permitted
from waypost.outbox import tables

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected

READ: Final = "job.read"


@strawberry.enum(description="How far a job is.")
class JobState(Enum):
    """States of a job."""

    QUEUED = strawberry.enum_value("queued", description="It waits for a worker.")
    RUNNING = strawberry.enum_value("running", description="It is being done.")
    DONE = strawberry.enum_value("done", description="It is done; `problems` says what of it was not.")
    FAILED = strawberry.enum_value("failed", description="It was not done; `problems` says why.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (f"({own(query, row)} or {permitted(query, row, READ)})",)


def _below_its_job(_query: Query, _row: Here) -> Sequence[str]:
    """Whoever sees the job sees its problems; there is no other way to them."""
    return ()


@node(tables.JobProblem, seen=_below_its_job)
class JobProblem:
    """Something that a job could not do."""

    line: int | None
    column: str | None = column("column", doc="Which value of that line, by its heading.")
    code: str
    message: str


@node(tables.Job, seen=_seen)
class Job(Node):
    """Long work, seen by who began it and by those who answer for the city."""

    kind: str
    state: JobState
    done: int
    total: int | None
    begun_at: datetime
    ended_at: datetime | None
    problems: list[JobProblem] = many(
        there_key="job_id",
        order_by=("position", "id"),
        doc="What it could not do, by line; at most 1,000 are kept.",
    )


@query
class JobQuery:
    """Root fields of jobs."""

    job: Job | None = only("Job", doc="A job by its id.")


def _that_one(query: Query, row: Here, field: Selected) -> Sequence[str]:
    get = field.argument("id")

    def asked(request: object) -> object:
        named = parse_id(get(request))  # type: ignore[arg-type]  # a request
        return named.row if named is not None and named.type == "Job" else None

    return (f"{row}.id = {query.param(asked, 'uuid')}",)


@value
class JobChanged:
    """A job went on or ended."""

    id: ID = column(doc="The job that went on.")
    job: Job | None = column(doc="The job as it is now.")


@subscription
class JobSubscription:
    """What happens to jobs."""

    job_changed: JobChanged = changes(
        "Job",
        arguments=(Argument("id", strawberry.ID, required=True, doc="The job, as its mutation answered it."),),
        where=_that_one,
        doc="Each step of one job, told while it happens.",
    )


TYPES = (JobProblem, Job, JobQuery, JobChanged, JobSubscription)
