"""Files sent to `/uploads/{id}`, and awards read as a file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest

from tests.http.stage import BASE_URL, ORIGIN, Cast, GiveToken
from waypost.awards.uploads import LARGEST
from waypost.db import City, Database, fetch, fetchval
from waypost.graph.ids import GlobalId

ANNOUNCE = """
mutation($size: Int!) { createUpload(input: {purpose: "awards", size: $size, mediaType: "text/csv"}) {
  ... on CreateUploadSuccess { upload url } ... on Error { code } } }
"""
CONTENT = b"name\nA\n"


@pytest.fixture(scope="module")
async def token(give_token: GiveToken, cast: Cast) -> str:
    return await give_token(cast.alpha)


def bearing(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


async def announced(client: httpx.AsyncClient, token: str, size: int = len(CONTENT)) -> str:
    """The address of a file that is expected."""
    body = {"query": ANNOUNCE, "variables": {"size": size}}
    answer = (await client.post("/alpha/graphql", json=body, headers=bearing(token))).json()
    url: str = answer["data"]["createUpload"]["url"]
    assert url.startswith(f"{BASE_URL}/uploads/Upload.")
    return url.removeprefix(BASE_URL)


async def test_a_file_is_kept_as_it_was_sent(
    client: httpx.AsyncClient, token: str, database: Database, cast: Cast
) -> None:
    content = b"name\n" + b"x" * 2_500_000
    path = await announced(client, token, len(content))
    for _ in range(2):
        answer = await client.put(path, content=content, headers=bearing(token))
        assert (answer.status_code, answer.json()) == (200, {"complete": True, "size": len(content)})
    row = UUID(path.rpartition(".")[2])
    sql = "SELECT string_agg(content, '' ORDER BY position) FROM upload_chunk WHERE tenant_id = $1 AND upload_id = $2"
    async with database.transaction(City(cast.alpha)):
        assert await fetchval(sql, cast.alpha, row) == content


async def test_a_file_that_was_sent_is_traced_to_who_sent_it(
    client: httpx.AsyncClient, token: str, database: Database, cast: Cast
) -> None:
    path = await announced(client, token)
    assert (await client.put(path, content=CONTENT, headers=bearing(token))).status_code == 200
    sql = "SELECT table_name, verb, act, token_id IS NULL AS alone, changed FROM audit WHERE row_id = $1 ORDER BY id"
    async with database.transaction(City(cast.alpha)):
        rows = await fetch(sql, UUID(path.rpartition(".")[2]))
    assert {row["act"] for row in rows} == {"createUpload"}
    assert {row["table_name"] for row in rows} == {"upload"}, "the bytes are of the file"
    assert [row["verb"] for row in rows][:2] == ["insert", "update"]
    assert "complete" in rows[-1]["changed"]
    assert not any(row["alone"] for row in rows)


async def test_only_who_announced_a_file_may_send_it(
    client: httpx.AsyncClient, token: str, give_token: GiveToken, cast: Cast
) -> None:
    path = await announced(client, token)
    other = await give_token(cast.beta)
    assert (await client.put(path, content=CONTENT)).status_code == 401
    assert (await client.put(path, content=CONTENT, headers=bearing(other))).status_code == 403
    assert (await client.put(path, content=CONTENT, headers=bearing("wp_nothing"))).status_code == 401
    foreign = bearing(token, Origin="https://evil.example")
    assert (await client.put(path, content=CONTENT, headers=foreign)).status_code == 403
    assert (await client.put(path, content=CONTENT, headers=bearing(token, Origin=ORIGIN))).status_code == 200


@pytest.mark.parametrize(
    "id",
    [
        "nothing",
        "Upload",
        str(GlobalId("Badge", UUID(int=1), UUID(int=2))),
        str(GlobalId("Upload", UUID(int=1), UUID(int=2))),
    ],
)
async def test_nothing_is_expected_at_made_up_addresses(client: httpx.AsyncClient, token: str, id: str) -> None:
    assert (await client.put(f"/uploads/{id}", content=CONTENT, headers=bearing(token))).status_code == 404


async def test_200_megabytes_are_refused_before_a_byte_is_read(client: httpx.AsyncClient, token: str) -> None:
    path = await announced(client, token)

    read: list[bool] = []

    async def never() -> AsyncIterator[bytes]:
        read.append(True)
        yield b"a"

    headers = bearing(token, **{"Content-Length": "200000000"})
    answer = await client.put(path, content=never(), headers=headers)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert answer.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"
    assert not read


async def test_more_and_less_than_announced_are_refused(client: httpx.AsyncClient, token: str) -> None:
    path = await announced(client, token)
    assert (await client.put(path, content=CONTENT + b"B\n", headers=bearing(token))).status_code == 400

    async def chunked(content: bytes) -> AsyncIterator[bytes]:
        for n in range(len(content)):
            yield content[n : n + 1]

    assert (await client.put(path, content=chunked(CONTENT + b"B\n"), headers=bearing(token))).status_code == 413
    assert (await client.put(path, content=chunked(CONTENT[:-1]), headers=bearing(token))).status_code == 400
    assert (await client.put(path, content=chunked(CONTENT), headers=bearing(token))).status_code == 200
    packed = bearing(token, **{"Content-Encoding": "gzip"})
    assert (await client.put(path, content=CONTENT, headers=packed)).status_code == 415
    assert LARGEST == 25_000_000


async def test_of_those_who_send_a_file_at_once_one_is_heard(client: httpx.AsyncClient, token: str) -> None:
    content = b"name\n" + b"x" * 3_000_000

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 500_000):
            yield content[start : start + 500_000]
            await asyncio.sleep(0.01)

    path = await announced(client, token, len(content))
    sent = (client.put(path, content=slowly(), headers=bearing(token)) for _ in range(4))
    answers = await asyncio.gather(*sent)
    assert sorted({each.status_code for each in answers}) == [200, 409]
    assert [each.status_code for each in answers].count(200) == 1
    for each in answers:
        if each.status_code == 409:
            assert each.json()["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_other_methods_and_browsers_are_answered(client: httpx.AsyncClient, token: str) -> None:
    path = await announced(client, token)
    answer = await client.get(path, headers=bearing(token))
    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, PUT")
    asked = {"Origin": ORIGIN, "Access-Control-Request-Headers": "authorization"}
    answer = await client.options(path, headers=asked)
    assert answer.headers["access-control-allow-methods"] == "PUT"
    assert answer.headers["access-control-allow-origin"] == ORIGIN


async def test_awards_are_read_as_a_file_by_who_may(
    client: httpx.AsyncClient, token: str, give_token: GiveToken, cast: Cast
) -> None:
    answer = await client.get("/alpha/awards.csv", headers=bearing(token))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert answer.text.startswith("award,badge,version,issuer,recipient")
    assert (await client.get("/alpha/awards.csv")).status_code == 401
    other = await give_token(cast.beta)
    assert (await client.get("/alpha/awards.csv", headers=bearing(other))).status_code == 403
    assert (await client.post("/alpha/awards.csv", headers=bearing(token))).status_code == 405
