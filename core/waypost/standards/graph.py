"""Badge standards and their layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.graph import column, everything, many, node, one, query

from . import tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from waypost.graph.query import Here, Query, Selected


@node(tables.Standard)
class Standard:
    """A badge standard: a set of layers with its endorsers."""

    code: str
    name: str
    version: str
    layers: list[Layer] = many(
        here="code", there_key="standard_code", order_by=("position",), doc="All of them, in the standard's order."
    )
    endorsed_by: list[str]
    is_progression: bool


@node(tables.Layer)
class Layer:
    """A kind of experience that a badge stands for. `code` is qualified by its standard, e.g. rsa-2019/engage."""

    code: str
    name: str
    description: str
    examples: list[str]
    order: int = column("position", doc="Its place in the standard, from 1.")
    standard: Standard = one("standard_code", to="code", doc="The standard that it belongs to.")


def _of_the_city(query: Query, row: Here, field: Selected) -> Sequence[str]:
    if query.national:
        return ()
    return (f"{row}.standard_code = (select c.standard_code from tenant c where c.id = {query.tenant})",)


@query
class StandardQuery:
    """Root fields for standards."""

    standards: list[Standard] = everything(order_by=("code",), doc="Every standard that the platform knows.")
    layers: list[Layer] = everything(
        order_by=("standard_code", "position"),
        where=_of_the_city,
        doc="Of the city's standard; of every standard on the national graph.",
    )


TYPES = (Standard, Layer, StandardQuery)
