"""Webhooks, deliveries, jobs and feeds, by the naive executor."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from tests.graph.world import World
from tests.oracle.calls import Call, Table, columns, global_id, told
from tests.oracle.lists import Listing, listing, reference
from tests.oracle.rows import Row, Thing
from tests.oracle.shared import below, one
from waypost.access.permissions import NATIONAL_ROLE, issuer_scoped, permissions_of
from waypost.db.connections import Connection
from waypost.graph.ids import parse_id

HOOK_SQL: Final = """
INSERT INTO webhook (tenant_id, id, url, events, state, secret, failures)
VALUES ($1, $2, 'https://example.org/hook', '{place.*,badge.published}', $3, 'sealed', $4)
"""
DELIVERY_SQL: Final = """
INSERT INTO delivery (tenant_id, id, webhook_id, event_id, event_type, object_type, object_id, happened_at, state,
                      attempts, answer, problem, tried_at)
VALUES ($1, $2, $3, $2, 'place.created', 'Place', $2, $4, $5, $6, $7, $8, $4)
"""
JOB_SQL: Final = "INSERT INTO job (tenant_id, id, kind, state, person_id) VALUES ($1, $2, 'award-many', 'done', $3)"
PROBLEM_SQL: Final = """
INSERT INTO job_problem (tenant_id, id, job_id, position, line, "column", code, message)
VALUES ($1, $2, $3, $4, $4, 'email', 'INVALID', 'That is no address.')
"""
FEED_SQL: Final = """
INSERT INTO feed (tenant_id, id, plugin, name, state, job_id, items, problem_code, problem, due_at)
VALUES ($1, $2, 'flock', $3, $4, $5, 7, $6, $6, $7)
"""


async def found_telling(connection: Connection, world: World, person: UUID | None) -> None:
    """Two webhooks in use and one that was removed, what they were told, a job of somebody's, and three feeds."""
    here, now = world.towns["plymouth"].id, world.now
    hooks = [uuid5(here, f"hook {n}") for n in range(3)]
    for hook, state, failures in zip(hooks, ("on", "gone", "removed"), (0, 12, 0), strict=True):
        await connection.execute(HOOK_SQL, here, hook, state, failures)
    ends = (("delivered", 1, 204, None), ("due", 2, 500, "answered 500"), ("dead", 7, None, "no answer within 15 s"))
    for n in range(9):
        at, id = now + timedelta(minutes=n), uuid5(here, f"delivery {n}")
        await connection.execute(DELIVERY_SQL, here, id, hooks[n % 2], at, *ends[n % 3])
    job = uuid5(here, "job")
    await connection.execute(JOB_SQL, here, job, person)
    for n in (1, 2, 3):
        await connection.execute(PROBLEM_SQL, here, uuid5(job, str(n)), job, n)
    for name, state, read_by, fault in (
        *(("birds", "waiting", job, None), ("ants", "failed", uuid5(here, "no job"), "FEED_HTML")),
        ("cats", "off", None, None),
    ):
        await connection.execute(FEED_SQL, here, uuid5(here, name), name, state, read_by, fault, now)


def webhooks(call: Call) -> Listing:
    """Those that were not removed, the newest first."""
    found = [Thing("Webhook", row, call.view) for row in call.view.all("webhook") if row["state"] != "removed"]
    return listing(call, found, lambda each: (each["id"].bytes,), descending=True)


def deliveries(call: Call) -> Listing:
    """What was told, the newest first."""
    filter = call.args.get("filter", {})
    states, hook = filter.get("states"), filter.get("webhook")

    def wanted(row: Row) -> bool:
        return (states is None or row["state"] in {each.value for each in states}) and (
            hook is None or reference(hook, "Webhook") == (row["tenant_id"], row["webhook_id"])
        )

    found = [Thing("Delivery", row, call.view) for row in call.view.all("delivery") if wanted(row)]
    return listing(call, found, lambda each: (each["id"].bytes,), descending=True)


def feeds(call: Call) -> Listing:
    """What the city takes in, by name."""
    found = [Thing("Feed", row, call.view) for row in call.view.all("feed")]
    return listing(call, found, lambda each: (each["name"], each["id"].bytes))


def feed_job(call: Call) -> Thing | None:
    """The job that read it last, for who may look at jobs."""
    id = call.thing["job_id"]
    row = None if id is None else call.view.one("job", "id", id, call.thing["tenant_id"])
    return None if row is None or not _may_see(call, row) else Thing("Job", row, call.view)


def job(call: Call) -> Thing:
    """A job by its id, for who began it or may look at others'."""
    given = parse_id(call.args["id"])
    row = None
    if given is not None and given.type == "Job" and given.tenant == call.view.tenant:
        row = call.view.one("job", "id", given.row, given.tenant)
    if row is None or not _may_see(call, row):
        raise told("NOT_FOUND")
    return Thing("Job", row, call.view)


def _may_see(call: Call, row: Row) -> bool:
    asker = call.asked.asker
    at_home = asker.role == NATIONAL_ROLE or asker.tenant == call.view.tenant
    may = at_home and "job.read" in permissions_of(asker.role, asker.limits)
    may = may and (not issuer_scoped(asker.role) or row["issuer_id"] == asker.issuer)
    return may or (row["person_id"] is not None and row["person_id"] == asker.person)


TELLING: Table = {
    ("Query", "webhooks"): webhooks,
    ("Query", "deliveries"): deliveries,
    ("Query", "job"): job,
    ("Query", "feeds"): feeds,
    ("Feed", "job"): feed_job,
    **columns("Feed", "plugin name state pages items total problems problemCode problem begunAt endedAt dueAt"),
    **{
        (kind, "id"): lambda call: global_id(call.thing.kind, call.thing["id"], call.thing["tenant_id"])
        for kind in ("Webhook", "Delivery", "Job", "Feed")
    },
    **columns("Webhook", "url events state formerUntil failures restingUntil madeAt"),
    **columns("Delivery", "eventType happenedAt state attempts answer problem triedAt"),
    ("Delivery", "webhook"): one("Webhook", "webhook", "webhook_id"),
    **columns("Job", "kind state done total begunAt endedAt"),
    ("Job", "problems"): below("JobProblem", "job_problem", "job_id", "position"),
    **columns("JobProblem", "line column code message"),
}
