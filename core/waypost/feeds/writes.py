"""Mutations of feeds."""

from __future__ import annotations

from typing import Any

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, needed, row_of
from waypost.graph.payloads import Outcome
from waypost.jobs.graph import Job
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import commands
from .graph import Feed


@strawberry.input(description="A feed that is to be read now.")
class RefreshFeedInput:
    """Which."""

    feed: ID = needed("The id of a feed of this city.")


@value
class RefreshFeedSuccess:
    """It is read in the background."""

    feed: Feed = column(doc="The feed as it is now.")
    job: Job = column(doc="Watch it with `job(id:)` and `jobChanged`.")


RefreshFeedPayload: Any = payload("RefreshFeedPayload", RefreshFeedSuccess)


async def _refresh(act: Act, given: Given) -> Outcome:
    done = await commands.refresh_feed(act, row_of("Feed", given["feed"], act.here.tenant_id))
    if isinstance(done, Refusal):
        return done
    return {"feed": Row("Feed", done.feed), "job": Row("Job", done.job)}


@mutation
class FeedMutation:
    """What is done to feeds."""

    refresh_feed: RefreshFeedPayload = act(
        _refresh, RefreshFeedInput, by="feed", doc="Read a feed now, whenever it is due."
    )


TYPES = (RefreshFeedInput, RefreshFeedSuccess, FeedMutation)
