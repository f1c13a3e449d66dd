"""What issuers ask for what they offer: of a badge to be earned, of an activity to be joined."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from waypost.graph import column, expression, struct, value

KNOWN_COST: Final = "({0}.free is not null or {0}.price is not null)"  # of a row with these columns


@value
class Money:
    """An amount in a currency (ISO 4217)."""

    amount: Decimal = column("price", doc="A decimal number as a string, such as 12.50.")
    currency: str = column(doc="ISO 4217, such as GBP.")


@value
class OpportunityCost:
    """What it costs to take part."""

    free: bool = expression(
        lambda _query, here, _field: f"coalesce({here}.free, false)::text", doc="What has a price is not free."
    )
    price: Money | None = struct("price", doc="Null where it is free, or the price is not known.")
    note: str | None = column("cost_note", doc="What else to know of the cost.")


TYPES = (Money, OpportunityCost)
