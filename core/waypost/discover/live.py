"""`opportunityChanged`: the search, told of changes while they happen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from waypost.graph import ID, changes, column, subscription, value
from waypost.opportunities.graph import Opportunity, listed

from .graph import DiscoverFilter, ordering

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected


def _found(query: Query, row: Here, field: Selected) -> Sequence[str]:
    """Keep what `discover` would find with the same filter: from an origin, only what has a place.

    The order's keys are asked for too, though they are never null, so that an origin that is none is refused here too.
    """
    found = ordering(query, row, field)
    keys = [f"({key.text}) is not null" for key in found.order.keys]
    return [each.format(row) for each in (*found.conditions, *keys)]


@value
class OpportunityChanged:
    """An opportunity was offered, changed, or taken off the lists."""

    id: ID = column(doc="The opportunity that changed.")
    opportunity: Opportunity | None = column(
        doc="As it is now; null where it is not listed any more: closed, withdrawn, over, or outside the filter."
    )


@subscription
class OpportunitySubscription:
    """What happens to opportunities."""

    opportunity_changed: OpportunityChanged = changes(
        "Opportunity",
        filter=DiscoverFilter,
        open=listed,
        where=_found,
        doc="Each change of what `discover` lists with this filter, told while it happens.",
    )


TYPES = (OpportunityChanged, OpportunitySubscription)
