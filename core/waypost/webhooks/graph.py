"""Webhooks and what they were told, for those who look after them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Final

import strawberry

from waypost.graph import (
    ID,
    Connection,
    Key,
    Node,
    Order,
    asks,
    column,
    filtering,
    guarded,
    node,
    one,
    pages,
    query,
    refers,
)
from waypost.graph.permitted import permitted

from . import tables

if TYPE_CHECKING:
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter

MANAGE: Final = "webhook.manage"
NEWEST: Final = Order((Key("{0}.id", "uuid"),), descending=True)


@strawberry.enum(description="Whether a webhook is told anything.")
class WebhookState(Enum):
    """States of a webhook."""

    ON = strawberry.enum_value("on", description="It is told what happens.")
    GONE = strawberry.enum_value("gone", description="The receiver answered 410, and is told nothing any more.")
    REMOVED = strawberry.enum_value("removed", description="It was removed, and is told nothing any more.")


@strawberry.enum(description="What became of a delivery.")
class DeliveryState(Enum):
    """States of a delivery."""

    DUE = strawberry.enum_value("due", description="On its way, perhaps for another attempt.")
    DELIVERED = strawberry.enum_value("delivered", description="The receiver has it.")
    DEAD = strawberry.enum_value("dead", description="Given up after a day of attempts; it can be replayed.")


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MANAGE, issuer=None),)


@node(tables.Webhook, seen=_seen)
class Webhook(Node):
    """An address that is told of what happens in the city, by Standard Webhooks 1.0.0."""

    url: str
    events: list[str]
    state: WebhookState
    former_until: datetime | None = column(doc="Until when the secret before signs too; null without a rotation.")
    failures: int
    resting_until: datetime | None
    made_at: datetime


@node(tables.Delivery, seen=_seen)
class Delivery(Node):
    """One telling of one event to one webhook; its message has the same `webhook-id` at every attempt."""

    webhook: Webhook = one("webhook_id", doc="Who is told.")
    event_type: str
    happened_at: datetime
    state: DeliveryState
    attempts: int
    answer: int | None
    problem: str | None
    tried_at: datetime | None


def _of_states(query: Query, row: Here, _field: Selected, value: Getter) -> Sequence[str]:
    states = query.param(lambda request: [each.value for each in value(request)], "text[]")
    return (f"{row}.state = any({states})",)


@filtering
class DeliveryFilter:
    """Which deliveries to list."""

    states: list[DeliveryState] | None = asks(_of_states, doc="Only those in one of these states.")
    webhook: ID | None = refers("Webhook", "webhook_id", doc="Only those to this webhook.")


@query
class WebhookQuery:
    """Root fields of webhooks."""

    webhooks: Connection[Webhook] = guarded(
        MANAGE, pages(order=NEWEST, open="{0}.state <> 'removed'", doc="Who is told of what happens, the newest first.")
    )
    deliveries: Connection[Delivery] = guarded(
        MANAGE, pages(order=NEWEST, filter=DeliveryFilter, doc="What was told to whom, the newest first.")
    )


TYPES = (Webhook, Delivery, DeliveryFilter, WebhookQuery)
