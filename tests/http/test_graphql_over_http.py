"""The rules of GraphQL over HTTP, as its specification and the audits of the graphql-http project tell them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

NEWER = "application/graphql-response+json"
JSON = "application/json"
UNKNOWN_FIELD = {"query": "{ noSuchField }"}
NOT_GRAPHQL = {"query": "{"}
WRONG_VARIABLE = {"query": "query Q($n: Int!) { cities(first: $n) { totalCount } }", "variables": {"n": "x"}}


def code(response: httpx.Response) -> Any:
    return response.json()["errors"][0]["extensions"]["code"]


def media(response: httpx.Response) -> str:
    return response.headers["content-type"].partition(";")[0]


@pytest.mark.parametrize("path", ["/graphql", "/alpha/graphql", "/gone/graphql"])
@pytest.mark.parametrize("accept", [NEWER, JSON, "*/*", None])
async def test_a_query_is_answered_in_the_type_asked_for(
    client: httpx.AsyncClient, path: str, accept: str | None
) -> None:
    response = await client.post(path, json={"query": "{ __typename }"}, headers={"accept": accept or ""})
    assert response.status_code == 200
    assert response.json()["data"] == {"__typename": "Query"}
    assert media(response) == (NEWER if accept == NEWER else JSON)
    assert "charset=utf-8" in response.headers["content-type"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (NOT_GRAPHQL, "INVALID_DOCUMENT"),
        (UNKNOWN_FIELD, "INVALID_DOCUMENT"),
        (WRONG_VARIABLE, "INVALID_VARIABLES"),
        ({"query": "query A { __typename } query B { __typename }"}, "UNKNOWN_OPERATION"),
        ({"query": "{ __typename }", "operationName": "Missing"}, "UNKNOWN_OPERATION"),
    ],
)
async def test_what_cannot_be_carried_out_has_no_data_and_a_status_by_type(
    client: httpx.AsyncClient, body: dict[str, Any], expected: str
) -> None:
    newer = await client.post("/graphql", json=body, headers={"accept": NEWER})
    older = await client.post("/graphql", json=body, headers={"accept": JSON})
    assert (newer.status_code, older.status_code) == (400, 200)
    assert code(newer) == code(older) == expected
    assert "data" not in newer.json()


@pytest.mark.parametrize("accept", [NEWER, JSON])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'"{ __typename }"',
        b"null",
        b"{}",
        b'{"query": null}',
        b'{"query": ""}',
        b'{"query": 3}',
        b'{"query": {"a": "b"}}',
        b'{"query": ["{ __typename }"]}',
        b'{"query": "{ __typename }", "operationName": 7}',
        b'{"query": "{ __typename }", "operationName": {}}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "extensions": true}',
        b'{"query": "{ __typename }", "extensions": "{}"}',
        b'{"query": "\xff"}',
        b'{"query": "\\ud800"}',
        b"[" * 5000 + b"]" * 5000,
    ],
)
async def test_a_malformed_request_is_a_400(client: httpx.AsyncClient, accept: str, body: bytes) -> None:
    response = await client.post("/graphql", content=body, headers={"accept": accept, "content-type": JSON})
    assert response.status_code == 400
    assert media(response) == accept
    assert code(response) in {"BAD_REQUEST", "INVALID_DOCUMENT"}
    assert "data" not in response.json()


@pytest.mark.parametrize("name", ["operationName", "variables", "extensions"])
async def test_null_is_as_good_as_nothing(client: httpx.AsyncClient, name: str) -> None:
    response = await client.post("/graphql", json={"query": "{ __typename }", name: None})
    assert response.json()["data"] == {"__typename": "Query"}


async def test_several_operations_at_once_are_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json=[{"query": "{ __typename }"}])
    assert (response.status_code, code(response)) == (400, "BATCHING_NOT_SUPPORTED")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql"],
)
async def test_a_forged_request_from_another_page_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    """Browsers send these types across origins without asking first."""
    response = await client.post(
        "/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_a_request_without_a_content_type_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", content=b'{"query": "{ __typename }"}')
    assert response.status_code == 415


async def test_a_compressed_request_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"content-type": JSON, "content-encoding": "gzip"}
    response = await client.post("/graphql", content=b"x", headers=headers)
    assert response.status_code == 415


async def test_a_body_over_a_megabyte_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "#" * 1_000_001})
    assert (response.status_code, code(response)) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_that_hides_its_length_is_refused_too(client: httpx.AsyncClient) -> None:
    async def pieces() -> Any:
        for _ in range(12):
            yield b"#" * 100_000

    response = await client.post("/graphql", content=pieces(), headers={"content-type": JSON})
    assert response.status_code == 413


async def test_a_get_asks_too(client: httpx.AsyncClient) -> None:
    parameters = {
        "query": "query Q($n: Int) { cities(first: $n) { nodes { slug } } } query R { __typename }",
        "operationName": "Q",
        "variables": '{"n": 1}',
    }
    response = await client.get("/graphql", params=parameters, headers={"accept": NEWER})
    assert response.status_code == 200
    assert len(response.json()["data"]["cities"]["nodes"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "query=",
        "query=%7B__typename%7D&variables=%7B",
        "query=%7B__typename%7D&variables=3",
        "query=%7B__typename%7D&extensions=%5B%5D",
        "query=%FF",
    ],
)
async def test_a_malformed_get_is_a_400(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"/graphql?{query}", headers={"accept": NEWER})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_a_get_that_is_too_long_is_a_414(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", params={"query": "x" * 64_500})
    assert (response.status_code, code(response)) == (414, "URI_TOO_LONG")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
async def test_another_method_is_refused_with_those_that_are_possible(client: httpx.AsyncClient, method: str) -> None:
    response = await client.request(method, "/alpha/graphql", json={"query": "{ __typename }"})
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


async def test_a_type_that_we_have_not_is_a_406(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": "text/csv"})
    assert (response.status_code, code(response)) == (406, "NOT_ACCEPTABLE")


async def test_the_language_asked_for_reaches_the_graph(client: httpx.AsyncClient) -> None:
    response = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"accept-language": "cy, en;q=0.5"}
    )
    assert response.status_code == 200
    assert "Accept-Language" in response.headers["vary"]


@pytest.mark.parametrize("key", ["", "two words", "é", "x" * 256])
async def test_an_idempotency_key_is_a_short_word(client: httpx.AsyncClient, key: str) -> None:
    response = await client.post(
        "/graphql", json={"query": "{ __typename }"}, headers={b"idempotency-key": key.encode()}
    )
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_a_tenant_that_nobody_has_is_a_404_in_the_form_of_an_error(client: httpx.AsyncClient) -> None:
    response = await client.post("/nowhere/graphql", json={"query": "{ __typename }"})
    assert (response.status_code, code(response)) == (404, "NOT_FOUND")
