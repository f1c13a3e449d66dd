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
    """Keep what `discover` would find with the same filter: from an origin, only what has a place."""
    return [condition.format(row) for condition in ordering(query, row, field).conditions]


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
