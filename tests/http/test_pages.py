from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest
from graphql import parse, validate

from tests.http.stage import tenant_named
from waypost.http import Platform
from waypost.http.assets import FOLDER
from waypost.http.graphiql import example_query

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
PAGES = ["/", "/alpha/", "/graphql", "/alpha/graphql", "/nowhere/"]


class Addresses(HTMLParser):
    """Collects every address that a page loads or links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") or name == "style" for name, _ in attrs), "the policy forbids it"
        self.found += [value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")]


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_loads_nothing_from_elsewhere(client: httpx.AsyncClient, path: str) -> None:
    """Whoever explores is shown to nobody: no content delivery network, no fonts from afar."""
    response = await client.get(path, headers=BROWSER)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    addresses = Addresses()
    addresses.feed(response.text)
    assert addresses.found
    for address in addresses.found:
        assert address.startswith("/"), address
        assert not address.startswith("//"), address
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"https?:", policy)


@pytest.mark.parametrize("path", PAGES)
async def test_everything_that_a_page_loads_is_there(client: httpx.AsyncClient, path: str) -> None:
    text = (await client.get(path, headers=BROWSER)).text
    for address in set(re.findall(r'(?:src|href)="(/static/[^"]+)"', text)):
        response = await client.get(address)
        assert response.status_code == 200, address
        assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert response.headers["x-content-type-options"] == "nosniff"


async def test_an_asset_without_its_digest_is_not_kept_for_long(client: httpx.AsyncClient) -> None:
    for address in ("/static/waypost.css", "/static/waypost.css?v=other"):
        assert (await client.get(address)).headers["cache-control"] == "public, max-age=300"


async def test_nothing_outside_the_folder_is_served(client: httpx.AsyncClient) -> None:
    for path in ("/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/static/graphiql", "/static/nothing.css"):
        assert (await client.get(path)).status_code == 404, path


async def test_the_start_page_lists_open_tenants_and_marks_examples(client: httpx.AsyncClient) -> None:
    page = (await client.get("/")).text
    assert "Alpha &amp; &lt;Sons&gt;" in page
    for address in ("/graphql", "/schema.graphql", "/alpha/graphql", "/alpha/schema.graphql", "/net/graphql"):
        assert f'href="{address}"' in page
    assert '<h3><a href="/alpha/">Alpha &amp; &lt;Sons&gt;</a></h3>' in page, "people find its page from here"
    assert page.count("Example</span>") == 1
    assert "/gone/" not in page


async def test_a_person_and_a_program_are_told_in_their_own_way_that_there_is_nothing(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/nowhere/", "/alpha/nothing/here", "/nowhere/graphql", "/static/nothing"):
        page = await client.get(path, headers=BROWSER)
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        body = await client.get(path)
        assert body.status_code == 404
        assert body.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_page_is_only_read(client: httpx.AsyncClient) -> None:
    for path in ("/", "/alpha/", "/schema.graphql", "/healthz", "/static/waypost.css"):
        response = await client.post(path)
        assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD"), path


async def test_a_browser_at_the_graph_finds_graphiql(client: httpx.AsyncClient) -> None:
    page = await client.get("/alpha/graphql", headers=BROWSER)
    assert page.status_code == 200
    assert 'data-endpoint="/alpha/graphql"' in page.text
    assert "Alpha &amp; &lt;Sons&gt;" in page.text
    assert "Accept" in page.headers["vary"]


async def test_a_link_into_graphiql_brings_its_query_and_runs_no_markup(client: httpx.AsyncClient) -> None:
    query = '{ a(b: "<script>alert(1)</script>") }'
    page = (await client.get("/graphql", params={"query": query, "variables": "{}"}, headers=BROWSER)).text
    assert "<script>alert" not in page
    found = re.search(r'data-query="([^"]*)"', page)
    assert found
    assert unescape(found[1]) == query


@pytest.mark.parametrize("slug", [None, "alpha", "net"])
async def test_the_first_query_of_graphiql_has_an_answer(
    platform: Platform, client: httpx.AsyncClient, slug: str | None
) -> None:
    tenant = tenant_named(platform, slug) if slug else None
    query = example_query(tenant)
    assert not validate(platform.graph(tenant).schema.core, parse(query))
    assert max(map(len, query.splitlines())) <= 50, "a line that does not fit beside GraphiQL's buttons is cut off"
    response = await client.post(f"/{slug}/graphql" if slug else "/graphql", json={"query": query})
    assert "errors" not in response.json()


async def test_the_schema_is_text_and_known_by_its_tag(platform: Platform, client: httpx.AsyncClient) -> None:
    response = await client.get("/alpha/schema.graphql")
    assert response.text == platform.sdl(tenant_named(platform, "alpha"))
    again = await client.get("/alpha/schema.graphql", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_vendored_files_are_few_and_keep_their_licences() -> None:
    folder = FOLDER / "graphiql"
    assert sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file()) < 3_000_000
    readme = (folder / "README.md").read_text(encoding="utf-8")
    for file in folder.iterdir():
        assert file.name == "README.md" or file.name in readme or file.name == "page.css", file.name
    for licence in ("LICENSE.graphiql", "LICENSE.react"):
        assert "MIT License" in (folder / licence).read_text(encoding="utf-8")
