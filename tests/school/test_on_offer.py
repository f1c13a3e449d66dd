"""What is on offer is cloned and compared; what is not any more is neither."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.rooms import badge_words
from tests.school.stage import DRAFT, college, proposed
from waypost.db import new_id
from waypost.school import writes

ADMIN = {"who": "college admin"}
WRITING = {
    "proposeBadge": ("creator", {"name": "Wright", "layer": "engage", "description": "All of them."}),
    "updateBadgeDraft": ("badge", {"name": "Wright"}),
    "cloneBadge": ("creator", {}),
    "submitBadge": ("badge", {}),
}


@pytest.fixture
def number() -> str:
    """Something that tells the badges of tests apart."""
    return new_id().hex[-10:]


async def offered(stage: Stage, town: str, name: str, **changes: Any) -> str:
    """A published badge of a club; its id."""
    club = stage.build.world.find("Issuer", town, "youth-club").id
    said = badge_words(club, name.lower().replace(" ", "-"), name=name, **changes)
    return str((await stage.build.badge(stage.town(town), said)).gid)


async def test_a_retired_badge_is_not_cloned(stage: Stage, number: str) -> None:
    badge = await offered(stage, "plymouth", f"{number} Keeper")
    given = {"badge": badge, "creator": college(stage)}
    await stage.done("cloneBadge", {**given, "name": f"{number} one"}, DRAFT, **ADMIN)
    await stage.done("retireBadge", {"badge": badge}, "badge { state }", city="plymouth", who="plymouth curator")
    again = {**given, "name": f"{number} two"}
    assert (await stage.refused("cloneBadge", again, **ADMIN))[1:] == ("NOT_FOUND", ["badge"])


async def test_badges_of_a_city_that_left_are_compared_with_nothing(stage: Stage, number: str) -> None:
    here = await offered(stage, "plymouth", f"{number} Wright")
    await offered(stage, "old-town", f"{number} Wright")
    draft = await proposed(stage, name=f"{number} Wright", description=f"Earners of this badge have planned {number}.")
    assert [each["badge"] for each in draft["findings"]] == [here]
    said = f"They know {number} and all its corners by heart."
    await offered(stage, "old-town", f"{number} Cooper", description=said)
    draft = await proposed(stage, name=f"{number} Miller", description=said)
    assert [each for each in draft["findings"] if each["code"] == "SIMILAR_BADGE"] == []


@pytest.mark.parametrize("act", WRITING)
async def test_strangers_and_those_who_may_not_write_have_nothing_looked_for(
    stage: Stage, number: str, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    """All descriptions of the country are looked at, which costs something."""
    draft = await proposed(stage, name=f"{number} Wright", description=f"Earners of this badge have planned {number}.")
    by, said = WRITING[act]
    known = {"badge": draft["badgeId"], "creator": college(stage)}
    given: dict[str, Any] = {**said, by: known[by]}
    if act == "cloneBadge":
        given["badge"] = stage.id("Badge", "plymouth", "navigator")

    async def looked(**said: Any) -> None:
        raise AssertionError(said)

    monkeypatch.setattr(writes, "similar_badges", looked)
    query = (
        f"mutation($given: {act[0].upper()}{act[1:]}Input!) {{ {act}(input: $given) {{ ... on Error {{ code }} }} }}"
    )
    for city in ("brighton", None):
        for who, code in (
            ("plymouth college", "FORBIDDEN"),
            ("employer", "FORBIDDEN"),
            ("learner", "FORBIDDEN"),
            ("", "UNAUTHENTICATED"),
        ):
            answer = await stage.body(query, {"given": given}, city, who)
            assert answer["data"][act] == {"code": code}, (city, who)
    wrong = college(stage) if by == "badge" else draft["badgeId"]
    for nothing in ("none", wrong):
        refused = await stage.refused(act, {**given, by: nothing}, city=None, **ADMIN)
        assert refused[1] in {"NOT_FOUND", "FORBIDDEN"}, nothing
