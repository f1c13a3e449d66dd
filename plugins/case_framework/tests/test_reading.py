from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from waypost.outbox.frameworks import Package
from waypost.plugins import manifest_of
from waypost_case_framework.reading import FORMAT, package_address, read_case

HOST = "https://case.example.org/ims/case/v1p0/"
DOCUMENT, SAW, CUT, LINK = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 5))


def case(version: str = "1.0") -> dict[str, Any]:
    """A small package of our own writing, with what servers write besides."""
    package: dict[str, Any] = {
        "CFDocument": {
            "identifier": DOCUMENT,
            "uri": f"{HOST}CFDocuments/{DOCUMENT}",
            "creator": "The Guild",
            "title": "Craft",
            "lastChangeDateTime": "2026-05-01T10:00:00+00:00",
            "version": "3",
            "adoptionStatus": "Adopted",
            "statusStartDate": "2026-01-01",
            "statusEndDate": "",
            "language": "en",
            "subject": ["Woodwork"],
            "licenseURI": {"title": "CC BY 4.0", "identifier": LINK, "uri": "https://licence.example.org"},
            "notes": None,
        },
        "CFItems": [
            {
                "identifier": CUT,
                "uri": f"{HOST}CFItems/{CUT}",
                "fullStatement": "Cuts wood safely",
                "abbreviatedStatement": "Cutting",
                "humanCodingScheme": "C.1",
                "CFItemType": "Skill",
                "educationLevel": ["09", "10"],
                "lastChangeDateTime": "2026-05-01T10:00:00Z",
            },
            {
                "identifier": SAW.upper(),
                "uri": f"{HOST}CFItems/{SAW}",
                "fullStatement": "Saws along a line",
                "CFItemTypeURI": {"title": "Step", "identifier": LINK, "uri": f"{HOST}CFItemTypes/{LINK}"},
                "lastChangeDateTime": "2026-05-01T10:00:00",
            },
        ],
        "CFAssociations": [
            {
                "identifier": LINK,
                "associationType": "isChildOf",
                "uri": f"{HOST}CFAssociations/{LINK}",
                "originNodeURI": {"title": "Saws", "identifier": SAW, "uri": f"{HOST}CFItems/{SAW}"},
                "destinationNodeURI": {"title": "Cuts", "identifier": CUT, "uri": f"{HOST}CFItems/{CUT}"},
                "sequenceNumber": "1",
                "lastChangeDateTime": "2026-05-01T10:00:00Z",
            }
        ],
        "CFDefinitions": {"CFConcepts": [], "CFSubjects": [], "CFLicenses": [], "CFItemTypes": []},
    }
    if version == "1.1":
        package["CFDocument"] |= {"caseVersion": "1.1", "frameworkType": "Occupation", "extensions": {"x": 1}}
        package["CFAssociations"][0] |= {"associationType": "isTranslationOf", "notes": "Said twice."}
    return package


def read(package: Any) -> Package:
    found = read_case(json.dumps(package).encode())
    assert isinstance(found, Package), found
    return found


def faults(package: Any) -> list[tuple[str, str]]:
    data = package if isinstance(package, bytes) else json.dumps(package).encode()
    found = read_case(data)
    assert not isinstance(found, Package)
    return [(each.code, each.place) for each in found]


def test_a_package_of_1_0_is_read() -> None:
    package = read(case())
    document = package.document
    assert (document.title, document.licence, document.version) == ("Craft", "CC BY 4.0", "3")
    assert (document.starts_on, document.ends_on) == (date(2026, 1, 1), None)
    cut, saw = package.items
    assert (cut.name, cut.code, cut.kind, cut.education_level) == ("Cutting", "C.1", "Skill", "09, 10")
    assert (saw.identifier, saw.kind, saw.changed_at) == (UUID(SAW), "Step", datetime(2026, 5, 1, 10, tzinfo=UTC))
    (link,) = package.associations
    assert (link.origin.identifier, link.destination.identifier, link.sequence) == (UUID(SAW), UUID(CUT), 1)
    assert link.place == "CFAssociations[0]"


def test_a_package_of_1_1_is_read() -> None:
    package = read(case("1.1"))
    assert package.document.kind == "Occupation"
    assert (package.associations[0].type, package.associations[0].notes) == ("isTranslationOf", "Said twice.")


def test_older_packages_name_ends_by_their_address_alone() -> None:
    package = case()
    package["CFAssociations"][0] |= {
        "associationType": "exemplar",
        "originNodeURI": f"{HOST}CFItems/{SAW}",
        "destinationNodeURI": "https://example.org/how-to-saw",
    }
    (link,) = read(package).associations
    assert (link.origin.identifier, link.destination.identifier) == (UUID(SAW), None)


def test_lists_may_be_left_out_and_a_byte_order_mark_may_be_there() -> None:
    package = {"CFDocument": case()["CFDocument"], "CFItems": None}
    found = read_case(b"\xef\xbb\xbf " + json.dumps(package).encode())
    assert isinstance(found, Package)
    assert (found.items, found.associations) == ((), ())


Change = Callable[[dict[str, Any]], object]


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda p: p["CFDocument"].pop("title"), "MISSING", "CFDocument.title"),
        (lambda p: p["CFDocument"].update(creator=" "), "MISSING", "CFDocument.creator"),
        (lambda p: p["CFDocument"].update(identifier="42"), "INVALID", "CFDocument.identifier"),
        (lambda p: p["CFDocument"].update(uri="no address"), "INVALID", "CFDocument.uri"),
        (lambda p: p["CFDocument"].update(caseVersion="2.0"), "UNKNOWN_VERSION", "CFDocument.caseVersion"),
        (lambda p: p["CFDocument"].update(statusStartDate="soon"), "INVALID", "CFDocument.statusStartDate"),
        (lambda p: p["CFDocument"].update(lastChangeDateTime="now"), "INVALID", "CFDocument.lastChangeDateTime"),
        (lambda p: p["CFDocument"].update(title=["a"]), "INVALID", "CFDocument.title"),
        (lambda p: p["CFItems"][1].pop("fullStatement"), "MISSING", "CFItems[1].fullStatement"),
        (lambda p: p["CFItems"][1].update(fullStatement="x" * 60_000), "INVALID", "CFItems[1].fullStatement"),
        (lambda p: p["CFItems"][0].update(educationLevel=[1]), "INVALID", "CFItems[0].educationLevel"),
        (lambda p: p["CFItems"].append("saw"), "INVALID", "CFItems[2]"),
        (lambda p: p.update(CFItems={}), "INVALID", "CFItems"),
        (
            lambda p: p["CFAssociations"][0].update(associationType="isNear"),
            "INVALID",
            "CFAssociations[0].associationType",
        ),
        (lambda p: p["CFAssociations"][0].pop("originNodeURI"), "MISSING", "CFAssociations[0].originNodeURI"),
        (
            lambda p: p["CFAssociations"][0]["originNodeURI"].pop("uri"),
            "MISSING",
            "CFAssociations[0].originNodeURI.uri",
        ),
        (lambda p: p["CFAssociations"][0].update(sequenceNumber=True), "INVALID", "CFAssociations[0].sequenceNumber"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: Change, code: str, place: str) -> None:
    package = case()
    change(package)
    assert faults(package) == [(code, place)]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    package = case()
    del package["CFDocument"]["title"], package["CFItems"][0]["uri"], package["CFAssociations"][0]["identifier"]
    assert [place for _, place in faults(package)] == [
        "CFDocument.title",
        "CFItems[0].uri",
        "CFAssociations[0].identifier",
    ]


@pytest.mark.parametrize(
    ("data", "code", "place"),
    [
        (b"<!doctype html><title>Sign in</title>", "HTML", ""),
        (b'{"CFDocument": {', "NOT_JSON", "line 1, column 17"),
        (b"[" * 100_000, "NOT_JSON", "line 1, column 1026"),
        (b"\xff\xfe", "NOT_JSON", "line 1, column 1"),
        (b"[]", "NOT_A_PACKAGE", ""),
        (b"{}", "NOT_A_PACKAGE", "CFDocument"),
        (b'{"CFDocument": []}', "NOT_A_PACKAGE", "CFDocument"),
        (b'{"CFDocuments": []}', "NOT_A_PACKAGE", "CFDocuments"),
        (b'{"imsx_codeMajor": "failure", "imsx_description": "Unknown id"}', "NOT_A_PACKAGE", "imsx_description"),
    ],
)
def test_what_is_no_package_is_told_from_one(data: bytes, code: str, place: str) -> None:
    assert faults(data) == [(code, place)]


NAMES = st.sampled_from(["identifier", "uri", "title", "CFItems", "creator", "originNodeURI"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda each: st.lists(each) | st.dictionaries(NAMES, each),
    max_leaves=20,
)


@given(ANYTHING)
def test_no_json_at_all_makes_the_reader_raise(rest: Any) -> None:
    for package in (rest, {"CFDocument": rest}, {**case(), "CFItems": rest}, {**case(), "CFAssociations": [rest]}):
        read_case(json.dumps(package).encode())


def test_the_address_of_a_document_leads_to_its_package() -> None:
    assert package_address(f"{HOST}CFDocuments/{DOCUMENT}") == f"{HOST}CFPackages/{DOCUMENT}"
    assert package_address(f"{HOST}CFDocuments/{DOCUMENT}?x=1") == f"{HOST}CFPackages/{DOCUMENT}?x=1"
    for other in (f"{HOST}CFPackages/{DOCUMENT}", f"{HOST}CFDocuments", "https://example.org/craft.json"):
        assert package_address(other) == other


def test_the_first_byte_tells_whether_it_may_be_case() -> None:
    assert all(FORMAT.knows(data) for data in (b' {"', b"\xef\xbb\xbf{", b"<html", b"["))
    assert not FORMAT.knows(b"framework,skill,step")


def test_the_manifest_fits_the_distribution() -> None:
    manifest = manifest_of("waypost_case_framework")
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))["project"]
    assert manifest.version == project["version"]
    assert project["entry-points"]["waypost"] == {manifest.name: "waypost_case_framework.plugin"}
