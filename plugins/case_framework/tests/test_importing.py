"""Cities import packages from a server that speaks CASE, with its errors and oddities."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from waypost.db import City
from waypost.tenancy import Problem
from waypost.testing import PluginContract, Trial, Upstream
from waypost_case_framework.catalogue import SECTION, Shown

IMPORT = """mutation ($input: ImportFrameworkInput!) { importFramework(input: $input) { __typename
    ... on ImportFrameworkSuccess { job { id } } ... on Error { code message } } }"""
JOB = "query ($id: ID!) { job(id: $id) { state done total problems { code message column } } }"
CRAFT = """{ frameworks { nodes { title version licenceUrl own source
    items { nodes { code statement depth kind } } } } }"""
LATER = "2026-07-01T10:00:00Z"
BASE = "/ims/case/v1p1"


def uid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://case.example.org/{name}"))


def link(name: str) -> dict[str, str]:
    return {"title": name, "identifier": uid(name), "uri": f"https://case.example.org{BASE}/CFItems/{uid(name)}"}


def craft(*names: str, changed: str = "2026-05-01T10:00:00Z", version: str = "1.1") -> dict[str, Any]:
    """A package as a server of either version writes it; a name like `cut/saw` stands below `cut`."""
    document = {
        "identifier": uid("craft"),
        "uri": f"https://case.example.org{BASE}/CFDocuments/{uid('craft')}",
        "CFPackageURI": link("craft"),
        "creator": "The Guild",
        "title": "Craft",
        "version": "2",
        "lastChangeDateTime": changed,
        "licenseURI": {"title": "CC BY 4.0", "identifier": uid("licence"), "uri": "https://licence.example.org/by"},
    }
    if version == "1.1":
        document |= {"caseVersion": "1.1", "frameworkType": "Craft", "extensions": {}}
    items, links = [], []
    for number, name in enumerate(names, start=1):
        parent = name.rpartition("/")[0] or "craft"
        items.append(
            {
                **{key: value for key, value in link(name).items() if key != "title"},
                "CFDocumentURI": link("craft"),
                "fullStatement": name.rpartition("/")[2],
                "humanCodingScheme": f"C.{number}",
                "CFItemType": "Skill",
                "lastChangeDateTime": changed,
            }
        )
        links.append(
            {
                "identifier": uid(f"{name} child"),
                "uri": f"https://case.example.org{BASE}/CFAssociations/{uid(f'{name} child')}",
                "associationType": "isChildOf",
                "originNodeURI": link(name),
                "destinationNodeURI": link(parent),
                "sequenceNumber": number,
                "lastChangeDateTime": changed,
            }
        )
    return {"CFDocument": document, "CFItems": items, "CFAssociations": links, "CFDefinitions": {}, "CFRubrics": []}


def imported(trial: Trial, url: str) -> dict[str, Any]:
    """The job of an import, once it is done."""
    done = trial.graph(IMPORT, role="curator", input={"url": url})["importFramework"]
    assert done["__typename"] == "ImportFrameworkSuccess", done
    trial.run_jobs()
    job: dict[str, Any] = trial.graph(JOB, role="curator", id=done["job"]["id"])["job"]
    return job


def statements(trial: Trial) -> list[str]:
    (framework,) = [each for each in trial.graph(CRAFT)["frameworks"]["nodes"] if each["title"] == "Craft"]
    return [each["statement"] for each in framework["items"]["nodes"]]


def test_a_package_is_read_from_the_address_of_its_document(trial: Trial, upstream: Upstream) -> None:
    upstream.answers(f"{BASE}/CFPackages/{uid('craft')}", json=craft("cut", "cut/saw", "join"))
    job = imported(trial, f"{upstream.url}{BASE}/CFDocuments/{uid('craft')}")
    assert job == {"state": "DONE", "done": 3, "total": 3, "problems": []}
    (asked,) = upstream.asked
    assert asked.headers["accept"] == "application/json"
    (framework,) = trial.graph(CRAFT)["frameworks"]["nodes"]
    assert framework == {
        "title": "Craft",
        "version": "2",
        "licenceUrl": "https://licence.example.org/by",
        "own": True,
        "source": f"{upstream.url}{BASE}/CFDocuments/{uid('craft')}",
        "items": {
            "nodes": [
                {"code": "C.1", "statement": "cut", "depth": 1, "kind": "Skill"},
                {"code": "C.2", "statement": "saw", "depth": 2, "kind": "Skill"},
                {"code": "C.3", "statement": "join", "depth": 1, "kind": "Skill"},
            ]
        },
    }
    assert trial.graph(CRAFT, city=trial.neighbour)["frameworks"]["nodes"] == []


def test_a_newer_package_of_the_other_version_takes_its_place(trial: Trial, upstream: Upstream) -> None:
    path = f"/ims/case/v1p0/CFPackages/{uid('craft')}"
    upstream.answers(path, json=craft("join", "cut", "cut/plane", changed="2026-06-01T10:00:00", version="1.0"))
    assert imported(trial, upstream.url + path)["state"] == "DONE"
    assert statements(trial) == ["join", "cut", "plane"]


@pytest.mark.parametrize(
    ("answer", "code", "column"),
    [
        ({"json": craft("cut", changed="2020-01-01T00:00:00Z")}, "OLDER_PACKAGE", "CFDocument"),
        ({"json": craft("cut", changed="2999-01-01T00:00:00Z")}, "DATED_AHEAD", "CFDocument"),
        ({"json": {"CFDocuments": [{}]}}, "NOT_A_PACKAGE", "CFDocuments"),
        ({"json": {"imsx_codeMajor": "failure"}, "status": 404}, "UNREACHABLE", None),
        ({"body": b"<!DOCTYPE html><h1>Sign in</h1>", "headers": {"Content-Type": "text/html"}}, "HTML", None),
        ({"body": b'{"CFDocument":'}, "NOT_JSON", "line 1, column 15"),
        ({"json": craft("cut", "cut", changed=LATER)}, "DUPLICATE_IDENTIFIER", "CFItems[1]"),
        ({"json": craft("cut/saw", changed=LATER)}, "DANGLING_ASSOCIATION", "CFAssociations[0]"),
        (
            {"json": {**craft("cut"), "CFItems": [{**craft("cut")["CFItems"][0], "uri": ""}]}},
            "MISSING",
            "CFItems[0].uri",
        ),
    ],
)
def test_what_is_no_good_package_changes_nothing_and_says_where(
    trial: Trial, upstream: Upstream, answer: dict[str, Any], code: str, column: str | None
) -> None:
    before = statements(trial)
    upstream.answers("/package", **answer)
    job = imported(trial, f"{upstream.url}/package")
    assert job["state"] == "FAILED"
    assert (job["problems"][0]["code"], job["problems"][0]["column"]) == (code, column)
    assert statements(trial) == before


def test_where_the_plugin_is_off_nobody_reads_case(trial: Trial, upstream: Upstream) -> None:
    upstream.answers("/package", json=craft("cut"))
    trial.switch(trial.city, on=False)
    try:
        job = imported(trial, f"{upstream.url}/package")
    finally:
        trial.switch(trial.city, on=True)
    assert [each["code"] for each in job["problems"]] == ["FORMAT_UNKNOWN"]


def test_a_city_says_in_its_files_what_its_badges_show(trial: Trial) -> None:
    url = link("cut")["uri"]
    shown = "{ badges { nodes { alignments { targetName targetUrl source } } } }"
    here = trial.city
    written = trial.loop.run(_in(trial, SECTION.write(here.tenant_id, here.badge_id, Shown(items=(url, "urn:none")))))
    assert written
    (badge,) = trial.graph(shown)["badges"]["nodes"]
    assert badge["alignments"] == [{"targetName": "cut", "targetUrl": url, "source": "case_framework"}]
    assert trial.loop.run(_in(trial, SECTION.read(here.tenant_id))) == {here.badge_id: Shown(items=(url,))}
    assert trial.loop.run(_in(trial, SECTION.write(here.tenant_id, here.badge_id, None)))
    assert trial.loop.run(_in(trial, SECTION.read(here.tenant_id))) == {}


def test_what_is_no_address_is_told_where_files_are_checked() -> None:
    assert list(SECTION.check(Shown(items=("https://example.org/a", "saw")), {})) == [
        Problem(("items",), "'saw' is no address of an item, such as https://…/CFItems/…")
    ]
    assert list(SECTION.check(Shown(items=tuple(f"urn:{n}" for n in range(101))), {}))


async def _in(trial: Trial, doing: Any) -> Any:
    async with trial.database.transaction(City(trial.city.tenant_id)):
        return await doing


class TestContract(PluginContract):
    """Everything that holds for every plugin."""
