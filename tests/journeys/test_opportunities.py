"""Stories of writing through the graph: opportunities."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage

FACTS = (
    "id slug title summary kind { code } provider { id } place { id } location { latitude longitude } outsideArea "
    "online startsAt endsAt recurrence timezone applyBy capacity cost { free price { amount currency } note } "
    "ages { min max } accessibility url contactUrl badges { id } layers { code } city { slug }"
)
SHOWN = f"opportunity {{ {FACTS} }}"
POINT = {"latitude": 50.82, "longitude": -0.14}
LAB = {
    "title": "Film Lab",
    "summary": "Make a film.\nShow it.",
    "kind": "WORKSHOP",
    "location": POINT,
    "startsAt": "2027-03-06T10:00:00.000Z",
    "endsAt": "2027-03-06T14:00:00+01:00",
    "recurrence": "FREQ=WEEKLY;BYDAY=SA",
    "applyBy": "2027-03-01T23:59:00.000Z",
    "capacity": 12,
    "cost": {"free": False, "price": {"amount": "7.50", "currency": "GBP"}, "note": "Bring lunch."},
    "ages": {"min": 14, "max": 19},
    "accessibility": ["step-free", "bsl"],
    "url": "https://example.org/film-lab",
    "contactUrl": "https://example.org/ask",
    "translations": [{"language": "cy", "title": "Labordy Ffilm", "summary": "Gwnewch ffilm."}],
}
TAKEN = ("SlugTaken", "SLUG_TAKEN", ["slug"])


def club(stage: Stage, town: str = "brighton") -> str:
    return stage.id("Issuer", town, "youth-club")


def badge(stage: Stage, slug: str, town: str = "brighton") -> str:
    return stage.id("Badge", town, slug)


async def offered(stage: Stage, **facts: Any) -> dict[str, Any]:
    """A new opportunity in Brighton, as its maker sees it."""
    made = await stage.done("createOpportunity", {**LAB, "provider": club(stage), **facts}, SHOWN)
    opportunity: dict[str, Any] = made["opportunity"]
    return opportunity


async def hall(stage: Stage) -> str:
    given = {"name": "Hall", "kind": "library", "location": {"latitude": 50.83, "longitude": -0.15}}
    made = await stage.done("createPlace", given, "place { id }")
    return str(made["place"]["id"])


async def test_an_opportunity_that_was_offered_is_read_back_and_found_by_strangers_at_once(stage: Stage) -> None:
    place, badges = await hall(stage), [badge(stage, "leader"), badge(stage, "film-maker")]
    made = await offered(stage, place=place, badges=badges)
    id = made["id"]
    assert made == {
        "id": id,
        "slug": "film-lab",
        "title": "Film Lab",
        "summary": "Make a film.\nShow it.",
        "kind": {"code": "WORKSHOP"},
        "provider": {"id": club(stage)},
        "place": {"id": place},
        "location": POINT,
        "outsideArea": False,
        "online": False,
        "startsAt": "2027-03-06T10:00:00.000Z",
        "endsAt": "2027-03-06T13:00:00.000Z",
        "recurrence": "FREQ=WEEKLY;BYDAY=SA",
        "timezone": "Europe/London",
        "applyBy": "2027-03-01T23:59:00.000Z",
        "capacity": 12,
        "cost": {"free": False, "price": {"amount": "7.50", "currency": "GBP"}, "note": "Bring lunch."},
        "ages": {"min": 14, "max": 19},
        "accessibility": ["bsl", "step-free"],
        "url": "https://example.org/film-lab",
        "contactUrl": "https://example.org/ask",
        "badges": [{"id": each} for each in badges],
        "layers": [{"code": "rsa-2019/engage"}],
        "city": {"slug": "brighton"},
    }
    found = 'discover(filter: {text: "film lab"}) { nodes { id } }'
    query = f"query($id: ID!) {{ opportunity(id: $id) {{ {FACTS} }} {found} }}"
    for city in ("brighton", None):
        seen = await stage.read(query, city, id=id)
        assert seen == {"opportunity": made, "discover": {"nodes": [{"id": id}]}}
    elsewhere = (await stage.body(query, {"id": id}, "plymouth"))["data"]
    assert elsewhere == {"opportunity": None, "discover": {"nodes": []}}
    welsh = 'query($id: ID!) @inContext(language: "cy") { opportunity(id: $id) { title summary } }'
    said = {"title": "Labordy Ffilm", "summary": "Gwnewch ffilm."}
    assert await stage.read(welsh, id=id) == {"opportunity": said}


async def test_the_least_that_is_said_of_an_opportunity_is_what_who_and_where(stage: Stage) -> None:
    given = {"title": "Read", "summary": "Read.", "kind": "ONLINE_LEARNING", "provider": club(stage), "online": True}
    made = (await stage.done("createOpportunity", given, SHOWN))["opportunity"]
    nothing = ("place", "location", "startsAt", "endsAt", "recurrence", "applyBy", "capacity", "cost", "ages")
    assert made == {
        **dict.fromkeys((*nothing, "url", "contactUrl")),
        **{name: [] for name in ("accessibility", "badges", "layers")},
        "id": made["id"],
        "slug": "read",
        "title": "Read",
        "summary": "Read.",
        "kind": {"code": "ONLINE_LEARNING"},
        "provider": {"id": club(stage)},
        "outsideArea": False,
        "online": True,
        "timezone": "Europe/London",
        "city": {"slug": "brighton"},
    }


async def test_what_happened_to_an_opportunity_is_told_in_the_same_transaction(stage: Stage) -> None:
    id = (await offered(stage))["id"]
    provider = str(stage.build.world.find("Issuer", "brighton", "youth-club").id)
    told: dict[str, Any] = {"object_type": "Opportunity", "person_id": stage.who["brighton curator"].person}
    told["data"] = {"provider": provider}
    assert await stage.last_event(id) == {"type": "opportunity.created", **told}
    await stage.done("updateOpportunity", {"opportunity": id, "capacity": 5}, SHOWN)
    assert await stage.last_event(id) == {"type": "opportunity.updated", **told}
    await stage.done("closeOpportunity", {"opportunity": id}, SHOWN)
    assert await stage.last_event(id) == {"type": "opportunity.closed", **told}


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "title": ({"title": "Sound Lab"},) * 2,
    "summary": ({"summary": "Make a sound."},) * 2,
    "kind": ({"kind": "EVENT"}, {"kind": {"code": "EVENT"}}),
    "slug": ({"slug": "the-sound-lab"},) * 2,
    "location": ({"location": {"latitude": 51.5, "longitude": -0.1}}, {"outsideArea": True}),
    "online": ({"online": True},) * 2,
    "start": ({"startsAt": "2027-03-06T09:00:00.000Z"},) * 2,
    "end": ({"endsAt": "2027-03-06T15:00:00.000Z"},) * 2,
    "recurrence": ({"recurrence": "FREQ=DAILY;COUNT=3"},) * 2,
    "deadline": ({"applyBy": "2027-02-01T00:00:00.000Z"},) * 2,
    "capacity": ({"capacity": 1},) * 2,
    "a price": (
        {"cost": {"price": {"amount": "3", "currency": "EUR"}}},
        {"cost": {"free": False, "price": {"amount": "3.00", "currency": "EUR"}, "note": None}},
    ),
    "free": ({"cost": {"free": True}}, {"cost": {"free": True, "price": None, "note": None}}),
    "ages": ({"ages": {"min": 16}}, {"ages": {"min": 16, "max": None}}),
    "accessibility": ({"accessibility": ["captions"]},) * 2,
    "url": ({"url": "https://example.org/sound"},) * 2,
    "contact": ({"contactUrl": "http://example.org/contact"},) * 2,
    **{
        f"no {name}": ({name: None}, {name: None})
        for name in ("endsAt", "recurrence", "applyBy", "capacity", "cost", "ages", "url", "contactUrl")
    },
    "no ages at all": ({"ages": {}}, {"ages": None}),
    "no cost at all": ({"cost": {}}, {"cost": None}),
    "no accessibility": ({"accessibility": None}, {"accessibility": []}),
    "no badges": ({"badges": None}, {"badges": [], "layers": []}),
    "no date": (dict.fromkeys(("startsAt", "endsAt", "recurrence")),) * 2,
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage, change: str) -> None:
    before = await offered(stage, badges=[badge(stage, "explorer")], place=await hall(stage))
    given, shown = CHANGES[change]
    expected = {**before, **(given if change == "location" else {}), **shown}
    after = await stage.done("updateOpportunity", {"opportunity": before["id"], **given}, SHOWN)
    assert after["opportunity"] == expected
    welsh = f'query($id: ID!) @inContext(language: "cy") {{ opportunity(id: $id) {{ {FACTS} }} }}'
    texts = {"title": "Labordy Ffilm", "summary": "Gwnewch ffilm."}
    assert await stage.read(welsh, id=before["id"]) == {"opportunity": {**expected, **texts}}


async def test_provider_place_and_badges_are_changed_by_their_ids(stage: Stage) -> None:
    before = await offered(stage, badges=[badge(stage, "explorer")])
    college, place = stage.id("Issuer", "brighton", "college"), await hall(stage)
    badges = [badge(stage, "film-maker"), badge(stage, "explorer")]
    given = {"opportunity": before["id"], "provider": college, "place": place, "badges": badges}
    after = (await stage.done("updateOpportunity", given, SHOWN))["opportunity"]
    changed = {"provider": {"id": college}, "place": {"id": place}, "badges": [{"id": each} for each in badges]}
    assert after == {**before, **changed}
    assert (await stage.last_event(before["id"]))["data"] == {
        "provider": str(stage.build.world.find("Issuer", "brighton", "college").id)
    }


async def test_without_a_point_of_its_own_it_is_where_its_place_is(stage: Stage) -> None:
    made = await offered(stage, place=await hall(stage))
    at_place = {"latitude": 50.83, "longitude": -0.15}
    given = {"opportunity": made["id"], "location": None}
    after = (await stage.done("updateOpportunity", given, SHOWN))["opportunity"]
    assert after == {**made, "location": at_place}
    nowhere = {"opportunity": made["id"], "place": None}
    assert await stage.refused("updateOpportunity", nowhere) == ("Invalid", "INVALID", ["place"])
    online = (await stage.done("updateOpportunity", {**nowhere, "online": True}, SHOWN))["opportunity"]
    assert online == {**after, "place": None, "location": None, "online": True}


async def test_an_update_that_changes_nothing_is_not_told(stage: Stage) -> None:
    made = await offered(stage, badges=[badge(stage, "explorer")])
    same = {**LAB, "opportunity": made["id"], "provider": club(stage), "badges": [badge(stage, "explorer")]}
    assert (await stage.done("updateOpportunity", same, SHOWN))["opportunity"] == made
    assert await stage.events(made["id"]) == ["opportunity.created"]


async def test_translations_are_replaced_as_a_whole(stage: Stage) -> None:
    id = (await offered(stage))["id"]
    await stage.done("updateOpportunity", {"opportunity": id, "translations": []}, SHOWN)
    welsh = 'query($id: ID!) @inContext(language: "cy") { opportunity(id: $id) { title } }'
    assert await stage.read(welsh, id=id) == {"opportunity": {"title": "Film Lab"}}


async def test_badges_of_another_city_are_borrowed_and_their_layers_counted(stage: Stage) -> None:
    abroad = badge(stage, "smart-citizen", "plymouth")
    made = await offered(stage, badges=[abroad, badge(stage, "explorer")])
    assert made["badges"] == [{"id": abroad}, {"id": badge(stage, "explorer")}]
    query = "query($id: ID!) { badge(id: $id) { opportunities { nodes { id } } } }"
    assert await stage.read(query, None, id=abroad) == {"badge": {"opportunities": {"nodes": [{"id": made["id"]}]}}}
    # What was borrowed once stays when other things change, and is the same borrowing.
    kept = await stage.done("updateOpportunity", {"opportunity": made["id"], "capacity": 3}, SHOWN)
    assert kept["opportunity"] == {**made, "capacity": 3}
    await stage.done("updateOpportunity", {"opportunity": made["id"], "badges": [abroad]}, SHOWN)
    assert (await stage.read(query, None, id=abroad))["badge"]["opportunities"]["nodes"] == [{"id": made["id"]}]


async def test_a_closed_opportunity_leaves_the_lists_and_keeps_its_words(stage: Stage) -> None:
    made = await offered(stage, title="Xenial Xylophones")
    id = made["id"]
    assert (await stage.done("closeOpportunity", {"opportunity": id}, SHOWN))["opportunity"] == made
    query = 'query($id: ID!) { opportunity(id: $id) { title } discover(filter: {text: "xenial"}) { nodes { id } } }'
    for city in ("brighton", None):
        seen = await stage.read(query, city, id=id)
        assert seen == {"opportunity": {"title": "Xenial Xylophones"}, "discover": {"nodes": []}}
    await stage.done("closeOpportunity", {"opportunity": id}, SHOWN)
    assert await stage.events(id) == ["opportunity.created", "opportunity.closed"]
    refused = await stage.refused("updateOpportunity", {"opportunity": id, "title": "Open"})
    assert refused == ("Refused", "CLOSED", None)


async def test_the_slug_of_an_opportunity_is_never_given_again(stage: Stage) -> None:
    id = (await offered(stage, slug="dance-lab"))["id"]
    await stage.done("updateOpportunity", {"opportunity": id, "slug": "ballet-lab"}, SHOWN)
    for slug in ("dance-lab", "ballet-lab"):
        found = await stage.read(f'{{ opportunity(slug: "{slug}") {{ id }} }}')
        assert found == {"opportunity": {"id": id}}
        given = {**LAB, "provider": club(stage), "slug": slug}
        assert await stage.refused("createOpportunity", given) == TAKEN
    assert await stage.refused("createOpportunity", given, who="issuer-staff") == TAKEN
