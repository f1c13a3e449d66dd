from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.frameworks import HOST, Tree, id_of, item, linked, package
from waypost.outbox.frameworks import CHILD, Association, End, Fault, Package
from waypost.skills import arranging
from waypost.skills.arranging import MOST_NAMED, Placed, arrange, elsewhere

CRAFT = package("craft", {"cut": {"saw": {}, "plane": {}}, "join": {"glue": {}}})


def placed(package: Package, *known: str) -> list[Placed]:
    found = arrange(package, {id_of(each) for each in known})
    assert all(isinstance(each, Placed) for each in found), found
    return [each for each in found if isinstance(each, Placed)]


def faults(package: Package, *known: str) -> list[Fault]:
    return [each for each in arrange(package, {id_of(each) for each in known}) if isinstance(each, Fault)]


def with_links(package: Package, *more: Association) -> Package:
    return replace(package, associations=(*package.associations, *more))


def test_items_stand_depth_first_and_each_knows_what_is_below_it() -> None:
    shown = [(each.item.statement, each.position, each.last, each.place, len(each.path)) for each in placed(CRAFT)]
    assert shown == [
        ("cut", 1, 3, 1, 1),
        ("saw", 2, 2, 1, 2),
        ("plane", 3, 3, 2, 2),
        ("join", 4, 5, 2, 1),
        ("glue", 5, 5, 1, 2),
    ]


def test_numbers_go_before_the_order_of_the_file() -> None:
    first, *rest = CRAFT.associations
    turned = replace(CRAFT, associations=(replace(first, sequence=9), *rest))
    assert [each.item.statement for each in placed(turned) if len(each.path) == 1] == ["join", "cut"]


def test_without_numbers_the_order_of_the_file_is_kept() -> None:
    loose = package("loose", {"b": {}, "a": {}, "c": {}}, numbered=False)
    assert [each.item.statement for each in placed(loose)] == ["b", "a", "c"]


def test_what_stands_below_nothing_is_at_the_top_behind_the_others() -> None:
    with_stray = replace(CRAFT, items=(item("craft/stray"), *CRAFT.items))
    assert [each.item.statement for each in placed(with_stray)][-1] == "stray"


def test_an_item_below_two_others_stands_below_the_first_of_them() -> None:
    both = with_links(CRAFT, linked("craft/saw", CHILD, "craft/join"))
    (saw,) = [each for each in placed(both) if each.item.statement == "saw"]
    assert saw.parent == id_of("craft/cut")


@pytest.mark.parametrize(
    "ring",
    [
        [("cut", "glue"), ("glue", "cut")],
        [("cut", "cut")],
        [("cut", "saw")],
        [("join", "saw"), ("cut", "glue")],
    ],
)
def test_nothing_stands_below_itself(ring: list[tuple[str, str]]) -> None:
    links = [linked(f"craft/{child}", CHILD, f"craft/{parent}") for child, parent in ring]
    found = faults(with_links(CRAFT, *links))
    assert {each.code for each in found} == {"CHILD_CYCLE"}
    assert "stands below itself: craft/" in found[0].message


def test_a_long_ring_is_named_by_its_beginning() -> None:
    """Many rings through all of a large package would make gigabytes of words."""
    ring = [f"long/{n}" for n in range(1_000)]
    links = [linked(child, CHILD, parent) for parent, child in zip(ring, [*ring[1:], ring[0]], strict=True)]
    whole = Package(package("long", {}).document, tuple(map(item, ring)), tuple(links))
    (fault,) = faults(whole)
    begins = " > ".join(ring[:MOST_NAMED])
    assert fault.message == f"it stands below itself: {begins} > … 990 more > long/0"


def test_an_identifier_that_two_bear_is_named_with_both() -> None:
    twice = replace(CRAFT, items=(*CRAFT.items, replace(CRAFT.items[0], place="again")))
    assert faults(twice) == [
        Fault("DUPLICATE_IDENTIFIER", f"the identifier {id_of('craft/cut')} is that of craft/cut too", "again")
    ]
    document = replace(CRAFT, document=replace(CRAFT.document, identifier=id_of("craft/cut")))
    assert "DUPLICATE_IDENTIFIER" in {each.code for each in faults(document)}


@pytest.mark.parametrize(
    ("origin", "type", "destination", "words"),
    [
        ("craft/cut", CHILD, "nowhere", "the parent"),
        ("nowhere", CHILD, "craft/cut", "the child"),
        ("craft", CHILD, "craft/cut", "the child"),
        ("nowhere", "exactMatchOf", "neither", "the origin"),
    ],
)
def test_an_association_that_hangs_in_the_air_is_named(origin: str, type: str, destination: str, words: str) -> None:
    (fault,) = faults(with_links(CRAFT, linked(origin, type, destination)))
    assert (fault.code, fault.place) == ("DANGLING_ASSOCIATION", f"{origin} {type} {destination}")
    assert fault.message.startswith(words)


def test_a_crosswalk_may_lead_out_and_may_join_two_others_that_are_here() -> None:
    out = linked("craft/saw", "exactMatchOf", "wood/saw")
    between = linked("wood/saw", "isRelatedTo", "metal/saw")
    page = replace(out, identifier=id_of("page"), type="exemplar", destination=End("https://example.org/page"))
    whole = with_links(CRAFT, out, between, page)
    assert elsewhere(whole) == {id_of("wood/saw"), id_of("metal/saw")}
    assert [each.code for each in faults(whole)] == ["DANGLING_ASSOCIATION"]
    assert len(placed(whole, "wood/saw", "metal/saw")) == 5


def test_what_is_too_deep_or_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Tree = {}
    for number in range(arranging.MOST_DEPTH + 1):
        deep = {str(number): deep}
    assert [each.code for each in faults(package("deep", deep))] == ["TOO_DEEP"]
    monkeypatch.setattr(arranging, "MOST_ITEMS", 4)
    assert [each.code for each in faults(CRAFT)] == ["TOO_LARGE"]


def test_no_text_holds_what_no_database_keeps() -> None:
    spoiled = replace(CRAFT, items=(item("craft/cut", notes="a\x00b"), *CRAFT.items[1:]))
    assert faults(spoiled) == [Fault("INVALID", "notes holds a null byte", "craft/cut")]


@pytest.mark.parametrize("name", ["uri", "code"])
def test_no_key_is_longer_than_an_index_takes(name: str) -> None:
    most: Any = {name: "ŵ" * 1_000}
    assert not faults(replace(CRAFT, items=(replace(item("craft/cut"), **most), *CRAFT.items[1:])))
    long: Any = {name: "ŵ" * 1_001}
    spoiled = replace(CRAFT, items=(replace(item("craft/cut"), **long), *CRAFT.items[1:]))
    assert faults(spoiled) == [Fault("INVALID", f"{name} is longer than 2,000 bytes", "craft/cut")]


def test_not_more_faults_are_told_than_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arranging, "MOST_FAULTS", 2)
    assert len(faults(with_links(CRAFT, *(linked("nowhere", CHILD, str(n)) for n in range(5))))) == 2


LINKS = st.lists(st.tuples(st.integers(0, 11), st.integers(-1, 11)), max_size=20)


@given(LINKS)
def test_whatever_the_links_all_items_are_placed_once_or_a_ring_is_named(links: list[tuple[int, int]]) -> None:
    items = tuple(item(f"any/{n}") for n in range(12))
    bound = {
        (child, parent): linked(f"any/{child}", CHILD, "any" if parent < 0 else f"any/{parent}")
        for child, parent in links
    }
    whole = Package(package("any", {}).document, items, tuple(bound.values()))
    found = arrange(whole)
    if any(isinstance(each, Fault) for each in found):
        assert {each.code for each in found if isinstance(each, Fault)} == {"CHILD_CYCLE"}
        return
    tree = [each for each in found if isinstance(each, Placed)]
    assert {each.item.identifier for each in tree} == {each.identifier for each in items}
    assert [each.position for each in tree] == list(range(1, 13))
    by_id = {each.item.identifier: each for each in tree}
    for each in tree:
        below = [other for other in tree if each.item.identifier in other.path]
        assert [other.position for other in below] == list(range(each.position, each.last + 1))
        if each.parent is not None:
            assert by_id[each.parent].path == each.path[:-1]
            parent = int(by_id[each.parent].item.uri.removeprefix(f"{HOST}any/"))
            assert (int(each.item.uri.removeprefix(f"{HOST}any/")), parent) in bound
