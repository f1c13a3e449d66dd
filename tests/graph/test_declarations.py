"""Declarations that do not fit their tables are refused when the schemas are composed, and not when they are asked."""

from __future__ import annotations

import pytest
from piccolo.columns import UUID, Array, Boolean, Integer, Numeric, Text

from waypost.composition import core
from waypost.db import TenantTable
from waypost.graph import Contribution, compose, extend, node, one
from waypost.graph.compose import BadDeclarations


class Tools(TenantTable, key=("badge_id",), tablename="tools", schema="plugin_bench"):
    """What one needs."""

    badge_id = UUID()
    names = Array(base_column=Text())
    weight = Integer()
    price = Numeric()
    public = Boolean(default=False)


def faults_of(*classes: type) -> tuple[str, ...]:
    with pytest.raises(BadDeclarations) as refused:
        compose([core(), Contribution("bench", classes)])
    return refused.value.faults


def test_a_field_shows_what_its_column_holds() -> None:
    @node(Tools)
    class BenchTools:
        """What one needs."""

        names: int
        weight: list[int]
        price: float

    assert faults_of(BenchTools) == (
        "BenchTools.names: column 'names' is Array of Text, which Int does not show",
        "BenchTools.weight: column 'weight' is Integer, which [Int!] does not show",
        "BenchTools.price: column 'price' is Numeric, which Float does not show",
    )


def test_the_items_of_a_list_are_looked_at_and_whole_numbers_are_numbers() -> None:
    @node(Tools)
    class BenchTools:
        """What one needs."""

        names: list[int]
        weight: float

    assert faults_of(BenchTools) == ("BenchTools.names: column 'names' is Array of Text, which [Int!] does not show",)


def test_a_relation_leads_to_a_column_that_is_there() -> None:
    @node(Tools)
    class BenchTools:
        """What one needs."""

        names: list[str]

    @extend("Badge")
    class OnBadge:
        """More of badges."""

        bench_tools: BenchTools | None = one("id", to="badge", doc="Its tools.")

    assert faults_of(BenchTools, OnBadge) == ("Badge.benchTools: Tools has no column 'badge'",)
