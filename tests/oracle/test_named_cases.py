"""Operations that went wrong once, or easily might: each as small as it could be made."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

import pytest

from tests.frameworks import id_of
from tests.oracle.asking import CITIES, Both
from tests.oracle.calls import global_id
from waypost_skills_builder.framework import framework_id


def code(answer: dict[str, list[dict[str, dict[str, str]]]]) -> str:
    """Return the code of an answer's only error."""
    (error,) = answer["errors"]
    return error["extensions"]["code"]


async def test_null_sent_for_a_variable_with_a_default_where_null_may_not_stand_is_a_wrong_argument(both: Both) -> None:
    document = "query($filter: DiscoverFilter = {}) { discover(filter: $filter) { totalCount } }"
    assert code(await both.agree(document, {"filter": None})) == "INVALID_ARGUMENT"
    assert "errors" not in await both.agree(document)


async def test_null_sent_for_one_of_many_ids_with_a_default_is_a_wrong_argument(both: Both) -> None:
    document = 'query($ids: [ID!] = ["x"]) { nodes(ids: $ids) { id } kinds { code } }'
    assert code(await both.agree(document, {"ids": None})) == "INVALID_ARGUMENT"


@pytest.mark.parametrize("directive", ["skip", "include"])
async def test_null_sent_for_a_directive_with_a_default_is_a_wrong_argument(both: Both, directive: str) -> None:
    at_the_root = f"query($if: Boolean = true) {{ kinds @{directive}(if: $if) {{ code }} }}"
    assert code(await both.agree(at_the_root, {"if": None})) == "INVALID_ARGUMENT"
    below = f"query($if: Boolean = true) {{ viewer {{ id }} badges {{ nodes {{ slug @{directive}(if: $if) }} }} }}"
    assert code(await both.agree(below, {"if": None})) == "INVALID_ARGUMENT"


async def test_a_directive_that_got_null_on_a_kind_that_no_id_is_of_refuses_nothing(both: Both) -> None:
    document = """query($if: Boolean = true) {
        nodes(ids: ["Place.x"]) { ... on City { ... on Node @skip(if: $if) { id } } }
        standards { code } }"""
    answer = await both.agree(document, {"if": None})
    assert answer["data"]["nodes"] == [None]
    assert code(answer) == "NOT_FOUND"
    places = [each.gid for each in both.world.places] + ["Place.x"]
    both_kinds = """query($ids: [ID!]!, $if: Boolean = true) {
        nodes(ids: $ids) { ... on Place { slug } ... on City { slug @include(if: $if) } } }"""
    await both.agree(both_kinds, {"ids": places, "if": None}, city=None)


async def test_a_directive_that_got_null_refuses_each_object_of_a_computed_list_in_its_place(both: Both) -> None:
    document = "query($if: Boolean = true) { kinds { ... on OpportunityKind @include(if: $if) { __typename } } }"
    assert code(await both.agree(document, {"if": None})) == "INVALID_ARGUMENT"


async def test_a_refusal_that_leaves_nothing_may_be_told_with_others_beside_it(both: Both) -> None:
    document = """query($code: String!) { auditLog { pageInfo { endCursor } } occupation(code: $code) { code } }"""
    answer = await both.agree(document, {"code": "2134"}, city="old-town")
    assert answer["data"] is None
    assert "UNAUTHENTICATED" in {each["extensions"]["code"] for each in answer["errors"]}


async def test_null_sent_for_the_language_of_the_answer_is_a_wrong_argument(both: Both) -> None:
    document = 'query($language: LanguageTag = "cy") @inContext(language: $language) { badges { nodes { name } } }'
    assert code(await both.agree(document, {"language": None})) == "INVALID_ARGUMENT"
    assert "errors" not in await both.agree(document)


async def test_a_hidden_creator_of_a_badge_read_in_another_city_makes_that_badge_null(both: Both) -> None:
    document = '{ badge(slug: "writing") { slug derivedFrom { slug creator { name } } } }'
    answer = await both.agree(document)
    assert answer["data"] == {"badge": {"slug": "writing", "derivedFrom": None}}
    assert code(answer) == "NOT_VISIBLE"


async def test_a_hidden_creator_in_a_list_of_borrowed_badges_takes_the_whole_list_away(both: Both) -> None:
    for field in ("opportunity", "pathway"):
        slug, inside = {"opportunity": ("film-lab", "%s"), "pathway": ("film-maker", "steps { %s }")}[field]
        badges = inside % "badges { slug creator { name } }"
        answer = await both.agree(f'{{ {field}(slug: "{slug}") {{ slug {badges} }} }}')
        assert answer["data"] == {field: None}
        assert code(answer) == "NOT_VISIBLE"


async def test_what_was_withdrawn_leaves_a_list_before_its_hidden_neighbour_is_told_of(both: Both) -> None:
    """The places in an error's path are those of the answer, where nothing withdrawn is counted."""
    await both.agree('{ pathway(slug: "film-maker") { allSteps { badges { slug replacedBy { creator { slug } } } } } }')
    await both.agree("{ pathways { nodes { allSteps { problem badges { creator { slug } } } } } }")


async def test_a_refused_field_of_another_citys_rows_is_told_only_where_there_is_such_a_row(
    both: Both,
) -> None:
    document = "query($slug: String) { issuer(slug: $slug) { elsewhere { badges(first: 101) { totalCount } } } }"
    assert code(await both.agree(document, {"slug": "real-ideas"})) == "LIMIT_EXCEEDED"
    await both.agree(document, {"slug": "city-college"})
    await both.agree(document, {"slug": "nobody"})


async def test_a_refused_field_is_null_where_it_stands_and_takes_no_more_with_it_than_it_must(both: Both) -> None:
    await both.agree('{ badge(slug: "writing") { slug derivedFrom { opportunities(first: 101) { totalCount } } } }')
    await both.agree("{ badges(first: 3) { nodes { slug opportunities(first: 101) { totalCount } } } kinds { code } }")
    await both.agree('{ opportunity(slug: "film-lab") { slug distanceMetres(from: {postcode: "nowhere"}) } }')


async def test_a_refused_field_of_one_type_leaves_that_of_another_under_the_same_key_alone(both: Both) -> None:
    ids = [
        both.world.find("Badge", "plymouth", "navigator").gid,
        both.world.find("Issuer", "plymouth", "real-ideas").gid,
    ]
    document = """query($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Badge { x: opportunities(first: 101) { totalCount } }
        ... on Issuer { x: opportunities(first: 2) { totalCount } } } }"""
    await both.agree(document, {"ids": ids})


async def test_the_same_list_under_two_names_with_other_pages_and_filters(both: Both) -> None:
    document = """{
        all: badges { ...B }
        few: badges(first: 2) { ...B }
        some: badges(filter: {text: "twin", includeRetired: true}, first: 3) { ...B }
        none: badges(first: 0) { ...B }
    }
    fragment B on BadgeConnection {
        nodes { slug one: skills { code } two: opportunities(first: 1) { nodes { slug } }
            three: opportunities(first: 2) { totalCount nodes { slug } pageInfo { hasNextPage } } }
        totalCount pageInfo { hasNextPage startCursor endCursor }
    }"""
    for city in CITIES:
        await both.agree(document, city=city)


async def test_a_cursor_of_a_list_below_one_row_goes_on_below_another(both: Both) -> None:
    first = await both.agree("{ issuers { nodes { badges(first: 1) { pageInfo { endCursor } } } } }")
    cursors = [each["badges"]["pageInfo"]["endCursor"] for each in first["data"]["issuers"]["nodes"]]
    document = "query($after: String) { issuers { nodes { badges(after: $after) { nodes { slug } totalCount } } } }"
    for cursor in filter(None, cursors):
        await both.agree(document, {"after": cursor})
    elsewhere = "query($after: String) { badges(after: $after) { totalCount } }"
    assert code(await both.agree(elsewhere, {"after": next(filter(None, cursors))})) == "INVALID_CURSOR"


async def test_an_interface_by_ids_of_every_kind_keeps_the_order_and_says_what_is_missing(both: Both) -> None:
    world = both.world
    ids = [each.gid for each in world.everything()][::7][:60]
    ids += [global_id("City", each.id) for each in world.towns.values()]
    document = """query($ids: [ID!]!) { nodes(ids: $ids) {
        __typename id ... on Node { again: id } ... on Badge { name issuer { name } }
        ... on Pathway { steps { title badges { slug } } } ... on City { slug } ...I } }
    fragment I on Issuer { name badges(first: 2) { totalCount } }"""
    for city in CITIES:
        await both.agree(document, {"ids": ids}, city=city, languages=("cy",))


async def test_everybody_is_told_who_they_are_wherever_they_ask(both: Both) -> None:
    document = """query($city: String) { viewer { id name permissions there: permissions(city: $city)
        memberships { role city { slug } issuer { slug } } } }"""
    for who in both.who:
        for city in CITIES:
            for there in (None, "plymouth", "cardiff", "nowhere"):
                await both.agree(document, {"city": there}, city=city, who=who)


async def test_an_old_slug_leads_to_what_has_another_now(both: Both) -> None:
    document = 'query($city: String) { badge(slug: "clever-citizen", city: $city) { slug essentialSkills { step } } }'
    answer = await both.agree(document, {"city": None})
    assert answer["data"]["badge"]["slug"] == "smart-citizen"
    await both.agree(document, {"city": "plymouth"}, city=None)
    await both.agree(document, {"city": "cardiff"}, city=None)


async def test_every_facet_leaves_its_own_condition_out_and_keeps_the_others(both: Both) -> None:
    document = """query($filter: DiscoverFilter!, $order: DiscoverOrder) {
        discover(filter: $filter, orderBy: $order, first: 4) { totalCount
            edges { distanceMetres node { slug } cursor } pageInfo { hasNextPage }
            facets { kinds { code name count } layers { code name count } skills(first: 3) { code name count } } } }"""
    near = {"latitude": 50.3717, "longitude": -4.1411}
    for filter in (
        {"kinds": ["JOB", "EVENT"], "layers": ["rsa-2019/engage"]},
        {"near": near, "withinMetres": 9_000, "skills": ["teamwork"], "kinds": ["WORKSHOP"]},
        {"text": "film", "layers": ["rsa-2019/lead", "rsa-2019/engage"], "free": True},
    ):
        for order in (None, "SOONEST", "NEWEST"):
            for city in CITIES:
                await both.agree(document, {"filter": filter, "order": order}, city=city)


async def test_a_facet_that_is_asked_for_too_much_says_so_at_its_own_place(both: Both) -> None:
    document = "{ all: discover(filter: {}) { facets { kinds { code } most: skills(first: 101) { code } } } }"
    answer = await both.agree(document)
    assert [each["path"] for each in answer["errors"]] == [["all", "facets", "most"]]
    filter = "{withinMetres: 5}"
    answer = await both.agree(f"{{ discover(filter: {filter}) {{ facets {{ kinds {{ code }} }} }} }}")
    assert [each["path"] for each in answer["errors"]] == [["discover"]], "the filter is the list's"


async def test_a_plugins_field_of_a_city_that_switched_it_off_is_null_wherever_it_is_read(both: Both) -> None:
    document = "{ badges(first: 100) { nodes { slug essentialSkills { step url skill { code steps } } } } }"
    for city in ("plymouth", None):
        await both.agree(document, city=city)
    away = '{ badge(slug: "writing") { derivedFrom { slug essentialSkills { step } } } }'
    answer = await both.agree(away)
    assert answer["data"]["badge"]["derivedFrom"] == {"slug": "bathodyn", "essentialSkills": None}


async def test_who_changed_what_is_told_to_those_who_may_know_it_page_by_page(both: Both) -> None:
    document = """query($filter: AuditFilter, $after: String, $first: Int) {
        auditLog(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            edges { cursor node { id at person role token act table row object verb changed } } } }"""
    person = global_id("Viewer", both.who["curator"].person or UUID(int=0))
    badge = both.world.find("Badge", "cardiff", "bathodyn").gid
    filters: tuple[dict[str, object], ...] = (
        {},
        {"person": person},
        {"object": badge},
        {"tables": ["place", "badge"]},
        {"acts": ["someJob"]},
    )
    for city in CITIES:
        for who in both.who:
            await both.agree(document, {"filter": {}}, city=city, who=who)
    for filter in (*filters, {"since": "2027-01-05T00:00:00Z"}, {"until": "2027-01-05T00:00:00"}, {"person": badge}):
        answer = await both.agree(document, {"filter": filter, "first": 2}, city="cardiff", who="curator")
        if "errors" not in answer:
            after = answer["data"]["auditLog"]["pageInfo"]["endCursor"]
            await both.agree(document, {"filter": filter, "after": after}, city="cardiff", who="curator")


async def test_what_is_told_to_others_is_shown_to_those_who_look_after_it(both: Both) -> None:
    document = """query($filter: DeliveryFilter, $first: Int, $after: String) {
        webhooks { totalCount nodes { id url events state formerUntil failures restingUntil madeAt } }
        deliveries(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
            nodes { id eventType happenedAt state attempts answer problem triedAt webhook { id state } } } }"""
    plymouth = both.world.towns["plymouth"].id
    hook = global_id("Webhook", uuid5(plymouth, "hook 1"), plymouth)
    for city in CITIES:
        for who in both.who:
            await both.agree(document, {"filter": {}}, city=city, who=who)
    filters: tuple[dict[str, Any], ...] = (
        *({}, {"states": ["DEAD", "DUE"]}, {"states": []}),
        *({"webhook": hook}, {"webhook": "made up"}),
    )
    for filter in filters:
        answer = await both.agree(document, {"filter": filter, "first": 2}, city="plymouth", who="operator")
        after = answer["data"]["deliveries"]["pageInfo"]["endCursor"]
        await both.agree(document, {"filter": filter, "after": after}, city="plymouth", who="operator")


async def test_what_platforms_have_is_shown_to_whom_it_concerns(both: Both) -> None:
    documents = (
        """{ issuingAccounts { totalCount nodes { id connector name state problem createdAt checkedAt reconciledAt
            elsewhere shares { id state issuerId createdAt city { slug } }
            templates { templateId name state duplicates url readAt countedAt issued accepted } } } }""",
        """query($drifts: IssuingDriftFilter) { issuingDrifts(filter: $drifts, first: 2) { totalCount nodes {
            id kind externalId difference state foundAt mendedAt account { id } } } }""",
        "{ issuingGrants { nodes { id platform name state grantedAt issuer { slug } owner { slug } } } }",
        "{ issuingLinks { nodes { id templateId templateName state badge { slug } grant { id } } } }",
        """query($records: IssuingRecordFilter) { issuingRecords(filter: $records) { totalCount nodes { id platform
            state url problem createdAt changedAt award { id state } owner { slug } } } }""",
        "{ viewer { issuing { nodes { id state award { id } } } issuingConsents { nodes { id platform givenAt } } } }",
    )
    filters = {"drifts": {"states": ["OPEN", "MENDED"]}, "records": {"states": ["NEEDS_CONSENT"]}}
    for document in documents:
        for city in CITIES:
            for who in both.who:
                await both.agree(document, filters if "$" in document else {}, city=city, who=who)


async def test_a_job_is_shown_to_who_began_it(both: Both) -> None:
    document = """query($id: ID!) { job(id: $id) {
        id kind state done total begunAt endedAt problems { line column code message } } }"""
    plymouth = both.world.towns["plymouth"].id
    for id in (global_id("Job", uuid5(plymouth, "job"), plymouth), global_id("Job", plymouth, plymouth), "Job.x"):
        for city in CITIES:
            for who in both.who:
                await both.agree(document, {"id": id}, city=city, who=who)


async def test_schemes_are_shown_and_asked_as_their_rules_stand(both: Both) -> None:
    """In a city, where it took one back, and nationally, by the code alone; in both languages."""
    rules = "code about words since until inForce asks { fact comparison values } when { fact values }"
    parts = (
        f"name summary listed facts {{ code values words }} rules {{ {rules} }} funding {{ code amount hoursPerWeek }}"
    )
    document = f"""query($on: Date, $facts: [SchemeFactInput!]!) {{
        schemes(on: $on) {{ code {parts} windows {{ words since until }} }}
        one: scheme(code: "plymouth/first-shift") {{ {parts} }}
        gone: scheme(code: "plymouth/last-shift", on: $on) {{ {parts} }}
        schemeEligibility(scheme: "plymouth/first-shift", about: LEARNER, facts: $facts, on: $on) {{
            about on verdict reasons {{ code outcome words missing rule {{ code since }} }}
            scheme {{ rules {{ code }} }} }}
        opportunities: discover(filter: {{}}, first: 20) {{ nodes {{ slug schemes {{
            startsOn scheme {{ code }} facts {{ value fact {{ code unit }} }} rules {{ {rules} }} }} }} }} }}"""
    for on in (None, "2026-03-31", "2026-04-01", "2024-01-01"):
        for facts in (
            [],
            [{"fact": "age", "number": 16}],
            [{"fact": "age", "number": 18}, {"fact": "lives_here", "yes": True}],
        ):
            for city, languages in (("plymouth", ("cy",)), ("cardiff", ()), (None, ("cy",))):
                await both.agree(document, {"on": on, "facts": facts}, city=city, languages=languages)
    for wrong in ({"fact": "age", "code": "x"}, {"fact": "staff", "number": 1}, {"fact": "age"}):
        await both.agree(document, {"facts": [wrong]})


ITEMS = """query($filter: FrameworkItemFilter) { frameworkItems(first: 30, filter: $filter) { totalCount nodes { id uri
    statement code depth place position retiredAt parent { id } framework { title own }
    exactMatches { id } related { id } peers { id } badges { nodes { slug } }
    associations { nodes { type sequence origin { id } destination { id } destinationUri
        framework { title } } } } } }"""
LACKING = """{ frameworks { totalCount nodes { id title own source
    items(first: 3, filter: { depth: 1 }) { totalCount nodes { items(first: 2) { nodes { statement } }
        allItems(first: 3) { totalCount nodes { statement } } } }
    gaps(first: 20) { totalCount nodes { id } } viewerGaps(first: 20) { totalCount nodes { id } } } } }"""
ON_THE_WAY = """query($framework: ID!) { pathways { nodes { slug gaps(first: 20, framework: $framework) {
    totalCount nodes { statement } } } } }"""


@pytest.mark.parametrize("city", ["plymouth", "cardiff", None])
async def test_a_citys_own_frameworks_stand_beside_the_countrys(both: Both, city: str | None) -> None:
    for filter in ({"text": "row"}, {"includeRetired": True, "depth": 2}, {"kind": "Essential skill"}):
        await both.agree(ITEMS, {"filter": filter}, city=city)
    for who in ("stranger", "learner", "curator"):
        await both.agree(LACKING, city=city, who=who)
    for name in ("local", "2.0"):
        id = global_id("Framework", framework_id(name) if name == "2.0" else id_of(name))
        await both.agree(ON_THE_WAY, {"framework": id}, city=city)


async def test_what_a_city_set_for_its_plugins_is_shown_to_its_admins_alone(both: Both) -> None:
    document = """{ pluginSettings { plugin settings switchedAt } pluginSecrets { name changedAt }
        plugins { name title requires contributes settingsSchema active } }"""
    for city in CITIES:
        for who in both.who:
            await both.agree(document, city=city, who=who)
    shown = (await both.agree(document, city="plymouth", who="operator"))["data"]
    assert [each["name"] for each in shown["pluginSecrets"]] == ["credly-live", "tide-token"]
    assert "sealed" not in str(shown)
