"""Mutations of badges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, needed, ref_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Refusal
from waypost.tenancy.loans import Lender, Loans

from . import commands
from .graph import Badge


@strawberry.input(description="Another city's badge that is to be shown here.")
class AdoptBadgeInput:
    """Which badge."""

    badge: ID = needed("The badge, by the id that it has in its own city.")


@value
class AdoptBadgeSuccess:
    """The badge can be earned and named here; it stays its issuer's."""

    badge: Badge = column(doc="The badge, which is its issuer's as before.")


AdoptBadgePayload: Any = payload("AdoptBadgePayload", AdoptBadgeSuccess, Invalid)


async def _prepare(abroad: Lender, tenant: UUID, given: Given) -> Mapping[str, Any]:
    """Read what the badge's home shows of it."""
    return {"loans": await Loans.find(abroad, tenant, {"badge": (ref_of("Badge", given["badge"], tenant),)})}


async def _adopt(act: Act, given: Given) -> Outcome:
    done = await commands.adopt_badge(act, ref_of("Badge", given["badge"], act.here.tenant_id), given["loans"])
    return done if isinstance(done, Refusal) else {"badge": Row("Badge", done.badge, done.home)}


@mutation
class BadgeMutation:
    """What is done to badges."""

    adopt_badge: AdoptBadgePayload = act(
        _adopt, AdoptBadgeInput, prepare=_prepare, doc="Show another city's badge here: the same badge, borrowed."
    )


TYPES = (AdoptBadgeInput, AdoptBadgeSuccess, BadgeMutation)
