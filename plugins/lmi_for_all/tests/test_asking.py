"""The graph, the platform and the plugin together, against a server with the API's shapes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from waypost.testing import Trial

if TYPE_CHECKING:
    from tests.conftest import Lmi

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
SEARCH = """query($text: String!, $first: Int! = 10) { occupations(text: $text, first: $first) {
    source { name licence licenceUrl attribution url } askedAt stale
    occupations { code scheme title description } } }"""
ONE = """query($code: String!, $area: String) { occupation(code: $code, area: $area) {
    code scheme title description namedBy { name } related figures { source { title } figures {
        name unit value year month area note stale askedAt source { licence attribution } } } } }"""
NAME = "query($code: String!) { occupation(code: $code) { title figures { figures { value } } } }"


def figures(answer: Any) -> list[tuple[Any, ...]]:
    (of,) = answer["data"]["occupation"]["figures"]
    return [(each["name"], each["year"], each["value"], each["area"]) for each in of["figures"]]


def test_occupations_are_found_by_their_titles(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    (found,) = trial.graph(SEARCH, text="  Software   Developer ")["occupations"]
    assert lmi.asked("soc/search") == [{"q": "software developer"}]
    assert found["source"]["licence"] == "Open Government Licence"
    assert "Warwick" in found["source"]["attribution"]
    assert found["askedAt"]
    assert found["stale"] is False
    assert [(each["code"], each["title"]) for each in found["occupations"]] == [
        ("soc-2010/2136", "Programmers and software development professionals"),
        ("soc-2010/2137", "Web design and development professionals"),
    ]
    assert len(trial.graph(SEARCH, text="software developer", first=1)["occupations"][0]["occupations"]) == 1
    assert len(lmi.asked("soc/search")) == 1


def test_an_occupation_has_its_figures_by_name_the_latest_first(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    answer = trial.answer(ONE, code="soc-2010/2136")
    assert "errors" not in answer
    assert answer["data"]["occupation"]["title"].startswith("Programmers")
    assert answer["data"]["occupation"]["related"] == []
    assert figures(answer) == [
        ("employment-forecast", 2031, 410000.7, None),
        ("employment-forecast", 2030, 405000.0, None),
        ("hours-weekly", 2023, 37.5, None),
        ("pay-weekly", 2024, 910.5, None),
        ("pay-weekly", 2023, 870.0, None),
        ("pay-weekly", 2022, 830.0, None),
        ("unemployment", 2024, 1.9, None),
        ("unemployment", 2023, 2.4, None),
    ]
    for each in answer["data"]["occupation"]["figures"][0]["figures"]:
        assert (each["source"]["licence"], each["stale"]) == ("Open Government Licence", False)
        assert each["source"]["attribution"]
        assert each["askedAt"]


def test_scotland_is_region_eleven(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    answer = trial.answer(ONE, code="soc-2010/2136", area="S92000003")
    assert lmi.asked("ashe/estimatePay") == [{"soc": "2136", "coarse": "false", "filters": "region:11"}]
    assert ("employment-forecast", 2030, 31000.0, "S92000003") in figures(answer)
    assert ("pay-weekly", 2024, 910.5, "S92000003") in figures(answer)
    assert ("hours-weekly", 2023, 37.5, None) in figures(answer)


def test_a_borough_has_the_figures_of_the_country_and_they_say_so(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    answer = trial.answer(ONE, code="soc-2010/2136", area="E08000001")
    assert lmi.asked("ashe/estimatePay") == [{"soc": "2136", "coarse": "false"}]
    assert {area for *_, area in figures(answer)} == {None}


def test_versions_of_the_classification_are_never_mixed(trial: Trial, lmi: Lmi) -> None:
    """The same digits mean something else in the other version, so that nobody is asked about them."""
    lmi.well()
    assert trial.graph(ONE, code="soc-2020/2136")["occupation"] is None
    assert trial.graph(ONE, code="isco-08/2512")["occupation"] is None
    assert lmi.upstream.asked == []


def test_a_city_may_say_that_the_api_has_moved_on(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    trial.settings(base_url=f"{lmi.upstream.url}/api/v1", scheme="soc-2020")
    assert trial.graph(NAME, code="soc-2020/2136")["occupation"]["title"].startswith("Programmers")
    assert trial.graph(NAME, code="soc-2010/2136")["occupation"] is None
    assert trial.graph(NAME, code="soc-2010/2136", city=trial.neighbour)["occupation"] is not None


def test_what_is_not_there_is_null(trial: Trial, lmi: Lmi) -> None:
    """The upstream answers 404 for what nobody told it."""
    lmi.well()
    assert trial.graph(ONE, code="soc-2010/9999")["occupation"] is None
    assert trial.graph(ONE, code="soc-2010/21")["occupation"] is None


@pytest.mark.parametrize(
    ("query", "given"),
    [
        (ONE, {"code": "2136"}),
        (ONE, {"code": "soc-2010/../../admin"}),
        (ONE, {"code": "soc-2010/2136?x=1"}),
        (ONE, {"code": "soc-2010/2136", "area": "Leeds"}),
        (SEARCH, {"text": " a "}),
        (SEARCH, {"text": "x" * 101}),
        (SEARCH, {"text": "nul\x00l"}),
        (SEARCH, {"text": "baker", "first": 0}),
        (SEARCH, {"text": "baker", "first": 51}),
    ],
)
def test_questions_that_cannot_be_meant_go_nowhere(trial: Trial, lmi: Lmi, query: str, given: dict[str, Any]) -> None:
    lmi.well()
    answer = trial.answer(query, **given)
    assert answer["errors"][0]["extensions"]["code"] in {"INVALID_ARGUMENT", "LIMIT_EXCEEDED"}
    assert answer["errors"][0]["path"] in (["occupation"], ["occupations"])
    assert lmi.upstream.asked == []


def test_nothing_about_who_asks_goes_out(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    trial.graph(ONE, code="soc-2010/2136", role="curator")
    said = {name for each in lmi.upstream.asked for name in each.headers}
    assert said == {"host", "accept", "user-agent"}
    assert {each.headers["user-agent"] for each in lmi.upstream.asked} == {"waypost"}
    assert {name for each in lmi.upstream.asked for name in each.query} <= {"soc", "coarse", "minYear", "maxYear"}


def test_the_world_outside_is_asked_once_a_day(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    for role in ("curator", "city-admin", "curator"):
        trial.graph(ONE, code="soc-2010/2136", role=role)
    assert len(lmi.upstream.asked) == 5
    lmi.later(86_399)
    trial.graph(ONE, code="soc-2010/2136", role="curator")
    assert len(lmi.upstream.asked) == 5
    lmi.later(2)
    trial.graph(ONE, code="soc-2010/2136", role="curator")
    assert len(lmi.upstream.asked) == 10


def test_only_what_was_selected_is_asked_for(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    trial.graph('{ occupation(code: "soc-2010/2136") { title } }')
    assert [each.path for each in lmi.upstream.asked] == ["/api/v1/soc/code/2136"]


def test_old_answers_are_given_with_their_age_while_the_source_is_down(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    before = trial.graph(ONE, code="soc-2010/2136")["occupation"]["figures"][0]["figures"]
    lmi.upstream.forget()
    for path in ("ashe/estimatePay", "soc/code/2136"):
        lmi.answers(path, body=b"<html>down for maintenance</html>", headers={"Content-Type": "text/html"})
    lmi.later(90_000)
    answer = trial.answer(ONE, code="soc-2010/2136")
    assert "errors" not in answer
    after = answer["data"]["occupation"]["figures"][0]["figures"]
    assert after == [{**each, "stale": True} for each in before]
    # What was asked beside it may arrive there when all is over here.
    asked = lmi.asked("ashe/estimatePay")
    trial.answer(ONE, code="soc-2010/2136", role="curator")
    assert lmi.asked("ashe/estimatePay") == asked  # who has failed is left alone for a while


BAD: dict[str, dict[str, Any]] = {
    "HTML": {"body": b"<!doctype html><title>LMI For All</title>", "headers": {"Content-Type": "text/html"}},
    "half JSON": {"body": b'{"soc": 2136, "series": [{"year": 20'},
    "no UTF-8": {"body": b'{"soc": "\xff"}'},
    "not a number": {"body": b'{"soc": 2136, "series": [{"year": 2024, "estpay": NaN}]}'},
    "a list": {"json": []},
    "no series": {"json": {"soc": 2136}},
    "a series of text": {"json": {"soc": 2136, "series": ["2024"]}},
    "pay as text": {"json": {"soc": 2136, "series": [{"year": 2024, "estpay": "830"}]}},
    "pay that is true": {"json": {"soc": 2136, "series": [{"year": 2024, "estpay": True}]}},
    "pay below nothing": {"json": {"soc": 2136, "series": [{"year": 2024, "estpay": -1}]}},
    "a year as text": {"json": {"soc": 2136, "series": [{"year": "2024", "estpay": 830}]}},
    "the year 0": {"json": {"soc": 2136, "series": [{"year": 0, "estpay": 830}]}},
    "a thousand years": {"json": {"soc": 2136, "series": [{"year": 2000, "estpay": 830}] * 1_000}},
    "endless": {"body": b'{"soc": 2136, "series": [' + b" " * 1_100_000},
    "deep": {"body": b"[" * 100_000},
    "an error of theirs": {"status": 500, "json": {"error": "oops"}},
    "a redirect": {"status": 302, "headers": {"Location": "http://169.254.169.254/"}},
}


@pytest.mark.parametrize("how", BAD.values(), ids=BAD)
def test_a_source_that_answers_nonsense_costs_its_own_figures_and_says_so(
    trial: Trial, lmi: Lmi, how: dict[str, Any]
) -> None:
    lmi.well("ashe/estimatePay")
    lmi.answers("ashe/estimatePay", **how)
    answer = trial.answer(ONE, code="soc-2010/2136")
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["occupation", "figures", 0, "figures"], "PLUGIN_FAILED")
    assert answer["data"]["occupation"]["title"].startswith("Programmers")
    assert answer["data"]["occupation"]["figures"] == [{"source": {"title": "LMI For All"}, "figures": None}]


@pytest.mark.parametrize(
    "how", [BAD["HTML"], BAD["no series"], {"json": [{"soc": "12a4", "title": "?"}]}, {"json": [1]}]
)
def test_a_search_that_fails_says_so_at_its_place(trial: Trial, lmi: Lmi, how: dict[str, Any]) -> None:
    lmi.answers("soc/search", **how)
    answer = trial.answer(SEARCH, text="baker")
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["occupations", 0, "occupations"], "PLUGIN_FAILED")
    (found,) = answer["data"]["occupations"]
    assert (found["source"]["name"], found["occupations"], found["askedAt"]) == ("lmi_for_all", None, None)


def test_a_source_that_wants_to_be_left_alone_is(trial: Trial, lmi: Lmi) -> None:
    lmi.answers("soc/search", status=429, headers={"Retry-After": "120"}, json={})
    answer = trial.answer(SEARCH, text="baker")
    assert answer["errors"][0]["extensions"]["code"] == "PLUGIN_PAUSED"
    assert "120 s" in answer["errors"][0]["message"]
    trial.answer(SEARCH, text="plumber")
    lmi.later(119)
    trial.answer(SEARCH, text="joiner")
    assert len(lmi.upstream.asked) == 1
    lmi.upstream.forget()
    lmi.well()
    lmi.later(2)
    assert "errors" not in trial.answer(SEARCH, text="joiner")
    assert trial.plugins.calls._records == {}  # that was no failure


def test_a_source_that_hangs_is_waited_for_and_no_longer(
    trial: Trial, lmi: Lmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("waypost.labour.market.PATIENCE_S", 0.2)
    lmi.answers("soc/search", json=[], after_s=2.0)
    answer = trial.answer(SEARCH, text="baker")
    assert answer["errors"][0]["extensions"]["code"] == "PLUGIN_FAILED"


def test_one_that_keeps_failing_rests(trial: Trial, lmi: Lmi) -> None:
    lmi.answers("soc/search", **BAD["HTML"])
    codes = [trial.answer(SEARCH, text=f"baker {number}")["errors"][0]["extensions"]["code"] for number in range(12)]
    assert codes == ["PLUGIN_FAILED"] * 10 + ["PLUGIN_PAUSED"] * 2
    assert len(lmi.upstream.asked) == 10
    lmi.upstream.forget()
    lmi.well()
    assert "errors" not in trial.answer(SEARCH, text="baker", city=trial.neighbour)


def test_the_nation_asks_with_the_settings_that_everybody_has(trial: Trial, lmi: Lmi) -> None:
    """And its default address is one outside, which no test calls."""
    schema = trial.plugin.manifest.settings
    assert schema["properties"]["base_url"]["default"] == "https://api.lmiforall.org.uk/api/v1"
    assert schema["properties"]["scheme"]["default"] == "soc-2010"


def test_what_the_readme_shows_is_answered(trial: Trial, lmi: Lmi) -> None:
    lmi.well()
    (text,) = re.findall(r"```graphql\n(.*?)```", README, re.DOTALL)
    data = trial.graph(text)
    assert data["occupations"][0]["occupations"]
    assert data["occupation"]["figures"][0]["figures"]
