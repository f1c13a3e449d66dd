"""A city and the network that reviews its badges, and the words to tell it in."""

from __future__ import annotations

from typing import Any

from tests.journeys.stage import Stage
from waypost.db import Database, System, execute
from waypost.testing.working import work_off

GOOD: dict[str, Any] = {
    "name": "Festival Maker",
    "layer": "demonstrate",
    "description": "Earners of this badge have planned and run a small festival.",
    "criteria": [
        {"text": "Earner has planned the programme with others.", "skills": ["Planning"]},
        {"text": "Earner has created and led one evening.", "skills": ["Leadership"]},
    ],
    "skills": ["Creativity"],
}
FINDING = "code severity path message mend reason blocks badge"
WORDS = "name description layer { code } criteria { text required skills } skills audience urgent"
DRAFT = f"draft {{ id state badgeId round dueAt words {{ {WORDS} }} findings {{ {FINDING} }} }}"
QUEUE = "{ reviewQueue { nodes { id name city { slug } state round dueAt creatorName } totalCount } }"


async def set_up(database: Database) -> Stage:
    """Brighton's badges are reviewed by a network, Plymouth's by Plymouth."""
    stage = await Stage.set_up(database)
    await stage.build.town("badge-nation", "Badge Nation", kind="network")
    await stage.build.issuer(stage.town("badge-nation"), "nation", "Badge Nation", roles=("issues",))
    for name in ("first", "second"):
        await stage.admit(f"nation {name}", "badge-nation", "curator")
    await stage.admit("college admin", "brighton", "issuer-admin", issuer="college")
    await stage.admit("college staff", "brighton", "issuer-staff", issuer="college")
    await stage.admit("plymouth second", "plymouth", "curator")
    await stage.admit("plymouth college", "plymouth", "issuer-admin", issuer="college")
    await named(stage, "brighton", "badge-nation")
    return stage


async def named(stage: Stage, city: str, reviewer: str | None) -> None:
    """Let a city name who reviews its badges."""
    of = None if reviewer is None else stage.town(reviewer).id
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE tenant SET review_tenant_id = $2 WHERE id = $1", stage.town(city).id, of)
    await stage.reload()


def college(stage: Stage, city: str = "brighton") -> str:
    return stage.id("Issuer", city, "college")


def writer(city: str) -> str:
    return "college admin" if city == "brighton" else "plymouth college"


async def proposed(stage: Stage, city: str = "brighton", **facts: Any) -> dict[str, Any]:
    """A new draft of the college; what is urgent is the city's own word."""
    said = {**GOOD, "creator": college(stage, city), **facts}
    who = f"{city} curator" if facts.get("urgent") else writer(city)
    done = await stage.done("proposeBadge", said, DRAFT, city=city, who=who)
    draft: dict[str, Any] = done["draft"]
    return draft


async def submitted(stage: Stage, city: str = "brighton", **facts: Any) -> dict[str, Any]:
    """A new draft of the college that lies with its curators."""
    draft = await proposed(stage, city, **facts)
    done = await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, city=city, who=writer(city))
    await work_off(stage.database)
    found: dict[str, Any] = done["draft"]
    return found


def review_of(stage: Stage, draft: dict[str, Any], reviewer: str = "badge-nation") -> str:
    """The id under which curators see a draft."""
    return f"Review.{stage.town(reviewer).id.hex}.{draft['id'].rpartition('.')[2]}"


async def decided(
    stage: Stage, draft: dict[str, Any], decision: str = "APPROVED", who: str = "nation first", **facts: Any
) -> dict[str, Any]:
    """A decision of a curator, and what comes of it."""
    reviewer = "badge-nation" if who.startswith("nation") else "plymouth"
    reason = None if decision == "APPROVED" else "Say what was created."
    given = {"review": review_of(stage, draft, reviewer), "decision": decision, "reason": reason, **facts}
    done = await stage.done("reviewBadge", given, "review { state round }", city=reviewer, who=who)
    await work_off(stage.database)
    found: dict[str, Any] = done["review"]
    return found


async def state_of(stage: Stage, draft: dict[str, Any], city: str = "brighton") -> str:
    query = "query($id: ID!) { badgeDraft(id: $id) { state } }"
    return str((await stage.read(query, city, writer(city), id=draft["id"]))["badgeDraft"]["state"])
