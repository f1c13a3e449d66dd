"""Requests that are broken, or are none of ours: each is refused in the form of an error, with the right status."""

from __future__ import annotations

import gzip
from typing import Any

import httpx
import pytest

NEWER = "application/graphql-response+json"
JSON = "application/json"
ASK = b'{"query": "{ __typename }"}'
ANSWER = {"__typename": "Query"}


def code(response: httpx.Response) -> Any:
    return response.json()["errors"][0]["extensions"]["code"]


# Broken JSON


@pytest.mark.parametrize(
    "body",
    [
        b'{"query": "{ __typename }"',
        b'{"query": "{ __typename }",}',
        b"{'query': '{ __typename }'}",
        b'{"query": "{ __typename }"} {}',
        b'{"query": "{ __typename }", "variables": {"n": NaN}}',
        b'{"query": "{ __typename }", "variables": {"n": -Infinity}}',
        b'{"query": "{ __typename }", "variables": {"n": 1e999}}',
        b'{"query": "{ __typename }", "variables": {"n": "\\ud83c"}}',
        b'{"query": "{ __typename }", "variables": {"\\udfc3\\ud83c": 1}}',
        b'{"query": "{ __typename }", "variables": {"n": "\xed\xa0\x80"}}',
        b'{"query": "{ __typename }", "variables": {"n": "a\nb"}}',
        b'{"query": "{ __typename }", "variables": {"n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"\xef\xbb\xbf" + ASK,
        ASK.decode().encode("utf-16"),
    ],
)
async def test_what_is_no_json_is_a_400(client: httpx.AsyncClient, body: bytes) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": JSON, "accept": NEWER})
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    "variables", ["%7B%22n%22:NaN%7D", "[" * 30_000, "%22%ED%A0%80%22", "%7B%22n%22:%22%5Cud83c%22%7D"]
)
async def test_what_is_no_json_in_an_address_is_a_400(client: httpx.AsyncClient, variables: str) -> None:
    response = await client.get(f"/graphql?query=%7B__typename%7D&variables={variables}")
    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


async def test_of_a_key_that_comes_twice_the_last_counts(client: httpx.AsyncClient) -> None:
    """As in JavaScript, whose clients and proxies are the most."""
    body = b'{"query": "{ noSuchField }", "query": "{ __typename }"}'
    response = await client.post("/graphql", content=body, headers={"content-type": JSON})
    assert response.json()["data"] == ANSWER
    response = await client.get("/graphql?query=%7BnoSuchField%7D&query=%7B__typename%7D")
    assert response.json()["data"] == ANSWER


@pytest.mark.parametrize("batch", [b"[]", b"[" + ASK + b"]", b"[" + b",".join([ASK] * 1_000) + b"]"])
async def test_a_batch_of_any_size_is_refused(client: httpx.AsyncClient, batch: bytes) -> None:
    response = await client.post("/graphql", content=batch, headers={"content-type": JSON})
    assert (response.status_code, code(response)) == (400, "BATCHING_NOT_SUPPORTED")


# Bodies of other kinds


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset=utf-16",
        "application/json; charset=iso-8859-1",
        "application/json; charset=",
        "text/plain",
        "text/plain; charset=utf-8",
        "text/json",
        "multipart/form-data; boundary=application/json",
        "application/x-www-form-urlencoded",
    ],
)
async def test_a_body_of_another_kind_is_a_415_that_names_ours(client: httpx.AsyncClient, content_type: str) -> None:
    """A page of another site can send most of these without asking first, with whatever the browser adds."""
    response = await client.post("/graphql", content=ASK, headers={"content-type": content_type})
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-post"] == JSON


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "gzip, identity"])
async def test_a_compressed_body_is_a_415_that_says_so(client: httpx.AsyncClient, encoding: str) -> None:
    headers = {"content-type": JSON, "content-encoding": encoding}
    response = await client.post("/graphql", content=gzip.compress(ASK), headers=headers)
    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "identity"


# Methods


@pytest.mark.parametrize("accept", [NEWER, JSON])
@pytest.mark.parametrize(
    "parameters",
    [
        {"query": "mutation { __typename }"},
        {"query": "query Q { __typename } mutation M { __typename }", "operationName": "M"},
    ],
)
async def test_a_mutation_in_an_address_is_a_405_that_names_post(
    client: httpx.AsyncClient, accept: str, parameters: dict[str, str]
) -> None:
    for method in ("GET", "HEAD"):
        response = await client.request(method, "/graphql", params=parameters, headers={"accept": accept})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
        if method == "GET":
            assert code(response) == "MUTATION_NEEDS_POST"
            assert "data" not in response.json()


async def test_beside_a_mutation_a_query_may_be_asked_by_get(client: httpx.AsyncClient) -> None:
    parameters = {"query": "query Q { __typename } mutation M { __typename }", "operationName": "Q"}
    assert (await client.get("/graphql", params=parameters)).json()["data"] == ANSWER


async def test_options_tells_the_methods_and_asks_nobody_for_anything(client: httpx.AsyncClient) -> None:
    response = await client.options("/graphql", headers={"authorization": "Bearer nobody's"})
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
    assert "access-control-allow-origin" not in response.headers


async def test_a_page_is_told_beforehand_what_it_may_send(client: httpx.AsyncClient) -> None:
    headers = {
        "origin": "https://anywhere.example",
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    response = await client.options("/alpha/graphql", headers=headers)
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert "Content-Type" in response.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in response.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "QUERY", "BREW", "post"])
async def test_a_method_that_is_none_of_ours_is_a_405(client: httpx.AsyncClient, method: str) -> None:
    request = client.build_request("GET", "/graphql", params={"query": "{ __typename }"})
    request.method = method
    response = await client.send(request)
    assert (response.status_code, code(response)) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"
