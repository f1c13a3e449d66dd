"""A city's own feed over HTTP: open to all, in pages, only what is public."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.http.stage import HOST, Cast, Visit
from tests.rooms import NOW, done, found_issuer, opportunity_words
from waypost.db import City, Database, execute
from waypost.opportunities.store import close_opportunity, write_opportunity
from waypost.tenancy.entries import Here

BASE = "/alpha/feeds/opportunities"


@pytest.fixture(scope="module", autouse=True)
async def offered(database: Database, cast: Cast) -> dict[str, str]:
    """Five that are offered, one that is closed, one that was never public, and one of another city."""
    ids = {}
    for tenant, slugs in ((cast.alpha, ("a", "b", "c", "d", "e", "closed", "hidden")), (cast.beta, ("foreign",))):
        here = Here(tenant, "alpha", ("en",), "Europe/London", "rsa-2019")
        club = await found_issuer(database, here)
        async with database.transaction(City(tenant)):
            for slug in slugs:
                facts: dict[str, Any] = {"latitude": None, "longitude": None, "online": True} if slug == "e" else {}
                words = opportunity_words(club, slug, title=f"Thing {slug}", kind="EVENT" if slug == "b" else "COURSE")
                age: dict[str, Any] = {"age_min": 16} if slug == "c" else {}
                made = done(await write_opportunity(here, replace(words, **facts, **age), None, None, NOW))
                ids[slug] = str(made.id)
            if tenant == cast.alpha:
                await close_opportunity(here, UUID(ids["closed"]))
                await execute("UPDATE opportunity SET public = false WHERE tenant_id = $1 AND slug = 'hidden'", tenant)
                await execute("UPDATE opportunity SET over_at = now() + interval '1 day' WHERE tenant_id = $1", tenant)
    return ids


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"{BASE}{path}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


def names(page: Any) -> list[str]:
    return [each["name"] for each in page["contents"]]


async def test_the_start_says_what_it_is(client: httpx.AsyncClient) -> None:
    for path in ("", "/"):
        said = await get(client, path)
        assert sorted(said) == ["openapi_url", "profile", "version"]


async def test_services_come_in_pages_with_the_borders_that_the_standard_wants(client: httpx.AsyncClient) -> None:
    whole = await get(client, "/services")
    assert names(whole) == ["Thing a", "Thing b", "Thing c", "Thing d", "Thing e"]
    first = await get(client, "/services?per_page=2")
    assert {key: first[key] for key in first if key != "contents"} == {
        "total_items": 5,
        "total_pages": 3,
        "page_number": 1,
        "size": 2,
        "license": None,
        "first_page": True,
        "last_page": False,
        "empty": False,
    }
    last = await get(client, "/services?per_page=2&page=3")
    assert (names(last), last["size"], last["first_page"], last["last_page"]) == (["Thing e"], 1, False, True)
    beyond = await get(client, "/services?per_page=2&page=4")
    assert (beyond["contents"], beyond["total_items"], beyond["empty"], beyond["last_page"]) == ([], 5, True, True)


async def test_only_what_is_public_and_ones_own_is_there(client: httpx.AsyncClient, offered: dict[str, str]) -> None:
    for slug in ("hidden", "foreign"):
        assert (await client.get(f"{BASE}/services/{offered[slug]}")).status_code == 404
    assert (await get(client, f"/services/{offered['closed']}"))["status"] == "inactive"
    assert (await get(client, f"/services/{offered['a']}"))["status"] == "active"
    for id in ("x", "00000000-0000-0000-0000-000000000000", "%00", "1' OR '1'='1"):
        assert (await client.get(f"{BASE}/services/{id}")).status_code == 404


async def test_services_are_found_by_word_kind_and_age(client: httpx.AsyncClient) -> None:
    assert names(await get(client, "/services?search=thing%20b")) == ["Thing b"]
    assert names(await get(client, "/services?taxonomy_term_id=waypost-kind:EVENT")) == ["Thing b"]
    assert names(await get(client, "/services?taxonomy_term_id=elsewhere:EVENT")) == []
    assert "Thing c" not in names(await get(client, "/services?maximum_age=12"))
    assert names(await get(client, "/services?search=thing%00%20b%ff")) == []
    assert names(await get(client, "/services?search=%00")) == names(await get(client, "/services"))


async def test_what_is_somewhere_is_listed_by_its_place(client: httpx.AsyncClient) -> None:
    page = await get(client, "/service_at_locations")
    assert [each["service"]["name"] for each in page["contents"]] == ["Thing a", "Thing b", "Thing c", "Thing d"]
    one = page["contents"][0]
    assert (one["service_id"], one["location_id"]) == (one["service"]["id"], one["location"]["id"])


async def test_terms_name_their_taxonomies(client: httpx.AsyncClient) -> None:
    known = {each["id"] for each in (await get(client, "/taxonomies"))["contents"]}
    terms = (await get(client, "/taxonomy_terms"))["contents"]
    assert {each["taxonomy"] for each in terms} == known
    used = (await get(client, "/services"))["contents"][0]["attributes"][0]["taxonomy_term"]
    assert used in terms


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=501", "page=1e3", "minimum_age=999"])
async def test_pages_that_cannot_be_are_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"{BASE}/services?{query}")).status_code == 400


async def test_who_has_the_page_gets_no_second_copy(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"{BASE}/services")
    again = await client.get(f"{BASE}/services", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_browsers_may_ask_and_others_than_get_is_refused(client: httpx.AsyncClient) -> None:
    asked = {"origin": "https://anywhere.example", "access-control-request-method": "GET"}
    before = await client.options(f"{BASE}/services", headers=asked)
    assert (before.status_code, before.headers["access-control-allow-origin"]) == (204, "*")
    assert (await client.post(f"{BASE}/services")).status_code == 405


async def test_networks_without_offers_closed_cities_and_own_hosts_answer_too(
    client: httpx.AsyncClient, visit: Visit
) -> None:
    assert (await client.get("/net/feeds/opportunities/services")).json()["total_items"] == 0
    assert (await client.get("/gone/feeds/opportunities/services")).status_code == 200
    assert (await client.get("/nowhere/feeds/opportunities")).status_code == 404
    async with visit(f"http://{HOST}") as own:
        assert (await own.get("/feeds/opportunities/services")).json()["total_items"] == 5
