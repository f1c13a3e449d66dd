"""Stories of frameworks that a city imports for itself, from a file or an address."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from tests.frameworks import id_of, outline
from tests.journeys.frameworks import EFFECTS, SETTINGS, gid, imported, sent, two_frameworks
from tests.journeys.stage import Stage, named_by
from tests.journeys.test_award_batches import job_of, pieces
from tests.test_outgoing import answering, saying
from waypost.awards.uploads import GONE_SQL, BrokenOff, read_upload, receive
from waypost.db import City, fetchval
from waypost.frameworks.effects import effects
from waypost.outbox.work import GivenUp
from waypost.plugins.formats import CalledFormat
from waypost.settings import Settings
from waypost.testing.working import work_off

LONG = "".join(sha256(bytes([each])).hexdigest() for each in range(100))  # longer than an index takes


@pytest.fixture(scope="module", autouse=True)
async def frameworks(stage: Stage, admin_url: str) -> None:
    """Two frameworks of the country with a crosswalk between them."""
    await two_frameworks(admin_url)


async def items_of(stage: Stage, framework: str, **how: Any) -> list[str]:
    query = "query($id: ID!) { framework(id: $id) { items(first: 100) { nodes { statement } } } }"
    found = (await stage.read(query, id=gid(framework, "Framework"), **how))["framework"]
    return [each["statement"] for each in found["items"]["nodes"]]


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
        (b"framework odd", "FORMAT_FAILED"),
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


@pytest.mark.parametrize("name", ["a\x00b", LONG])
async def test_what_the_database_would_not_keep_is_told_as_a_fault(stage: Stage, name: str) -> None:
    job = await imported(stage, upload=await sent(stage, outline("kept", {name: {}})))
    assert (job["state"], {each[2] for each in job["problems"]}) == ("failed", {"INVALID"})


async def test_an_import_that_nobody_can_do_ends_failed_and_keeps_nothing(stage: Stage) -> None:
    upload = await sent(stage, outline("lost", {"a": {}}))
    begun = await stage.done("importFramework", {"upload": upload}, "job { id }")

    def broken(_names: object, _tenant: object) -> tuple[CalledFormat, ...]:
        raise GivenUp("nobody can do it")

    await work_off(stage.database, SETTINGS, effects=effects(broken), raising=False)
    job = await job_of(stage, begun["job"]["id"])
    assert (job["state"], [each[2] for each in job["problems"]]) == ("failed", ["GIVEN_UP"])
    async with stage.database.transaction(City(stage.town("brighton").id)):
        assert await fetchval("SELECT count(*) FROM framework_import") == 0
        assert await fetchval("SELECT count(*) FROM upload WHERE purpose = 'framework'") == 0


async def test_a_file_is_imported_once_and_stays_what_it_was_when_that_was_asked(stage: Stage) -> None:
    content = outline("once", {"a": {}})
    upload = await sent(stage, content)
    begun = await stage.done("importFramework", {"upload": upload}, "job { id }")
    assert (await stage.refused("importFramework", {"upload": upload}))[1:] == ("INVALID", ["upload"])
    named = named_by(upload)
    async with stage.database.transaction(City(named.tenant)):
        known = await read_upload(named.tenant, named.row, stage.who["brighton curator"].person, stage.build.world.now)
    assert known is not None
    with pytest.raises(BrokenOff):
        await receive(stage.database, named.tenant, known, pieces(content))
    await work_off(stage.database, SETTINGS, effects=EFFECTS)
    assert (await job_of(stage, begun["job"]["id"]))["state"] == "done"


async def test_an_import_whose_file_is_gone_ends_and_says_so(stage: Stage) -> None:
    upload = await sent(stage, outline("gone", {"a": {}}))
    begun = await stage.done("importFramework", {"upload": upload}, "job { id }")
    await stage.run("brighton", GONE_SQL, *named_by(upload)[1:])
    await work_off(stage.database, SETTINGS, effects=EFFECTS)
    job = await job_of(stage, begun["job"]["id"])
    assert (job["state"], [each[2] for each in job["problems"]]) == ("failed", ["UPLOAD_GONE"])


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
        ({"url": "https://[example.org"}, ["url"]),
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
