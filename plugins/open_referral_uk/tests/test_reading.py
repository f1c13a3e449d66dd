"""Cities read directories of services; shapes and oddities are those of Open Referral UK 3.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from waypost.plugins import Plugins
from waypost.plugins.settings import problems_in

HALL = {
    "id": "l-hall",
    "location_type": "physical",
    "name": "Parish Hall",
    "latitude": 50.82,
    "longitude": -0.14,
    "addresses": [{"address_type": "physical", "address_1": "1 High Street", "postal_code": "BN3 1AA"}],
}


def service(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"s-{number}",
        "name": f"Chess {number}",
        "status": "active",
        "description": "Come and play.",
        "organization": {"id": "o-1", "name": "Chess Club"},
        "service_at_locations": [{"id": f"at-{number}", "location": HALL}],
        **more,
    }


def page(services: Sequence[Any], number: int, size: int, **more: Any) -> dict[str, Any]:
    """A page in the standard's form, with its borders as the validator wants them."""
    some = list(services[(number - 1) * size : number * size])
    pages = max(-(-len(services) // size), 1)
    return {
        "total_items": len(services),
        "total_pages": pages,
        "page_number": number,
        "size": len(some),
        "first_page": number == 1,
        "last_page": number == pages,
        "empty": not some,
        "contents": some,
        **more,
    }


def asked(query: Mapping[str, str]) -> tuple[int, int]:
    return int(query["page"]), int(query["per_page"])


async def test_a_directory_is_taken_in_page_by_page(tools: Any) -> None:
    services = [service(number) for number in range(5)]
    services[1]["status"] = "defunct"
    services[3]["schedules"] = [{"dtstart": "2027-03-02", "freq": "WEEKLY", "byday": "TU", "opens_at": "10:00"}]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        assert path == "/base/services"
        return tools.json_of(page(services, *asked(query)))

    async with tools.directory(respond) as server:
        here = await tools.town("hove")
        await here.sets(county={"url": f"{server.url}/base/", "provider": "council", "per_page": 2, "licence": "OGL"})
        job = await here.reads(server.port)
        assert (job["state"], job["done"], job["total"], job["problems"]) == ("done", 5, 5, [])
        rows = await here.by_id()
        assert [*rows] == ["s-0", "s-2", "s-3", "s-4"]
        row = rows["s-3"]
        assert (row["place"], row["postcode"], row["licence"]) == ("Parish Hall", "BN3 1AA", "OGL")
        assert (row["recurrence"], str(row["starts_at"])) == ("FREQ=WEEKLY;BYDAY=TU", "2027-03-02 10:00:00+00:00")
        assert len(await here.rows("SELECT 1 FROM place WHERE tenant_id = $1")) == 1
        assert server.calls == [f"/base/services?page={number}&per_page=2" for number in (1, 2, 3)]
        services[0]["status"] = "temporarily closed"
        services[1]["status"] = "active"
        await here.reads(server.port)
    assert {id: row["state"] for id, row in (await here.by_id()).items()} == {
        "s-0": "closed",
        **dict.fromkeys(("s-1", "s-2", "s-3", "s-4"), "open"),
    }


async def test_services_in_short_are_read_one_by_one_where_the_city_says_so(tools: Any) -> None:
    async def respond(path: str, query: Mapping[str, str]) -> Any:
        if path == "/services":
            short = [{"id": f"s-{number}", "name": f"Chess {number}"} for number in range(3)]
            return tools.json_of(page(short, *asked(query)))
        return tools.json_of(service(int(path[-1])))

    async with tools.directory(respond) as server:
        here = await tools.town("lewes")
        await here.sets(county={"url": server.url, "provider": "council"})
        job = await here.reads(server.port)
        assert [code for code, *_ in job["problems"]] == ["NO_PLACE"] * 3
        await here.sets(county={"url": server.url, "provider": "council", "details": True})
        job = await here.reads(server.port)
    assert job["problems"] == []
    assert len(await here.rows()) == 3


async def test_a_long_page_of_services_in_short_is_read_to_its_end(tools: Any) -> None:
    """Each of them may lead on to where it stands, too."""
    short = [{"id": f"s-{number}"} for number in range(600)]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        if path == "/services":
            return tools.json_of(page(short, *asked(query)))
        if path.endswith("/"):
            return tools.json_of(service(int(path[:-1].rpartition("-")[2])))
        return 301, {"location": f"{path}/"}, b""

    async with tools.directory(respond) as server:
        here = await tools.town("rye")
        await here.sets(county={"url": server.url, "provider": "council", "details": True, "per_page": 1000})
        job = await here.reads(server.port)
    assert (job["state"], job["done"], job["problems"]) == ("done", 600, [])


async def test_a_service_that_is_gone_by_the_time_it_is_read_costs_itself_alone(tools: Any) -> None:
    """The list had two; one of them in full, one in short, and neither is there any more."""
    short: list[Any] = [service(0), {"id": "s-1"}, {"id": "s-2"}]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        if path == "/services":
            return tools.json_of(page(short, *asked(query)))
        number = int(path.rpartition("-")[2])
        return tools.json_of(service(2)) if number == 2 else tools.json_of({}, 404 + 6 * number)

    async with tools.directory(respond) as server:
        here = await tools.town("hythe")
        await here.sets(county={"url": server.url, "provider": "council", "details": True})
        job = await here.reads(server.port)
    assert (job["state"], job["done"]) == ("done", 3)
    assert [code for code, *_ in job["problems"]] == ["ITEM_UNUSABLE"]
    assert len(await here.rows()) == 2


async def test_a_directory_that_wants_to_be_left_alone_is_not_asked_for_the_rest_of_the_page(tools: Any) -> None:
    short = [{"id": f"s-{number}"} for number in range(100)]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        if path == "/services":
            return tools.json_of(page(short, *asked(query)))
        return 429, {"Retry-After": "3600"}, b""

    async with tools.directory(respond) as server:
        here = await tools.town("ware")
        await here.sets(county={"url": server.url, "provider": "council", "details": True})
        job = await here.reads(server.port)
        assert job["state"] == "queued", "it goes on when an hour has passed"
        assert len(server.calls) <= 1 + 2 * 4


async def test_pages_without_numbers_end_where_they_say_so(tools: Any) -> None:
    services = [service(number) for number in range(3)]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        number, size = asked(query)
        said = page(services, number, size)
        return tools.json_of({"contents": said["contents"], "last_page": said["last_page"]})

    async with tools.directory(respond) as server:
        here = await tools.town("bude")
        await here.sets(county={"url": server.url, "provider": "council", "per_page": 2})
        job = await here.reads(server.port)
    assert (job["state"], job["done"], job["total"]) == ("done", 3, None)


async def test_a_directory_that_answers_the_same_page_whatever_is_asked_is_found_out(tools: Any) -> None:
    services = [service(number) for number in range(4)]

    async def respond(path: str, query: Mapping[str, str]) -> Any:
        return tools.json_of(page(services, 1, 2))

    async with tools.directory(respond) as server:
        here = await tools.town("looe")
        await here.sets(county={"url": server.url, "provider": "council", "per_page": 2})
        job = await here.reads(server.port)
    assert (job["state"], [code for code, *_ in job["problems"]]) == ("failed", ["FEED_MALFORMED"])
    assert len(await here.rows()) == 2


def test_settings_are_checked_before_they_hold(plugins: Plugins) -> None:
    (plugin,) = plugins.ready

    def wrong(**feed: Any) -> list[str]:
        found = problems_in({"feeds": {"county": feed}}, plugin.manifest.settings)
        return [".".join(map(str, problem.keys)) for problem in found]

    assert wrong(url="https://example.org", provider="council", kinds={"Sport": "EVENT"}, hours=6) == []
    assert wrong() == ["feeds.county.url"]
    assert wrong(url="gopher://x") == ["feeds.county.url"]
    assert wrong(url="https://x", hours=0) == ["feeds.county.hours"]
    assert wrong(url="https://x", colour="red") == ["feeds.county.colour"]
