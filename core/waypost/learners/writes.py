"""Mutations by which learners join pathways and save opportunities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import strawberry

from waypost.graph import ID, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, needed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.opportunities.graph import Opportunity
from waypost.outbox import Act
from waypost.pathways.graph import Pathway

from . import commands


@strawberry.input(description="A pathway to set out on.")
class JoinPathwayInput:
    """Which pathway."""

    pathway: ID = needed("The id of a published pathway, of any city.")


@strawberry.input(description="A pathway to leave.")
class LeavePathwayInput:
    """Which pathway."""

    pathway: ID = needed("The id of a pathway, of any city.")


@strawberry.input(description="Something to come back to.")
class SaveOpportunityInput:
    """Which opportunity."""

    opportunity: ID = needed("The id of an open opportunity, of any city.")


@strawberry.input(description="Something that was kept, and is not wanted any more.")
class UnsaveOpportunityInput:
    """Which opportunity."""

    opportunity: ID = needed("The id of an opportunity, of any city.")


@value
class JoinPathwaySuccess:
    """The asker is on the pathway; it stands among `viewer.pathways`."""

    pathway: Pathway = column(doc="The pathway, with `viewerHasJoined` true.")


@value
class LeavePathwaySuccess:
    """The asker is not on the pathway any more; what was earned stays earned."""

    pathway: Pathway = column(doc="The pathway, with `viewerHasJoined` false.")


@value
class SaveOpportunitySuccess:
    """It stands among `viewer.saved`."""

    opportunity: Opportunity = column(doc="The opportunity, with `viewerHasSaved` true.")


@value
class UnsaveOpportunitySuccess:
    """It does not stand among `viewer.saved` any more."""

    opportunity: Opportunity = column(doc="The opportunity, with `viewerHasSaved` false.")


JoinPathwayPayload: Any = payload("JoinPathwayPayload", JoinPathwaySuccess, Invalid)
LeavePathwayPayload: Any = payload("LeavePathwayPayload", LeavePathwaySuccess)
SaveOpportunityPayload: Any = payload("SaveOpportunityPayload", SaveOpportunitySuccess, Invalid)
UnsaveOpportunityPayload: Any = payload("UnsaveOpportunityPayload", UnsaveOpportunitySuccess)


async def _pathway_state(_abroad: Any, tenant: UUID, given: Given) -> Mapping[str, Any]:
    return {"state": await commands.pathway_state(tenant, row_of("Pathway", given["pathway"], tenant))}


async def _opportunity_state(_abroad: Any, tenant: UUID, given: Given) -> Mapping[str, Any]:
    found = row_of("Opportunity", given["opportunity"], tenant)
    return {"state": await commands.opportunity_state(tenant, found)}


async def _join(act: Act, given: Given) -> Outcome:
    pathway = row_of("Pathway", given["pathway"], act.here.tenant_id)
    return await commands.join_pathway(act, pathway, given["state"]) or {"pathway": Row("Pathway", pathway)}


async def _leave(act: Act, given: Given) -> Outcome:
    pathway = row_of("Pathway", given["pathway"], act.here.tenant_id)
    return await commands.leave_pathway(act, pathway, given["state"]) or {"pathway": Row("Pathway", pathway)}


async def _save(act: Act, given: Given) -> Outcome:
    found = row_of("Opportunity", given["opportunity"], act.here.tenant_id)
    return await commands.save_opportunity(act, found, given["state"]) or {"opportunity": Row("Opportunity", found)}


async def _unsave(act: Act, given: Given) -> Outcome:
    found = row_of("Opportunity", given["opportunity"], act.here.tenant_id)
    return await commands.unsave_opportunity(act, found, given["state"]) or {"opportunity": Row("Opportunity", found)}


@mutation
class LearnerMutation:
    """What learners do for themselves."""

    join_pathway: JoinPathwayPayload = act(
        _join,
        JoinPathwayInput,
        by="pathway",
        prepare=_pathway_state,
        learner=True,
        doc="Set out on a pathway. Nobody but the asker can see that.",
    )
    leave_pathway: LeavePathwayPayload = act(
        _leave, LeavePathwayInput, by="pathway", prepare=_pathway_state, learner=True, doc="Leave a pathway."
    )
    save_opportunity: SaveOpportunityPayload = act(
        _save,
        SaveOpportunityInput,
        by="opportunity",
        prepare=_opportunity_state,
        learner=True,
        doc="Keep an opportunity to come back to. Nobody but the asker can see that.",
    )
    unsave_opportunity: UnsaveOpportunityPayload = act(
        _unsave,
        UnsaveOpportunityInput,
        by="opportunity",
        prepare=_opportunity_state,
        learner=True,
        doc="Let an opportunity go.",
    )


TYPES = (
    JoinPathwayInput,
    LeavePathwayInput,
    SaveOpportunityInput,
    UnsaveOpportunityInput,
    JoinPathwaySuccess,
    LeavePathwaySuccess,
    SaveOpportunitySuccess,
    UnsaveOpportunitySuccess,
    LearnerMutation,
)
