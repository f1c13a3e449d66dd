"""Stories of writing through the graph: places."""

from __future__ import annotations

import asyncio
from asyncio import gather
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.journeys.stage import Stage, named_by
from waypost.db import City, execute, new_id, transaction
from waypost.graph.ids import GlobalId
from waypost.places.rules import ACCESSIBILITY, KINDS

FACTS = "id slug name kind address postcode location { latitude longitude } insideArea accessibility city { slug }"
SHOWN = f"place {{ {FACTS} }}"
LIBRARY = {"name": "Jubilee Library", "kind": "library", "location": {"latitude": 50.825, "longitude": -0.1385}}
HALL = {
    **LIBRARY,
    "name": "Village Hall",
    "address": "The Green",
    "postcode": "BN1 1GE",
    "accessibility": ["step-free", "parking"],
    "translations": [{"language": "cy", "name": "Neuadd y Pentref"}],
}


async def built(stage: Stage, **facts: Any) -> dict[str, Any]:
    """A new place in Brighton, as its maker sees it."""
    made = await stage.done("createPlace", {**HALL, **facts}, SHOWN)
    place: dict[str, Any] = made["place"]
    return place


async def test_a_place_that_was_created_is_read_back_and_found_by_strangers_at_once(stage: Stage) -> None:
    facts = {**LIBRARY, "postcode": "bn11ge", "accessibility": ["step-free"], "address": " Jubilee Street "}
    made = (await stage.done("createPlace", facts, SHOWN))["place"]
    id = made["id"]
    assert id.startswith("Place.")
    assert made == {
        "id": id,
        "slug": "jubilee-library",
        "name": "Jubilee Library",
        "kind": "library",
        "address": "Jubilee Street",
        "postcode": "BN1 1GE",
        "location": {"latitude": 50.825, "longitude": -0.1385},
        "insideArea": True,
        "accessibility": ["step-free"],
        "city": {"slug": "brighton"},
    }
    query = (
        f'query($id: ID!) {{ place(id: $id) {{ {FACTS} }} places(filter: {{text: "jubilee"}}) {{ nodes {{ id }} }} }}'
    )
    for city in ("brighton", None):
        assert await stage.read(query, city, id=id) == {"place": made, "places": {"nodes": [{"id": id}]}}
    elsewhere = await stage.body(query, {"id": id}, "plymouth")
    assert elsewhere["data"] == {"place": None, "places": {"nodes": []}}
    assert [each["extensions"]["code"] for each in elsewhere["errors"]] == ["NOT_FOUND"]


async def test_what_happened_to_a_place_is_told_with_who_did_it_in_the_same_transaction(stage: Stage) -> None:
    id = (await built(stage))["id"]
    person = stage.who["brighton curator"].person
    told: dict[str, Any] = {"object_type": "Place", "person_id": person, "data": {}}
    assert await stage.last_event(id) == {"type": "place.created", **told}
    await stage.done("updatePlace", {"place": id, "name": "Old Hall"}, SHOWN)
    assert await stage.last_event(id) == {"type": "place.updated", **told}
    await stage.done("closePlace", {"place": id}, SHOWN)
    assert await stage.last_event(id) == {"type": "place.closed", **told}


async def test_what_others_hold_for_long_is_told_as_busy_and_nothing_is_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = (await built(stage))["id"]
    monkeypatch.setattr(transaction, "LOCK_TIMEOUT_S", 1)
    holding, free = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with stage.database.transaction(City(stage.town("brighton").id)):
            await execute("SELECT FROM place WHERE id = $1 FOR UPDATE", named_by(id).row)
            holding.set()
            await free.wait()

    change = "mutation($input: UpdatePlaceInput!) { updatePlace(input: $input) { __typename } }"
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold())
        await holding.wait()
        body = await stage.body(change, {"input": {"place": id, "name": "Old Hall"}}, who="brighton curator")
        free.set()
    assert [each["extensions"]["code"] for each in body["errors"]] == ["UNAVAILABLE"]
    assert (await stage.last_event(id))["type"] == "place.created"
    await stage.done("updatePlace", {"place": id, "name": "Old Hall"}, SHOWN)


async def test_namesakes_get_slugs_of_their_own(stage: Stage) -> None:
    slugs = [(await built(stage, name="Café Société"))["slug"] for _ in range(11)]
    assert slugs[:9] == ["cafe-societe", *(f"cafe-societe-{number}" for number in range(2, 10))]
    assert len(set(slugs)) == 11
    assert (await built(stage, name="Λέσχη"))["slug"] == "new"


async def test_a_place_outside_the_city_is_flagged_and_not_refused(stage: Stage) -> None:
    place = await built(stage, name="Far Hall", location={"latitude": 51.5, "longitude": -0.1})
    assert place["insideArea"] is False
    near = {"place": place["id"], "location": {"latitude": 50.82, "longitude": -0.1}}
    assert (await stage.done("updatePlace", near, SHOWN))["place"]["insideArea"] is True


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "name": ({"name": "Town Hall"}, {"name": "Town Hall"}),
    "kind": ({"kind": "museum"}, {"kind": "museum"}),
    "slug": ({"slug": "the-hall"}, {"slug": "the-hall"}),
    "address": ({"address": "New Road 1"}, {"address": "New Road 1"}),
    "postcode": ({"postcode": "br34hg"}, {"postcode": "BR3 4HG"}),
    "accessibility": ({"accessibility": ["bsl"]}, {"accessibility": ["bsl"]}),
    "location": ({"location": {"latitude": 50.8, "longitude": -0.2}},) * 2,
    "no address": ({"address": None}, {"address": None}),
    "no postcode": ({"postcode": None}, {"postcode": None}),
    "no accessibility": ({"accessibility": None}, {"accessibility": []}),
    "empty accessibility": ({"accessibility": []}, {"accessibility": []}),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage, change: str) -> None:
    before = await built(stage)
    change_of, expected = CHANGES[change]
    after = await stage.done("updatePlace", {"place": before["id"], **change_of}, SHOWN)
    assert after["place"] == {**before, **expected}
    query = f'query($id: ID!) @inContext(language: "cy") {{ place(id: $id) {{ {FACTS} }} }}'
    welsh = {**before, **expected, "name": "Neuadd y Pentref"}
    assert await stage.read(query, id=before["id"]) == {"place": welsh}


words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40)
changes = st.fixed_dictionaries(
    {},
    optional={
        "name": words.filter(str.strip),
        "kind": st.sampled_from(KINDS),
        "address": st.none() | words.filter(str.strip),
        "postcode": st.none() | st.sampled_from(["BN1 1GE", "BR3 4HG"]),
        "accessibility": st.lists(st.sampled_from(ACCESSIBILITY), unique=True).map(sorted),
    },
)


@settings(max_examples=25)
@given(st.lists(changes, min_size=1, max_size=4))
async def test_after_any_updates_the_last_word_on_each_field_holds(stage: Stage, series: list[dict[str, Any]]) -> None:
    expected = await built(stage)
    for change in series:
        expected |= {name: each.strip() if isinstance(each, str) else each for name, each in change.items()}
        after = await stage.done("updatePlace", {"place": expected["id"], **change}, SHOWN)
        assert after["place"] == expected
    assert await stage.read(f"query($id: ID!) {{ place(id: $id) {{ {FACTS} }} }}", id=expected["id"]) == {
        "place": expected
    }


async def test_of_two_who_want_one_slug_at_once_one_gets_it(stage: Stage) -> None:
    facts = {**LIBRARY, "slug": "wanted"}
    kinds = [each["__typename"] for each in await gather(*(stage.act("createPlace", facts) for _ in range(4)))]
    assert sorted(kinds) == ["CreatePlaceSuccess", "SlugTaken", "SlugTaken", "SlugTaken"]
    made = await gather(*(built(stage, name="Much Wanted") for _ in range(4)))
    assert {each["slug"] for each in made} == {"much-wanted", *(f"much-wanted-{number}" for number in range(2, 5))}


async def test_an_update_that_changes_nothing_is_not_told(stage: Stage) -> None:
    place = await built(stage)
    same = {**HALL, "place": place["id"]}
    assert (await stage.done("updatePlace", same, SHOWN))["place"] == place
    assert await stage.events(place["id"]) == ["place.created"]


async def test_the_address_of_a_place_outlives_its_slug(stage: Stage) -> None:
    id = (await built(stage, slug="old-mill"))["id"]
    await stage.done("updatePlace", {"place": id, "slug": "new-mill"}, SHOWN)
    query = "query($slug: String!) { place(slug: $slug) { id } }"
    for slug in ("old-mill", "new-mill"):
        assert await stage.read(query, slug=slug) == {"place": {"id": id}}
        nationally = query.replace("slug: $slug", 'slug: $slug, city: "brighton"')
        assert await stage.read(nationally, None, slug=slug) == {"place": {"id": id}}
        assert await stage.read(query, "plymouth", slug=slug) == {"place": None}
    taken = ("SlugTaken", "SLUG_TAKEN", ["slug"])
    assert await stage.refused("createPlace", {**LIBRARY, "slug": "old-mill"}) == taken
    assert await stage.refused("createPlace", {**LIBRARY, "slug": "new-mill"}) == taken
    other = await built(stage)
    assert await stage.refused("updatePlace", {"place": other["id"], "slug": "old-mill"}) == taken
    again = await stage.done("updatePlace", {"place": id, "slug": "old-mill"}, SHOWN)
    assert again["place"]["slug"] == "old-mill"


async def test_a_translation_is_read_in_its_language_until_it_is_cleared(stage: Stage) -> None:
    id = (await built(stage))["id"]
    query = 'query($id: ID!) @inContext(language: "cy") { place(id: $id) { name } }'
    assert await stage.read(query, id=id) == {"place": {"name": "Neuadd y Pentref"}}
    await stage.done("updatePlace", {"place": id, "translations": [{"language": "cy", "name": "Y Neuadd"}]}, SHOWN)
    assert await stage.read(query, id=id) == {"place": {"name": "Y Neuadd"}}
    await stage.done("updatePlace", {"place": id, "translations": None}, SHOWN)
    assert await stage.read(query, id=id) == {"place": {"name": "Village Hall"}}


async def test_a_closed_place_leaves_the_lists_and_keeps_its_words(stage: Stage) -> None:
    place = await built(stage, name="Closing Hall")
    id = place["id"]
    assert (await stage.done("closePlace", {"place": id}, SHOWN))["place"] == place
    query = 'query($id: ID!) { place(id: $id) { name } places(filter: {text: "closing hall"}) { nodes { id } } }'
    for city in ("brighton", None):
        assert await stage.read(query, city, id=id) == {"place": {"name": "Closing Hall"}, "places": {"nodes": []}}
    await stage.done("closePlace", {"place": id}, SHOWN)
    assert await stage.events(id) == ["place.created", "place.closed"], "closing again is no event"
    assert await stage.refused("updatePlace", {"place": id, "name": "Open Hall"}) == ("Refused", "CLOSED", None)


async def test_what_happens_at_a_place_moves_with_it_unless_it_has_a_point_of_its_own(stage: Stage) -> None:
    id = (await built(stage))["id"]
    club = stage.id("Issuer", "brighton", "youth-club")
    offer = {"title": "Choir", "summary": "Sing.", "kind": "EVENT", "provider": club, "place": id}
    shown = "opportunity { id location { latitude longitude } outsideArea }"
    choir = (await stage.done("createOpportunity", offer, shown))["opportunity"]
    outing = {**offer, "location": {"latitude": 50.81, "longitude": -0.12}}
    away = (await stage.done("createOpportunity", outing, shown))["opportunity"]
    point = {"latitude": 51.5, "longitude": -0.1}
    await stage.done("updatePlace", {"place": id, "location": point}, SHOWN)
    query = "query($id: ID!) { opportunity(id: $id) { id location { latitude longitude } outsideArea } }"
    moved = await stage.read(query, id=choir["id"])
    assert moved["opportunity"] == {"id": choir["id"], "location": point, "outsideArea": True}
    assert await stage.read(query, id=away["id"]) == {"opportunity": away}


INVALID: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "a kind that is none": ({"kind": "castle"}, "INVALID", ["kind"]),
    "an unknown code": ({"accessibility": ["step-free", "lift"]}, "INVALID", ["accessibility"]),
    "no name": ({"name": "  "}, "INVALID", ["name"]),
    "a name of two lines": ({"name": "One\nTwo"}, "INVALID", ["name"]),
    "a long name": ({"name": "x" * 201}, "INVALID", ["name"]),
    "a control character": ({"address": "a\x00b"}, "INVALID", ["address"]),
    "half a character": ({"name": "\ud83d"}, "INVALID", ["name"]),
    "no postcode": ({"postcode": "12345"}, "INVALID_POSTCODE", ["postcode"]),
    "north of the pole": (
        {"location": {"latitude": 90.5, "longitude": 0}},
        "INVALID_POINT",
        ["location", "latitude"],
    ),
    "beyond the date line": (
        {"location": {"latitude": 0, "longitude": -181}},
        "INVALID_POINT",
        ["location", "longitude"],
    ),
    "no slug": ({"slug": "Not A Slug"}, "INVALID", ["slug"]),
    "a language the city has not": (
        {"translations": [{"language": "cy", "name": "Da"}, {"language": "fr", "name": "Bon"}]},
        "INVALID",
        ["translations", "1", "language"],
    ),
    "the city's first language": (
        {"translations": [{"language": "en", "name": "Hall"}]},
        "INVALID",
        ["translations", "0", "language"],
    ),
    "an empty translation": (
        {"translations": [{"language": "cy", "name": " "}]},
        "INVALID",
        ["translations", "0", "name"],
    ),
}


@pytest.mark.parametrize("fault", INVALID)
async def test_a_faulty_place_is_refused_with_the_way_to_the_fault(stage: Stage, fault: str) -> None:
    faulty, code, path = INVALID[fault]
    id = (await built(stage))["id"]
    assert await stage.refused("createPlace", {**LIBRARY, **faulty}) == ("Invalid", code, path)
    assert await stage.refused("updatePlace", {"place": id, **faulty}) == ("Invalid", code, path)


@pytest.mark.parametrize("field", ["name", "kind", "location", "slug"])
async def test_what_a_place_cannot_be_without_is_not_cleared(stage: Stage, field: str) -> None:
    id = (await built(stage))["id"]
    assert await stage.refused("updatePlace", {"place": id, field: None}) == ("Invalid", "INVALID", [field])


async def test_a_place_that_is_not_here_is_not_found_whatever_the_reason(stage: Stage) -> None:
    foreign = await stage.done("createPlace", LIBRARY, SHOWN, city="plymouth", who="plymouth curator")
    here = stage.town("brighton").id
    own = str(GlobalId("Place", here, new_id()))
    issuer = stage.id("Issuer", "brighton", "youth-club")
    for id in (foreign["place"]["id"], own, issuer, "made up", "", f"{own}=", own.lower()):
        for name, change in (("updatePlace", {"name": "Mine"}), ("closePlace", {})):
            assert await stage.refused(name, {"place": id, **change}) == ("Refused", "NOT_FOUND", ["place"])


async def test_a_place_of_the_files_is_changed_there_unless_they_are_a_seed(stage: Stage) -> None:
    id = (await built(stage))["id"]
    source = await stage.kept_in_files(id)
    kept = ("ManagedByFiles", "MANAGED_BY_FILES", None)
    assert await stage.refused("updatePlace", {"place": id, "name": "Mine"}) == kept
    assert await stage.refused("closePlace", {"place": id}) == kept
    named = "mutation($id: ID!) { closePlace(input: {place: $id}) { ... on ManagedByFiles { source message } } }"
    told = (await stage.read(named, who="brighton curator", id=id))["closePlace"]
    assert told["source"] == source
    assert source in told["message"]
    async with stage.seeded("brighton"):
        changed = await stage.done("updatePlace", {"place": id, "name": "Ours"}, SHOWN)
        assert changed["place"]["name"] == "Ours"
        await stage.done("closePlace", {"place": id}, SHOWN)
    assert await stage.events(id) == ["place.created", "place.updated", "place.closed"]


async def test_providers_add_places_and_only_the_city_changes_them(stage: Stage) -> None:
    forbidden = ("Refused", "FORBIDDEN", None)
    for who in ("issuer-admin", "issuer-staff", "employer"):
        made = await stage.done("createPlace", LIBRARY, SHOWN, who=who)
        id = made["place"]["id"]
        assert await stage.refused("updatePlace", {"place": id, "name": "Mine"}, who=who) == forbidden
        assert await stage.refused("closePlace", {"place": id}, who=who) == forbidden
    assert await stage.refused("createPlace", LIBRARY, who="learner") == forbidden
