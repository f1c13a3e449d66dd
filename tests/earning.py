"""Badges that people have earned, for tests of what follows from that."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from waypost.awards.rules import AwardWords
from waypost.awards.store import find_awardable, write_award
from waypost.db import City, Database
from waypost.learners.people import note_known
from waypost.learners.recipients import recipient_of
from waypost.outbox import Act
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here


async def earn(
    database: Database, here: Here, badge: UUID, person: UUID, now: datetime, *, accepted: bool = True, **words: Any
) -> UUID:
    """Give a badge to a person, who has accepted it; answers the award."""
    await note_known(database, here.tenant_id, person)
    async with database.transaction(City(here.tenant_id)):
        of = await find_awardable(here, badge)
        assert not isinstance(of, Refusal), of
        recipient = await recipient_of(here, person, "E. Arner", of.issuer_id, now)
        given = Act(here, None, None, None, now)
        made = await write_award(given, badge, recipient, AwardWords(**words), accepted=accepted)
    assert not isinstance(made, Refusal), made
    return made.award
