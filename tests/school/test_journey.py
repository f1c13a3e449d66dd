"""The story of a badge: drafted with help, reviewed by another tenant, published, and drafted on."""

from __future__ import annotations

from tests.journeys.stage import Stage
from tests.school.stage import DRAFT, GOOD, QUEUE, college, decided, review_of, state_of
from waypost.testing.working import work_off

SHOWN = "badge { id state versions { number name } version { number name criteria { text } } derivedFrom { id } }"


async def test_a_badge_is_written_helped_reviewed_and_published(  # noqa: PLR0915 - one story
    stage: Stage,
) -> None:
    # A member of the college writes a first draft; the linter says what it lacks.
    poor = {"name": "Festival Maker", "layer": "demonstrate", "creator": college(stage), "skills": ["Increased Wit"]}
    made = await stage.done("proposeBadge", poor, DRAFT, who="college staff")
    draft = made["draft"]
    badge = draft["badgeId"]
    codes = {each["code"] for each in draft["findings"]}
    assert codes == {"DESCRIPTION_MISSING", "CRITERIA_FEW", "SKILLS_FEW", "SKILL_NOT_EVIDENCED", "SKILL_FORM"}
    refused = await stage.act("submitBadge", {"badge": badge}, who="college staff", city="brighton")
    assert refused["code"] == "DRAFT_NOT_READY"
    # Nobody else sees it, and it is on no list.
    assert (await stage.read("{ badges { nodes { name } } }"))["badges"]["nodes"].count({"name": "Festival Maker"}) == 0

    # Mended, it is submitted to the network that the city named.
    better = {key: value for key, value in GOOD.items() if key != "layer"}
    changed = await stage.done("updateBadgeDraft", {"badge": badge, **better}, DRAFT, who="college staff")
    assert changed["draft"]["findings"] == []
    sent = await stage.done("submitBadge", {"badge": badge}, DRAFT, who="college staff")
    assert (sent["draft"]["state"], sent["draft"]["round"]) == ("SUBMITTED", 1)
    assert (await stage.read(QUEUE, "badge-nation", "nation first"))["reviewQueue"]["nodes"] == []
    await work_off(stage.database)
    (waiting,) = (await stage.read(QUEUE, "badge-nation", "nation first"))["reviewQueue"]["nodes"]
    assert (waiting["name"], waiting["city"], waiting["creatorName"]) == (
        "Festival Maker",
        {"slug": "brighton"},
        "College",
    )
    assert waiting["dueAt"] == sent["draft"]["dueAt"]

    # A curator takes it, says something, and asks for changes.
    review = review_of(stage, draft)
    how = {"city": "badge-nation", "who": "nation first"}
    taken = await stage.done("takeReview", {"review": review}, "review { viewerHolds leasedUntil }", **how)
    assert taken["review"]["viewerHolds"]
    said = {"about": review, "text": "Which part was the earner's own?", "criterion": 2}
    await stage.done("commentOnBadge", said, "comment { id byCurator viewerWrote }", **how)
    await decided(stage, draft, "CHANGES_REQUESTED")
    told = await stage.read(
        "query($id: ID!) { badgeDraft(id: $id) { state dueAt comments { text criterion byCurator viewerWrote }"
        " decisions { outcome reason round } } }",
        who="college staff",
        id=draft["id"],
    )
    assert told["badgeDraft"] == {
        "state": "CHANGES_REQUESTED",
        "dueAt": None,
        "comments": [
            {"text": "Which part was the earner's own?", "criterion": 2, "byCurator": True, "viewerWrote": False}
        ],
        "decisions": [{"outcome": "CHANGES_REQUESTED", "reason": "Say what was created.", "round": 1}],
    }
    assert (await stage.read(QUEUE, "badge-nation", "nation first"))["reviewQueue"]["totalCount"] == 0

    # The writers answer, mend and submit again; it is approved and published.
    reply = {"about": draft["id"], "text": "The lighting."}
    await stage.done("commentOnBadge", reply, "comment { byCurator viewerWrote }", who="college staff")
    criteria = [*GOOD["criteria"][:1], {"text": "Earner has designed the lighting.", "skills": ["Leadership"]}]
    await stage.done("updateBadgeDraft", {"badge": badge, "criteria": criteria}, DRAFT, who="college staff")
    reasons = [{"code": "SKILL_NOT_EVIDENCED", "reason": "To design light is to create."}]
    await stage.done("submitBadge", {"badge": badge, "reasons": reasons}, DRAFT, who="college staff")
    await work_off(stage.database)
    inside = "round comments { text } words { criteria { text } } findings { code reason blocks }"
    query = f"query($id: ID!) {{ node(id: $id) {{ ... on Review {{ {inside} }} }} }}"
    seen = (await stage.read(query, "badge-nation", "nation second", id=review))["node"]
    assert seen["round"] == 2
    assert seen["findings"] == [
        {"code": "SKILL_NOT_EVIDENCED", "reason": "To design light is to create.", "blocks": False}
    ]
    assert [each["text"] for each in seen["comments"]] == ["Which part was the earner's own?", "The lighting."]
    assert seen["words"]["criteria"][1]["text"] == "Earner has designed the lighting."
    refusal = await stage.act("publishBadge", {"badge": badge}, SHOWN, who="college admin")
    assert (refusal["__typename"], refusal["code"]) == ("NotApproved", "NOT_APPROVED")
    await decided(stage, draft, checklist=[{"code": "stranger", "answer": True}])
    assert await state_of(stage, draft) == "APPROVED"
    done = await stage.done("publishBadge", {"badge": badge}, SHOWN + " version { number }", who="college admin")
    assert done["version"] == {"number": 1}
    assert done["badge"]["state"] == "PUBLISHED"

    # Everybody sees it, in the city and in the country.
    query = "query($id: ID!) { badge(id: $id) { name state version { number criteria { text } } } }"
    public = await stage.read(query, id=badge)
    assert public == await stage.read(query, None, id=badge)
    assert public["badge"]["version"]["criteria"][1] == {"text": "Earner has designed the lighting."}

    # The next version is drafted meanwhile, and nothing of it shows.
    again = {
        "badge": badge,
        "name": "Festival Director",
        "imageUrl": "https://example.org/f.png",
        "imageAlt": "A tent.",
    }
    next_draft = (await stage.done("updateBadgeDraft", again, DRAFT, who="college admin"))["draft"]
    assert (next_draft["state"], next_draft["words"]["name"]) == ("DRAFT", "Festival Director")
    assert next_draft["id"] != draft["id"]
    assert await stage.read(query, id=badge) == public
    whole = "query($id: ID!) { badge(id: $id) { imageUrl versions { number } state } }"
    assert (await stage.read(whole, id=badge))["badge"] == {
        "imageUrl": None,
        "versions": [{"number": 1}],
        "state": "PUBLISHED",
    }
    await stage.done("submitBadge", {"badge": badge, "reasons": reasons}, DRAFT, who="college admin")
    await work_off(stage.database)
    await decided(stage, next_draft, who="nation second")
    done = await stage.done("publishBadge", {"badge": badge}, SHOWN, who="college admin")
    assert [each["name"] for each in done["badge"]["versions"]] == ["Festival Maker", "Festival Director"]
    types = await stage.events(badge)
    assert [each for each in types if each != "badge.draft-updated"] == [
        "badge.proposed",
        "badge.submitted",
        "badge.changes-requested",
        "badge.submitted",
        "badge.approved",
        "badge.published",
        "badge.proposed",
        "badge.submitted",
        "badge.approved",
        "badge.published",
    ]
