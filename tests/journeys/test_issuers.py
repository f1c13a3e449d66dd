"""Stories of writing through the graph: issuers and the organisations behind them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import Stage, named_by
from waypost.db import City, fetchval, new_id
from waypost.graph.ids import GlobalId

FACTS = (
    "id slug name description kind roles url logoUrl location { latitude longitude } verified "
    "parent { id } elsewhere { id city { slug } } city { slug }"
)
SHOWN = f"issuer {{ {FACTS} }}"
BAND = {
    "name": "Brass Band",
    "kind": "club",
    "roles": ["provides", "issues"],
    "description": "We *play*.\n\nCome along.",
    "url": "https://band.example.org",
    "logoUrl": "https://band.example.org/logo.svg",
    "location": {"latitude": 50.82, "longitude": -0.13},
    "verified": True,
    "translations": [{"language": "cy", "name": "Band Pres", "description": "Chwarae."}],
}
FORBIDDEN = ("Refused", "FORBIDDEN", None)


async def founded(stage: Stage, city: str = "brighton", **facts: Any) -> dict[str, Any]:
    """A new issuer, as its maker sees it."""
    translated = {} if city == "brighton" else {"translations": None}
    made = await stage.done("createIssuer", {**BAND, **translated, **facts}, SHOWN, city=city, who=f"{city} curator")
    issuer: dict[str, Any] = made["issuer"]
    return issuer


async def test_an_issuer_that_was_created_is_read_back_and_found_by_strangers_at_once(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    made = await founded(stage, parent=club)
    id = made["id"]
    assert made == {
        "id": id,
        "slug": "brass-band",
        "name": "Brass Band",
        "description": "We *play*.\n\nCome along.",
        "kind": "club",
        "roles": ["issues", "provides"],
        "url": "https://band.example.org",
        "logoUrl": "https://band.example.org/logo.svg",
        "location": {"latitude": 50.82, "longitude": -0.13},
        "verified": True,
        "parent": {"id": club},
        "elsewhere": [],
        "city": {"slug": "brighton"},
    }
    query = (
        f'query($id: ID!) {{ issuer(id: $id) {{ {FACTS} }} issuers(filter: {{text: "brass"}}) {{ nodes {{ id }} }} }}'
    )
    for city in ("brighton", None):
        assert await stage.read(query, city, id=id) == {"issuer": made, "issuers": {"nodes": [{"id": id}]}}
    assert (await stage.body(query, {"id": id}, "plymouth"))["data"] == {"issuer": None, "issuers": {"nodes": []}}
    welsh = 'query($id: ID!) @inContext(language: "cy") { issuer(id: $id) { name description } }'
    assert await stage.read(welsh, id=id) == {"issuer": {"name": "Band Pres", "description": "Chwarae."}}


async def test_the_least_that_is_said_of_an_issuer_is_a_name_and_a_kind(stage: Stage) -> None:
    made = await stage.done("createIssuer", {"name": "Quiet Club", "kind": "other"}, SHOWN)
    assert made["issuer"] == {
        **dict.fromkeys(("description", "url", "logoUrl", "location", "parent")),
        "id": made["issuer"]["id"],
        "slug": "quiet-club",
        "name": "Quiet Club",
        "kind": "other",
        "roles": [],
        "verified": False,
        "elsewhere": [],
        "city": {"slug": "brighton"},
    }


async def test_what_happened_to_an_issuer_is_told_in_the_same_transaction(stage: Stage) -> None:
    id = (await founded(stage))["id"]
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        sql = "SELECT organisation_id FROM issuer WHERE tenant_id = $1 AND id = $2"
        organisation = str(await fetchval(sql, here, named_by(id).row))
    told = {"object_type": "Issuer", "person_id": stage.who["brighton curator"].person}
    created = {"type": "issuer.created", **told, "data": {"organisation": organisation}}
    assert await stage.last_event(id) == created
    await stage.done("updateIssuer", {"issuer": id, "url": None}, SHOWN)
    assert await stage.last_event(id) == {"type": "issuer.updated", **told, "data": {"renamed": False}}
    await stage.done("updateIssuer", {"issuer": id, "name": "Silver Band"}, SHOWN)
    assert await stage.last_event(id) == {"type": "issuer.updated", **told, "data": {"renamed": True}}


CHANGES: dict[str, dict[str, Any]] = {
    "name": {"name": "Silver Band"},
    "slug": {"slug": "the-silver-band"},
    "roles": {"roles": ["employs"]},
    "description": {"description": "We sing."},
    "url": {"url": "https://silver.example.org/about"},
    "logo": {"logoUrl": "https://silver.example.org/logo.png"},
    "location": {"location": {"latitude": 50.4, "longitude": -4.1}},
    "verified": {"verified": False},
    **{f"no {name}": {name: None} for name in ("description", "url", "logoUrl", "location", "parent")},
    "no roles": {"roles": []},
}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_update_changes_what_it_names_and_nothing_else(stage: Stage, change: str) -> None:
    before = await founded(stage, parent=stage.id("Issuer", "brighton", "youth-club"))
    given = CHANGES[change]
    after = await stage.done("updateIssuer", {"issuer": before["id"], **given}, SHOWN)
    assert after["issuer"] == {**before, **given}
    welsh = f'query($id: ID!) @inContext(language: "cy") {{ issuer(id: $id) {{ {FACTS} }} }}'
    texts = {"name": "Band Pres", "description": "Chwarae."}
    assert await stage.read(welsh, id=before["id"]) == {"issuer": {**before, **given, **texts}}


async def test_null_for_a_list_clears_it(stage: Stage) -> None:
    id = (await founded(stage))["id"]
    cleared = {"issuer": id, "roles": None, "translations": None}
    assert (await stage.done("updateIssuer", cleared, SHOWN))["issuer"]["roles"] == []
    welsh = 'query($id: ID!) @inContext(language: "cy") { issuer(id: $id) { name description } }'
    assert (await stage.read(welsh, id=id))["issuer"]["name"] == "Brass Band"


async def test_an_update_that_changes_nothing_is_not_told(stage: Stage) -> None:
    issuer = await founded(stage)
    same = {**{name: value for name, value in BAND.items() if name != "kind"}, "issuer": issuer["id"]}
    assert (await stage.done("updateIssuer", same, SHOWN))["issuer"] == issuer
    assert await stage.events(issuer["id"]) == ["issuer.created"]


async def test_what_an_issuer_offers_is_found_by_its_new_name(stage: Stage) -> None:
    id = (await founded(stage))["id"]
    offer = {"title": "Choir", "summary": "Sing.", "kind": "EVENT", "provider": id, "online": True}
    choir = (await stage.done("createOpportunity", offer, "opportunity { id }"))["opportunity"]
    await stage.done("updateIssuer", {"issuer": id, "name": "Xylophonists"}, SHOWN)
    query = "query($text: String!) { discover(filter: {text: $text}) { nodes { id } } }"
    assert await stage.read(query, text="xylophonists") == {"discover": {"nodes": [choir]}}
    assert choir not in (await stage.read(query, text="brass"))["discover"]["nodes"]


# Organisations


async def test_an_organisation_known_by_its_number_is_one_over_the_country(stage: Stage) -> None:
    known: dict[str, Any] = {"organisation": {"charityNumber": "1 234 567"}}
    here = await founded(stage, **known)
    there = await founded(stage, "plymouth", name="Band in Plymouth", kind="charity", **known)
    assert there["elsewhere"] == [{"id": here["id"], "city": {"slug": "brighton"}}]
    assert there["kind"] == "club", "its kind is that of the organisation"
    query = "query($id: ID!) { issuer(id: $id) { elsewhere { id } } }"
    assert await stage.read(query, id=here["id"]) == {"issuer": {"elsewhere": [{"id": there["id"]}]}}


async def test_without_a_number_or_slug_namesakes_are_different_organisations(stage: Stage) -> None:
    here = await founded(stage, name="Chess Club")
    there = await founded(stage, "plymouth", name="Chess Club")
    assert here["elsewhere"] == there["elsewhere"] == []
    same = {"organisation": {"slug": "chess-club"}}
    joined = await founded(stage, "plymouth", name="Chess Club Too", **same)
    assert joined["elsewhere"] == [{"id": here["id"], "city": {"slug": "brighton"}}]


async def test_numbers_of_different_organisations_are_a_conflict(stage: Stage) -> None:
    await founded(stage, organisation={"ukprn": "10001234"})
    await founded(stage, organisation={"companyNumber": "1234"})
    both = {"ukprn": "10001234", "companyNumber": "00001234"}
    refused = await stage.refused("createIssuer", {**BAND, "organisation": both})
    assert refused == ("Invalid", "ORGANISATION_CONFLICT", ["organisation"])
    await founded(stage, name="Tuba Trio", organisation={"slug": "tuba-trio", "ukprn": "10009999"})
    other = {"slug": "tuba-trio", "ukprn": "10008888"}
    refused = await stage.refused("createIssuer", {**BAND, "organisation": other})
    assert refused == ("Invalid", "ORGANISATION_CONFLICT", ["organisation", "ukprn"])


@pytest.mark.parametrize("number", ["charityNumber", "companyNumber", "ukprn", "urn", "slug"])
async def test_what_is_no_official_number_is_refused(stage: Stage, number: str) -> None:
    given = {**BAND, "organisation": {number: "Nr. 7?"}}
    assert await stage.refused("createIssuer", given) == ("Invalid", "INVALID", ["organisation", number])


async def test_an_issuer_refused_after_its_organisation_was_founded_leaves_none_behind(stage: Stage) -> None:
    taken = await founded(stage, name="Harp Hall")
    given = {**BAND, "slug": taken["slug"], "organisation": {"slug": "never-founded"}}
    assert await stage.refused("createIssuer", given) == ("SlugTaken", "SLUG_TAKEN", ["slug"])


# Refusals

INVALID: dict[str, tuple[dict[str, Any], str, list[str]]] = {
    "an unknown role": ({"roles": ["issues", "rules"]}, "INVALID", ["roles"]),
    "no name": ({"name": ""}, "INVALID", ["name"]),
    "an address with a password": ({"url": "https://me:secret@example.org"}, "INVALID", ["url"]),
    "a long description": ({"description": "x" * 20_001}, "INVALID", ["description"]),
    "no point": ({"location": {"latitude": -91, "longitude": 0}}, "INVALID_POINT", ["location", "latitude"]),
    "no slug": ({"slug": "brass_band"}, "INVALID", ["slug"]),
    "a foreign language": (
        {"translations": [{"language": "gd", "name": "Còmhlan"}]},
        "INVALID",
        ["translations", "0", "language"],
    ),
    "a translated name of two lines": (
        {"translations": [{"language": "cy", "name": "Band\nPres"}]},
        "INVALID",
        ["translations", "0", "name"],
    ),
}


@pytest.mark.parametrize("fault", INVALID)
async def test_a_faulty_issuer_is_refused_with_the_way_to_the_fault(stage: Stage, fault: str) -> None:
    given, code, path = INVALID[fault]
    id = (await founded(stage))["id"]
    assert await stage.refused("createIssuer", {**BAND, **given}) == ("Invalid", code, path)
    assert await stage.refused("updateIssuer", {"issuer": id, **given}) == ("Invalid", code, path)


@pytest.mark.parametrize(
    "address",
    ["band.example.org", "javascript:alert(1)", "ftp://example.org", "https://", f"https://x.uk/{'x' * 2000}"],
)
async def test_what_is_no_web_address_is_no_value_of_the_schema(stage: Stage, address: str) -> None:
    before = await stage.counted()
    query = "mutation($input: CreateIssuerInput!) { createIssuer(input: $input) { __typename } }"
    for field in ("url", "logoUrl"):
        body = await stage.body(query, {"input": {**BAND, field: address}}, who="brighton curator")
        assert [each["extensions"]["code"] for each in body["errors"]] == ["INVALID_VARIABLES"]
    assert await stage.counted() == before


async def test_an_unknown_kind_is_refused(stage: Stage) -> None:
    assert await stage.refused("createIssuer", {**BAND, "kind": "gang"}) == ("Invalid", "INVALID", ["kind"])


@pytest.mark.parametrize("field", ["name", "slug", "verified"])
async def test_what_an_issuer_cannot_be_without_is_not_cleared(stage: Stage, field: str) -> None:
    id = (await founded(stage))["id"]
    assert await stage.refused("updateIssuer", {"issuer": id, field: None}) == ("Invalid", "INVALID", [field])


async def test_nobody_stands_below_themselves(stage: Stage) -> None:
    top = (await founded(stage, name="Top"))["id"]
    middle = (await founded(stage, name="Middle", parent=top))["id"]
    low = (await founded(stage, name="Low", parent=middle))["id"]
    for parent in (top, middle, low):
        refused = await stage.refused("updateIssuer", {"issuer": top, "parent": parent})
        assert refused == ("Invalid", "PARENT_CYCLE", ["parent"])
    moved = await stage.done("updateIssuer", {"issuer": low, "parent": top}, SHOWN)
    assert moved["issuer"]["parent"] == {"id": top}


async def test_a_parent_that_is_not_here_is_not_found(stage: Stage) -> None:
    id = (await founded(stage))["id"]
    foreign = stage.id("Issuer", "plymouth", "youth-club")
    gone = str(GlobalId("Issuer", stage.town("brighton").id, new_id()))
    for parent in (foreign, gone, stage.id("Badge", "brighton", "explorer"), "made up", ""):
        missing = ("Refused", "NOT_FOUND", ["parent"])
        assert await stage.refused("createIssuer", {**BAND, "parent": parent}) == missing
        assert await stage.refused("updateIssuer", {"issuer": id, "parent": parent}) == missing


async def test_an_issuer_that_is_not_here_is_not_found_whatever_the_reason(stage: Stage) -> None:
    foreign = stage.id("Issuer", "plymouth", "youth-club")
    gone = str(GlobalId("Issuer", stage.town("brighton").id, new_id()))
    for id in (foreign, gone, stage.id("Badge", "brighton", "explorer"), "made up"):
        refused = await stage.refused("updateIssuer", {"issuer": id, "name": "Mine"})
        assert refused == ("Refused", "NOT_FOUND", ["issuer"])


async def test_the_slug_of_an_issuer_is_never_given_again(stage: Stage) -> None:
    id = (await founded(stage, slug="drummers"))["id"]
    await stage.done("updateIssuer", {"issuer": id, "slug": "timpanists"}, SHOWN)
    assert (await stage.read('{ issuer(slug: "drummers") { slug } }'))["issuer"] == {"slug": "timpanists"}
    other = (await founded(stage))["id"]
    for slug in ("drummers", "timpanists"):
        taken = ("SlugTaken", "SLUG_TAKEN", ["slug"])
        assert await stage.refused("createIssuer", {**BAND, "slug": slug}) == taken
        assert await stage.refused("updateIssuer", {"issuer": other, "slug": slug}) == taken


async def test_an_issuer_of_the_files_is_changed_there_unless_they_are_a_seed(stage: Stage) -> None:
    id = (await founded(stage))["id"]
    await stage.kept_in_files(id)
    refused = await stage.refused("updateIssuer", {"issuer": id, "name": "Mine"})
    assert refused == ("ManagedByFiles", "MANAGED_BY_FILES", None)
    async with stage.seeded("brighton"):
        changed = await stage.done("updateIssuer", {"issuer": id, "name": "Ours"}, SHOWN)
        assert changed["issuer"]["name"] == "Ours"


async def test_only_the_city_adds_issuers_and_an_issuers_own_admin_changes_it(stage: Stage) -> None:
    club, college = (stage.id("Issuer", "brighton", slug) for slug in ("youth-club", "college"))
    for who in ("issuer-admin", "issuer-staff", "employer"):
        assert await stage.refused("createIssuer", BAND, who=who) == FORBIDDEN
    for who in ("issuer-staff", "employer"):
        assert await stage.refused("updateIssuer", {"issuer": club, "name": "Mine"}, who=who) == FORBIDDEN
    changed = await stage.done("updateIssuer", {"issuer": club, "name": "Young Club"}, SHOWN, who="issuer-admin")
    assert changed["issuer"]["name"] == "Young Club"
    assert await stage.refused("updateIssuer", {"issuer": college, "name": "Mine"}, who="issuer-admin") == FORBIDDEN


async def test_nobody_verifies_themselves(stage: Stage) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    vain = {"issuer": club, "verified": True}
    assert await stage.refused("updateIssuer", vain, who="issuer-admin") == ("Refused", "FORBIDDEN", ["verified"])
    assert (await stage.done("updateIssuer", vain, SHOWN))["issuer"]["verified"] is True
    kept = await stage.done("updateIssuer", {**vain, "url": "https://example.org"}, SHOWN, who="issuer-admin")
    assert kept["issuer"]["verified"] is True
