"""Mutations of many awards at once, and of the files that they come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry

from waypost.awards import many, uploads
from waypost.awards.inputs import AwardInput, find_named, prepare_opportunities, words_of
from waypost.awards.lines import Line
from waypost.awards.writes import AlreadyAwarded, NotAwardable, tenant_of
from waypost.graph import ID, URL, Row, act, column, mutation, payload, value
from waypost.graph.ids import GlobalId
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.mutations import Found
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.jobs.graph import Job
from waypost.learners.rules import Who
from waypost.outbox import Act
from waypost.refusal import Invalid as InvalidInput
from waypost.refusal import Refusal

if TYPE_CHECKING:
    from waypost.db import Database
    from waypost.graph.request import Request


@strawberry.input(description="Many awards: a list of at most 100, or an uploaded file; exactly one of them.")
class AwardBadgesInput:
    """Many awards."""

    badge: ID | None = maybe("A published badge of this city; a file may name one in each line instead.")
    awards: list[AwardInput] | None = maybe("A list: all are given, or none is.")
    upload: ID | None = maybe("A CSV file that was sent after `createUpload`; all of it is given, or nothing.")
    skip_held: bool | None = maybe("Leave out who has the badge already, instead of refusing it all.")


@strawberry.input(description="A batch that was a mistake.")
class UndoAwardsInput:
    """Which batch."""

    job: ID = needed("The job that `awardBadges` answered, at most an hour ago.")


@strawberry.input(description="A file that is to be sent.")
class CreateUploadInput:
    """What for, how large, and of what kind."""

    purpose: str = needed("awards: a CSV file for `awardBadges`.")
    size: int = needed("In bytes, exactly; at most 25,000,000.")
    media_type: str = needed("Such as text/csv.")


@value
class AwardBadgesSuccess:
    """The awards were given, or will be."""

    job: Job = column(doc="Watch it with `job(id:)` and `jobChanged`; `awards(filter: {batch: …})` lists what it gave.")
    undo_until: datetime = column(doc="Until then `undoAwards` takes all of it back.")


@value
class UndoAwardsSuccess:
    """What the batch gave is taken back in the background."""

    job: Job = column(doc="The job that takes it back.")


@value
class CreateUploadSuccess:
    """The file is expected for an hour."""

    upload: ID = column(doc="For the mutation that needs the file.")
    url: URL = column(doc="Send the bytes there by PUT, with the token that asked for it.")
    expires_at: datetime = column(doc="Then the file is gone.")


AwardBadgesPayload: Any = payload("AwardBadgesPayload", AwardBadgesSuccess, AlreadyAwarded, NotAwardable, Invalid)
UndoAwardsPayload: Any = payload("UndoAwardsPayload", UndoAwardsSuccess)
CreateUploadPayload: Any = payload("CreateUploadPayload", CreateUploadSuccess, Invalid)


async def _recipients(database: Database, request: Request, given: Given) -> Found | Refusal:
    tenant = tenant_of(request, given.get("badge"), given.get("upload"))
    listed, upload = given.get("awards"), given.get("upload")
    if (listed is None) == (upload is None):
        return InvalidInput(message="Give either a list of awards or an uploaded file.", path=("awards",))
    if listed is None:
        return Found(tenant)
    if not given.get("badge"):
        return InvalidInput(message="Which badge?", path=("badge",))
    if len(listed) > many.MOST:
        return InvalidInput(message=f"A list has at most {many.MOST} awards; send a file.", path=("awards",))
    places: dict[tuple[str, ...], Given] = {}
    for index, each in enumerate(listed):
        places["awards", str(index), "recipient"] = each["recipient"]
    found = await find_named(database, request, tenant, places)
    return found if isinstance(found, Refusal) else replace(found, tenant=tenant)


async def _award_many(act: Act, given: Given) -> Outcome:
    tenant = act.here.tenant_id
    badge = row_of("Badge", given["badge"], tenant) if given.get("badge") else None
    skip_held = bool(given.get("skip_held"))
    if given.get("awards") is None:
        upload = row_of("Upload", given["upload"], tenant)
        done = await many.award_file(act, upload, badge, skip_held=skip_held)
    elif badge is None:
        return InvalidInput(message="Which badge?", path=("badge",))
    else:
        lines = []
        for number, (each, who) in enumerate(zip(given["awards"], given["named"], strict=True), start=1):
            if not isinstance(who, Who):
                words = "In a list recipients are described, not named by id."
                return InvalidInput(message=words, path=("awards", str(number - 1), "recipient", "id"))
            lines.append(Line(number, who, None, words_of(each, tenant, given["loans"])))
        done = await many.award_list(act, badge, lines, given["people"], skip_held=skip_held)
    return done if isinstance(done, Refusal) else {"job": Row("Job", done.job), "undo_until": done.undo_until}


async def _undo(act: Act, given: Given) -> Outcome:
    done = await many.undo_awards(act, row_of("Job", given["job"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"job": Row("Job", done)}


async def _base_url(database: Database, request: Request, given: Given) -> Found:
    del database, given
    base = str(request.services.settings.base_url).rstrip("/")
    return Found(given={"base_url": base})


async def _create_upload(act: Act, given: Given) -> Outcome:
    made = await uploads.create_upload(act, given["purpose"], given["size"], given["media_type"])
    if isinstance(made, Refusal):
        return made
    id = str(GlobalId("Upload", act.here.tenant_id, made.id))
    return {"upload": id, "url": f"{given['base_url']}/uploads/{id}", "expires_at": made.expires_at}


@mutation
class ManyAwardsMutation:
    """What is done to many awards at once."""

    award_badges: AwardBadgesPayload = act(
        _award_many,
        AwardBadgesInput,
        before=_recipients,
        prepare=prepare_opportunities,
        doc="Give badges to many, from a list or a file.",
    )
    undo_awards: UndoAwardsPayload = act(
        _undo, UndoAwardsInput, by="job", doc="Take a whole batch back within the hour in which it was given."
    )
    create_upload: CreateUploadPayload = act(
        _create_upload,
        CreateUploadInput,
        before=_base_url,
        doc="Announce a file, and learn where to send it.",
    )


TYPES = (
    AwardBadgesInput,
    UndoAwardsInput,
    CreateUploadInput,
    AwardBadgesSuccess,
    UndoAwardsSuccess,
    CreateUploadSuccess,
    ManyAwardsMutation,
)
