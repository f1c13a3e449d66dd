"""Asking who fits Kickstart, in English and Welsh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Country

ASK = """query($facts: [SchemeFactInput!]!, $on: Date) {
    schemeEligibility(scheme: "kickstart", about: LEARNER, facts: $facts, on: $on) {
        verdict reasons { code outcome words missing } scheme { name } } }"""
FITS: list[dict[str, Any]] = [
    {"fact": "age", "number": 19},
    {"fact": "benefit", "code": "universal-credit"},
    {"fact": "nation", "code": "wales"},
    {"fact": "at_risk", "yes": True},
    {"fact": "referred", "yes": True},
]


async def test_who_fitted_is_told_so_and_who_comes_late_why_not(country: Country) -> None:
    found = (await country.read(ASK, facts=FITS, on="2021-06-01"))["schemeEligibility"]
    assert found == {"verdict": "ELIGIBLE", "reasons": [], "scheme": {"name": "Kickstart Scheme"}}
    late = (await country.read(ASK, None, facts=FITS, on="2022-04-01"))["schemeEligibility"]
    assert late["verdict"] == "NOT_ELIGIBLE"
    assert [reason["words"] for reason in late["reasons"]] == ["Jobs started until 31 March 2022."]


async def test_reasons_come_in_the_language_of_who_asks(country: Country) -> None:
    old = [{"fact": "age", "number": 25}, *FITS[1:4]]
    found = (await country.read(ASK, language="cy", facts=old, on="2021-06-01"))["schemeEligibility"]
    assert found["scheme"] == {"name": "Cynllun Kickstart"}
    assert found["reasons"] == [
        {"code": "age-most", "outcome": "FAILED", "words": "Dim hŷn na 24 oed.", "missing": []},
        {
            "code": "referred",
            "outcome": "UNKNOWN",
            "words": "Wedi'i atgyfeirio at y swydd gan y Ganolfan Byd Gwaith.",
            "missing": ["referred"],
        },
    ]


async def test_no_rule_of_a_scheme_that_is_over_is_in_force(country: Country) -> None:
    """It stays readable, with what it asked for to its last day."""
    query = """query($on: Date) {
        scheme(code: "kickstart", on: $on) { rules { code } funding { code } }
        whole: scheme(code: "kickstart") { rules { inForce } funding { code } } }"""
    last, over = [await country.read(query, on=day) for day in ("2022-09-30", "2022-10-01")]
    assert last["scheme"]["rules"]
    assert over["scheme"] == {"rules": [], "funding": []}
    assert over["whole"]["funding"]
    assert not any(rule["inForce"] for rule in over["whole"]["rules"])
    asked = 'query($on: Date, $facts: [SchemeFactInput!]!) { schemeEligibility(scheme: "kickstart", about: LEARNER, '
    asked += "facts: $facts, on: $on) { verdict reasons { code rule { inForce } } } }"
    old = [{"fact": "age", "number": 25}]
    found = (await country.read(asked, facts=old, on="2022-10-01"))["schemeEligibility"]
    reasons = {each["code"]: each["rule"] for each in found["reasons"]}
    assert (found["verdict"], reasons["closed"]) == ("NOT_ELIGIBLE", None)
    assert reasons["age-most"] == {"inForce": False}


async def test_the_scheme_is_listed_where_the_plugin_is_on_also_now_that_it_is_over(country: Country) -> None:
    query = '{ schemes { code until } scheme(code: "kickstart") { rules { code until inForce } } }'
    for city in ("plymouth", None):
        found = await country.read(query, city)
        assert found["schemes"] == [{"code": "kickstart", "until": "2022-09-30"}]
        thirty = next(each for each in found["scheme"]["rules"] if each["code"] == "minimum-placements")
        assert thirty == {"code": "minimum-placements", "until": "2021-02-02", "inForce": False}
    assert await country.read(query, "bude") == {"schemes": [], "scheme": None}
    assert (await country.read(ASK, "bude", facts=FITS, on=None)) == {"schemeEligibility": None}
