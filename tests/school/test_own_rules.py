"""A tenant's own rules are heeded by the linter."""

from __future__ import annotations

from tests.journeys.stage import Stage, named_by
from tests.school.stage import DRAFT, proposed
from waypost.db import new_id

RULE_SQL = """
INSERT INTO lint_rule (tenant_id, id, slug, field, severity, words)
VALUES ($1, $2, 'no-jargon', 'description', 'error', $3::jsonb)
"""
WORDS = '{"avoid": ["stakeholders"], "require": [], "explanation": "Others read it.", "mend": "Say who."}'
ADMIN = {"who": "college admin"}


async def test_a_citys_own_rule_holds_for_its_badges_and_for_no_others(stage: Stage) -> None:
    here = stage.town("brighton").id
    await stage.run("brighton", RULE_SQL, here, new_id(), WORDS)
    try:
        said = "Earners of this badge have planned things with stakeholders."
        draft = await proposed(stage, name="Talking To Everybody", description=said)
        (own,) = [each for each in draft["findings"] if each["code"].startswith("OWN_")]
        assert (own["code"], own["severity"], own["path"]) == ("OWN_NO_JARGON", "ERROR", ["description"])
        assert (own["message"], own["mend"]) == ("Others read it.", "Say who.")
        assert (await stage.refused("submitBadge", {"badge": draft["badgeId"]}, **ADMIN))[1] == "DRAFT_NOT_READY"
        there = await proposed(stage, "plymouth", name="Talking To All", description=said)
        assert [each for each in there["findings"] if each["code"].startswith("OWN_")] == []
        await stage.run("brighton", "UPDATE lint_rule SET state = 'closed' WHERE tenant_id = $1", here)
        given = {"badge": draft["badgeId"], "level": "advanced"}
        after = (await stage.done("updateBadgeDraft", given, DRAFT, **ADMIN))["draft"]
        assert [each for each in after["findings"] if each["code"].startswith("OWN_")] == []
        assert named_by(draft["id"]).tenant == here
    finally:
        await stage.run("brighton", "DELETE FROM lint_rule WHERE tenant_id = $1", here)
