"""Stories of who does not review a badge: whose it is."""

from __future__ import annotations

import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import college, decided, review_of, submitted
from waypost.db import new_id

SECOND = {"city": "badge-nation", "who": "nation second"}
REASONS = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]


@pytest.fixture
def name() -> str:
    """A badge's name that is like no other."""
    return f"{new_id().hex[-10:]} badge"


async def test_a_curator_who_belongs_to_the_issuer_is_refused(stage: Stage, name: str) -> None:
    """Persons are compared, whatever token they come with."""
    brighton = stage.town("brighton").id
    person = stage.who["nation second"].person
    of_college = named_by(college(stage)).row
    member = (
        "INSERT INTO membership (tenant_id, id, person_id, role, issuer_id) VALUES ($1, $2, $3, 'issuer-staff', $4)"
    )
    await stage.run("brighton", member, brighton, new_id(), person, of_college)
    try:
        draft = await submitted(stage, name=name, reasons=REASONS)
        review = review_of(stage, draft)
        own = ("OwnBadge", "OWN_BADGE", None)
        assert await stage.refused("takeReview", {"review": review}, **SECOND) == own
        assert await stage.refused("reviewBadge", {"review": review, "decision": "APPROVED"}, **SECOND) == own
        assert (await stage.refused("commentOnBadge", {"about": review, "text": "Fine!"}, **SECOND))[1] == "OWN_BADGE"
        await decided(stage, draft)
    finally:
        await stage.run("brighton", "DELETE FROM membership WHERE person_id = $1 AND tenant_id = $2", person, brighton)
