from __future__ import annotations

from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from waypost.pathways.rules import Edges, Node, cycle_problem, find_cycle, pathway_edges
from waypost.pathways.words import PathwayWords, StepWords
from waypost.tenancy.entries import Ref

HERE, THERE = UUID(int=1), UUID(int=2)


def pathway(n: int) -> Node:
    return Node("pathway", HERE, UUID(int=n))


nodes = st.integers(0, 6).map(pathway)
graphs = st.dictionaries(nodes, st.frozensets(nodes, max_size=4), max_size=7)


@given(graphs, nodes)
def test_a_cycle_is_found_if_and_only_if_there_is_a_way_back(graph: dict[Node, frozenset[Node]], through: Node) -> None:
    cycle = find_cycle(graph, through)
    assert (cycle is None) == (through not in _reachable(graph, through))


@given(graphs, nodes)
def test_what_is_found_is_a_way_and_none_is_shorter(graph: dict[Node, frozenset[Node]], through: Node) -> None:
    cycle = find_cycle(graph, through)
    if cycle is not None:
        assert cycle[0] == through
        assert len(set(cycle)) == len(cycle)
        assert all(there in graph[here] for here, there in pairwise((*cycle, through)))
        assert len(cycle) == _shortest(graph, through)


def test_a_pathway_that_asks_for_its_own_badge_is_a_cycle() -> None:
    badge, own = UUID(int=10), UUID(int=20)
    words = _words("Alone", [Ref(badge, HERE)], completion=badge)
    refusal = cycle_problem(pathway_edges(HERE, own, words), Node("pathway", HERE, own))
    assert refusal is not None
    assert refusal.code == "PATHWAY_CYCLE"
    assert '"Alone" needs a badge awarded by "Alone"' in refusal.message


def test_a_cycle_over_a_borrowed_badge_is_seen_and_its_pathways_named() -> None:
    mine, theirs = UUID(int=10), UUID(int=11)
    elsewhere = pathway_edges(THERE, UUID(int=21), _words("Theirs", [Ref(mine, HERE)], completion=theirs))
    words = _words("Mine", [Ref(theirs, THERE, UUID(int=99))], completion=mine)
    edges = elsewhere.joined(pathway_edges(HERE, UUID(int=20), words))
    refusal = cycle_problem(edges, Node("pathway", HERE, UUID(int=20)))
    assert refusal is not None
    assert '"Mine" needs a badge awarded by "Theirs" needs a badge awarded by "Mine"' in refusal.message


def test_badges_of_different_cities_with_one_id_are_different_badges() -> None:
    badge = UUID(int=10)
    words = _words("Mine", [Ref(badge, THERE, UUID(int=99))], completion=badge)
    assert cycle_problem(pathway_edges(HERE, UUID(int=20), words), Node("pathway", HERE, UUID(int=20))) is None


def test_a_ladder_of_pathways_is_no_cycle() -> None:
    edges = Edges()
    for n in range(50):
        words = _words(str(n), [Ref(UUID(int=n), HERE)], completion=UUID(int=n + 1))
        edges = edges.joined(pathway_edges(HERE, UUID(int=100 + n), words))
    for n in range(50):
        assert find_cycle(edges.links, Node("pathway", HERE, UUID(int=100 + n))) is None


def _words(name: str, badges: list[Ref], completion: UUID) -> PathwayWords:
    step = StepWords("only", "Only", badges=tuple(badges))
    return PathwayWords("x", name, "", HERE, steps=(step,), completion_badge_id=completion)


def _reachable(graph: dict[Node, frozenset[Node]], start: Node) -> set[Node]:
    """By repeating until nothing is added."""
    found = set(graph.get(start, ()))
    while True:
        more = found.union(*(graph.get(node, frozenset()) for node in found))
        if more == found:
            return found
        found = more


def _shortest(graph: dict[Node, frozenset[Node]], through: Node) -> int:
    """The length of a shortest way back, by walking in step from everywhere reached."""
    front, length = set(graph.get(through, ())), 1
    while through not in front:
        front = set().union(*(graph.get(node, frozenset()) for node in front))
        length += 1
    return length
