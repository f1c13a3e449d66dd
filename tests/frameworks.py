"""Frameworks for tests, written as trees of names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import NAMESPACE_URL, UUID, uuid5

from waypost.outbox.frameworks import CHILD, Association, Document, End, Fault, Format, Item, Package

CHANGED: Final = datetime(2026, 5, 1, tzinfo=UTC)
HOST: Final = "https://case.example.org/"

Tree: TypeAlias = Mapping[str, "Tree"]


def id_of(name: str) -> UUID:
    """The identifier of whatever bears a name in a test: an item is called like `craft/saw`."""
    return uuid5(NAMESPACE_URL, HOST + name)


def end_of(name: str) -> End:
    return End(HOST + name, id_of(name), name)


def linked(origin: str, type: str, destination: str, **facts: Any) -> Association:
    """An association between two things by their names."""
    name = f"{origin} {type} {destination}"
    given = {"identifier": id_of(name), "uri": HOST + name, "changed_at": CHANGED, "place": name, **facts}
    return Association(type=type, origin=end_of(origin), destination=end_of(destination), **given)


def item(name: str, **facts: Any) -> Item:
    """An item by its name; `craft/saw` says `saw`."""
    given = {"statement": name.rpartition("/")[2], "changed_at": CHANGED, "place": name, **facts}
    return Item(identifier=id_of(name), uri=HOST + name, **given)


def package(
    name: str, tree: Tree, *more: Association, changed_at: datetime = CHANGED, numbered: bool = True, **facts: Any
) -> Package:
    """A framework of that name with items named `<framework>/<item>`; `more` are associations besides the tree."""
    given = {"title": name.title(), "creator": "Makers", "changed_at": changed_at, **facts}
    document = Document(identifier=id_of(name), uri=HOST + name, **given)
    items: list[Item] = []
    links: list[Association] = []

    def walk(below: Tree, parent: str) -> None:
        for number, (each, under) in enumerate(below.items(), start=1):
            items.append(item(f"{name}/{each}", changed_at=changed_at))
            sequence = number if numbered else None
            links.append(linked(f"{name}/{each}", CHILD, parent, sequence=sequence, changed_at=changed_at))
            walk(under, f"{name}/{each}")

    walk(tree, name)
    return Package(document, tuple(items), (*links, *more))


def as_case(package: Package, version: str = "1.0") -> dict[str, Any]:
    """The same as the JSON of a CASE package."""
    document = package.document
    written = {
        "identifier": str(document.identifier),
        "uri": document.uri,
        "creator": document.creator,
        "title": document.title,
        "lastChangeDateTime": document.changed_at.isoformat(),
        "licenseURI": {"title": "CC BY 4.0", "identifier": str(id_of("licence")), "uri": HOST + "licence"},
        "version": document.version or "1",
    }
    if version == "1.1":
        written |= {"caseVersion": "1.1", "frameworkType": "Skills"}
    return {
        "CFDocument": written,
        "CFItems": [dict(_case_item(each, document)) for each in package.items],
        "CFAssociations": [_case_association(each) for each in package.associations],
        "CFDefinitions": {},
        "CFRubrics": [],
    }


def _case_item(item: Item, document: Document) -> Iterator[tuple[str, Any]]:
    yield "identifier", str(item.identifier)
    yield "uri", item.uri
    yield "fullStatement", item.statement
    yield "CFItemType", item.kind or "Skill"
    yield "lastChangeDateTime", item.changed_at.isoformat()
    yield "CFDocumentURI", {"title": document.title, "identifier": str(document.identifier), "uri": document.uri}
    if item.code:
        yield "humanCodingScheme", item.code


def _case_association(each: Association) -> dict[str, Any]:
    def link(end: End) -> dict[str, Any]:
        return {"title": end.title, "identifier": str(end.identifier), "uri": end.uri}

    numbered = {} if each.sequence is None else {"sequenceNumber": each.sequence}
    return {
        "identifier": str(each.identifier),
        "associationType": each.type,
        "uri": each.uri,
        "originNodeURI": link(each.origin),
        "destinationNodeURI": link(each.destination),
        "lastChangeDateTime": each.changed_at.isoformat(),
        **numbered,
    }


def outline(name: str, tree: Tree) -> bytes:
    """A framework in the format that only tests know: its name, then its items, indented by two spaces a level."""

    def lines(below: Tree, indent: str) -> Iterator[str]:
        for each, under in below.items():
            yield indent + each
            yield from lines(under, f"{indent}  ")

    return "\n".join([f"framework {name}", *lines(tree, "")]).encode()


def _read_outline(data: bytes) -> Package | Sequence[Fault]:
    if b"boom" in data:
        raise RuntimeError("the format is broken")
    if b"odd" in data:
        return None  # type: ignore[return-value]  # as a plugin may that lies
    head, *lines = data.decode().splitlines()
    tree: dict[str, Any] = {}
    way: list[dict[str, Any]] = [tree]
    for number, line in enumerate(lines, start=2):
        if "\t" in line:
            return [Fault("INVALID", "tabs are no indent", f"line {number}")]
        depth = (len(line) - len(line.lstrip(" "))) // 2
        way[depth + 1 :] = [way[depth].setdefault(line.strip(), {})]
    return package(head.removeprefix("framework "), tree, changed_at=datetime.now(UTC))


OUTLINE: Final = Format(
    name="tests",
    title="Outlines of tests",
    knows=lambda data: data.startswith(b"framework "),
    read=_read_outline,
    headers={"accept": "text/plain"},
)
