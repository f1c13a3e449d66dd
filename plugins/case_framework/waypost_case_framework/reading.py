"""Reads packages of CASE 1.0 and 1.1 (1EdTech, Competencies and Academic Standards Exchange)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

import orjson

from waypost.outbox.frameworks import Association, Document, End, Fault, Format, Item, Package
from waypost_case_framework.entries import Entry, id_in

VERSIONS: Final = ("1.0", "1.1")
TYPES: Final = frozenset(
    (
        *("isChildOf", "isPeerOf", "isPartOf", "exactMatchOf", "precedes", "isRelatedTo", "replacedBy", "exemplar"),
        *("hasSkillLevel", "isTranslationOf"),
    )
)
_BOM: Final = b"\xef\xbb\xbf"
_DOCUMENT: Final = re.compile(r"(/ims/case/v1p[01]/)CFDocuments(/[^/?#]+)(?=$|[?#])")


def read_case(data: bytes) -> Package | Collection[Fault]:
    """Read the JSON of a CFPackage; answers the package, or everything that is wrong with it and where."""
    whole = _json(data)
    if isinstance(whole, Fault):
        return [whole]
    root = Entry(whole, "")
    given = root.inside("CFDocument")
    if given is None:
        return [_no_package(whole)]
    head = Entry(given.values, "CFDocument", root.faults)
    version = head.text("caseVersion") or VERSIONS[0]
    if version not in VERSIONS:
        head.fault("UNKNOWN_VERSION", f"this is CASE {version[:20]}; {' and '.join(VERSIONS)} are read", "caseVersion")
    document = _document(head)
    items = tuple(_item(each) for each in root.each("CFItems"))
    associations = tuple(_association(each) for each in root.each("CFAssociations"))
    return root.faults or Package(document, items, associations)


def knows(data: bytes) -> bool:
    """Whether it may be JSON; pages are known too, so that they are told from what nobody reads."""
    return data.removeprefix(_BOM).lstrip()[:1] in {b"{", b"[", b"<"}


def package_address(url: str) -> str:
    """Where a server has the whole package of a document whose address was given."""
    return _DOCUMENT.sub(r"\1CFPackages\2", url)


def _json(data: bytes) -> dict[str, Any] | Fault:
    text = data.removeprefix(_BOM).strip()
    if text.startswith(b"<"):
        return Fault("HTML", "that is a page, no CASE package; give the address that ends with CFPackages/ and an id")
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return Fault("NOT_JSON", f"that is no JSON: {error.msg} at {where}", where)
    return whole if isinstance(whole, dict) else Fault("NOT_A_PACKAGE", "the JSON is no object with a CFDocument")


def _no_package(whole: dict[str, Any]) -> Fault:
    told = whole.get("imsx_description") or whole.get("imsx_codeMajor")
    if isinstance(told, str):
        return Fault("NOT_A_PACKAGE", f"the server said: {told[:200]}", "imsx_description")
    if "CFDocuments" in whole:
        words = "that is a list of documents; give the address of one package, CFPackages/ and an id"
        return Fault("NOT_A_PACKAGE", words, "CFDocuments")
    return Fault("NOT_A_PACKAGE", "there is no CFDocument in it", "CFDocument")


def _document(entry: Entry) -> Document:
    licence_url, licence = _licence(entry)
    return Document(
        identifier=entry.identifier(),
        uri=entry.uri(),
        title=entry.must("title"),
        creator=entry.must("creator"),
        changed_at=entry.moment("lastChangeDateTime"),
        publisher=entry.text("publisher"),
        description=entry.text("description"),
        language=entry.text("language"),
        version=entry.text("version"),
        status=entry.text("adoptionStatus"),
        kind=entry.text("frameworkType"),
        official_url=entry.text("officialSourceURL"),
        licence_url=licence_url,
        licence=licence,
        notes=entry.text("notes"),
        starts_on=entry.day("statusStartDate"),
        ends_on=entry.day("statusEndDate"),
    )


def _item(entry: Entry) -> Item:
    kind = entry.inside("CFItemTypeURI")
    return Item(
        identifier=entry.identifier(),
        uri=entry.uri(),
        statement=entry.must("fullStatement"),
        changed_at=entry.moment("lastChangeDateTime"),
        name=entry.text("abbreviatedStatement"),
        code=entry.text("humanCodingScheme"),
        kind=entry.text("CFItemType") or (kind.text("title") if kind else None),
        notes=entry.text("notes"),
        language=entry.text("language"),
        education_level=entry.words("educationLevel"),
        licence_url=_licence(entry)[0],
        starts_on=entry.day("statusStartDate"),
        ends_on=entry.day("statusEndDate"),
        place=entry.place,
    )


def _licence(entry: Entry) -> tuple[str | None, str | None]:
    """Give address and title of a licence; it stands there as a link, in older packages as a text."""
    link = entry.inside("licenseURI")
    return (entry.text("licenseURI"), None) if link is None else (link.text("uri"), link.text("title"))


def _association(entry: Entry) -> Association:
    type = entry.must("associationType")
    if type and type not in TYPES and not type.startswith("ext:"):
        entry.fault("INVALID", f"{type[:80]!r} is no type of CASE; others begin with ext:", "associationType")
    return Association(
        identifier=entry.identifier(),
        uri=entry.uri(),
        type=type,
        origin=_end(entry, "originNodeURI"),
        destination=_end(entry, "destinationNodeURI"),
        changed_at=entry.moment("lastChangeDateTime"),
        sequence=entry.whole("sequenceNumber"),
        notes=entry.text("notes"),
        place=entry.place,
    )


def _end(entry: Entry, name: str) -> End:
    """Read one end: a link with an identifier, or, in older packages, an address alone."""
    link = entry.inside(name)
    if link is None:
        uri = entry.uri(name)
        return End(uri, id_in(uri))
    uri = link.uri()
    return End(uri, id_in(link.text("identifier")), link.text("title"))


FORMAT: Final = Format(
    name="case",
    title="CASE 1.0 and 1.1",
    knows=knows,
    read=read_case,
    asked=package_address,
    headers={"accept": "application/json"},
)
