"""How a walk through a feed begins."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.db import execute
from waypost.feeds import state
from waypost.outbox.act import Act
from waypost.outbox.jobs import begin_job
from waypost.outbox.work import enqueue

JOB: Final = "feeds.read"
KIND: Final = "feed"


async def begin(act: Act, feed: state.FeedState) -> UUID:
    """Begin to read a feed in the current transaction; answers the job that tells how it goes."""
    tenant = act.here.tenant_id
    job = await begin_job(act, KIND)
    await execute(state.BEGIN_SQL, tenant, feed.id, job, act.now)
    await enqueue(JOB, {"tenant": tenant, "feed": feed.id, "round": feed.round + 1})
    return job
