from __future__ import annotations

import httpx
import pytest

from tests.http.stage import BASE_URL, HOST, ORIGIN, PROXY, Visit
from waypost.http import Platform

OWN = f"https://{HOST}"
NAME = {"query": "{ city { slug } }"}


async def test_on_its_own_host_a_tenant_needs_no_prefix(visit: Visit) -> None:
    async with visit(OWN) as client:
        response = await client.post("/graphql", json=NAME)
        assert response.json()["data"] == {"city": {"slug": "alpha"}}


async def test_on_its_own_host_another_tenant_is_not_found(visit: Visit) -> None:
    async with visit(OWN) as client:
        for path in ("/beta/graphql", "/beta/schema.graphql", "/beta/", "/old-alpha/graphql"):
            assert (await client.get(path)).status_code == 404, path


async def test_on_its_own_host_the_prefix_falls_away(visit: Visit) -> None:
    async with visit(OWN) as client:
        response = await client.get("/alpha/graphql?query=%7B__typename%7D")
        assert (response.status_code, response.headers["location"]) == (308, "/graphql?query=%7B__typename%7D")


async def test_what_belongs_to_the_process_is_there_on_every_host(visit: Visit) -> None:
    async with visit(OWN) as client:
        for path in ("/healthz", "/readyz", "/static/waypost.css"):
            assert (await client.get(path)).status_code == 200, path


async def test_pages_on_a_tenant_s_own_host_link_without_its_prefix(visit: Visit) -> None:
    async with visit(OWN) as client:
        page = (await client.get("/")).text
        assert 'href="/graphql"' in page
        assert "/alpha/" not in page
        graphiql = (await client.get("/graphql", headers={"accept": "text/html"})).text
        assert 'data-endpoint="/graphql"' in graphiql


@pytest.mark.parametrize("path", ["/graphql", "/", "/static/waypost.css"])
async def test_a_host_that_nobody_listed_is_refused(visit: Visit, path: str) -> None:
    async with visit("http://evil.example") as client:
        response = await client.get(path)
        assert response.status_code == 421
        assert "evil" not in response.text


async def test_health_is_told_under_any_name(visit: Visit) -> None:
    """Whoever watches the process knows it by its address."""
    async with visit("http://10.0.0.7:8000") as client:
        assert (await client.get("/healthz")).status_code == 200


@pytest.mark.parametrize(("peer", "slug"), [(PROXY, "alpha"), ("203.0.113.5", None)])
async def test_a_forwarded_host_counts_only_from_a_trusted_proxy(visit: Visit, peer: str, slug: str | None) -> None:
    async with visit(BASE_URL, peer) as client:
        response = await client.post("/graphql", json=NAME, headers={"x-forwarded-host": HOST})
        assert response.json()["data"]["city"] == (slug and {"slug": slug})


async def test_a_former_slug_redirects_and_keeps_method_and_query(client: httpx.AsyncClient) -> None:
    posted = await client.post("/old-alpha/graphql?a=b", json=NAME)
    assert (posted.status_code, posted.headers["location"]) == (308, "/alpha/graphql?a=b")
    assert posted.headers["access-control-allow-origin"] == "*"
    schema = await client.get("/old-alpha/schema.graphql")
    assert (schema.status_code, schema.headers["location"]) == (308, "/alpha/schema.graphql")


@pytest.mark.parametrize("path", ["/alpha//evil.example/", "//evil.example/%2e%2e", "/old-alpha//evil.example"])
async def test_no_address_redirects_to_another_host(visit: Visit, path: str) -> None:
    for base in (BASE_URL, OWN):
        async with visit(base) as client:
            location = (await client.get(f"{base}{path}")).headers.get("location", "/")
            assert location.startswith("/")
            assert not location.startswith("//")


async def test_a_closed_tenant_stays_readable(client: httpx.AsyncClient) -> None:
    response = await client.post("/gone/graphql", json={"query": "{ city { slug state } }"})
    assert response.json()["data"] == {"city": {"slug": "gone", "state": "CLOSED"}}


async def test_every_page_may_read_what_is_public(client: httpx.AsyncClient) -> None:
    elsewhere = {"origin": "https://anywhere.example"}
    for response in (
        await client.post("/alpha/graphql", json=NAME, headers=elsewhere),
        await client.post("/alpha/graphql", json={}, headers=elsewhere),
        await client.post("/nowhere/graphql", json=NAME, headers=elsewhere),
        await client.get("/alpha/schema.graphql", headers=elsewhere),
    ):
        assert response.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("path", "origin", "allowed"),
    [
        ("/alpha/graphql", ORIGIN, True),
        ("/alpha/graphql", "https://evil.example", False),
        ("/beta/graphql", ORIGIN, False),
        ("/graphql", ORIGIN, True),
        ("/graphql", "https://evil.example", False),
    ],
)
async def test_a_browser_is_told_who_may_send_a_token(
    client: httpx.AsyncClient, path: str, origin: str, allowed: bool
) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    response = await client.options(path, headers=headers)
    assert response.status_code == 204
    assert response.headers.get("access-control-allow-origin") == (origin if allowed else None)


async def test_the_directory_follows_the_database(platform: Platform, visit: Visit) -> None:
    """`waypost tenants apply` needs no restart of the server."""
    from asyncio import sleep

    from tests.http.stage import insert_tenant
    from waypost.db import System

    async with visit() as client:
        assert (await client.post("/newcomer/graphql", json=NAME)).status_code == 404
        async with platform.database.transaction(System("tenants")):
            await insert_tenant("newcomer", "Newcomer")
        for _ in range(60):
            response = await client.post("/newcomer/graphql", json=NAME)
            if response.status_code == 200:
                break
            await sleep(0.1)
        assert response.json()["data"] == {"city": {"slug": "newcomer"}}
