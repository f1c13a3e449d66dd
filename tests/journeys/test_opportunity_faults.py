"""What cannot be offered, and by whom: each is refused with the way to the fault."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage
from tests.journeys.test_opportunities import LAB, SHOWN, badge, club, offered
from waypost.db import new_id
from waypost.graph.ids import GlobalId

FORBIDDEN = ("Refused", "FORBIDDEN", None)
INVALID: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "no title": ({"title": " "}, "INVALID", ["title"]),
    "no summary": ({"summary": "a\x07b"}, "INVALID", ["summary"]),
    "a kind that is none": ({"kind": "PARTY"}, "INVALID", ["kind"]),
    "an unknown code": ({"accessibility": ["lift"]}, "INVALID", ["accessibility"]),
    "an end before the start": ({"endsAt": "2027-03-06T09:59:59Z"}, "INVALID", ["endsAt"]),
    "an end without a start": ({"startsAt": None, "recurrence": None}, "INVALID", ["startsAt"]),
    "a year long ago": ({"startsAt": "0999-01-01T00:00:00Z"}, "INVALID", ["startsAt"]),
    "a year far away": ({"applyBy": "9999-01-01T00:00:00Z"}, "INVALID", ["applyBy"]),
    "a moment without a zone": ({"startsAt": "2027-03-06T10:00:00"}, "INVALID", ["startsAt"]),
    "no recurrence": ({"recurrence": "every week"}, "RECURRENCE_INVALID", ["recurrence"]),
    "a part that is unknown": ({"recurrence": "FREQ=WEEKLY;BYMOON=FULL"}, "RECURRENCE_INVALID", ["recurrence"]),
    "every hour": ({"recurrence": "FREQ=HOURLY"}, "RECURRENCE_INVALID", ["recurrence"]),
    "the 30th of February": (
        {"recurrence": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
        "RECURRENCE_INVALID",
        ["recurrence"],
    ),
    "nobody": ({"capacity": 0}, "INVALID", ["capacity"]),
    "a price of what is free": (
        {"cost": {"free": True, "price": {"amount": "1", "currency": "GBP"}}},
        "INVALID",
        ["cost", "price", "amount"],
    ),
    "a negative price": (
        {"cost": {"price": {"amount": "-1", "currency": "GBP"}}},
        "INVALID",
        ["cost", "price", "amount"],
    ),
    "half a penny": (
        {"cost": {"price": {"amount": "0.005", "currency": "GBP"}}},
        "INVALID",
        ["cost", "price", "amount"],
    ),
    "no currency": (
        {"cost": {"price": {"amount": "1", "currency": "pound"}}},
        "INVALID",
        ["cost", "price", "currency"],
    ),
    "a note of two lines": ({"cost": {"note": "One\nTwo"}}, "INVALID", ["cost", "note"]),
    "too young": ({"ages": {"min": -1}}, "INVALID", ["ages", "min"]),
    "too old": ({"ages": {"max": 121}}, "INVALID", ["ages", "max"]),
    "ages upside down": ({"ages": {"min": 19, "max": 14}}, "INVALID", ["ages", "min"]),
    "no point": ({"location": {"latitude": 0, "longitude": 180.5}}, "INVALID_POINT", ["location", "longitude"]),
    "no slug": ({"slug": "film--lab"}, "INVALID", ["slug"]),
    "a password": ({"contactUrl": "https://me:secret@example.org"}, "INVALID", ["contactUrl"]),
    "a foreign language": (
        {"translations": [{"language": "fr", "title": "Labo", "summary": "Film."}]},
        "INVALID",
        ["translations", "0", "language"],
    ),
    "an empty translation": (
        {"translations": [{"language": "cy", "title": "", "summary": "Ffilm."}]},
        "INVALID",
        ["translations", "0", "title"],
    ),
}


@pytest.mark.parametrize("fault", INVALID)
async def test_a_faulty_opportunity_is_refused_with_the_way_to_the_fault(stage: Stage, fault: str) -> None:
    given, code, path = INVALID[fault]
    id = (await offered(stage))["id"]
    refused = await stage.refused("createOpportunity", {**LAB, "provider": club(stage), **given})
    assert refused == ("Invalid", code, path)
    assert await stage.refused("updateOpportunity", {"opportunity": id, **given}) == ("Invalid", code, path)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "seven", ""])
async def test_a_price_that_is_no_number_does_not_fit_the_graph(stage: Stage, amount: str) -> None:
    given = {**LAB, "provider": club(stage), "cost": {"price": {"amount": amount, "currency": "GBP"}}}
    query = "mutation($input: CreateOpportunityInput!) { createOpportunity(input: $input) { __typename } }"
    body = await stage.body(query, {"input": given}, who="issuer-admin")
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INVALID_VARIABLES"
    assert "cost.price.amount" in error["message"]


async def test_what_happens_nowhere_is_refused(stage: Stage) -> None:
    given = {**LAB, "provider": club(stage), "location": None}
    assert await stage.refused("createOpportunity", given) == ("Invalid", "INVALID", ["place"])


async def test_a_badge_counts_once_and_not_more_than_fifty_do(stage: Stage) -> None:
    twice = {**LAB, "provider": club(stage), "badges": [badge(stage, "explorer")] * 2}
    assert await stage.refused("createOpportunity", twice) == ("Invalid", "INVALID", ["badges"])
    here = stage.town("brighton").id
    many = {**twice, "badges": [str(GlobalId("Badge", here, new_id())) for _ in range(51)]}
    assert await stage.refused("createOpportunity", many) == ("Invalid", "INVALID", ["badges"])


@pytest.mark.parametrize("field", ["title", "summary", "kind", "provider", "slug", "online"])
async def test_what_an_opportunity_cannot_be_without_is_not_cleared(stage: Stage, field: str) -> None:
    id = (await offered(stage))["id"]
    refused = await stage.refused("updateOpportunity", {"opportunity": id, field: None})
    assert refused == ("Invalid", "INVALID", [field])


@pytest.mark.parametrize("field", ["provider", "place", "badges"])
async def test_what_an_opportunity_names_must_be_there(stage: Stage, field: str) -> None:
    kind = {"provider": "Issuer", "place": "Place", "badges": "Badge"}[field]
    id, here, there = (await offered(stage))["id"], stage.town("brighton").id, stage.town("plymouth").id
    other = stage.id("Badge", "brighton", "explorer") if field != "badges" else club(stage)
    gone = [str(GlobalId(kind, home, new_id())) for home in (here, there)]
    foreign = badge(stage, "secret", "plymouth") if field == "badges" else club(stage, "plymouth")
    for named in (*gone, foreign, other, "made up", ""):
        given = {field: [badge(stage, "explorer"), named] if field == "badges" else named}
        for name, input in (
            ("createOpportunity", {**LAB, "provider": club(stage), **given}),
            ("updateOpportunity", {"opportunity": id, **given}),
        ):
            place = ["badges", "1"] if field == "badges" and named in {gone[1], foreign} else [field]
            assert await stage.refused(name, input) == ("Refused", "NOT_FOUND", place)


async def test_an_opportunity_that_is_not_here_is_not_found_whatever_the_reason(stage: Stage) -> None:
    abroad = {**LAB, "provider": club(stage, "plymouth"), "translations": None}
    made = await stage.done("createOpportunity", abroad, SHOWN, city="plymouth", who="plymouth curator")
    gone = str(GlobalId("Opportunity", stage.town("brighton").id, new_id()))
    for id in (made["opportunity"]["id"], gone, club(stage), "made up"):
        for name, change in (("updateOpportunity", {"title": "Mine"}), ("closeOpportunity", {})):
            refused = await stage.refused(name, {"opportunity": id, **change})
            assert refused == ("Refused", "NOT_FOUND", ["opportunity"])


async def test_an_opportunity_of_the_files_is_changed_there_unless_they_are_a_seed(stage: Stage) -> None:
    id = (await offered(stage))["id"]
    await stage.kept_in_files(id)
    kept = ("ManagedByFiles", "MANAGED_BY_FILES", None)
    assert await stage.refused("updateOpportunity", {"opportunity": id, "title": "Mine"}) == kept
    assert await stage.refused("closeOpportunity", {"opportunity": id}) == kept
    async with stage.seeded("brighton"):
        changed = await stage.done("updateOpportunity", {"opportunity": id, "title": "Ours"}, SHOWN)
        assert changed["opportunity"]["title"] == "Ours"
        await stage.done("closeOpportunity", {"opportunity": id}, SHOWN)


@pytest.mark.parametrize("who", ["issuer-admin", "issuer-staff", "employer"])
async def test_who_speaks_for_an_issuer_offers_in_its_name_only(stage: Stage, who: str) -> None:
    college = stage.id("Issuer", "brighton", "college")
    own = {**LAB, "provider": club(stage)}
    mine = (await stage.done("createOpportunity", own, SHOWN, who=who))["opportunity"]["id"]
    await stage.done("updateOpportunity", {"opportunity": mine, "capacity": 7}, SHOWN, who=who)
    assert await stage.refused("createOpportunity", {**own, "provider": college}, who=who) == FORBIDDEN
    given_away = {"opportunity": mine, "provider": college}
    assert await stage.refused("updateOpportunity", given_away, who=who) == FORBIDDEN
    theirs = (await offered(stage, provider=college))["id"]
    for change in ({"capacity": 7}, {"provider": club(stage)}):
        assert await stage.refused("updateOpportunity", {"opportunity": theirs, **change}, who=who) == FORBIDDEN
    assert await stage.refused("closeOpportunity", {"opportunity": theirs}, who=who) == FORBIDDEN
    await stage.done("closeOpportunity", {"opportunity": mine}, SHOWN, who=who)
