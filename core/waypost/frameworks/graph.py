"""What badges have to do with items of frameworks, as front ends see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from waypost.graph import URL, Connection, column, expression, extend, many, node, one, pages
from waypost.graph.sql import every

from . import tables

if TYPE_CHECKING:
    from waypost.badges.graph import Badge
    from waypost.graph.query import Here, Query
    from waypost.skills.framework_graph import FrameworkItem


@node(tables.BadgeAlignment)
class BadgeAlignment:
    """That a badge shows what an item of a framework says, in the words of an Open Badges alignment."""

    target_name: str
    target_url: URL
    target_code: str | None
    target_framework: str
    target_type: str = expression(lambda _query, _here, _field: "'\"CFItem\"'", doc="Of Open Badges: CFItem.")
    source: str = column(doc="Who says so: graph, or a plugin by its name.")
    item: FrameworkItem | None = one(doc="The item itself; null where its framework cannot be seen from here.")


@extend("Badge")
class BadgeAlignments:
    """What a badge shows of frameworks."""

    alignments: list[BadgeAlignment] = many(
        there_key="badge_id",
        order_by=("target_framework", "target_name", "item_id"),
        doc="The items of frameworks that it shows.",
    )


def _aligned(query: Query, here: Here, there: Here) -> Sequence[str]:
    side = query.row(tables.BadgeAlignment)
    where = every([f"{side}.item_id = {here}.id", f"{side}.badge_id = {there}.id", *query.inside(side, there)])
    return (f"exists (select from badge_alignment {side} where {where})",)


@extend("FrameworkItem")
class ItemBadges:
    """The badges that show an item."""

    badges: Connection[Badge] = pages(
        link=_aligned, open="{0}.state = 'published'", anywhere=True, doc="The badges on offer that show it."
    )


TYPES = (BadgeAlignment, BadgeAlignments, ItemBadges)
