"""What the Badge School does in the background: it carries submissions, decisions and comments between tenants."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.db import City
from waypost.outbox import Act
from waypost.outbox.work import Effects, Handler, Happened, Later, Work
from waypost.school.carrying import (
    apply_decision,
    is_between,
    keep_comment,
    lies_with,
    pack,
    read_comment,
    read_decision,
    receive,
    withdraw,
)
from waypost.school.drafts import given_up
from waypost.tenancy.directory import load_directory
from waypost.tenancy.entries import Here


async def _act(work: Work, tenant: UUID) -> Act | None:
    """Act as the platform in a tenant; None where it is gone or has left."""
    found = (await load_directory(work.database)).by_id(tenant)
    return None if found is None or not found.is_open else Act(Here.of(found), None, None, None, work.now())


async def carry_submission(work: Work, happened: Happened) -> None:
    """Put a submission before the curators of the tenant that its city named."""
    draft, reviewer = UUID(happened.data["draft"]), UUID(happened.data["reviewer"])
    before = happened.data.get("before")
    if before is not None and UUID(before) != reviewer:
        former = await _act(work, UUID(before))
        if former is not None:
            async with work.once(former.here.tenant_id, "review-withdrawn", happened.id) as new:
                if new:
                    await withdraw(former, draft, happened.tenant_id, happened.data["round"] - 1)
    if reviewer == happened.tenant_id:
        return
    act = await _act(work, reviewer)
    async with work.database.transaction(City(happened.tenant_id)):
        parcel = await pack(happened.tenant_id, draft)
    if act is None or parcel is None or parcel.facts["review_tenant_id"] != reviewer:
        return
    async with work.once(reviewer, "review-received", happened.id) as new:
        if new:
            await receive(act, parcel)
    await carry_retirement(work, happened)  # the badge may have been retired while its submission was carried


async def carry_retirement(work: Work, happened: Happened) -> None:
    """Take the draft of a badge that was retired off the queue of whom it was submitted to."""
    async with work.database.transaction(City(happened.tenant_id)):
        sent = await given_up(happened.tenant_id, happened.object_id)
    act = None if sent is None else await _act(work, sent.reviewer)
    if sent is None or act is None:
        return
    async with work.database.transaction(City(sent.reviewer)):
        await withdraw(act, sent.id, happened.tenant_id, sent.round)


async def carry_decision(work: Work, happened: Happened) -> None:
    """Move the draft at home to where a decision sends it."""
    home = UUID(happened.data["home"])
    act = None if home == happened.tenant_id else await _act(work, home)
    if act is None:
        return
    async with work.database.transaction(City(happened.tenant_id)):
        decision = await read_decision(happened.tenant_id, UUID(happened.data["decision"]))
    if decision is None:
        return
    async with work.once(home, "review-decided", happened.id) as new:
        if new:
            await apply_decision(act, decision, by=happened.tenant_id)


async def carry_comment(work: Work, happened: Happened) -> None:
    """Keep a comment in the other tenant, too."""
    to = UUID(happened.data["to"])
    act = None if to == happened.tenant_id else await _act(work, to)
    if act is None:
        return
    async with work.database.transaction(City(happened.tenant_id)):
        comment = await read_comment(happened.tenant_id, UUID(happened.data["comment"]))
        sent = comment is not None and await lies_with(happened.tenant_id, comment.review_id, to)
    if comment is None:
        return
    async with work.once(to, "review-commented", happened.id) as new:
        if new and await is_between(act.here, comment.review_id, happened.tenant_id):
            await keep_comment(act, comment)
        elif new and sent:
            raise Later("the submission that it is about is still on its way")


EFFECTS: Final = Effects(
    handlers=(
        Handler("review-submission", frozenset({"badge.submitted"}), carry_submission),
        Handler("review-retirement", frozenset({"badge.retired"}), carry_retirement),
        Handler("review-decision", frozenset({"review.decided"}), carry_decision),
        Handler("review-comment", frozenset({"review.commented"}), carry_comment),
    )
)
