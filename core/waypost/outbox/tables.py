"""What happened, in the order it happened, and the work that follows from it."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Boolean, Integer, Text, Timestamptz

from waypost.db import PersonTable, PlatformTable, TenantTable


class EventRow(TenantTable, tablename="event", unaudited="Says itself who did what to which object."):
    """A fact told by a command, in the transaction that made it true. Holds ids, never names or addresses."""

    type = Text(help_text="Like `badge.published`.")
    object_type = Text()
    object_id = UUID()
    person_id = UUID(null=True, help_text="Who did it; null = files, a feed or a job.")
    data = JSONB(default="{}")
    happened_at = Timestamptz()
    version = BigInt(
        null=True, help_text="That of the tenant's catalogue after the transaction: the order in which events held."
    )
    request = Text(null=True, help_text="The id of the request in which it happened, or that made the work.")


class WorkRow(
    PlatformTable,
    tablename="work",
    grants={"city": "INSERT", "learner": "INSERT", "system": "SELECT, INSERT, UPDATE, DELETE"},
    tenant_policy=True,
    reason="The queue of the workers, who take what is due whosever it is; holds ids and numbers only.",
):
    """One piece of work that is due, or that is dead after too many attempts."""

    tenant_id = UUID(null=True)
    kind = Text(help_text="`on:` and a handler, or a kind of job.")
    lane = Text(default="", help_text="Whose turn it is: a city's; of a bundle that of a receiver, done together.")
    facts = JSONB(default="{}")
    due_at = Timestamptz(help_text="While a worker holds it: when its lease ends.")
    attempts = Integer(default=0)
    holder = UUID(null=True, help_text="The worker that has it.")
    state = Text(default="due", help_text="due or dead.")
    problem = Text(null=True, help_text="Why the last attempt failed: the error's kind and words.")
    request = Text(null=True, help_text="The id of the request that made it.")
    made_at = Timestamptz()


class Relayed(
    PlatformTable,
    key=("tenant_id",),
    grants={"city": "SELECT, INSERT, UPDATE", "system": "SELECT"},
    tenant_policy=True,
    reason="How far each tenant's events were handed on, looked up for all tenants at once; holds numbers only.",
):
    """How far the events of a tenant were handed on to their handlers."""

    tenant_id = UUID()
    version = BigInt()
    event_id = UUID()


class ScheduleRow(
    PlatformTable,
    tablename="schedule",
    key=("name",),
    grants={"system": "SELECT, INSERT, UPDATE"},
    reason="One worker of all runs what is scheduled; holds names of schedules and times only.",
):
    """When a schedule is due again."""

    name = Text()
    due_at = Timestamptz()
    holder = UUID(null=True)
    ran_at = Timestamptz(null=True)


class Handled(TenantTable, key=("handler", "key"), unaudited="Only the platform writes it."):
    """What a handler has done, so that it is not done twice."""

    handler = Text()
    key = UUID()
    handled_at = Timestamptz()
    lasting = Boolean(default=False, help_text="Whether it is remembered for good, else for a month.")


class Unsubscribed(TenantTable, key=("letter", "digest"), unaudited="Somebody said it without signing in."):
    """A letter that somebody does not want any more; the address is named by its keyed digest alone."""

    letter = Text()
    digest = Text()
    said_at = Timestamptz()


class KeptAnswer(TenantTable, key=("person_id", "digest", "place"), unaudited="What it answers is audited."):
    """What a mutation answered to an `Idempotency-Key`, for a day; sealed so that only who has the key can read it."""

    person_id = UUID()
    digest = Text(help_text="Of the key.")
    place = Integer(help_text="Which mutation of its request.")
    request_digest = Text()
    answer = Text(default="")
    made_at = Timestamptz()


class OwnAnswer(PersonTable, key=("digest", "place"), grants={"system": "SELECT, DELETE"}):
    """The same of what people do for themselves, in no city; the platform reads how old it is, and sweeps it away."""

    digest = Text(help_text="Of the key.")
    place = Integer(help_text="Which mutation of its request.")
    request_digest = Text()
    answer = Text(default="")
    made_at = Timestamptz()


class IncomingCall(TenantTable, unaudited="It comes from outside, and what follows from it is audited."):
    """A call from outside that waits to be handled; emptied when it was."""

    plugin = Text()
    key = Text(help_text="A digest of the sender's id of it.")
    sealed = Text(null=True, help_text="Body and headers, sealed; null once it was handled.")
    received_at = Timestamptz()
    handled_at = Timestamptz(null=True)


class Job(TenantTable, unaudited="Says itself who began it."):
    """Long work that somebody watches."""

    kind = Text(help_text="What is done, such as `award-many`.")
    state = Text(help_text="queued, running, done or failed.")
    done = Integer(default=0, help_text="How much of it is done, in pieces of its kind.")
    total = Integer(null=True, help_text="How much there is to do; null as long as nobody knows.")
    person_id = UUID(null=True, help_text="Who began it.")
    issuer_id = UUID(null=True)
    begun_at = Timestamptz(help_text="When it was asked for.")
    ended_at = Timestamptz(null=True, help_text="When it was done or given up.")
    request = Text(null=True, help_text="The id of the request that began it.")


class JobProblem(TenantTable, unaudited="Follows from the job."):
    """Something that a job could not do, and where in what it was given."""

    job_id = UUID()
    position = Integer()
    line = Integer(null=True, help_text="The line of the uploaded file, the first being 1.")
    column = Text(null=True, help_text="Which value of that line, by its heading.")
    code = Text(help_text="Safe to switch on; docs/front-ends.md has them all.")
    message = Text(help_text="One sentence for people, in English.")


TABLES = (
    EventRow,
    WorkRow,
    Relayed,
    ScheduleRow,
    Handled,
    Unsubscribed,
    KeptAnswer,
    OwnAnswer,
    IncomingCall,
    Job,
    JobProblem,
)
