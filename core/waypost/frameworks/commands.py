"""Acts upon frameworks: a city imports one for itself."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from waypost.awards.uploads import read_upload, use_upload
from waypost.db import execute, fetchval
from waypost.frameworks.jobs import KIND
from waypost.outbox import Act, command
from waypost.outbox.jobs import begin_job
from waypost.outbox.work import enqueue
from waypost.refusal import Invalid, Refusal, Refused, missing
from waypost.skills.sources import address_problem

PURPOSE: Final = "framework"
AT_ONCE: Final = 5  # imports of one city that are not done yet

NOTE_SQL: Final = "INSERT INTO framework_import (tenant_id, id, upload_id, url) VALUES ($1, $2, $3, $4)"
OPEN_SQL: Final = "SELECT count(*) FROM job WHERE tenant_id = $1 AND kind = $2 AND ended_at IS NULL"


@command(may="framework.import")
async def import_framework(act: Act, upload: UUID | None, url: str | None) -> UUID | Refusal:
    """Have a framework read for the city, from an uploaded file or an address; answers the job that does it."""
    if (upload is None) == (url is None):
        return Invalid(message="Give either an uploaded file or an address.", path=("upload",))
    wrong = await _upload_problem(act, upload) if upload is not None else _address_problem(url or "")
    if wrong:
        return wrong
    if await fetchval(OPEN_SQL, act.here.tenant_id, KIND) >= AT_ONCE:
        return Refused(code="TOO_MANY", message=f"{AT_ONCE} imports of this city are not done yet; wait for them.")
    if upload is not None and not await use_upload(act.here.tenant_id, upload):
        return Invalid(message="The file was used already: announce it and send it again.", path=("upload",))
    job = await begin_job(act, KIND)
    await execute(NOTE_SQL, act.here.tenant_id, job, upload, url)
    await enqueue(KIND, {"tenant": act.here.tenant_id, "job": job})
    return job


async def _upload_problem(act: Act, upload: UUID) -> Refusal | None:
    sent = await read_upload(act.here.tenant_id, upload, act.person, act.now)
    if sent is None:
        return missing().under("upload")
    if not sent.complete or sent.purpose != PURPOSE:
        return Invalid(message="The file is not there yet: PUT its bytes first.", path=("upload",))
    return None


def _address_problem(url: str) -> Invalid | None:
    problem = address_problem(url)
    return Invalid(message=f"It cannot be asked: {problem}.", path=("url",)) if problem else None
