"""What is done in the background: a city's framework from its address or file to its rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson

from waypost.awards.uploads import GONE_SQL, opened
from waypost.db import City, execute, fetch, fetchrow
from waypost.outbox.frameworks import Fault, Package
from waypost.outbox.jobs import Problem, end_job, job_progress
from waypost.outbox.work import GivenUp, JobKind, Work
from waypost.outgoing import Outgoing
from waypost.plugins.formats import CalledFormat
from waypost.skills.framework_store import Imported, own, write_package
from waypost.skills.sources import PATIENCE_S, fetch_framework, read_framework, shown_source
from waypost.tenancy.telling import Told, tell_all

KIND: Final = "import-framework"
GIVEN_UP: Final = Fault("GIVEN_UP", "It failed again and again, and is not tried any more. The operator can see why.")
FormatsOf = Callable[[Iterable[str], UUID], Sequence[CalledFormat]]

READ_SQL: Final = """
SELECT i.upload_id, i.url, j.person_id FROM framework_import i
JOIN job j ON j.tenant_id = $1 AND j.id = i.id
WHERE i.tenant_id = $1 AND i.id = $2 AND j.ended_at IS NULL
"""
PLUGINS_SQL: Final = "SELECT plugin FROM tenant_plugin WHERE tenant_id = $1 AND active"
FORGET_SQL: Final = "DELETE FROM framework_import WHERE tenant_id = $1 AND id = $2"


@dataclass(frozen=True)
class Asked:
    """An import that a city asked for."""

    tenant: UUID
    job: UUID
    upload_id: UUID | None
    url: str | None
    person_id: UUID | None


def import_job(formats_of: FormatsOf) -> JobKind:
    """Make the job; `formats_of` gives the formats that a tenant with these plugins may send."""

    async def run(work: Work, facts: Mapping[str, Any]) -> None:
        asked = await _asked(work, facts)
        if asked is None:
            return  # it was done before
        async with work.database.transaction(City(asked.tenant, quiet=True)):
            active = [row["plugin"] for row in await fetch(PLUGINS_SQL, asked.tenant)]
        formats = formats_of(active, asked.tenant)
        data = await _data(work, asked, formats)
        package = [data] if isinstance(data, Fault) else await read_framework(data, formats)
        if isinstance(package, Package):
            await _write(work, asked, package)
        else:
            await _fail(work, asked, package)

    return JobKind(KIND, run, dead=_give_up)


async def _asked(work: Work, facts: Mapping[str, Any]) -> Asked | None:
    tenant, job = (UUID(str(facts[name])) for name in ("tenant", "job"))
    async with work.database.transaction(City(tenant, quiet=True)):
        row = await fetchrow(READ_SQL, tenant, job)
    return None if row is None else Asked(tenant, job, **dict(row))


async def _give_up(work: Work, facts: Mapping[str, Any]) -> None:
    """End the job that people watch of what nobody could do; else it would count among those not done for ever."""
    asked = await _asked(work, facts)
    if asked is not None:
        await _fail(work, asked, [GIVEN_UP])


async def _data(work: Work, asked: Asked, formats: Sequence[CalledFormat]) -> bytes | Fault:
    if asked.url is not None:
        outgoing = Outgoing(work.settings.allow_private_targets, PATIENCE_S, work.settings.framework_bytes)
        return await fetch_framework(asked.url, formats, outgoing)
    try:
        if asked.upload_id is not None:
            async with opened(work.database, asked.tenant, asked.upload_id) as file:
                return file.read()
    except GivenUp:
        pass  # it is not there any more
    return Fault("UPLOAD_GONE", "the file was kept for an hour, which is over: send it again")


async def _write(work: Work, asked: Asked, package: Package) -> None:
    tenant, total = asked.tenant, len(package.items)
    async with work.database.transaction(City(tenant)):
        await job_progress(tenant, asked.job, 0, total=total)
    source = "file" if asked.url is None else shown_source(asked.url)
    async with work.database.transaction(City(tenant)):
        done = await write_package(own(tenant), package, source)
        if isinstance(done, Imported):
            await end_job(tenant, asked.job, "done", done=total)
            data = orjson.dumps({"job": asked.job}).decode()
            told = Told("framework.imported", "Framework", done.framework, data)
            await tell_all(tenant, [told], work.now(), asked.person_id)
            await _forget(asked)
            return
    await _fail(work, asked, done)


async def _fail(work: Work, asked: Asked, faults: Collection[Fault]) -> None:
    problems = [
        Problem(code=each.code, message=_storable(each.message), column=_storable(each.place) or None)
        for each in faults
    ]
    async with work.database.transaction(City(asked.tenant)):
        await end_job(asked.tenant, asked.job, "failed", problems, done=0)
        await _forget(asked)


def _storable(text: str) -> str:
    """Faults repeat what was read, also what no database keeps."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}").encode(errors="replace").decode()


async def _forget(asked: Asked) -> None:
    """An address may hold what is nobody else's business, and a file is large: neither is kept."""
    await execute(FORGET_SQL, asked.tenant, asked.job)
    if asked.upload_id is not None:
        await execute(GONE_SQL, asked.tenant, asked.upload_id)
