"""What learners keep for themselves: acts in a person's own scope, of which nobody is told."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.db import execute, fetchval
from waypost.outbox import OWN, Act, command, enqueue
from waypost.refusal import Invalid, Refusal, Refused, missing

MOST_KEPT: Final = 1_000  # of each kind; more is no list that anybody reads
COMPLETE: Final = "complete-pathways"  # the job that looks whether everything was earned before

PATHWAY_SQL: Final = "SELECT state FROM pathway WHERE tenant_id = $1 AND id = $2 AND public"
OPPORTUNITY_SQL: Final = "SELECT state FROM opportunity WHERE tenant_id = $1 AND id = $2 AND public"
JOIN_SQL: Final = """
INSERT INTO joined_pathway (person_id, tenant_id, pathway_id, joined_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id, tenant_id, pathway_id) DO NOTHING
"""
LEAVE_SQL: Final = "DELETE FROM joined_pathway WHERE person_id = $1 AND tenant_id = $2 AND pathway_id = $3"
JOINED_SQL: Final = "SELECT count(*) FROM joined_pathway WHERE person_id = $1"
SAVE_SQL: Final = """
INSERT INTO saved_opportunity (person_id, tenant_id, opportunity_id, saved_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (person_id, tenant_id, opportunity_id) DO NOTHING
"""
UNSAVE_SQL: Final = "DELETE FROM saved_opportunity WHERE person_id = $1 AND tenant_id = $2 AND opportunity_id = $3"
SAVED_SQL: Final = "SELECT count(*) FROM saved_opportunity WHERE person_id = $1"


async def pathway_state(tenant: UUID, pathway: UUID) -> str | None:
    """Tell the state of a pathway that everybody sees, in a National transaction."""
    state: str | None = await fetchval(PATHWAY_SQL, tenant, pathway)
    return state


async def opportunity_state(tenant: UUID, opportunity: UUID) -> str | None:
    """Tell the state of an opportunity that everybody sees, in a National transaction."""
    state: str | None = await fetchval(OPPORTUNITY_SQL, tenant, opportunity)
    return state


@command(may=OWN)
async def join_pathway(act: Act, pathway: UUID, state: str | None) -> Refusal | None:
    """Set out on a pathway; nothing happens to who has joined before. Refused with CLOSED where it is retired."""
    if state is None:
        return missing()
    if state != "published":
        return Refused(code="CLOSED", message="This pathway is no longer offered.", path=("pathway",))
    if await fetchval(JOINED_SQL, act.person) >= MOST_KEPT:
        return Invalid(message=f"At most {MOST_KEPT} pathways can be joined; leave some.", path=("pathway",))
    done = await execute(JOIN_SQL, act.person, act.here.tenant_id, pathway, act.now)
    if done.endswith(" 1"):
        await enqueue(COMPLETE, {"tenant": act.here.tenant_id, "pathway": pathway, "person": act.person})
    return None


@command(may=OWN)
async def leave_pathway(act: Act, pathway: UUID, state: str | None) -> Refusal | None:
    """Leave a pathway; nothing happens to who has not joined. What was earned stays earned."""
    if state is None:
        return missing()
    await execute(LEAVE_SQL, act.person, act.here.tenant_id, pathway)
    return None


@command(may=OWN)
async def save_opportunity(act: Act, opportunity: UUID, state: str | None) -> Refusal | None:
    """Keep an opportunity to come back to. Refused with CLOSED where it is closed."""
    if state is None:
        return missing()
    if state != "open":
        return Refused(code="CLOSED", message="This is no longer offered.", path=("opportunity",))
    if await fetchval(SAVED_SQL, act.person) >= MOST_KEPT:
        return Invalid(message=f"At most {MOST_KEPT} can be kept; let some go.", path=("opportunity",))
    await execute(SAVE_SQL, act.person, act.here.tenant_id, opportunity, act.now)
    return None


@command(may=OWN)
async def unsave_opportunity(act: Act, opportunity: UUID, state: str | None) -> Refusal | None:
    """Let an opportunity go; nothing happens where it was not kept."""
    if state is None:
        return missing()
    await execute(UNSAVE_SQL, act.person, act.here.tenant_id, opportunity)
    return None
