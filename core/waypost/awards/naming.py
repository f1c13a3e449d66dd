"""How recipients are called: to an issuer as it says itself, so that no address tells it a name that others said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from waypost.graph.permitted import spoken_for
from waypost.graph.sql import every
from waypost.learners.tables import Recipient, RecipientName

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected


def called(query: Query, row: Here, issuer: str | None) -> str:
    """Return the name of a recipient as an issuer calls them; None, or where it said none: as who named them first."""
    first = f"{row}.display_name"
    if issuer is None:
        return first
    said = query.row(RecipientName)
    here = f"{said}.tenant_id = {query.tenant}"
    where = every([here, f"{said}.recipient_id = {row}.id", f"{said}.issuer_id = {issuer}"])
    return f"coalesce((select {said}.name from recipient_name {said} where {where}), {first})"


def name(query: Query, here: Here, field: Selected) -> str:
    """Print the name of a recipient, to who speaks for an issuer as that calls them."""
    del field
    issuer = None if query.national else spoken_for(query)
    return f"to_json({called(query, here, issuer)})::text"


def recipient_name(query: Query, here: Here) -> str:
    """Print the name of the recipient of a row, as the row's issuer calls them; SQL's null where it has none."""
    there = query.row(Recipient)
    # Not by `inside`: whoever sees the row is told whom it is about.
    where = every([f"{there}.tenant_id = {query.tenant}", f"{there}.id = {here}.recipient_id"])
    known = called(query, there, f"{here}.issuer_id")
    return f"(select to_json({known})::text from recipient {there} where {where})"
