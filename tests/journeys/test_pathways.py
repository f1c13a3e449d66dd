"""Stories of writing through the graph: pathways, drafted, published and retired."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.rooms import opportunity_words
from waypost.db import new_id
from waypost.graph.ids import GlobalId

STEP = "id parentId depth title rule { kind required } optional badges { id } opportunities { id } problem"
FACTS = (
    "id slug name description issuer { id } rule { kind required } interests completionBadge { id } outcomes { id } "
    f"allSteps {{ {STEP} }} problems city {{ slug }}"
)
SHOWN = f"pathway {{ {FACTS} }}"
FORBIDDEN = ("Refused", "FORBIDDEN", None)
ALL = {"kind": "ALL", "required": None}


def club(stage: Stage, town: str = "brighton") -> str:
    return stage.id("Issuer", town, "youth-club")


def badge(stage: Stage, slug: str, town: str = "brighton") -> str:
    return stage.id("Badge", town, slug)


async def job(stage: Stage, town: str = "brighton") -> str:
    """The id of something new to do in a town."""
    provider = stage.build.world.find("Issuer", town, "youth-club").id
    words = opportunity_words(provider, f"job-{new_id()}")
    return str((await stage.build.opportunity(stage.town(town), words)).gid)


def said(stage: Stage, **facts: Any) -> dict[str, Any]:
    """A pathway with a step that has two steps below it."""
    film, explorer, smart = (
        badge(stage, "film-maker"),
        badge(stage, "explorer"),
        badge(stage, "smart-citizen", "plymouth"),
    )
    pathway: dict[str, Any] = {
        "name": "Into Film",
        "description": "From *watching*.\n\nTo making.",
        "issuer": club(stage),
        "rule": {"kind": "AT_LEAST", "required": 1},
        "interests": ["film", "digital"],
        "completionBadge": badge(stage, "leader"),
        "steps": [
            {"key": "watch", "title": "Watch", "badges": [explorer], "optional": True},
            {"key": "make", "title": "Make", "rule": {"kind": "ANY"}},
            {"key": "edit", "title": "Edit", "parent": "make", "badges": [smart, film]},
            {"key": "shoot", "title": "Shoot", "parent": "make"},
        ],
        "translations": [
            {
                "language": "cy",
                "name": "Ffilm",
                "description": "O wylio.",
                "steps": [{"key": "watch", "title": "Gwylio"}],
            }
        ],
    }
    return {**pathway, **facts}


async def drafted(stage: Stage, **facts: Any) -> dict[str, Any]:
    """A new draft in Brighton, as its maker sees it."""
    made = await stage.done("createPathway", said(stage, **facts), SHOWN)
    pathway: dict[str, Any] = made["pathway"]
    return pathway


async def published(stage: Stage, **facts: Any) -> dict[str, Any]:
    id = (await drafted(stage, **facts))["id"]
    shown = await stage.done("publishPathway", {"pathway": id}, SHOWN)
    pathway: dict[str, Any] = shown["pathway"]
    return pathway


def step(shown: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in shown["allSteps"] if each["title"] == title)
    return found


async def test_a_drafted_pathway_is_read_back_with_its_tree_and_seen_by_nobody_else(stage: Stage) -> None:
    outcome, activity = await job(stage), await job(stage, "plymouth")
    facts = said(stage, outcomes=[outcome])
    facts["steps"][3]["opportunities"] = [activity]
    made = (await stage.done("createPathway", facts, SHOWN))["pathway"]
    ids = {each["title"]: each["id"] for each in made["allSteps"]}
    film, smart = badge(stage, "film-maker"), badge(stage, "smart-citizen", "plymouth")
    plain = {"rule": ALL, "optional": False, "badges": [], "opportunities": [], "problem": None}
    top, below = {**plain, "parentId": None, "depth": 1}, {**plain, "parentId": ids["Make"], "depth": 2}
    assert made == {
        "id": made["id"],
        "slug": "into-film",
        "name": "Into Film",
        "description": "From *watching*.\n\nTo making.",
        "issuer": {"id": club(stage)},
        "rule": {"kind": "AT_LEAST", "required": 1},
        "interests": ["digital", "film"],
        "completionBadge": {"id": badge(stage, "leader")},
        "outcomes": [{"id": outcome}],
        "problems": [],
        "city": {"slug": "brighton"},
        "allSteps": [
            {
                **top,
                "id": ids["Watch"],
                "title": "Watch",
                "optional": True,
                "badges": [{"id": badge(stage, "explorer")}],
            },
            {**top, "id": ids["Make"], "title": "Make", "rule": {"kind": "ANY", "required": None}},
            {**below, "id": ids["Edit"], "title": "Edit", "badges": [{"id": smart}, {"id": film}]},
            {**below, "id": ids["Shoot"], "title": "Shoot", "opportunities": [{"id": activity}]},
        ],
    }
    query = 'query($id: ID!) { pathway(id: $id) { id } pathways(filter: {text: "into film"}) { nodes { id } } }'
    for city in ("brighton", None):
        for who in ("", "brighton curator"):
            seen = await stage.body(query, {"id": made["id"]}, city, who)
            assert seen["data"] == {"pathway": None, "pathways": {"nodes": []}}
            assert [each["extensions"]["code"] for each in seen["errors"]] == ["NOT_FOUND"]


async def test_a_published_pathway_is_found_by_strangers_with_all_its_words(stage: Stage) -> None:
    made = await published(stage, name="Zest for Film", outcomes=[await job(stage)])
    listed = 'pathways(filter: {text: "zest"}) { nodes { id } }'
    query = f"query($id: ID!) {{ pathway(id: $id) {{ {FACTS} }} {listed} }}"
    for city in ("brighton", None):
        seen = await stage.read(query, city, id=made["id"])
        assert seen == {"pathway": made, "pathways": {"nodes": [{"id": made["id"]}]}}
    elsewhere = (await stage.body(query, {"id": made["id"]}, "plymouth"))["data"]
    assert elsewhere == {"pathway": None, "pathways": {"nodes": []}}
    welsh = 'query($id: ID!) @inContext(language: "cy") { pathway(id: $id) { name description allSteps { title } } }'
    assert (await stage.read(welsh, id=made["id"]))["pathway"] == {
        "name": "Ffilm",
        "description": "O wylio.",
        "allSteps": [{"title": title} for title in ("Gwylio", "Make", "Edit", "Shoot")],
    }


async def test_a_retired_pathway_leaves_the_lists_and_keeps_its_words(stage: Stage) -> None:
    made = await published(stage, name="Quaint Film")
    id = made["id"]
    assert (await stage.done("retirePathway", {"pathway": id}, SHOWN))["pathway"] == made
    listed = 'pathways(filter: {text: "quaint"}) { nodes { id } }'
    query = f"query($id: ID!) {{ pathway(id: $id) {{ {FACTS} }} {listed} }}"
    for city in ("brighton", None):
        assert await stage.read(query, city, id=id) == {"pathway": made, "pathways": {"nodes": []}}
    await stage.done("retirePathway", {"pathway": id}, SHOWN)
    assert await stage.events(id) == ["pathway.created", "pathway.published", "pathway.retired"]
    closed = ("Refused", "CLOSED", None)
    assert await stage.refused("updatePathway", {"pathway": id, "name": "Young Film"}) == closed
    assert await stage.refused("publishPathway", {"pathway": id}) == closed


async def test_what_happened_to_a_pathway_is_told_in_the_same_transaction(stage: Stage) -> None:
    id = (await drafted(stage))["id"]
    issuer = str(stage.build.world.find("Issuer", "brighton", "youth-club").id)
    person = stage.who["brighton curator"].person
    told = {"object_type": "Pathway", "person_id": person, "data": {"issuer": issuer}}
    assert await stage.last_event(id) == {"type": "pathway.created", **told}
    await stage.done("updatePathway", {"pathway": id, "name": "Film"}, SHOWN)
    assert await stage.last_event(id) == {"type": "pathway.updated", **told}
    await stage.done("publishPathway", {"pathway": id}, SHOWN)
    assert await stage.last_event(id) == {"type": "pathway.published", **told}
    await stage.done("publishPathway", {"pathway": id}, SHOWN)
    await stage.done("retirePathway", {"pathway": id}, SHOWN)
    assert await stage.last_event(id) == {"type": "pathway.retired", **told}
    assert (await stage.events(id)).count("pathway.published") == 1


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": ({"name": "Into Sound"},) * 2,
    "description": ({"description": "Listen."},) * 2,
    "slug": ({"slug": "into-sound"},) * 2,
    "rule": ({"rule": {"kind": "ANY"}}, {"rule": {"kind": "ANY", "required": None}}),
    "interests": ({"interests": ["sound"]},) * 2,
    "no rule": ({"rule": None}, {"rule": ALL}),
    "no interests": ({"interests": None}, {"interests": []}),
    "no completion badge": ({"completionBadge": None},) * 2,
    "no outcomes": ({"outcomes": None}, {"outcomes": []}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage, change: str) -> None:
    given, shown = CHANGES[change]
    before = await published(stage, outcomes=[await job(stage)], slug=None)
    if change == "slug":
        given = shown = {"slug": f"sound-{new_id()}"}
    after = await stage.done("updatePathway", {"pathway": before["id"], **given}, SHOWN)
    assert after["pathway"] == {**before, **shown}
    assert await stage.read(
        f"query($id: ID!) {{ {SHOWN.replace('pathway', 'pathway(id: $id)', 1)} }}", id=before["id"]
    ) == {"pathway": {**before, **shown}}
    welsh = 'query($id: ID!) @inContext(language: "cy") { pathway(id: $id) { name allSteps { title } } }'
    seen = (await stage.read(welsh, id=before["id"]))["pathway"]
    assert (seen["name"], seen["allSteps"][0]) == ("Ffilm", {"title": "Gwylio"})


async def test_steps_keep_their_ids_by_their_keys_when_others_come_and_go(stage: Stage) -> None:
    before = await published(stage)
    film = badge(stage, "film-maker")
    steps = [
        {"key": "make", "title": "Make", "badges": [film]},
        {"key": "watch", "title": "Look", "parent": "make"},
        {"key": "show", "title": "Show"},
    ]
    given = {"pathway": before["id"], "steps": steps}
    after = (await stage.done("updatePathway", given, SHOWN))["pathway"]
    assert [(each["title"], each["depth"]) for each in after["allSteps"]] == [("Make", 1), ("Look", 2), ("Show", 1)]
    assert step(after, "Make")["id"] == step(before, "Make")["id"] == step(after, "Look")["parentId"]
    assert step(after, "Look")["id"] == step(before, "Watch")["id"]
    assert step(after, "Make")["badges"] == [{"id": film}]
    assert {**after, "allSteps": []} == {**before, "allSteps": []}
    welsh = 'query($id: ID!) @inContext(language: "cy") { pathway(id: $id) { allSteps { title } } }'
    titles = [{"title": title} for title in ("Make", "Gwylio", "Show")]
    assert (await stage.read(welsh, id=before["id"]))["pathway"]["allSteps"] == titles


async def test_translated_titles_of_steps_that_went_go_with_them(stage: Stage) -> None:
    id = (await published(stage))["id"]
    steps = [{"key": "make", "title": "Make"}]
    after = (await stage.done("updatePathway", {"pathway": id, "steps": steps}, SHOWN))["pathway"]
    assert [each["title"] for each in after["allSteps"]] == ["Make"]
    welsh = 'query($id: ID!) @inContext(language: "cy") { pathway(id: $id) { name } }'
    assert await stage.read(welsh, id=id) == {"pathway": {"name": "Ffilm"}}


async def test_an_update_that_changes_nothing_is_not_told(stage: Stage) -> None:
    made = await drafted(stage)
    same = {**said(stage), "pathway": made["id"]}
    assert (await stage.done("updatePathway", same, SHOWN))["pathway"] == made
    assert await stage.events(made["id"]) == ["pathway.created"]


async def test_a_draft_may_be_empty_and_is_published_with_its_first_step(stage: Stage) -> None:
    given = {"name": "Empty", "description": "Nothing yet.", "issuer": club(stage)}
    id = (await stage.done("createPathway", given, SHOWN))["pathway"]["id"]
    assert await stage.refused("publishPathway", {"pathway": id}) == ("Invalid", "STEPS_INVALID", ["steps"])
    steps = [{"key": "one", "title": "One"}]
    await stage.done("updatePathway", {"pathway": id, "steps": steps}, SHOWN)
    await stage.done("publishPathway", {"pathway": id}, SHOWN)
    refused = await stage.refused("updatePathway", {"pathway": id, "steps": None})
    assert refused == ("Invalid", "STEPS_INVALID", ["steps"])


async def test_a_rule_that_a_draft_may_promise_is_held_when_it_is_published(stage: Stage) -> None:
    id = (await drafted(stage, rule={"kind": "AT_LEAST", "required": 3}))["id"]
    refused = await stage.refused("publishPathway", {"pathway": id})
    assert refused == ("Invalid", "RULE_IMPOSSIBLE", ["rule"])


async def test_the_slug_of_a_pathway_is_never_given_again(stage: Stage) -> None:
    id = (await published(stage, slug="old-way"))["id"]
    await stage.done("updatePathway", {"pathway": id, "slug": "new-way"}, SHOWN)
    for slug in ("old-way", "new-way"):
        assert await stage.read(f'{{ pathway(slug: "{slug}") {{ id }} }}') == {"pathway": {"id": id}}
        taken = ("SlugTaken", "SLUG_TAKEN", ["slug"])
        assert await stage.refused("createPathway", said(stage, slug=slug)) == taken


async def test_a_badge_retired_at_home_is_a_problem_of_the_step(stage: Stage) -> None:
    steps = [{"key": "a", "title": "A", "badges": [badge(stage, "explorer")]}]
    made = await published(stage, steps=steps, translations=None)
    assert made["problems"] == []
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE slug = 'explorer'")
    try:
        seen = await stage.read("query($id: ID!) { pathway(id: $id) { problems } }", id=made["id"])
        assert seen == {"pathway": {"problems": ["RETIRED"]}}
    finally:
        await stage.run("brighton", "UPDATE badge SET state = 'published' WHERE slug = 'explorer'")


# Who may


async def test_an_issuers_admin_publishes_its_own_and_its_staff_only_drafts(stage: Stage) -> None:
    college = stage.id("Issuer", "brighton", "college")
    for who in ("issuer-admin", "issuer-staff"):
        id = (await stage.done("createPathway", said(stage), SHOWN, who=who))["pathway"]["id"]
        await stage.done("updatePathway", {"pathway": id, "name": "Ours"}, SHOWN, who=who)
        assert await stage.refused("createPathway", said(stage, issuer=college), who=who) == FORBIDDEN
        assert await stage.refused("updatePathway", {"pathway": id, "issuer": college}, who=who) == FORBIDDEN
        theirs = (await drafted(stage, issuer=college))["id"]
        for change in ({"name": "Mine"}, {"issuer": club(stage)}):
            assert await stage.refused("updatePathway", {"pathway": theirs, **change}, who=who) == FORBIDDEN
        for name in ("publishPathway", "retirePathway"):
            assert await stage.refused(name, {"pathway": theirs}, who=who) == FORBIDDEN
    for name in ("publishPathway", "retirePathway"):
        assert await stage.refused(name, {"pathway": id}, who="issuer-staff") == FORBIDDEN
        await stage.done(name, {"pathway": id}, SHOWN, who="issuer-admin")


async def test_an_employer_has_no_pathways(stage: Stage) -> None:
    id = (await drafted(stage))["id"]
    assert await stage.refused("createPathway", said(stage), who="employer") == FORBIDDEN
    for name in ("updatePathway", "publishPathway", "retirePathway"):
        assert await stage.refused(name, {"pathway": id}, who="employer") == FORBIDDEN


async def test_a_pathway_of_the_files_is_changed_there_unless_they_are_a_seed(stage: Stage) -> None:
    id = (await drafted(stage))["id"]
    await stage.kept_in_files(id)
    kept = ("ManagedByFiles", "MANAGED_BY_FILES", None)
    for name, change in (("updatePathway", {"name": "Mine"}), ("publishPathway", {}), ("retirePathway", {})):
        assert await stage.refused(name, {"pathway": id, **change}) == kept
    async with stage.seeded("brighton"):
        for name, change in (("updatePathway", {"name": "Mine"}), ("publishPathway", {}), ("retirePathway", {})):
            await stage.done(name, {"pathway": id, **change}, SHOWN)


async def test_a_pathway_that_is_not_here_is_not_found_whatever_the_reason(stage: Stage) -> None:
    abroad = {"name": "Way", "description": "On.", "issuer": club(stage, "plymouth")}
    made = await stage.done("createPathway", abroad, SHOWN, city="plymouth", who="plymouth curator")
    gone = str(GlobalId("Pathway", stage.town("brighton").id, new_id()))
    for id in (made["pathway"]["id"], gone, club(stage), "made up"):
        for name in ("updatePathway", "publishPathway", "retirePathway"):
            assert await stage.refused(name, {"pathway": id}) == ("Refused", "NOT_FOUND", ["pathway"])
