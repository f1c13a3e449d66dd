"""What is lacking against a framework: items that no badge of a city, a pathway or a learner shows.

A badge shows the items that it is aligned with, all that those stand below, and the exact matches of all of these
in other frameworks with what they stand below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.badges.tables import Badge
from waypost.graph import Argument, Connection, extend, pages
from waypost.graph.facts import sql_name
from waypost.graph.permitted import own
from waypost.graph.query import Here
from waypost.graph.sql import every
from waypost.outbox.frameworks import SAME
from waypost.pathways.tables import StepBadge
from waypost.skills.framework_graph import IN_ORDER, FrameworkItemFilter, associated, framework_of, in_use

from . import tables

if TYPE_CHECKING:
    from waypost.graph.query import Query, Selected
    from waypost.skills.framework_graph import FrameworkItem

Badges = Callable[["Query"], str]
"""Gives a SELECT of tenants and ids of badges."""


def uncovered(query: Query, item: Here, badges: Badges) -> str:
    """Return the condition that none of the badges shows an item.

    What is shown does not depend on the item, so PostgreSQL finds it once and joins against it. Paths and matches are
    looked up and not joined: joins with what is gathered from two tables are taken for thousands of times their size.
    """
    side = query.row(tables.BadgeAlignment)
    where = every([*query.inside(side), f"({side}.tenant_id, {side}.badge_id) in ({badges(query)})"])
    shown = Here(f"shown_{side}", tables.BadgeAlignment)
    of_badges = f"select distinct {_path(query, f'{side}.item_id')} id from badge_alignment {side} where {where}"
    matches = f"select unnest(array({associated(query, shown, SAME)})) id from {shown}"
    same = f"select {_path(query, 'same.id')} id from ({matches}) same"
    found = f"with {shown} as materialized ({of_badges}) select {shown}.id from {shown} union all {same}"
    return f"not exists (select from ({found}) covered where covered.id = {item}.id)"


def _path(query: Query, id: str) -> str:
    """Return SQL for the rows of an item and all above it."""
    row = query.row(query.facts.table("FrameworkItem", national=query.national))
    where = f"{row}.id = {id} and {row}.retired_at is null"
    return f"unnest((select {row}.path from {sql_name(row.table)} {row} where {where}))"


def _on_offer(query: Query) -> str:
    row = query.row(Badge)
    where = every([*query.inside(row), f"{row}.state = 'published'"])
    return f"select {row}.tenant_id, {row}.id from badge {row} where {where}"


def _of_viewer(query: Query) -> str:
    row = query.row(query.facts.table("Award", national=query.national))
    bound = [] if query.national else [f"{row}.tenant_id = {query.tenant}"]
    where = every([*bound, own(query, row), f"{row}.state = 'accepted'"])
    return f"select {row}.tenant_id, {row}.badge_id from {sql_name(row.table)} {row} where {where}"


def _of_pathway(here: Here) -> Badges:
    def badges(query: Query) -> str:
        row = query.row(StepBadge)
        where = every([*query.inside(row, here), f"{row}.pathway_id = {here}.id"])
        return f"select {row}.home_tenant_id, {row}.badge_id from step_badge {row} where {where}"

    return badges


def _in_framework(badges: Badges) -> Any:
    def link(query: Query, here: Here, there: Here) -> Sequence[str]:
        return (f"{there}.framework_id = {here}.id", uncovered(query, there, badges))

    return link


@extend("Framework")
class FrameworkGaps:
    """What is lacking against a framework."""

    gaps: Connection[FrameworkItem] = pages(
        link=_in_framework(_on_offer),
        filter=FrameworkItemFilter,
        open=in_use,
        order=IN_ORDER,
        doc="Items that no badge on offer in this city shows; nationally none in the country.",
    )
    viewer_gaps: Connection[FrameworkItem] = pages(
        link=_in_framework(_of_viewer),
        filter=FrameworkItemFilter,
        open=in_use,
        order=IN_ORDER,
        doc="Items that no badge shows which the asker has accepted; nationally in any city.",
    )


def _asked(query: Query, row: Here, field: Selected) -> str:
    framework = query.param(framework_of(field.argument("framework")), "uuid")
    return f"{row}.framework_id = {framework} and {in_use(query, row, field)}"


@extend("Pathway")
class PathwayGaps:
    """What a pathway lacks."""

    gaps: Connection[FrameworkItem] = pages(
        link=lambda query, here, there: (uncovered(query, there, _of_pathway(here)),),
        filter=FrameworkItemFilter,
        open=_asked,
        order=IN_ORDER,
        extra=(Argument("framework", strawberry.ID, required=True, doc="Against which framework."),),
        anywhere=True,
        doc="Items of a framework that no badge of its steps shows.",
    )


TYPES = (FrameworkGaps, PathwayGaps)
