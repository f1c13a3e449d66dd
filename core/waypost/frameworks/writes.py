"""Mutations of frameworks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import strawberry

from waypost.badges.graph import Badge
from waypost.frameworks import aligning, commands
from waypost.graph import ID, URL, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, maybe, needed, row_of, shared_row
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles
from waypost.jobs.graph import Job
from waypost.refusal import Refusal

if TYPE_CHECKING:
    from waypost.outbox import Act


@strawberry.input(description="A framework for this city: an uploaded file or an address; exactly one of them.")
class ImportFrameworkInput:
    """Where it is."""

    upload: ID | None = maybe("A file that was sent after `createUpload` for the purpose framework.")
    url: URL | None = maybe("The framework's address on the public internet, such as a CASE server's CFPackages/….")


@strawberry.input(description="Which items of frameworks a badge shows.")
class AlignBadgeInput:
    """All of them."""

    badge: ID = needed("A badge of this city that was published.")
    items: list[ID] = needed("Items of frameworks, at most 100, in place of those that were given here before.")


@value
class AlignBadgeSuccess:
    """The badge shows these items."""

    badge: Badge = column(doc="The badge with its alignments.")


@value
class ImportFrameworkSuccess:
    """The framework will be read."""

    job: Job = column(doc="Watch it with `job(id:)` and `jobChanged`; `problems` says all that is wrong and where.")


ImportFrameworkPayload: Any = payload("ImportFrameworkPayload", ImportFrameworkSuccess, Invalid)


AlignBadgePayload: Any = payload("AlignBadgePayload", AlignBadgeSuccess, Invalid, ManagedByFiles)


async def _align(act: Act, given: Given) -> Outcome:
    badge = row_of("Badge", given["badge"], act.here.tenant_id)
    items = [shared_row("FrameworkItem", each) for each in given["items"]]
    done = await aligning.align_badge(act, badge, items)
    return done if isinstance(done, Refusal) else {"badge": Row("Badge", badge)}


async def _import(act: Act, given: Given) -> Outcome:
    upload = row_of("Upload", given["upload"], act.here.tenant_id) if given.get("upload") else None
    done = await commands.import_framework(act, upload, given.get("url"))
    return done if isinstance(done, Refusal) else {"job": Row("Job", done)}


@mutation
class FrameworkMutation:
    """What is done to frameworks."""

    import_framework: ImportFrameworkPayload = act(
        _import,
        ImportFrameworkInput,
        doc="Have a framework read for this city alone, all of it or nothing; again = bring it up to date.",
    )
    align_badge: AlignBadgePayload = act(
        _align, AlignBadgeInput, by="badge", doc="Say which items of frameworks a badge shows."
    )


TYPES = (AlignBadgeInput, AlignBadgeSuccess, ImportFrameworkInput, ImportFrameworkSuccess, FrameworkMutation)
