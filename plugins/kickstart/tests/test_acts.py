"""Employers apply, a city decides, gateways are named, placements described."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from waypost.db import City as CityScope
from waypost_kickstart import placements

if TYPE_CHECKING:
    from tests.conftest import Country

SHOWN = "application { id placements appliedOn state reason decidedAt employer { slug } gateway { issuer { slug } } }"
APPLICATIONS = "query($states: [KickstartApplicationState!]) { kickstartApplications(filter: { states: $states })"
APPLICATIONS += " { totalCount nodes { employer { slug } state } } }"
JOB = {
    "workNation": "england",
    "hoursPerWeek": "25.0",
    "months": 6,
    "paysMinimumWage": True,
    "newJob": True,
    "extensiveTraining": False,
    "places": 2,
}
PLACED = """{ kickstartPlacement { hoursPerWeek months places workNation newJob }
    schemes { startsOn scheme { code } facts { fact { code } value } rules { code about words } } }"""
CURATOR, COLLEGE, BAKERY = "curator in plymouth", "college in plymouth", "bakery in plymouth"


async def applies(country: Country, who: str = COLLEGE, **given: Any) -> dict[str, Any]:
    asked = {"employer": country.issuer("college"), "placements": 3, "appliedOn": "2021-06-01", **given}
    return await country.act("kickstartApply", asked, SHOWN, who)


async def test_an_employer_applies_and_the_city_decides_once(country: Country) -> None:
    application = (await applies(country))["application"]
    assert (application["state"], application["gateway"]) == ("OPEN", None)
    again = {"application": application["id"], "accept": False}
    for who in (COLLEGE, BAKERY):
        assert (await country.act("kickstartDecide", again, SHOWN, who))["code"] == "FORBIDDEN"
    silent = await country.act("kickstartDecide", again, SHOWN, CURATOR)
    assert (silent["code"], silent["path"]) == ("INVALID", ["reason"])
    nowhere = await country.act(
        "kickstartDecide", {**again, "application": "KickstartApplication.00.00"}, SHOWN, CURATOR
    )
    assert (nowhere["code"], nowhere["path"]) == ("NOT_FOUND", ["application"])
    yes = {"application": application["id"], "accept": True}
    decided = (await country.act("kickstartDecide", yes, SHOWN, CURATOR, None))["application"]
    assert (decided["state"], decided["reason"]) == ("ACCEPTED", None)
    assert decided["decidedAt"]
    assert (await country.act("kickstartDecide", yes, SHOWN, CURATOR))["code"] == "WRONG_STATE"


async def test_who_does_not_fit_hears_every_reason(country: Country) -> None:
    early = await applies(country, appliedOn="2021-02-02")
    assert early["code"] == "KICKSTART_NOT_ELIGIBLE"
    assert "at least 30 placements" in early["message"]
    late = await applies(country, appliedOn="2021-12-18")
    assert "until 17 December 2021" in late["message"]
    today = await country.act(
        "kickstartApply", {"employer": country.issuer("college"), "placements": 3}, SHOWN, COLLEGE
    )
    assert today["code"] == "KICKSTART_NOT_ELIGIBLE"


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"placements": 0}, "INVALID", ["placements"]),
        ({"placements": 100_001}, "INVALID", ["placements"]),
        ({"appliedOn": "2999-01-01"}, "INVALID", ["appliedOn"]),
        ({"employer": "Issuer.00.00"}, "NOT_FOUND", None),
        ({"gateway": "Issuer.00.00"}, "KICKSTART_NO_GATEWAY", ["gateway"]),
    ],
)
async def test_an_application_that_cannot_be_is_refused(
    country: Country, given: dict[str, Any], code: str, path: list[str] | None
) -> None:
    refused = await applies(country, who=CURATOR, **given)
    assert refused["code"] == code
    assert path is None or refused["path"] == path


async def test_nobody_applies_for_another(country: Country) -> None:
    assert (await applies(country, who=BAKERY))["code"] == "FORBIDDEN"


async def test_through_a_gateway_a_few_are_enough(country: Country) -> None:
    bakery = country.issuer("bakery")
    through: dict[str, Any] = {"gateway": bakery, "appliedOn": "2021-01-20", "placements": 2}
    assert (await applies(country, **through))["code"] == "KICKSTART_NO_GATEWAY"
    named = {"issuer": bakery, "since": "2021-01-05"}
    shown = "issuer { slug kickstartGateway { since until } }"
    assert (await country.act("kickstartNameGateway", named, shown, BAKERY))["code"] == "FORBIDDEN"
    done = await country.act("kickstartNameGateway", named, shown, CURATOR)
    assert done["issuer"]["kickstartGateway"] == {"since": "2021-01-05", "until": None}
    application = (await applies(country, **through))["application"]
    assert application["gateway"] == {"issuer": {"slug": "bakery"}}
    assert (await applies(country, **{**through, "appliedOn": "2021-01-04"}))["code"] == "KICKSTART_NO_GATEWAY"
    ended = await country.act("kickstartNameGateway", {**named, "until": "2021-01-10"}, shown, CURATOR)
    assert ended["issuer"]["kickstartGateway"]["until"] == "2021-01-10"
    assert (await applies(country, **through))["code"] == "KICKSTART_NO_GATEWAY"
    for wrong, code in (({"since": "2021-01-29"}, "KICKSTART_NOT_ELIGIBLE"), ({"until": "2020-12-31"}, "INVALID")):
        assert (await country.act("kickstartNameGateway", {**named, **wrong}, shown, CURATOR))["code"] == code


async def test_the_city_reads_all_applications_and_an_employer_its_own(country: Country) -> None:
    await applies(country)
    bakery: dict[str, Any] = {"employer": country.issuer("bakery")}
    assert "application" in await applies(country, who=BAKERY, **bakery)
    own = (await country.read(APPLICATIONS, who=BAKERY))["kickstartApplications"]["nodes"]
    assert {node["employer"]["slug"] for node in own} == {"bakery"}
    everything = (await country.read(APPLICATIONS, who=CURATOR, states=["OPEN"]))["kickstartApplications"]["nodes"]
    assert {node["employer"]["slug"] for node in everything} == {"bakery", "college"}
    for who, code in (("", "UNAUTHENTICATED"), ("college in bude", "FORBIDDEN")):
        assert (await country.body(APPLICATIONS, who=who))["errors"][0]["extensions"]["code"] == code


async def test_a_job_becomes_a_placement_with_the_rules_of_its_first_day(country: Country) -> None:
    shown = f"opportunity {PLACED}"
    done = await country.act("kickstartDescribe", {"opportunity": country.job(), **JOB}, shown, COLLEGE)
    placed = done["opportunity"]
    assert placed["kickstartPlacement"] == {
        "hoursPerWeek": "25.0",
        "months": 6,
        "places": 2,
        "workNation": "england",
        "newJob": True,
    }
    (scheme,) = placed["schemes"]
    assert (scheme["startsOn"], scheme["scheme"]) == ("2021-11-01", {"code": "kickstart"})
    facts = {each["fact"]["code"]: each["value"] for each in scheme["facts"]}
    assert facts["hours_per_week"] == "25"
    assert facts["new_job"] == "true"
    codes = {rule["code"] for rule in scheme["rules"]}
    assert {"age-least", "hours"} <= codes
    assert "minimum-placements" not in codes  # it held until February
    for slug in (None, "plymouth"):
        query = "query($id: ID!) { opportunity(id: $id) " + PLACED + " }"
        assert (await country.read(query, slug, id=country.job()))["opportunity"] == placed
    removed = await country.act("kickstartRemove", {"opportunity": country.job()}, shown, COLLEGE)
    assert removed["opportunity"] == {"kickstartPlacement": None, "schemes": []}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"hoursPerWeek": "0"}, ["hoursPerWeek"]),
        ({"hoursPerWeek": "25.3"}, ["hoursPerWeek"]),
        ({"months": 25}, ["months"]),
        ({"places": 0}, ["places"]),
        ({"workNation": "france"}, ["workNation"]),
    ],
)
async def test_a_description_that_cannot_be_is_refused(
    country: Country, given: dict[str, Any], path: list[str]
) -> None:
    asked = {"opportunity": country.job(), **JOB, **given}
    refused = await country.act("kickstartDescribe", asked, "opportunity { slug }", COLLEGE)
    assert (refused["code"], refused["path"]) == ("INVALID", path)


async def test_only_its_provider_describes_a_job_and_never_one_of_files(country: Country) -> None:
    asked = {"opportunity": country.job(), **JOB}
    shown = "opportunity { slug }"
    assert (await country.act("kickstartDescribe", asked, shown, BAKERY))["code"] == "FORBIDDEN"
    filed = await country.offers("filed", "plymouth", managed_by="files")
    asked = {"opportunity": country.job(id=filed), **JOB}
    assert (await country.act("kickstartDescribe", asked, shown, CURATOR))["code"] == "MANAGED_BY_FILES"


async def test_a_city_without_the_plugin_has_no_placements_and_shows_none_that_are_left(country: Country) -> None:
    asked = {"opportunity": country.job("bude"), **JOB}
    refused = await country.act("kickstartDescribe", asked, "opportunity { slug }", "curator in bude", None)
    assert refused["code"] == "PLUGIN_OFF"
    left = placements.Placement(work_nation="england", hours_per_week=25.0, pays_minimum_wage=True, new_job=True)
    async with country.database.transaction(CityScope(country.tenants["bude"])):
        assert await placements.write(country.tenants["bude"], country.jobs["bude"], left)
        assert not await placements.write(country.tenants["bude"], country.jobs["bude"], left)
        assert await placements.read(country.tenants["bude"]) == {country.jobs["bude"]: left}
    query = "query($id: ID!) { opportunity(id: $id) { schemes { scheme { code } facts { value } rules { code } } } }"
    found = (await country.read(query, "bude", id=country.job("bude")))["opportunity"]
    assert found == {"schemes": [{"scheme": None, "facts": [], "rules": []}]}


async def test_nobody_stands_in_the_tables_but_who_decided(country: Country) -> None:
    for table in ("kickstart_gateway", "kickstart_application", "kickstart_placement"):
        sql = f"SELECT column_name AS name FROM information_schema.columns WHERE table_name = '{table}'"
        names = {row["name"] for row in await country.rows(sql)}
        assert not names & {"age", "benefit", "nation", "at_risk", "referred", "learner_id", "person_id"}
