"""Answers are kept only while they are true, and only what everybody may see."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from time import monotonic
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.graph.world import Builder, World
from tests.http.stage import BASE_URL, SECRET_KEY, GiveToken
from tests.rooms import badge_words
from tests.waiting import until
from waypost.cli.parts import load_plugins, parts_of
from waypost.db import SHARED, City, Database, System, execute
from waypost.graph import Answer, Asker, GraphRequest, Keep
from waypost.http import Platform, create_app
from waypost.http.kept import ENTRY_BYTES, Kept, KeptAnswers
from waypost.opportunities.store import OpportunityWords, close_opportunity
from waypost.settings import Settings

LIST = "{ discover(filter: {}) { totalCount nodes { title } } }"
Ask = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture(scope="module")
async def world(database: Database) -> World:
    """Two cities with a club each, and something to do."""
    build = Builder(database)
    for slug in ("riverside", "hilltop"):
        town = await build.town(slug, slug.title(), box=(50.0, -4.0, 51.0, -3.0))
        club = await build.issuer(town, "club", "Club", roles=("issues", "provides"))
        await build.badge(town, badge_words(club.id, "first"))
        for name in ("choir", "chess"):
            words = OpportunityWords(
                slug=name, title=name.title(), summary="Come.", kind="EVENT", provider_id=club.id, online=True
            )
            await build.opportunity(town, words)
    return build.world


@pytest.fixture(scope="module")
async def platform(world: World, app_url: str) -> AsyncIterator[Platform]:
    settings = Settings(base_url=BASE_URL, plugins=(), secret_key=SECRET_KEY)
    platform = Platform(settings, parts_of(load_plugins(settings)), app_url)
    async with platform.opened():
        versions = platform.database.versions
        await until(lambda: versions.known and platform.graph(None).shared == versions.of(SHARED))
        yield platform


@pytest.fixture(scope="module")
async def client(platform: Platform) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(platform))
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        yield client


@pytest.fixture
def ask(client: httpx.AsyncClient, platform: Platform) -> Ask:
    """Asks one graph; nothing is kept from the test before."""
    platform.answers.clear()

    async def ask(query: str, city: str = "/riverside", **headers: str) -> httpx.Response:
        return await client.post(f"{city}/graphql", json={"query": query}, headers=headers)

    return ask


async def answer(platform: Platform, query: str, city: str | None = "riverside", asker: Asker | None = None) -> Answer:
    """Ask the engine itself."""
    tenant = platform.directory.by_slug(city) if city else None
    return await platform.engine.answer(platform.graph(tenant), GraphRequest(query), asker or Asker())


async def kept(platform: Platform, query: str, city: str | None = "riverside") -> Keep:
    found = (await answer(platform, query, city)).keep
    assert found is not None
    return found


async def test_what_was_asked_once_is_given_again_as_it_was(ask: Ask, platform: Platform) -> None:
    first, hits = await ask(LIST), platform.answers.hits
    again = await ask(LIST)
    assert platform.answers.hits == hits + 1
    assert again.content == first.content
    ours = {name: value for name, value in first.headers.items() if not name.startswith("ratelimit")}
    assert dict(again.headers) == ours


async def test_a_write_is_seen_by_the_very_next_question(ask: Ask, platform: Platform, world: World) -> None:
    club = world.find("Issuer", "riverside", "club")
    before = (await ask(LIST)).json()["data"]["discover"]["totalCount"]
    await ask(LIST)
    words = OpportunityWords("late", "Late", "Come.", "EVENT", provider_id=club.id, online=True)
    made = await Builder(platform.database, world).opportunity(club.town, words)
    assert (await ask(LIST)).json()["data"]["discover"]["totalCount"] == before + 1
    async with platform.database.transaction(City(club.town.id)):
        await close_opportunity(club.town.here, made.id)
    assert (await ask(LIST)).json()["data"]["discover"]["totalCount"] == before


async def test_a_write_of_another_process_is_heard(
    ask: Ask, platform: Platform, world: World, database: Database
) -> None:
    town, title = world.towns["riverside"], uuid4().hex
    await ask(LIST)
    async with database.transaction(City(town.id)):
        await execute("UPDATE opportunity SET title = $2 WHERE tenant_id = $1 AND slug = 'choir'", town.id, title)
    expected = database.versions.of(town.id)
    await until(lambda: platform.database.versions.of(town.id) >= expected)
    assert title in (await ask(LIST)).text


async def test_a_write_elsewhere_ends_a_national_answer_and_not_a_citys(
    ask: Ask, platform: Platform, world: World
) -> None:
    city, nation = await kept(platform, LIST), await kept(platform, LIST, None)
    there = world.towns["hilltop"]
    async with platform.database.transaction(City(there.id)):
        await execute("UPDATE opportunity SET title = 'Other' WHERE tenant_id = $1 AND slug = 'choir'", there.id)
    assert platform.holds(city, monotonic())
    assert not platform.holds(nation, monotonic())


async def test_a_national_answer_is_kept_for_a_minute_at_most(platform: Platform) -> None:
    keep = await kept(platform, "{ cities { nodes { name } } }", None)
    assert platform.holds(keep, monotonic())
    assert not platform.holds(keep, monotonic() + 61)


async def test_an_answer_ends_when_the_next_of_its_opportunities_is_over(
    ask: Ask, platform: Platform, world: World
) -> None:
    club = world.find("Issuer", "riverside", "club")
    plain = await kept(platform, "{ badges { nodes { name } } }")
    begins = world.now + timedelta(minutes=1)
    words = OpportunityWords(
        "soon", "Soon", "Come.", "EVENT", provider_id=club.id, online=True, starts_at=begins, ends_at=begins
    )
    made = await Builder(platform.database, world).opportunity(club.town, words)
    keep = await kept(platform, LIST)
    assert plain.until - monotonic() > 600
    assert 0 < keep.until - monotonic() <= 60
    nested = await kept(platform, "{ issuers { nodes { opportunities { totalCount } } } }")
    assert nested.until - monotonic() <= 60
    async with platform.database.transaction(City(club.town.id)):
        await close_opportunity(club.town.here, made.id)


async def test_an_answer_ends_when_the_next_occurrence_begins(platform: Platform, world: World) -> None:
    club = world.find("Issuer", "hilltop", "club")
    begins = world.now + timedelta(seconds=90)
    words = OpportunityWords(
        "weekly",
        "Weekly",
        "Come.",
        "EVENT",
        provider_id=club.id,
        online=True,
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        recurrence="FREQ=WEEKLY",
    )
    await Builder(platform.database, world).opportunity(club.town, words)
    asked = '{ opportunity(slug: "weekly") { title %s } }'
    keep = await kept(platform, asked % "occurrences(first: 2) { startsAt }", "hilltop")
    assert keep.until - monotonic() <= 90
    fixed = await kept(platform, asked % 'occurrences(first: 2, after: "2040-01-01T00:00:00Z") { startsAt }', "hilltop")
    assert fixed.until - monotonic() > 600


@pytest.mark.parametrize(
    "query",
    [
        "{ viewer { id } }",
        "{ badges { nodes { name } } viewer { permissions } }",
        "{ ...F } fragment F on Query { me: viewer { name } }",
        '{ badge(slug: "nobody", id: "x") { name } }',
        "{ nonsense }",
        "{ __schema { queryType { name } } }",
    ],
)
async def test_what_depends_on_who_asks_or_went_wrong_is_not_kept(ask: Ask, platform: Platform, query: str) -> None:
    response = await ask(query)
    assert response.headers["cache-control"] == "private, no-store"
    assert "etag" not in response.headers
    assert len(platform.answers) == 0


async def test_an_answer_to_a_token_is_neither_kept_nor_given_from_what_was(
    ask: Ask, platform: Platform, world: World, give_token: GiveToken
) -> None:
    await ask(LIST)
    hits = platform.answers.hits
    token = await give_token(world.towns["riverside"].id)
    response = await ask(LIST, authorization=f"Bearer {token}")
    assert response.status_code == 200
    assert response.headers["cache-control"] == "private, no-store"
    assert (await ask(LIST, authorization="Bearer nonsense")).status_code == 401
    assert (platform.answers.hits, len(platform.answers)) == (hits, 1)


FIELDS = (
    "city { name }",
    "badges { totalCount }",
    "viewer { id }",
    "viewer { permissions }",
    "kinds { code }",
    LIST[2:-2],
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    some.lists(some.sampled_from(FIELDS), min_size=1, max_size=4), some.sampled_from(("curator", "learner", "operator"))
)
async def test_whatever_may_be_kept_is_the_same_for_everybody(
    platform: Platform, world: World, fields: list[str], role: str
) -> None:
    query = "{ " + " ".join(f"f{n}: {each}" for n, each in enumerate(fields)) + " }"
    stranger = await answer(platform, query)
    home = None if role == "operator" else world.towns["riverside"].id
    somebody = await answer(platform, query, asker=Asker(uuid4(), role, None, home))
    assert (stranger.keep is None) == (somebody.keep is None) == any("viewer" in each for each in fields)
    if stranger.keep is not None:
        assert stranger.body == somebody.body


async def test_language_city_media_type_and_method_are_told_apart(
    ask: Ask, platform: Platform, client: httpx.AsyncClient
) -> None:
    await ask(LIST)
    await ask(LIST, city="/hilltop")
    await ask(LIST, city="")
    await ask(LIST, **{"accept-language": "cy"})
    await ask(LIST, accept="application/json")
    await client.get("/riverside/graphql", params={"query": LIST}, headers={"accept": "application/json"})
    assert len(platform.answers) == 6


async def test_who_has_the_answer_already_is_told_so(client: httpx.AsyncClient, platform: Platform, ask: Ask) -> None:
    headers, asked = {"accept": "application/json"}, {"query": LIST}
    first = await client.get("/riverside/graphql", params=asked, headers=headers)
    for _ in range(2):  # from what was kept, and read anew
        headers["if-none-match"] = first.headers["etag"]
        again = await client.get("/riverside/graphql", params=asked, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        platform.answers.clear()
    headers["if-none-match"] = '"other"'
    assert (await client.get("/riverside/graphql", params=asked, headers=headers)).status_code == 200


async def test_a_renamed_city_is_renamed_at_once(ask: Ask, platform: Platform, world: World) -> None:
    asked = "{ city { name } }"
    await ask(asked)
    async with platform.database.transaction(System("tenants.apply", shared=True)):
        await execute("UPDATE tenant SET name = 'Riverbank' WHERE slug = 'riverside'")
    assert (await ask(asked)).json()["data"] == {"city": {"name": "Riverbank"}}


async def test_nothing_is_kept_while_nobody_hears_of_writes(platform: Platform) -> None:
    versions = platform.database.versions
    known, versions.known = versions.known, False
    try:
        assert (await answer(platform, LIST)).keep is None
    finally:
        versions.known = known


def entry(size: int) -> Kept:
    return Kept(Keep(1.0, ()), {}, {}, b"", {}, size)


def test_the_longest_unused_answers_go_first_when_the_room_is_full() -> None:
    answers = KeptAnswers(most_bytes=3 * ENTRY_BYTES)
    for name in "abc":
        answers.put((name,), entry(ENTRY_BYTES))
    assert answers.get(("a",), lambda _: True) is not None
    answers.put(("d",), entry(ENTRY_BYTES))
    assert [bool(answers.get((name,), lambda _: True)) for name in "abcd"] == [True, False, True, True]
    answers.put(("d",), entry(3 * ENTRY_BYTES))
    assert (len(answers), answers.bytes) == (1, 3 * ENTRY_BYTES)
    assert answers.get(("d",), lambda _: False) is None
    assert answers.bytes == 0
