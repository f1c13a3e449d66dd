"""Stories of frameworks: a city imports its own, aligns its badges with it, and sees what is lacking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from tests.frameworks import HOST, OUTLINE, Tree, id_of, linked, outline, package
from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_award_batches import job_of, pieces
from tests.rooms import found_tenant
from tests.test_outgoing import answering, saying
from waypost.awards.uploads import read_upload, receive
from waypost.db import City, fetch, fetchval
from waypost.db.migrate import owner
from waypost.frameworks.jobs import import_job
from waypost.outbox.frameworks import Package
from waypost.outbox.work import Effects
from waypost.settings import Settings
from waypost.skills.framework_store import Imported, country, write_package
from waypost.testing.working import work_off

SETTINGS = Settings(secret_key=SECRET, base_url="https://waypost.example")
EFFECTS = Effects(jobs=(import_job(lambda _names, _tenant: (OUTLINE,)),))
WORLD: Tree = {"talk": {"listen": {}, "speak": {}}, "make": {"draw": {}, "build": {"wood": {}, "metal": {}}}}


async def nationally(admin_url: str, *packages: Package) -> None:
    """Frameworks of the whole country, as an operator imports them."""
    async with owner(admin_url) as connection:
        for each in packages:
            assert isinstance(await write_package(country(connection), each, "tests"), Imported)


@pytest.fixture(scope="module", autouse=True)
async def frameworks(stage: Stage, admin_url: str) -> None:
    """Two frameworks of the country with a crosswalk between them."""
    walk = (
        linked("world/listen", "exactMatchOf", "other/hearing"),
        linked("other/talking", "isRelatedTo", "world/speak"),
        linked("world/draw", "isPeerOf", "world/build"),
        linked("world/wood", "exactMatchOf", "elsewhere/timber"),
    )
    await nationally(admin_url, package("other", {"hearing": {}, "talking": {}}), package("world", WORLD, *walk))


def gid(name: str, kind: str = "FrameworkItem") -> str:
    return f"{kind}.{id_of(name).hex}"


async def sent(stage: Stage, content: bytes, who: str = "brighton curator") -> str:
    """A framework's file that was announced and sent; answers its id."""
    input = {"purpose": "framework", "size": len(content), "mediaType": "application/json"}
    made = await stage.done("createUpload", input, "upload", who=who)
    named = named_by(made["upload"])
    async with stage.database.transaction(City(named.tenant)):
        upload = await read_upload(named.tenant, named.row, stage.who[who].person, stage.build.world.now)
    assert upload is not None
    assert await receive(stage.database, named.tenant, upload, pieces(content))
    return str(made["upload"])


async def imported(stage: Stage, settings: Settings = SETTINGS, **input: str) -> dict[str, Any]:
    """An import that was begun and carried out; answers its job."""
    begun = await stage.done("importFramework", input, "job { id }")
    await work_off(stage.database, settings, effects=EFFECTS)
    return await job_of(stage, begun["job"]["id"])


async def items_of(stage: Stage, framework: str, **how: Any) -> list[str]:
    query = "query($id: ID!) { framework(id: $id) { items(first: 100) { nodes { statement } } } }"
    found = (await stage.read(query, id=gid(framework, "Framework"), **how))["framework"]
    return [each["statement"] for each in found["items"]["nodes"]]


# Reading


async def test_a_framework_is_read_as_a_tree_in_every_graph(stage: Stage) -> None:
    query = """query($id: ID!) { framework(id: $id) { title creator own source uri
        items(filter: { depth: 1 }) { totalCount nodes { statement depth place
            items { nodes { statement parent { statement } items { nodes { statement position } } } } } } } }"""
    seen = [(await stage.read(query, city, id=gid("world", "Framework")))["framework"] for city in ("brighton", None)]
    assert seen[0] == seen[1]
    assert {name: seen[0][name] for name in ("title", "creator", "own", "source")} == {
        "title": "World",
        "creator": "Makers",
        "own": False,
        "source": "tests",
    }
    talk, make = seen[0]["items"]["nodes"]
    assert (talk["statement"], talk["depth"], make["statement"], make["place"]) == ("talk", 1, "make", 2)
    assert make["items"]["nodes"][1] == {
        "statement": "build",
        "parent": {"statement": "make"},
        "items": {"nodes": [{"statement": "wood", "position": 7}, {"statement": "metal", "position": 8}]},
    }


async def test_everything_below_an_item_is_read_depth_first_and_page_by_page(stage: Stage) -> None:
    query = """query($id: ID!, $after: String) { frameworkItem(id: $id) { allItems(first: 2, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } nodes { statement } } } }"""
    found, after = [], None
    while True:
        page = (await stage.read(query, id=gid("world/make"), after=after))["frameworkItem"]["allItems"]
        found += [each["statement"] for each in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert found == ["draw", "build", "wood", "metal"]
    assert page["totalCount"] == 4


@pytest.mark.parametrize("city", ["brighton", None])
@pytest.mark.parametrize(
    ("filter", "found"),
    [
        ({"text": "LIST"}, ["listen"]),
        ({"text": "wo od"}, ["wood"]),
        ({"text": "%"}, ["build", "draw", "hearing", "listen", "make", "metal", "speak", "talk", "talking", "wood"]),
        ({"text": "nobody"}, []),
        ({"framework": gid("other", "Framework")}, ["hearing", "talking"]),
        ({"framework": gid("world/talk")}, []),
        ({"depth": 3}, ["metal", "wood"]),
        ({"leaves": True, "framework": gid("world", "Framework")}, ["draw", "listen", "metal", "speak", "wood"]),
    ],
)
async def test_items_are_searched_over_all_frameworks(
    stage: Stage, city: str | None, filter: dict[str, Any], found: list[str]
) -> None:
    query = """query($filter: FrameworkItemFilter) {
        frameworkItems(filter: $filter, first: 100) { nodes { statement framework { title } } } }"""
    nodes = (await stage.read(query, city, filter=filter))["frameworkItems"]["nodes"]
    assert sorted(each["statement"] for each in nodes if each["framework"]["title"] in {"World", "Other"}) == found


@pytest.mark.parametrize("city", ["brighton", None])
async def test_a_crosswalk_is_read_from_both_sides(stage: Stage, city: str | None) -> None:
    shown = "exactMatches { statement framework { title } } related { statement } peers { statement }"
    query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on FrameworkItem {{ {shown} }} }} }}"
    names = ("world/listen", "other/hearing", "other/talking", "world/speak", "world/build")
    listen, hearing, talking, speak, build = (await stage.read(query, city, ids=[gid(name) for name in names]))["nodes"]
    assert listen["exactMatches"] == [{"statement": "hearing", "framework": {"title": "Other"}}]
    assert hearing["exactMatches"] == [{"statement": "listen", "framework": {"title": "World"}}]
    assert (talking["related"], speak["related"]) == ([{"statement": "speak"}], [{"statement": "talking"}])
    assert build["peers"] == [{"statement": "draw"}]


async def test_an_association_that_leads_out_keeps_its_address(stage: Stage) -> None:
    query = """query($id: ID!) { frameworkItem(id: $id) { associations(filter: { types: ["exactMatchOf"] }) {
        nodes { type origin { statement } destination { statement } destinationUri destinationTitle
            framework { title } } } } }"""
    (found,) = (await stage.read(query, id=gid("world/wood")))["frameworkItem"]["associations"]["nodes"]
    assert found == {
        "type": "exactMatchOf",
        "origin": {"statement": "wood"},
        "destination": None,
        "destinationUri": f"{HOST}elsewhere/timber",
        "destinationTitle": "elsewhere/timber",
        "framework": {"title": "World"},
    }


@pytest.mark.parametrize("city", ["brighton", None])
async def test_things_are_found_by_their_publishers_address(stage: Stage, city: str | None) -> None:
    query = """query($item: String!, $framework: String!) { frameworkItems(filter: { uri: $item }) { nodes { id } }
        frameworks(filter: { uri: $framework }) { nodes { title } } }"""
    found = await stage.read(query, city, item=f"{HOST}world/wood", framework=f"{HOST}other")
    assert found["frameworkItems"]["nodes"] == [{"id": gid("world/wood")}]
    assert found["frameworks"]["nodes"] == [{"title": "Other"}]


# Importing


async def test_a_city_imports_a_file_for_itself_alone(stage: Stage) -> None:
    upload = await sent(stage, outline("local", {"sail": {"knots": {}}, "row": {}}))
    assert await imported(stage, upload=upload) == {"state": "done", "done": 3, "total": 3, "problems": []}
    assert await items_of(stage, "local") == ["sail", "knots", "row"]
    query = "query($id: ID!) { framework(id: $id) { title own source } node(id: $id) { id } }"
    id = gid("local", "Framework")
    assert (await stage.read(query, id=id))["framework"] == {"title": "Local", "own": True, "source": "file"}
    for city in ("plymouth", None):
        body = await stage.body(query, {"id": id}, city)
        assert {error["extensions"]["code"] for error in body["errors"]} == {"NOT_FOUND"}
    told = await stage.told_in("brighton", "framework.imported")
    assert [each["object_id"] for each in told] == [id_of("local")]
    async with stage.database.transaction(City(stage.town("brighton").id)):
        assert await fetchval("SELECT count(*) FROM framework_import") == 0
        assert await fetchval("SELECT count(*) FROM upload WHERE purpose = 'framework'") == 0


async def test_importing_again_changes_in_place_and_retires_what_vanished(stage: Stage) -> None:
    await imported(stage, upload=await sent(stage, outline("again", {"a": {"b": {}}, "c": {}})))
    await imported(stage, upload=await sent(stage, outline("again", {"c": {}, "a": {}, "d": {}})))
    assert await items_of(stage, "again") == ["c", "a", "d"]
    query = "query($id: ID!) { frameworkItem(id: $id) { statement retiredAt framework { title } } }"
    gone = (await stage.read(query, id=gid("again/b")))["frameworkItem"]
    assert gone["retiredAt"] is not None
    query = "query($id: ID!) { framework(id: $id) { items(filter: { includeRetired: true }) { totalCount } } }"
    assert (await stage.read(query, id=gid("again", "Framework")))["framework"]["items"]["totalCount"] == 4


async def test_a_package_with_a_fault_leaves_nothing_and_says_where(stage: Stage) -> None:
    job = await imported(stage, upload=await sent(stage, b"framework bad\na\n\tb"))
    assert job == {"state": "failed", "done": 0, "total": None, "problems": [(None, "line 3", "INVALID")]}
    body = await stage.body("query($id: ID!) { framework(id: $id) { id } }", {"id": gid("bad", "Framework")})
    assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html>", "FORMAT_UNKNOWN"),
        (b"framework boom", "FORMAT_FAILED"),
        (outline("world", {"x": {}}), "NATIONAL_FRAMEWORK"),
    ],
)
async def test_what_cannot_be_imported_is_named(stage: Stage, content: bytes, code: str) -> None:
    job = await imported(stage, upload=await sent(stage, content))
    assert (job["state"], [each[2] for each in job["problems"]]) == ("failed", [code])


@asynccontextmanager
async def serving(answer: bytes) -> AsyncIterator[tuple[str, Settings]]:
    """A server of this machine, which the settings allow to be called."""
    async with answering(saying(answer)) as port:
        yield (
            f"http://127.0.0.1:{port}/framework",
            replace(SETTINGS, allow_private_targets=(f"127.0.0.1:{port}",), framework_bytes=1_000),
        )


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


async def test_a_framework_is_fetched_from_an_address(stage: Stage) -> None:
    async with serving(answer(outline("fetched", {"a": {}}))) as (url, settings):
        job = await imported(stage, settings, url=f"{url}?key=secret")
    assert job["state"] == "done"
    query = "query($id: ID!) { framework(id: $id) { source } }"
    assert (await stage.read(query, id=gid("fetched", "Framework")))["framework"]["source"] == url


async def test_an_address_that_leads_on_is_followed(stage: Stage) -> None:
    async with serving(answer(outline("moved", {"a": {}}))) as (there, settings):
        target = f"Location: {there}\r\n"
        async with serving(answer(b"", "302 Found", target)) as (url, also):
            allowed = (*settings.allow_private_targets, *also.allow_private_targets)
            job = await imported(stage, replace(settings, allow_private_targets=allowed), url=url)
            assert job["state"] == "done"
            job = await imported(stage, also, url=url)
            assert [each[2] for each in job["problems"]] == ["TARGET_REFUSED"], "a redirect to where nobody may call"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (answer(b"", "404 Not Found"), "UNREACHABLE"),
        (answer(b"<html>Please sign in</html>"), "FORMAT_UNKNOWN"),
        (answer(b"x" * 2_000), "TOO_LARGE"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"ff\r\n" + b"x" * 255 + b"\r\n", "UNREACHABLE"),
        (b"nonsense\r\n\r\n", "UNREACHABLE"),
        (answer(b"", "302 Found", "Location: http://[\r\n"), "UNREACHABLE"),
        (answer(b"", "302 Found"), "UNREACHABLE"),
    ],
)
async def test_what_an_address_answers_instead_is_named(stage: Stage, said: bytes, code: str) -> None:
    async with serving(said) as (url, settings):
        job = await imported(stage, settings, url=url)
    assert (job["state"], [each[2] for each in job["problems"]]) == ("failed", [code])


async def test_a_body_without_an_end_is_left_when_it_is_too_large(stage: Stage) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b"framework endless\n" * 100)
                await writer.drain()
        except ConnectionError:
            writer.close()

    async with answering(endless) as port:
        settings = replace(SETTINGS, allow_private_targets=(f"127.0.0.1:{port}",), framework_bytes=10_000)
        job = await imported(stage, settings, url=f"http://127.0.0.1:{port}/")
    assert [each[2] for each in job["problems"]] == ["TOO_LARGE"]


@pytest.mark.parametrize(
    ("input", "path"),
    [
        ({}, ["upload"]),
        ({"upload": "Upload.1", "url": "https://example.org"}, ["upload"]),
        ({"url": "https://ada:secret@example.org"}, ["url"]),
    ],
)
async def test_an_import_names_one_file_or_one_address(stage: Stage, input: dict[str, str], path: list[str]) -> None:
    assert await stage.refused("importFramework", input) == ("Invalid", "INVALID", path)


async def test_only_who_answers_for_the_city_imports(stage: Stage) -> None:
    input = {"url": "https://example.org/x"}
    for who in ("issuer-admin", "learner", "plymouth curator"):
        assert (await stage.refused("importFramework", input, who=who))[1] == "FORBIDDEN"
    assert (await stage.refused("importFramework", {"upload": gid("x", "Upload")}))[1] == "NOT_FOUND"


async def test_an_upload_for_something_else_is_no_framework(stage: Stage) -> None:
    made = await stage.done("createUpload", {"purpose": "awards", "size": 1, "mediaType": "text/csv"}, "upload")
    assert (await stage.refused("importFramework", {"upload": made["upload"]}))[2] == ["upload"]


# Alignments and gaps


ALIGNED = """alignments { targetName targetUrl targetCode targetFramework targetType source item { statement } }"""


async def aligned(stage: Stage, badge: str, *names: str, **how: Any) -> list[dict[str, Any]]:
    input = {"badge": stage.id("Badge", "brighton", badge), "items": [gid(name) for name in names]}
    found = await stage.done("alignBadge", input, f"badge {{ {ALIGNED} }}", **how)
    shown: list[dict[str, Any]] = found["badge"]["alignments"]
    return shown


async def test_a_badge_shows_items_as_a_credential_names_them(stage: Stage) -> None:
    shown = await aligned(stage, "leader", "world/wood", who="issuer-admin")
    expected = {
        "targetName": "wood",
        "targetUrl": f"{HOST}world/wood",
        "targetCode": None,
        "targetFramework": "World",
        "targetType": "CFItem",
        "source": "graph",
        "item": {"statement": "wood"},
    }
    assert shown == [expected]
    query = f'{{ badge(slug: "leader", city: "brighton") {{ {ALIGNED} }} }}'
    assert (await stage.read(query, None))["badge"]["alignments"] == [expected]
    query = "query($id: ID!) { frameworkItem(id: $id) { badges { nodes { slug } } } }"
    for city, slugs in (("brighton", ["leader"]), (None, ["leader"]), ("plymouth", [])):
        found = (await stage.read(query, city, id=gid("world/wood")))["frameworkItem"]["badges"]["nodes"]
        assert [each["slug"] for each in found] == slugs
    assert await aligned(stage, "leader") == []


async def test_what_an_alignment_says_outlives_its_item(stage: Stage) -> None:
    await imported(stage, upload=await sent(stage, outline("short", {"a": {}, "b": {}})))
    await aligned(stage, "leader", "short/a", "short/b")
    await imported(stage, upload=await sent(stage, outline("short", {"b": {}})))
    shown = (await stage.read(f'{{ badge(slug: "leader") {{ {ALIGNED} }} }}'))["badge"]["alignments"]
    assert [each["targetName"] for each in shown] == ["a", "b"]
    nation = (await stage.read(f'{{ badge(slug: "leader", city: "brighton") {{ {ALIGNED} }} }}', None))["badge"]
    assert [(each["targetName"], each["item"]) for each in nation["alignments"]] == [("a", None), ("b", None)]
    await aligned(stage, "leader")


async def test_what_cannot_be_aligned_is_refused(stage: Stage) -> None:
    film, draft = (stage.id("Badge", "brighton", slug) for slug in ("film-maker", "secret"))
    for input, code, path in (
        ({"badge": film, "items": [gid("world/wood"), gid("world/nothing")]}, "NOT_FOUND", ["items", "1"]),
        ({"badge": film, "items": [film]}, "NOT_FOUND", ["items", "0"]),
        ({"badge": draft, "items": []}, "WRONG_STATE", ["badge"]),
        ({"badge": stage.id("Badge", "plymouth", "navigator"), "items": []}, "NOT_FOUND", ["badge"]),
    ):
        assert (await stage.refused("alignBadge", input))[1:] == (code, path)
    for who in ("issuer-staff", "employer", "learner"):
        assert (await stage.refused("alignBadge", {"badge": film, "items": []}, who=who))[1] == "FORBIDDEN"


async def gaps(stage: Stage, field: str = "gaps", filter: str = "{ leaves: true }", **how: Any) -> list[str]:
    chosen = f"{field}(filter: {filter}) {{ totalCount nodes {{ statement }} }}"
    query = f"query($id: ID!) {{ framework(id: $id) {{ {chosen} }} }}"
    found = (await stage.read(query, id=gid("world", "Framework"), **how))["framework"][field]
    assert found["totalCount"] == len(found["nodes"])
    return [each["statement"] for each in found["nodes"]]


async def test_a_city_lacks_what_no_badge_on_offer_shows(stage: Stage) -> None:
    everything = ["listen", "speak", "draw", "wood", "metal"]
    assert await gaps(stage) == everything
    await aligned(stage, "film-maker", "world/draw")
    await aligned(stage, "explorer", "other/hearing", "world/wood")
    assert await gaps(stage) == ["speak", "metal"], "an exact match shows the same"
    assert await gaps(stage, filter="{ depth: 1 }") == [], "what shows something below shows what is above"
    assert await gaps(stage, filter='{ text: "build" }') == []
    assert await gaps(stage, city="plymouth") == everything
    assert await gaps(stage, city=None) == ["speak", "metal"]


async def test_a_pathway_lacks_what_no_badge_of_its_steps_shows(stage: Stage) -> None:
    await aligned(stage, "film-maker", "world/draw", "world/talk")
    await aligned(stage, "explorer", "world/wood")
    steps = [{"key": "one", "title": "One", "badges": [stage.id("Badge", "brighton", "film-maker")]}]
    input = {
        "name": "Film",
        "description": "A way into film.",
        "issuer": stage.id("Issuer", "brighton", "youth-club"),
        "steps": steps,
    }
    made = await stage.done("createPathway", input, "pathway { id }")
    await stage.done("publishPathway", {"pathway": made["pathway"]["id"]}, "pathway { id }")
    query = """query($id: ID!, $framework: ID!) { pathway(id: $id) {
        gaps(framework: $framework, filter: { leaves: true }) { totalCount nodes { statement } } } }"""
    for city in ("brighton", None):
        how = {"id": made["pathway"]["id"], "framework": gid("world", "Framework")}
        found = (await stage.read(query, city, **how))["pathway"]["gaps"]
        assert [each["statement"] for each in found["nodes"]] == ["listen", "speak", "wood", "metal"]


async def test_a_learner_lacks_what_no_badge_shows_that_they_accepted(stage: Stage) -> None:
    await aligned(stage, "film-maker", "world/draw")
    await aligned(stage, "explorer", "world/wood")
    everything = ["listen", "speak", "draw", "wood", "metal"]
    assert await gaps(stage, "viewerGaps") == everything
    assert await gaps(stage, "viewerGaps", who="learner") == everything
    recipient = {"name": "Ada", "email": "learner@example.org"}
    input = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": recipient}
    made = await stage.done("awardBadge", input, "award { id }")
    await work_off(stage.database, SETTINGS)
    assert await gaps(stage, "viewerGaps", who="learner") == everything
    await stage.done("acceptAward", {"award": made["award"]["id"]}, "award { id }", who="learner")
    for city in ("brighton", None):
        assert await gaps(stage, "viewerGaps", who="learner", city=city) == ["listen", "speak", "wood", "metal"]
    assert await gaps(stage, "viewerGaps", who="brighton curator") == everything


async def test_nothing_of_it_stays_behind_in_another_city(stage: Stage) -> None:
    other = await found_tenant(stage.database, "no-frameworks")
    async with stage.database.transaction(City(other.tenant_id)):
        for table in ("own_framework", "own_framework_item", "own_framework_association", "badge_alignment"):
            assert not await fetch(f"SELECT FROM {table}")
