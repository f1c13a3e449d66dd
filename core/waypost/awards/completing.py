"""Awards a pathway's completion badge when its rule is met: after each badge that somebody accepts, and on joining."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from waypost.awards.earned import earned_by
from waypost.awards.rules import AlreadyAwarded
from waypost.awards.store import Origin, find_awardable, write_award
from waypost.db import City, Learner, National
from waypost.learners.commands import COMPLETE
from waypost.learners.people import name_of, note_known
from waypost.learners.recipients import recipient_of
from waypost.learners.rules import derived_id
from waypost.outbox import Act, Effects, Handler, Happened, JobKind, Work
from waypost.pathways.trees import NATIONAL_SQL, Way, trees_of
from waypost.refusal import Refusal
from waypost.tenancy.directory import load_directory
from waypost.tenancy.entries import Here

NAMELESS: Final = "A learner"  # as a city calls who never said a name, until they do

OWNER_SQL: Final = """
SELECT a.badge_id, r.person_id FROM award a JOIN recipient r ON r.tenant_id = $1 AND r.id = a.recipient_id
WHERE a.tenant_id = $1 AND a.id = $2 AND a.state = 'accepted' AND r.kind = 'person' AND r.person_id IS NOT NULL
"""
# Other cities' pathways ask for the badge, too, where they borrowed it.
THROUGH_SQL: Final = """
SELECT DISTINCT p.tenant_id, p.id, p.completion_badge_id
FROM step_badge b JOIN pathway p ON p.tenant_id = b.tenant_id AND p.id = b.pathway_id AND p.public
WHERE b.badge_id = $1 AND b.home_tenant_id = $2 AND b.public
  AND p.state = 'published' AND p.completion_badge_id IS NOT NULL
"""
PATHWAY_SQL: Final = """
SELECT tenant_id, id, completion_badge_id FROM pathway
WHERE tenant_id = $1 AND id = $2 AND public AND state = 'published' AND completion_badge_id IS NOT NULL
"""
KNOWN_SQL: Final = """
SELECT EXISTS (SELECT FROM recipient WHERE tenant_id = $1 AND person_id = $2 AND kind = 'person')
"""
JOINED_SQL: Final = """
SELECT EXISTS (SELECT FROM joined_pathway WHERE person_id = $1 AND tenant_id = $2 AND pathway_id = $3)
"""


class Goal(NamedTuple):
    """A pathway with the badge that completing it awards."""

    tenant_id: UUID
    id: UUID
    badge_id: UUID


class _NotNowError(Exception):
    """The badge cannot be given just now: nothing is remembered, so that it is given when it can be."""


async def after_award(work: Work, event: Happened) -> None:
    """Complete the pathways that ask for the badge which somebody has just accepted."""
    reads = work.database.reads
    rows = await reads.rows(City(event.tenant_id), OWNER_SQL, [event.tenant_id, event.object_id])
    if not rows:
        return
    goals = await reads.rows(National(), THROUGH_SQL, [rows[0]["badge_id"], event.tenant_id])
    await _complete(work, rows[0]["person_id"], [Goal(*row) for row in goals])


async def after_joining(work: Work, facts: Mapping[str, Any]) -> None:
    """Complete a pathway that somebody has joined, and had everything for already."""
    way = [UUID(facts["tenant"]), UUID(facts["pathway"])]
    goals = await work.database.reads.rows(National(), PATHWAY_SQL, way)
    await _complete(work, UUID(facts["person"]), [Goal(*row) for row in goals])


async def _complete(work: Work, person: UUID, goals: list[Goal]) -> None:
    if not goals:
        return
    asked = [[goal.tenant_id for goal in goals], [goal.id for goal in goals]]
    trees = trees_of(await work.database.reads.rows(National(), NATIONAL_SQL, asked))
    earned = await earned_by(work.database, person, work.now())
    for goal in goals:
        tree = trees.get(Way(goal.tenant_id, goal.id))
        if tree is not None and tree.progress(earned)[None].complete:
            await _award(work, person, goal)


async def _award(work: Work, person: UUID, goal: Goal) -> None:
    """Give the completion badge, once: to who is known in the pathway's city, or has joined the pathway."""
    reads = work.database.reads
    ((joined,),) = await reads.rows(Learner(person), JOINED_SQL, [person, goal.tenant_id, goal.id])
    ((known,),) = await reads.rows(City(goal.tenant_id), KNOWN_SQL, [goal.tenant_id, person])
    home = (await load_directory(work.database)).by_id(goal.tenant_id)
    if home is None or not home.is_open or not (known or joined):
        return
    await note_known(work.database, goal.tenant_id, person)
    name = await name_of(work.database, person) or NAMELESS
    act = Act(Here.of(home), None, None, None, work.now())
    try:
        key = derived_id(goal.tenant_id, goal.id, person)
        async with work.once(goal.tenant_id, COMPLETE, key, lasting=True) as first:
            if first:
                await _give(act, person, name, goal, joined=joined)
    except _NotNowError:
        return


async def _give(act: Act, person: UUID, name: str, goal: Goal, *, joined: bool) -> None:
    badge = await find_awardable(act.here, goal.badge_id)
    if isinstance(badge, Refusal):
        raise _NotNowError(badge.code)
    recipient = await recipient_of(act.here, person, name, badge.issuer_id, act.now)
    origin = Origin("pathway", goal.id)
    # Who set out on the pathway has asked for its badge.
    given = await write_award(act, goal.badge_id, recipient, origin=origin, accepted=joined)
    if isinstance(given, Refusal) and not isinstance(given, AlreadyAwarded):
        raise _NotNowError(given.code)


EFFECTS: Final = Effects(
    handlers=(Handler(COMPLETE, frozenset({"award.accepted"}), after_award),),
    jobs=(JobKind(COMPLETE, after_joining),),
)
