"""A reason is for the words of which it was given."""

from __future__ import annotations

from typing import Any

from tests.journeys.stage import Stage
from tests.school.stage import DRAFT, GOOD, proposed

ADMIN = {"who": "college admin"}
SECOND = ["criteria", "1", "text"]
WELSH = ["translations", "cy", "description"]


def reasons(draft: dict[str, Any]) -> dict[tuple[str, ...], str | None]:
    """The reasons that stand beside findings, by code and place."""
    return {(each["code"], *each["path"]): each["reason"] for each in draft["findings"]}


async def test_a_reason_stays_with_the_text_of_which_it_was_given(stage: Stage) -> None:
    """Other words at the same place want a reason of their own, or are as they should be."""
    skills = ["Leadership", "Creativity"]
    criteria = [GOOD["criteria"][0], {"text": "Earner has feeling for light.", "skills": skills}]
    text = {"language": "cy", "name": "Gwneuthurwr", "description": "Disgrifiad."}
    draft = await proposed(stage, name="Light And Shade", skills=[], criteria=criteria, translations=[text])
    given = {"badge": draft["badgeId"]}
    tense, opening = ("CRITERION_TENSE", *SECOND), ("DESCRIPTION_OPENING", *WELSH)
    why = [
        {"code": "CRITERION_TENSE", "reason": "It is how painters speak."},
        {"code": "DESCRIPTION_OPENING", "reason": "To be translated.", "path": WELSH},
    ]
    told = (await stage.done("updateBadgeDraft", {**given, "reasons": why}, DRAFT, **ADMIN))["draft"]
    assert reasons(told) == {tense: "It is how painters speak.", opening: "To be translated."}

    criteria[0] = {"text": "Earner has created a programme.", "skills": ["Planning"]}
    kept = (await stage.done("updateBadgeDraft", {**given, "criteria": criteria}, DRAFT, **ADMIN))["draft"]
    assert reasons(kept) == reasons(told)

    criteria[1] = {"text": "Earner can do whatever they like.", "skills": skills}
    text["description"] = "Rhywbeth arall."
    changes = {**given, "criteria": criteria, "translations": [text]}
    after = (await stage.done("updateBadgeDraft", changes, DRAFT, **ADMIN))["draft"]
    assert (reasons(after)[tense], reasons(after)[opening]) == (None, None)
    assert (await stage.refused("submitBadge", given, **ADMIN))[1] == "DRAFT_NOT_READY"
