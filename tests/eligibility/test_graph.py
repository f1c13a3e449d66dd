"""A local scheme, from a tenant's files alone, as front ends see it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.tenancy.country import World

CODE = "brighton/first-shift"
ELIGIBLE = """query($about: SchemeSubject!, $facts: [SchemeFactInput!]!, $on: Date, $scheme: String!) {
    schemeEligibility(scheme: $scheme, about: $about, facts: $facts, on: $on) {
        scheme { code } about on verdict reasons { code outcome words missing rule { since } } } }"""
SCHEMES = "{ code name until listed rules { code since until inForce } funding { code amount currency percent } }"
OPPORTUNITY = """query($slug: String!) { opportunity(slug: $slug) { schemes {
    startsOn scheme { code } facts { fact { code unit } value } rules { code about words inForce } } } }"""


async def body(client: httpx.AsyncClient, query: str, city: str | None = "brighton", **variables: Any) -> Any:
    path = f"/{city}/graphql" if city else "/graphql"
    return (await client.post(path, json={"query": query, "variables": variables})).json()


async def read(client: httpx.AsyncClient, query: str, city: str | None = "brighton", **variables: Any) -> Any:
    found = await body(client, query, city, **variables)
    assert "errors" not in found, found
    return found["data"]


async def verdict(client: httpx.AsyncClient, about: str, on: str | None, *facts: dict[str, Any]) -> Any:
    asked: dict[str, Any] = {"scheme": CODE, "about": about, "on": on, "facts": list(facts)}
    found = (await read(client, ELIGIBLE, **asked))["schemeEligibility"]
    return found["verdict"], {reason["code"]: reason["outcome"] for reason in found["reasons"]}


def age(years: float) -> dict[str, Any]:
    return {"fact": "age", "number": years}


HERE = {"fact": "lives_here", "yes": True}


async def test_who_fits_depends_on_the_day(client: httpx.AsyncClient) -> None:
    assert await verdict(client, "LEARNER", "2026-03-31", age(18), HERE) == ("NOT_ELIGIBLE", {"age-most": "FAILED"})
    assert await verdict(client, "LEARNER", "2026-04-01", age(18), HERE) == ("ELIGIBLE", {})
    assert await verdict(client, "LEARNER", "2025-03-31", age(16), HERE) == (
        "NOT_ELIGIBLE",
        {"closed": "FAILED", "school-agrees": "UNKNOWN"},
    )


async def test_every_reason_is_told_and_what_is_missing_for_it(client: httpx.AsyncClient) -> None:
    assert await verdict(client, "LEARNER", "2026-05-01", age(14)) == (
        "NOT_ELIGIBLE",
        {"age-least": "FAILED", "lives-here": "UNKNOWN", "school-agrees": "UNKNOWN"},
    )
    found = await read(client, ELIGIBLE, scheme=CODE, about="LEARNER", facts=[age(16), HERE], on="2026-05-01")
    assert found["schemeEligibility"] == {
        "scheme": {"code": CODE},
        "about": "LEARNER",
        "on": "2026-05-01",
        "verdict": "UNKNOWN",
        "reasons": [
            {
                "code": "school-agrees",
                "outcome": "UNKNOWN",
                "words": "Up to the age of 16, the school agrees in writing.",
                "missing": ["school_agrees"],
                "rule": {"since": None},
            }
        ],
    }


async def test_employers_apply_while_the_window_is_open(client: httpx.AsyncClient) -> None:
    small = {"fact": "staff", "number": 12}
    assert await verdict(client, "EMPLOYER", "2026-03-31", small) == ("ELIGIBLE", {})
    assert await verdict(client, "EMPLOYER", "2026-04-01", small) == ("UNKNOWN", {"charter": "UNKNOWN"})
    found = await read(client, ELIGIBLE, scheme=CODE, about="EMPLOYER", facts=[], on="2028-01-01")
    assert found["schemeEligibility"]["reasons"][0]["words"] == (
        "Employers apply from 1 April 2025 until 31 December 2027."
    )


async def test_about_whom_there_are_no_rules_nobody_can_say(client: httpx.AsyncClient) -> None:
    assert await verdict(client, "GATEWAY", "2026-05-01") == ("UNKNOWN", {"no-rules": "UNKNOWN"})


@pytest.mark.parametrize(
    "fact",
    [
        {"fact": "benefit", "code": "universal-credit"},
        {"fact": "staff", "number": 3},
        {"fact": "age"},
        {"fact": "age", "code": "sixteen"},
        {"fact": "age", "number": 16, "yes": True},
        {"fact": "lives_here", "number": 1},
    ],
)
async def test_facts_that_the_scheme_does_not_know_are_refused(client: httpx.AsyncClient, fact: dict[str, Any]) -> None:
    found = await body(client, ELIGIBLE, scheme=CODE, about="LEARNER", facts=[fact], on=None)
    assert found["data"] == {"schemeEligibility": None}
    (error,) = found["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("INVALID_ARGUMENT", ["schemeEligibility"])
    assert "sixteen" not in error["message"]


async def test_facts_given_twice_and_far_too_many_are_refused(client: httpx.AsyncClient) -> None:
    for facts in ([age(16), age(17)], [age(16)] * 101):
        found = await body(client, ELIGIBLE, scheme=CODE, about="LEARNER", facts=facts, on=None)
        assert found["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_a_scheme_is_readable_as_it_was_and_as_it_is(client: httpx.AsyncClient) -> None:
    ever = (await read(client, "query($code: String!) { scheme(code: $code) " + SCHEMES + " }", code=CODE))["scheme"]
    assert [(rule["since"], rule["until"]) for rule in ever["rules"] if rule["code"] == "age-most"] == [
        (None, "2026-03-31"),
        ("2026-04-01", None),
    ]
    assert [each["amount"] for each in ever["funding"]] == ["250.00", "300.00"]
    on = "query($code: String!, $on: Date) { scheme(code: $code, on: $on) " + SCHEMES + " }"
    then = (await read(client, on, code=CODE, on="2026-03-31"))["scheme"]
    assert [each["amount"] for each in then["funding"]] == ["250.00"]
    assert all(rule["inForce"] for rule in then["rules"])


async def test_a_city_lists_its_own_schemes_and_nobody_else_does(client: httpx.AsyncClient) -> None:
    listed = "{ schemes { code } }"
    assert await read(client, listed) == {"schemes": [{"code": CODE}]}
    assert await read(client, listed, "plymouth") == await read(client, listed, None) == {"schemes": []}
    one = "query($code: String!) { scheme(code: $code) { code } }"
    assert await read(client, one, "plymouth", code=CODE) == {"scheme": None}
    assert await read(client, one, None, code=CODE) == {"scheme": {"code": CODE}}
    for made_up in ("first-shift", "brighton/", "/first-shift", "a b", "\ud800x", "", "brighton/first-shift/x"):
        for city in ("brighton", None):
            assert await read(client, one, city, code=made_up.encode(errors="replace").decode()) == {"scheme": None}


async def test_by_the_id_of_a_city_nobody_asks_for_a_scheme(client: httpx.AsyncClient, world: World) -> None:
    code = f"{(await world.tenant('brighton')).id}/first-shift"
    for city in ("plymouth", "brighton", None):
        asked: dict[str, Any] = {"scheme": code, "about": "LEARNER", "on": None, "facts": []}
        assert await read(client, ELIGIBLE, city, **asked) == {"schemeEligibility": None}
        assert await read(client, "query($code: String!) { scheme(code: $code) { code } }", city, code=code) == {
            "scheme": None
        }


@pytest.mark.parametrize("city", ["brighton", None])
async def test_an_opportunity_shows_facts_and_the_rules_of_its_day_and_no_verdict(
    client: httpx.AsyncClient, city: str | None
) -> None:
    if city:
        found = {
            slug: (await read(client, OPPORTUNITY, slug=slug))["opportunity"] for slug in ("old-job", "job", "choir")
        }
    else:
        at = OPPORTUNITY.replace("slug: $slug", 'slug: $slug, city: "brighton"')
        found = {slug: (await read(client, at, None, slug=slug))["opportunity"] for slug in ("old-job", "job", "choir")}
    assert found["choir"] == {"schemes": []}
    (old,), (now,) = found["old-job"]["schemes"], found["job"]["schemes"]
    assert (old["startsOn"], now["startsOn"]) == ("2026-02-02", None)
    assert old["scheme"] == {"code": CODE}
    assert old["facts"] == [
        {"fact": {"code": "hours_per_week", "unit": "hours"}, "value": "6"},
        {"fact": {"code": "hourly_pay", "unit": "pounds"}, "value": "8.5"},
        {"fact": {"code": "sector", "unit": None}, "value": "sport"},
    ]
    assert "At most 17 years old." in [rule["words"] for rule in old["rules"]]
    assert "At most 19 years old." in [rule["words"] for rule in now["rules"]]
    assert {rule["about"] for rule in old["rules"]} == {"LEARNER", "EMPLOYER", "PLACEMENT"}


async def test_a_borrowed_opportunity_keeps_the_scheme_of_its_home(client: httpx.AsyncClient) -> None:
    query = """{ pathway(slug: "to-work") { steps { opportunities { city { slug } schemes {
        scheme { code } facts { value } rules { code } } } } } }"""
    (step,) = (await read(client, query, "plymouth"))["pathway"]["steps"]
    (scheme,) = step["opportunities"][0]["schemes"]
    assert scheme["scheme"] == {"code": CODE}
    assert [fact["value"] for fact in scheme["facts"]] == ["6", "8.5", "sport"]
    assert "age-least" in [rule["code"] for rule in scheme["rules"]]
