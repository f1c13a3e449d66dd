"""Stories of who does not review a badge: whose it is, who wrote it, and who submitted it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from tests.school.stage import DRAFT, GOOD, college, decided, proposed, review_of, state_of, submitted, writer
from waypost.db import new_id
from waypost.school import review_commands

NATION = {"city": "badge-nation", "who": "nation first"}
SECOND = {"city": "badge-nation", "who": "nation second"}
PLYMOUTH = {"city": "plymouth", "who": "plymouth curator"}
OWN = ("OwnBadge", "OWN_BADGE", None)
REASONS = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
MEMBER_SQL = """
INSERT INTO membership (tenant_id, id, person_id, role, issuer_id) VALUES ($1, $2, $3, 'issuer-staff', $4)
"""
LEAVES_SQL = "DELETE FROM membership WHERE tenant_id = $1 AND person_id = $2 AND issuer_id = $3"


@pytest.fixture
def name() -> str:
    """A badge's name that is like no other."""
    return f"{new_id().hex[-10:]} badge"


@asynccontextmanager
async def of_the_college(stage: Stage, who: str, city: str = "brighton") -> AsyncIterator[None]:
    """For a while somebody works for a city's college, too."""
    there, person, of = stage.town(city).id, stage.who[who].person, named_by(college(stage, city)).row
    await stage.run(city, MEMBER_SQL, there, new_id(), person, of)
    try:
        yield
    finally:
        await stage.run(city, LEAVES_SQL, there, person, of)


async def by_hand(stage: Stage, draft: dict[str, Any], who: str) -> str:
    """Somebody submits a draft of Plymouth, which reviews itself; the id under which its curators see it."""
    given = {"badge": draft["badgeId"], "reasons": REASONS}
    await stage.done("submitBadge", given, DRAFT, city="plymouth", who=who)
    return review_of(stage, draft, "plymouth")


async def test_a_curator_who_belongs_to_the_issuer_is_refused(stage: Stage, name: str) -> None:
    """Persons are compared, whatever token they come with."""
    async with of_the_college(stage, "nation second"):
        draft = await submitted(stage, name=name, reasons=REASONS)
        review = review_of(stage, draft)
        assert await stage.refused("takeReview", {"review": review}, **SECOND) == OWN
        assert await stage.refused("reviewBadge", {"review": review, "decision": "APPROVED"}, **SECOND) == OWN
        assert await stage.refused("commentOnBadge", {"about": review, "text": "Fine!"}, **SECOND) == OWN
        await decided(stage, draft)


@pytest.mark.parametrize("decision", ["APPROVED", "CHANGES_REQUESTED"])
async def test_what_somebody_decided_who_has_come_to_the_issuer_meanwhile_does_not_count(
    stage: Stage, name: str, decision: str
) -> None:
    """The network may know nothing of it yet: the badge's home looks again, and asks for another decision."""
    draft = await submitted(stage, name=name, reasons=REASONS)
    async with of_the_college(stage, "nation second"):
        await decided(stage, draft, decision, who="nation second")
        assert await state_of(stage, draft) == "SUBMITTED"
        again = {"review": review_of(stage, draft), "decision": "APPROVED"}
        assert await stage.refused("reviewBadge", again, **SECOND) == OWN
        one = "query($id: ID!) { node(id: $id) { ... on Review { state round dueAt } } }"
        seen = (await stage.read(one, **NATION, id=again["review"]))["node"]
        assert seen == {"state": "SUBMITTED", "round": 2, "dueAt": draft["dueAt"]}
        await decided(stage, draft)
    assert await state_of(stage, draft) == "APPROVED"


async def test_who_comes_to_the_issuer_while_they_decide_in_their_own_city_does_not_decide(
    stage: Stage, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = await proposed(stage, "plymouth", name=name)
    review = await by_hand(stage, draft, writer("plymouth"))

    async def not_yet(*asked: Any) -> bool:
        return False

    async with of_the_college(stage, "plymouth curator", "plymouth"):
        with monkeypatch.context() as before:
            before.setattr(review_commands, "is_member", not_yet)
            given = {"review": review, "decision": "APPROVED"}
            done = await stage.done("reviewBadge", given, "review { state round }", **PLYMOUTH)
        assert done["review"] == {"state": "SUBMITTED", "round": 2}
        assert await state_of(stage, draft, "plymouth") == "SUBMITTED"
    await decided(stage, draft, who="plymouth second")
    assert await state_of(stage, draft, "plymouth") == "APPROVED"


async def test_who_wrote_a_badge_or_submitted_it_does_not_decide_it(stage: Stage, name: str) -> None:
    """Also a city's own curators: each badge is seen by two people."""
    said = {**GOOD, "name": name, "creator": college(stage, "plymouth"), "reasons": REASONS}
    draft = (await stage.done("proposeBadge", said, DRAFT, **PLYMOUTH))["draft"]
    review = await by_hand(stage, draft, writer("plymouth"))
    assert await stage.refused("reviewBadge", {"review": review, "decision": "APPROVED"}, **PLYMOUTH) == OWN
    await decided(stage, draft, "CHANGES_REQUESTED", who="plymouth second")
    given = {"badge": draft["badgeId"], "description": f"{GOOD['description']} It was good."}
    await stage.done("updateBadgeDraft", given, DRAFT, city="plymouth", who="plymouth second")
    await by_hand(stage, draft, writer("plymouth"))
    for who in ("plymouth curator", "plymouth second"):
        refused = await stage.refused(
            "reviewBadge", {"review": review, "decision": "APPROVED"}, city="plymouth", who=who
        )
        assert refused == OWN
    other = await proposed(stage, "plymouth", name=f"{name} too")
    review = await by_hand(stage, other, "plymouth second")
    assert await stage.refused("takeReview", {"review": review}, city="plymouth", who="plymouth second") == OWN
    await decided(stage, other, who="plymouth curator")
    assert await state_of(stage, other, "plymouth") == "APPROVED"
