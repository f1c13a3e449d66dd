"""Whatever a client gets wrong is told by its documented code, and never breaks anything."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.graph.asking import Asking

HUGE = 10**12
BADGES = "query($after: String) { badges(first: 2, after: $after) { nodes { slug } pageInfo { endCursor } } }"


# Values


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ("near: {latitude: 90.1, longitude: 0}", "INVALID_ARGUMENT"),
        ("near: {latitude: -91, longitude: 0}", "INVALID_ARGUMENT"),
        ("near: {latitude: 0, longitude: 180.5}", "INVALID_ARGUMENT"),
        ("near: {latitude: 1e308, longitude: 0}", "INVALID_ARGUMENT"),
        ("near: {latitude: 1e999, longitude: 0}", "INVALID_ARGUMENT"),
        ("near: {latitude: 50}", "INVALID_DOCUMENT"),
        ('near: {latitude: 50, longitude: 0}, postcode: "BR3 4HG"', "INVALID_ARGUMENT"),
        ("withinMetres: 100", "INVALID_ARGUMENT"),
        ("near: {latitude: 50, longitude: 0}, withinMetres: 0", "INVALID_ARGUMENT"),
        ("near: {latitude: 50, longitude: 0}, withinMetres: -5", "INVALID_ARGUMENT"),
        ("near: {latitude: 50, longitude: 0}, withinMetres: 20037509", "INVALID_ARGUMENT"),
        ("near: {latitude: 50, longitude: 0}, withinMetres: 3000000000", "INVALID_DOCUMENT"),
        ('postcode: "nowhere"', "INVALID_POSTCODE"),
        ('postcode: ""', "INVALID_POSTCODE"),
        ('postcode: "ZE1 0AA"', "UNKNOWN_POSTCODE"),
        ("bounds: {south: 0, west: 0, north: 91, east: 0}", "INVALID_ARGUMENT"),
        ("bounds: {south: 0, west: -181, north: 1, east: 0}", "INVALID_ARGUMENT"),
        ("age: -1", "INVALID_ARGUMENT"),
        ("age: 121", "INVALID_ARGUMENT"),
        ('startsAfter: "2027-01-01T10:00:00"', "INVALID_ARGUMENT"),
        ('startsBefore: "2027-01-01T10:00:00"', "INVALID_ARGUMENT"),
        ('startsAfter: "0001-01-01T00:00:00+14:00"', "INVALID_ARGUMENT"),
        ('startsBefore: "9999-12-31T23:59:59-14:00"', "INVALID_ARGUMENT"),
        ('startsAfter: "tomorrow"', "INVALID_DOCUMENT"),
        ("weekdays: [FUNDAY]", "INVALID_DOCUMENT"),
        ('cities: ["cardiff"]', "INVALID_ARGUMENT"),
        ('weather: "fine"', "INVALID_DOCUMENT"),
    ],
)
async def test_a_search_refuses_what_makes_no_sense(ask: Asking, arguments: str, code: str) -> None:
    assert await ask.code(f"{{ discover(filter: {{{arguments}}}) {{ nodes {{ id }} }} }}", city="plymouth") == code


async def test_a_search_needs_a_filter_and_what_its_order_needs(ask: Asking) -> None:
    for text, code in (
        ("{ discover { nodes { id } } }", "INVALID_DOCUMENT"),
        ("{ discover(filter: {}, orderBy: NEAREST) { nodes { id } } }", "INVALID_ARGUMENT"),
        ("{ discover(filter: {}, orderBy: RELEVANCE) { nodes { id } } }", "INVALID_ARGUMENT"),
        ("{ discover(filter: {}, orderBy: BEST) { nodes { id } } }", "INVALID_DOCUMENT"),
        ("{ discover(filter: {}) { facets { skills(first: 101) { code } } } }", "LIMIT_EXCEEDED"),
    ):
        assert await ask.code(text, city="plymouth") == code, text


@pytest.mark.parametrize(
    ("field", "kind"),
    [("badges", "BadgeFilter"), ("pathways", "PathwayFilter"), ("issuers", "IssuerFilter"), ("places", "PlaceFilter")],
)
async def test_a_citys_own_graph_takes_no_other_cities(ask: Asking, field: str, kind: str) -> None:
    text = f"query($filter: {kind}) {{ {field}(filter: $filter) {{ totalCount }} }}"
    for slugs in (["cardiff"], ["plymouth"], []):
        assert await ask.code(text, {"filter": {"cities": slugs}}, city="plymouth") == "INVALID_ARGUMENT"
        await ask(text, {"filter": {"cities": slugs}})


async def test_other_lists_refuse_points_off_the_globe_too(ask: Asking) -> None:
    off = {"latitude": 91, "longitude": 0}
    for text, filter in (
        ("query($f: IssuerFilter) { issuers(filter: $f) { totalCount nodes { id } } }", {"near": off}),
        ("query($f: PathwayFilter) { pathways(filter: $f) { nodes { id } } }", {"near": off}),
        ("query($f: PathwayFilter) { pathways(filter: $f) { nodes { id } } }", {"withinMetres": 5}),
        (
            "query($f: PathwayFilter) { pathways(filter: $f) { nodes { id } } }",
            {"near": {"latitude": 50, "longitude": 0}, "withinMetres": -5},
        ),
        (
            "query($f: PlaceFilter) { places(filter: $f) { totalCount } }",
            {"bounds": {"south": 0, "west": 0, "north": 91, "east": 0}},
        ),
        ("query($f: CityFilter) { cities(filter: $f) { totalCount } }", {"covers": off}),
        ("query($f: CityFilter) { cities(filter: $f) { totalCount } }", {"covers": {"latitude": 0, "longitude": -181}}),
    ):
        for city in ("plymouth", None):
            assert await ask.code(text, {"f": filter}, city=city) == "INVALID_ARGUMENT", text


@pytest.mark.parametrize(
    ("first", "code"), [(100_000, "LIMIT_EXCEEDED"), (101, "LIMIT_EXCEEDED"), (-1, "INVALID_ARGUMENT")]
)
async def test_no_list_gives_more_than_it_may(ask: Asking, first: int, code: str) -> None:
    for field in ("badges", "pathways", "issuers", "places", "skills", "cities", "discover(filter: {}"):
        start = f"{field}, " if "(" in field else f"{field}("
        text = f"query($first: Int) {{ {start}first: $first) {{ %s }} }}"
        for shown in ("nodes { id }", "totalCount", "pageInfo { hasNextPage }"):
            assert await ask.code(text % shown, {"first": first}, city="plymouth") == code
    below = "query($first: Int) { city { members(first: $first) { nodes { id } } } }"
    body = await ask.body(below, {"first": first}, city="plymouth")
    assert body["data"] == {"city": None}
    assert (body["errors"][0]["path"], body["errors"][0]["extensions"]["code"]) == (["city", "members"], code)
    assert await ask.code("query($n: Int) { badges(first: $n) { totalCount } }", {"n": HUGE}) == "INVALID_VARIABLES"


async def test_occurrences_are_limited_too(ask: Asking) -> None:
    text = """query($n: Int, $t: DateTime) {
      opportunity(slug: "film-lab") { occurrences(first: $n, after: $t) { startsAt } } }"""
    for variables, code in (
        ({"n": 101}, "LIMIT_EXCEEDED"),
        ({"t": "2027-01-01T00:00:00"}, "INVALID_ARGUMENT"),
        ({"t": "soon"}, "INVALID_VARIABLES"),
    ):
        assert await ask.code(text, variables, city="plymouth") == code
    for far in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert (await ask(text, {"t": far}, city="plymouth"))["opportunity"] == {"occurrences": []}


# Ids, slugs, cursors


async def test_exactly_one_of_id_and_slug_is_wanted(ask: Asking) -> None:
    for text in (
        "badge", 'badge(id: "x", slug: "navigator")', "pathway(id: null)", "issuer(slug: null)",
        'skill(id: "x", code: "y")', "skill", "opportunity", "place",
    ):  # fmt: skip
        assert await ask.code(f"{{ it: {text} {{ id }} }}", city="plymouth") == "INVALID_ARGUMENT", text
    assert await ask.code("{ city { id } }") == "INVALID_ARGUMENT"
    assert await ask.code('{ badge(slug: "navigator") { id } }') == "INVALID_ARGUMENT"


async def test_at_most_a_hundred_ids_are_answered(ask: Asking) -> None:
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert await ask.code(text, {"ids": ["x"] * 101}, city="plymouth") == "LIMIT_EXCEEDED"
    assert (await ask.body(text, {"ids": ["x"] * 100}, city="plymouth"))["data"] == {"nodes": [None] * 100}
    assert await ask(text, {"ids": []}, city="plymouth") == {"nodes": []}


async def test_an_id_of_another_city_finds_nothing_by_any_filter(ask: Asking) -> None:
    foreign = ask.world.find("Issuer", "cardiff", "real-ideas").gid
    text = (
        "query($id: ID) { badges(filter: {issuer: $id}) { totalCount } discover(filter: {issuer: $id}) { totalCount } }"
    )
    for id in (foreign, "made up", "", foreign[:-1]):
        found = await ask(text, {"id": id}, city="plymouth")
        assert found == {"badges": {"totalCount": 0}, "discover": {"totalCount": 0}}


async def cursor(ask: Asking, text: str = BADGES, city: str | None = "plymouth") -> str:
    (found,) = (await ask(text, city=city)).values()
    return str(found["pageInfo"]["endCursor"])


async def test_a_cursor_belongs_to_its_query(ask: Asking) -> None:
    mine = await cursor(ask)
    await ask(BADGES, {"after": mine}, city="plymouth")
    await ask(BADGES.replace("first: 2", "first: 50").replace("slug }", "name }"), {"after": mine}, city="plymouth")
    others = [
        (BADGES, "cardiff"),
        (BADGES, None),
        (BADGES.replace("first: 2", 'filter: {text: "a"}'), "plymouth"),
        (BADGES.replace("first: 2", "filter: {includeRetired: true}"), "plymouth"),
        (BADGES.replace("badges", "places"), "plymouth"),
        (BADGES.replace("first: 2", "filter: {}, first: 2").replace("badges", "discover"), "plymouth"),
    ]
    for text, city in others:
        assert await ask.code(text, {"after": mine}, city=city) == "INVALID_CURSOR", text


async def test_a_cursor_of_one_origin_or_order_is_not_anothers(ask: Asking) -> None:
    text = """query($after: String, $filter: DiscoverFilter!, $order: DiscoverOrder) {
      discover(filter: $filter, orderBy: $order, first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }"""
    here: dict[str, Any] = {"filter": {"near": {"latitude": 50.4, "longitude": -4.1}}}
    page = (await ask(text, here, city="plymouth"))["discover"]["pageInfo"]["endCursor"]
    await ask(text, {**here, "after": page}, city="plymouth")
    for changed in (
        {"filter": {"near": {"latitude": 50.4, "longitude": -4.2}}},
        {"filter": {"postcode": "BR3 4HG"}},
        {"filter": {**here["filter"], "free": True}},
        {**here, "order": "SOONEST"},
    ):
        assert await ask.code(text, {**changed, "after": page}, city="plymouth") == "INVALID_CURSOR"


@pytest.mark.parametrize("shown", ["nodes { slug }", "totalCount", "edges { cursor }", "pageInfo { endCursor }"])
async def test_a_made_up_cursor_is_refused_whatever_is_shown(ask: Asking, shown: str) -> None:
    text = f"query($after: String) {{ badges(after: $after) {{ {shown} }} }}"
    for made_up in ("", "x", "W10", "bnVsbA", "{}", "é", "\x00", "\ud800", "a" * 3_000, "W" * 1_999):
        assert await ask.code(text, {"after": made_up}, city="plymouth") == "INVALID_CURSOR", made_up


SEARCHES = (
    "badges(%s)",
    "discover(filter: {}, %s)",
    "discover(filter: {}, orderBy: NEWEST, %s)",
    "discover(filter: {near: {latitude: 50, longitude: -4}}, %s)",
    'discover(filter: {text: "film"}, %s)',
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
) | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-01-01", "2027-01-01T00:00:00"])


@settings(max_examples=200)
@given(search=st.sampled_from(SEARCHES), place=st.integers(0, 2), value=ANYTHING)
@example(search=SEARCHES[1], place=0, value="0001-01-01T00:00:00+14:00")
@example(search=SEARCHES[2], place=0, value="9999-12-31T23:59:59-14:00")
@example(search=SEARCHES[2], place=0, value="2027-01-01T00:00:00")
@example(search=SEARCHES[3], place=0, value=-1e308)
@example(search=SEARCHES[0], place=0, value="\x00")
@example(search=SEARCHES[0], place=1, value="no uuid")
async def test_no_altered_cursor_breaks_anything(ask: Asking, search: str, place: int, value: Any) -> None:
    """With a genuine fingerprint another value is a bound or no cursor, and nothing else."""
    field = search % "first: 1, after: $after"
    text = f"query($after: String) {{ {field} {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}"
    genuine = await cursor(ask, text)
    parts = orjson.loads(urlsafe_b64decode(genuine + "=" * (-len(genuine) % 4)))
    parts[place + 1 : place + 2] = [value]  # one more where there are two
    altered = urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")
    body = await ask.body(text, {"after": altered}, city="plymouth")
    codes = {each["extensions"]["code"] for each in body.get("errors", [])}
    assert codes <= {"INVALID_CURSOR"}


# Any text

ANY_TEXT = st.text(st.characters(), max_size=40) | st.from_regex(
    r"(Badge|Skill|X)(\.[0-9a-f]{32}){1,2}", fullmatch=True
)
EVERYWHERE = """
query($text: String!, $id: ID!, $texts: [String!], $ids: [ID!]!) {
  badge(id: $id) { id } slug: badge(slug: $text) { id } skill(code: $text) { id } city(slug: $text) { id }
  node(id: $id) { id } nodes(ids: $ids) { id } named: place(slug: "quay", city: $text) { id }
  opportunity(slug: "film-lab") { distanceMetres(from: {postcode: $text}) }
  pathway(slug: "film-maker") { distanceMetres(from: {postcode: $text}) }
}
"""
LISTS = (
    "badges(filter: {text: $text}) { nodes { id } }",
    "badges(filter: {layers: $texts, skills: $texts, issuer: $text}) { totalCount }",
    "badges(after: $text) { nodes { id } }",
    "issuers(filter: {postcode: $text}) { nodes { id } }",
    "issuers(filter: {text: $text, roles: $texts}) { nodes { id } }",
    "pathways(filter: {text: $text, interests: $texts, skills: $texts}) { nodes { id } }",
    "pathways(filter: {postcode: $text, withinMetres: 5}) { nodes { id } }",
    "places(filter: {text: $text}) { nodes { id } }",
    "skills(filter: {text: $text, framework: $text}) { nodes { id } }",
    "cities(filter: {nation: $text, group: $text}) { nodes { id } }",
    "discover(filter: {text: $text}) { nodes { id } facets { kinds { code } } }",
    "discover(filter: {postcode: $text}, after: $text) { nodes { id } }",
    "discover(filter: {badge: $text, pathway: $text, issuer: $text}) { nodes { id } }",
    "discover(filter: {kinds: $texts, layers: $texts, skills: $texts, accessibility: $texts}) { totalCount }",
)
REFUSALS = {"INVALID_ARGUMENT", "INVALID_CURSOR", "INVALID_POSTCODE", "UNKNOWN_POSTCODE", "NOT_FOUND"}


@settings(max_examples=150)
@given(text=ANY_TEXT)
@example(text="\x00")
@example(text="\ud800")
@example(text="'; drop table badge; --")
@example(text="%")
async def test_no_text_whatever_breaks_an_id_a_slug_or_a_postcode(ask: Asking, text: str) -> None:
    given = {"text": text, "id": text, "texts": [text, text], "ids": [text]}
    for city in ("plymouth", None):
        body = await ask.body(
            EVERYWHERE.replace("query(", "query Q(").replace("$texts: [String!], ", ""), given, city=city
        )
        assert {each["extensions"]["code"] for each in body["errors"]} <= REFUSALS


@settings(max_examples=150)
@given(text=ANY_TEXT, field=st.sampled_from(LISTS))
@example(text="\x00", field=LISTS[0])
@example(text="\ud800", field=LISTS[3])
@example(text="\ud800", field=LISTS[10])
@example(text="\x00", field=LISTS[13])
async def test_no_text_whatever_breaks_a_list(ask: Asking, text: str, field: str) -> None:
    kind = "ID" if "badge: $text" in field or "issuer: $text" in field else "String"
    variables = {name: kind if name == "text" else "[String!]" for name in re.findall(r"\$(\w+)", field)}
    query = f"query({', '.join(f'${name}: {of}' for name, of in variables.items())}) {{ {field} }}"
    for city in ("plymouth", None):
        body = await ask.body(query, {"text": text, "texts": [text]}, city=city)
        assert {each["extensions"]["code"] for each in body.get("errors", [])} <= REFUSALS


async def test_null_bytes_and_half_characters_are_no_text(ask: Asking) -> None:
    for text in ("a\x00b", "\ud800", "a\udfff"):
        for query in (
            "query($t: String) { badge(slug: $t) { id } }",
            "query($t: String) { badges(filter: {text: $t}) { totalCount } }",
            "query($t: String!) { badges(filter: {layers: [$t]}) { totalCount } }",
            "query($t: String) { discover(filter: {text: $t}) { totalCount } }",
        ):
            assert await ask.code(query, {"t": text}, city="plymouth") == "INVALID_ARGUMENT"
        assert await ask.code(f'{{ badge(slug: "{text}") {{ id }} }}', city="plymouth") in {
            "INVALID_DOCUMENT",
            "INVALID_ARGUMENT",
        }


# The rest still answers


@pytest.mark.parametrize("city", ["plymouth", None])
async def test_one_refused_field_leaves_the_others_alone(ask: Asking, city: str | None) -> None:
    text = """query($id: ID!) { good: place(slug: "quay", city: "plymouth") { name } gone: badge(id: $id) { name }
      both: badge(id: $id, slug: "x") { name } kinds { code }
      far: opportunity(slug: "film-lab", city: "plymouth") { distanceMetres(from: {postcode: "nowhere"}) }
      badges(first: 1) { nodes { city { slug } } } }"""
    for _ in range(2):
        body = await ask.body(text, {"id": "none"}, city=city)
        data = body["data"]
        assert (data["gone"], data["both"], data["far"]) == (None, None, {"distanceMetres": None})
        assert data["good"] == {"name": "The Quay"}
        assert len(data["kinds"]) == 10
        assert len(data["badges"]["nodes"]) == 1
        told = {each["path"][0]: each["extensions"]["code"] for each in body["errors"]}
        assert told == {"gone": "NOT_FOUND", "both": "INVALID_ARGUMENT", "far": "INVALID_POSTCODE"}


async def test_a_list_that_may_not_be_null_takes_the_whole_answer_with_it(ask: Asking) -> None:
    body = await ask.body("{ city { slug } few: badges(first: -1) { totalCount } }", city="plymouth")
    assert body["data"] is None
    assert [(each["path"], each["extensions"]["code"]) for each in body["errors"]] == [(["few"], "INVALID_ARGUMENT")]
