"""Changes of awards, told to those who may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.graph import ID, changes, column, subscription, value

if TYPE_CHECKING:
    from .graph import Award


@value
class AwardChanged:
    """An award was given, answered, taken back, replaced, or has expired."""

    id: ID = column(doc="The award's id.")
    award: Award | None = column(doc="The award as it is now; null where the asker does not see it any more.")


@subscription
class AwardSubscription:
    """What happens to awards."""

    award_changed: AwardChanged = changes(
        "Award", doc="Every change of awards that the asker may see: their own, and those of the issuer they speak for."
    )


TYPES = (AwardChanged, AwardSubscription)
