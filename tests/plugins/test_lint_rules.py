"""Rules of plugins hold in the cities that have them, and in no others."""

from __future__ import annotations

from typing import Any

from tests.journeys.stage import Stage
from tests.plugins.workshop import Workshop
from tests.school.stage import DRAFT, college, proposed, set_up, writer
from waypost.composition import engine
from waypost.db import Database, System, execute
from waypost.plugins import load

LINT = """
    from waypost.plugins import hookimpl

    @hookimpl
    def waypost_lint(registrar):
        registrar.rules(
            [
                {
                    "code": "TIDE_TIMETABLE",
                    "check": "phrases",
                    "severity": "warning",
                    "explanation": {"en": "Tides are told by the table.", "cy": "Dywedir y llanw gan y tabl."},
                    "mend": {"en": "Name the table.", "cy": "Enwch y tabl."},
                    "words": {
                        "en": {"field": ["description"], "require": ["tide table"]},
                        "cy": {"field": ["description"], "require": ["tabl y llanw"]},
                    },
                }
            ]
        )
"""
ON_SQL = """
INSERT INTO tenant_plugin (tenant_id, plugin, active) VALUES ($1, 'tide', $2)
ON CONFLICT (tenant_id, plugin) DO UPDATE SET active = excluded.active
"""
FOUND = {"code": "TIDE_TIMETABLE", "path": ["description"], "message": "Tides are told by the table."}
IN_WELSH = {"language": "cy", "name": "Peilot", "description": "Mae enillwyr y bathodyn hwn wedi hwylio."}
TOLD = {
    "code": "TIDE_TIMETABLE",
    "path": ["translations", "cy", "description"],
    "message": "Dywedir y llanw gan y tabl.",
}


async def switched(stage: Stage, city: str, on: bool) -> None:
    """A city switches the plugin on or off."""
    async with stage.database.transaction(System("tenants", shared=True)):
        await execute(ON_SQL, stage.town(city).id, on)
    await stage.reload()


def of_the_tide(draft: dict[str, Any]) -> list[dict[str, Any]]:
    """What the plugin's rule found."""
    return [{key: each[key] for key in FOUND} for each in draft["findings"] if each["code"] == "TIDE_TIMETABLE"]


async def test_a_rule_holds_in_the_city_that_has_the_plugin_and_not_in_its_neighbour(
    database: Database, workshop: Workshop
) -> None:
    workshop.install("tide", LINT, contributes=["lint_rule:TIDE_TIMETABLE"])
    stage = await set_up(database)
    stage.engine = engine(database, load(["tide"]))
    await switched(stage, "brighton", True)
    await switched(stage, "plymouth", False)

    here = await proposed(stage)
    there = await proposed(stage, "plymouth", name="Something Else Altogether")
    assert of_the_tide(here) == [FOUND]
    assert of_the_tide(there) == []
    # A finding like all others: it blocks until its writers say why, and is told in the language of the words.
    given = {"badge": here["badgeId"]}
    admin = {"who": writer("brighton")}
    assert (await stage.refused("submitBadge", given, **admin))[:2] == ("DraftNotReady", "DRAFT_NOT_READY")
    after = await stage.done("updateBadgeDraft", {**given, "translations": [IN_WELSH]}, DRAFT, **admin)
    assert of_the_tide(after["draft"]) == [FOUND, TOLD]
    reasons = [{"code": "TIDE_TIMETABLE", "reason": "We sail on a lake."}]
    done = await stage.done("submitBadge", {**given, "reasons": reasons}, DRAFT, **admin)
    assert [each["reason"] for each in done["draft"]["findings"]][-2:] == ["We sail on a lake."] * 2

    # It is asked where the badge is submitted, too, once its city has the plugin; also on the national graph.
    await switched(stage, "plymouth", True)
    given = {"badge": there["badgeId"]}
    answer = await stage.refused("submitBadge", given, city="plymouth", who=writer("plymouth"))
    assert answer[0] == "DraftNotReady"
    said = {"creator": college(stage, "plymouth"), "name": "Third", "layer": "rsa-2019/engage", "description": "x"}
    national = await stage.done("proposeBadge", {**said}, DRAFT, city=None, who=writer("plymouth"))
    assert of_the_tide(national["draft"]) == [FOUND]
    await switched(stage, "plymouth", False)
    done = await stage.done("submitBadge", given, DRAFT, city="plymouth", who=writer("plymouth"))
    assert of_the_tide(done["draft"]) == []
