"""Event streams: graphql-sse, each subscription in a connection of its own."""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import orjson

from tests.live.stage import ORIGIN, SUBSCRIPTION, Process, Stage, Stream, make_token, stream
from waypost.access.tokens import digest_of
from waypost.db import System, execute


async def test_a_stream_begins_with_a_comment_and_tells_what_changes(process: Process, stage: Stage) -> None:
    async with stream(process, "/brighton/graphql") as client:
        assert client.response.status_code == 200
        assert client.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert client.response.headers["cache-control"] == "no-store, no-transform"
        assert client.response.headers["access-control-allow-origin"] == "*"
        await client.comment()
        id = await stage.offer("Streamed")
        event = await client.event()
        told = orjson.loads(event["data"])
        assert (event["event"], event["id"]) == ("next", told["extensions"]["eventId"])
        assert told["data"] == {"opportunityChanged": {"id": id, "opportunity": {"title": "Streamed"}}}
    await process.quiet()


async def test_a_stream_by_get_goes_on_where_the_browser_lost_it(process: Process, stage: Stage) -> None:
    async with stream(process, "/graphql") as client:
        await client.comment()
        await stage.offer("Heard")
        last = (await client.event())["id"]
    await stage.offer("Not Heard", "plymouth")
    query = urlencode({"query": SUBSCRIPTION, "variables": '{"filter": {"cities": ["plymouth"]}}'})
    headers = {"accept": "text/event-stream", "last-event-id": last}
    url = f"{process.url}/graphql?{query}"
    async with (
        httpx.AsyncClient(trust_env=False) as browser,
        browser.stream("GET", url, headers=headers) as response,
    ):
        again = Stream(response, response.aiter_lines())
        await again.comment()
        titles = [await again.title()]
        while titles[-1] != "Not Heard":  # nationally what came just before may come again
            titles.append(await again.title())
    await process.quiet()


async def test_a_wrong_document_is_told_in_the_stream(process: Process, stage: Stage) -> None:
    for query, code in (
        ("subscription { nothing }", "INVALID_DOCUMENT"),
        ("{ city { name } }", "SUBSCRIPTION_EXPECTED"),
    ):
        async with stream(process, "/brighton/graphql", query=query) as client:
            assert client.response.status_code == 200
            assert await client.code() == code
    await process.quiet()


async def test_an_event_that_is_none_is_a_bad_request(process: Process, stage: Stage) -> None:
    async with stream(process, "/brighton/graphql", last_event_id="yesterday") as client:
        body = orjson.loads(await client.response.aread())
    assert (client.response.status_code, body["errors"][0]["extensions"]["code"]) == (400, "BAD_REQUEST")


async def test_an_unknown_city_and_an_unknown_token_have_their_status(process: Process, stage: Stage) -> None:
    async with stream(process, "/nowhere/graphql") as client:
        assert client.response.status_code == 404
    async with stream(process, "/brighton/graphql", authorization="Bearer wp_nothing") as client:
        assert client.response.status_code == 401
        assert "www-authenticate" in client.response.headers


async def test_a_page_needs_to_be_listed_to_stream_with_a_token(process: Process, stage: Stage) -> None:
    token = f"Bearer {stage.towns['brighton'].token}"
    async with stream(process, "/brighton/graphql", authorization=token, origin="https://evil.example") as client:
        assert client.response.status_code == 403
    async with stream(process, "/brighton/graphql", authorization=token, origin=ORIGIN) as client:
        assert client.response.headers["access-control-allow-origin"] == ORIGIN
        await client.comment()


async def test_a_page_may_say_where_to_go_on_from(process: Process, stage: Stage) -> None:
    asked = {"origin": "https://any.example", "access-control-request-headers": "last-event-id"}
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.options(f"{process.url}/brighton/graphql", headers=asked)
    assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]


async def test_a_revoked_token_ends_the_stream(process: Process, stage: Stage) -> None:
    token = await make_token(stage.database, stage.towns["brighton"].here.tenant_id)
    async with stream(process, "/brighton/graphql", authorization=f"Bearer {token}") as client:
        await client.comment()
        async with stage.database.transaction(System("tests")):
            await execute("UPDATE token SET revoked_at = now() WHERE digest = $1", digest_of(token))
        await stage.offer("Not For You")
        assert await client.code() == "UNAUTHENTICATED"
    await process.quiet()


async def test_json_is_still_answered_to_who_prefers_it(process: Process, stage: Stage) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for accept in ("application/json, text/event-stream", "*/*"):
            headers = {"accept": accept}
            answer = await client.post(
                f"{process.url}/brighton/graphql", json={"query": "{ city { slug } }"}, headers=headers
            )
            assert answer.json()["data"] == {"city": {"slug": "brighton"}}
