"""Compares everything that an account gave with everything that is here, and mends what can be mended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

from waypost.connectors import ledger
from waypost.connectors.accounts import note_failing, note_working, open_account
from waypost.connectors.following import STEP, follow_revoked
from waypost.connectors.holding import hold_to_compare
from waypost.connectors.linking import MOST_PAGES, keep_templates, templates_of
from waypost.connectors.registry import Connectors, Opened
from waypost.connectors.rules import EARNER_PREFIX, drifted, ours
from waypost.db import City, execute, fetch, fetchval, new_id
from waypost.outbox.connecting import (
    LIVE,
    ConnectorError,
    Doubtful,
    Figure,
    Issued,
    NotFound,
    Page,
    Sought,
    Throttled,
    Unauthorised,
)
from waypost.outbox.queue import SCOPE
from waypost.outbox.work import Later, Work, enqueue, enqueue_all

T = TypeVar("T")

log: Final = logging.getLogger("waypost.worker")

RECONCILE: Final = "issuing.reconcile"
EVERY_S: Final = 1_800
# How long an account may stand unlooked at; those with something in doubt are looked at every time.
FRESH: Final = timedelta(hours=6)
# Between the pages of one account a platform may ask for so much patience.
PATIENCE_S: Final = 60.0
UNSAID_S: Final = 15.0  # and so much where it does not say for how long
MOST_WAITS: Final = 5

TENANTS_SQL: Final = "SELECT id FROM tenant WHERE state = 'open' ORDER BY id"
DUE_SQL: Final = """
SELECT id, reconciled_at IS NULL OR reconciled_at <= $2 OR state = 'failing' AS whole FROM issuing_account a
WHERE tenant_id = $1 AND state <> 'off'
  AND (reconciled_at IS NULL OR reconciled_at <= $2 OR state = 'failing' OR EXISTS (
      SELECT FROM issuing_entry e WHERE e.tenant_id = $1 AND e.account_id = a.id
        AND e.state IN ('due', 'sending', 'doubtful')))
"""
# A large account takes longer than it is until the next round; what its platform takes is not doubled then.
GOING_SQL: Final = """
SELECT facts ->> 'account' AS account FROM work
WHERE kind = $1 AND state = 'due' AND holder IS NOT NULL AND due_at > now()
"""
FRESH_SQL: Final = """
SELECT reconciled_at > $3 AND state <> 'failing' FROM issuing_account WHERE tenant_id = $1 AND id = $2
"""
KNOWN_SQL: Final = """
SELECT id, external_id FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND external_id = ANY($3::text[])
"""
# Entries that may be what was found: of that earner and template, and not found yet.
WAITING_SQL: Final = """
SELECT e.id FROM unnest($3::text[], $4::text[]) AS found (earner, template_id)
JOIN issuing_entry e ON e.tenant_id = $1 AND e.earner = found.earner AND e.template_id = found.template_id
WHERE e.account_id = $2 AND e.external_id IS NULL AND e.attempts > 0
"""
SEEN_SQL: Final = """
UPDATE issuing_entry SET seen_at = $3 WHERE tenant_id = $1 AND id = ANY($2::uuid[])
"""
UNSEEN_SQL: Final = f"""
SELECT {ledger.COLUMNS} FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND state IN ('pending', 'accepted') AND (seen_at IS NULL OR seen_at < $3)
ORDER BY id
"""
OPEN_SQL: Final = """
SELECT id, member_tenant_id FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND state IN ('due', 'sending', 'doubtful') ORDER BY id
"""
STANDING_SQL: Final = """
SELECT DISTINCT member_tenant_id FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND state IN ('pending', 'accepted') ORDER BY member_tenant_id
"""
DRIFT_SQL: Final = """
INSERT INTO issuing_drift (tenant_id, id, account_id, kind, external_id, entry_id, difference, state, found_at,
                           mended_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (tenant_id, account_id, kind, external_id) WHERE state = 'open' DO NOTHING
"""
# What is as it should be again needs nobody's attention any more.
SETTLE_SQL: Final = """
UPDATE issuing_drift SET state = 'settled', mended_at = $4
WHERE tenant_id = $1 AND account_id = $2 AND external_id = ANY($3::text[]) AND state = 'open'
  AND kind <> 'other-state'
"""
# Those that were counted longest ago come first, since it may not come to all of them.
USED_SQL: Final = """
SELECT used.template_id
FROM (SELECT DISTINCT template_id FROM issuing_entry WHERE tenant_id = $1 AND account_id = $2) used
LEFT JOIN issuing_template t ON t.tenant_id = $1 AND t.account_id = $2 AND t.template_id = used.template_id
ORDER BY t.counted_at NULLS FIRST, used.template_id
"""
FIGURES_SQL: Final = """
UPDATE issuing_template
SET (issued, accepted, pending, rejected, revoked, counted_at) = ($4, $5, $6, $7, $8, $9)
WHERE tenant_id = $1 AND account_id = $2 AND template_id = $3
"""
DONE_SQL: Final = """
UPDATE issuing_account SET reconciled_at = $3, elsewhere = $4 WHERE tenant_id = $1 AND id = $2
"""


async def reconcile_all(work: Work) -> None:
    """Ask for the reconciliation of all accounts whose time it is, and that none is going on of."""
    before = work.now() - FRESH
    going = {row["account"] for row in await work.database.reads.rows(SCOPE, GOING_SQL, [RECONCILE])}
    for tenant in await work.database.reads.rows(SCOPE, TENANTS_SQL):
        async with work.database.transaction(City(tenant["id"], quiet=True)):
            accounts = await fetch(DUE_SQL, tenant["id"], before)
            due = [row for row in accounts if str(row["id"]) not in going]
            facts = ({"tenant": tenant["id"], "account": row["id"], "whole": row["whole"]} for row in due)
            await enqueue_all([(RECONCILE, each) for each in facts])


@dataclass(frozen=True)
class Comparing:
    """One account that is compared."""

    work: Work
    opened: Opened

    @property
    def tenant(self) -> UUID:
        """The account's owner."""
        return self.opened.tenant

    async def page(self, found: Sequence[Issued], before: Mapping[UUID, ledger.Line] | None = None) -> int:
        """Compare badges that the platform has; answers how many of them Waypost never gave.

        Raises `AccountChanged` where the account is not as it was opened, and `Later` where the entries are not as they
        were `before` the platform was asked.
        """
        now, account = self.work.now(), self.opened.id
        elsewhere = 0
        async with hold_to_compare(self.work, self.opened):
            lines = await self._lines(found)
            if before is not None and lines != before:
                raise Later("the badge moved while the platform was asked", 0, counted=False)
            known = {line.external_id: line for line in lines.values() if line.external_id is not None}
            waiting = {line.id: line for line in lines.values() if line.external_id is None}
            same = []
            for each in found:
                line = known.get(each.id)
                if line is None:
                    elsewhere += not await self._unknown(each, waiting, now)
                elif line.state == each.state:
                    same.append(line)
                else:
                    await self._differs(line, each, now)
            await execute(SEEN_SQL, self.tenant, [line.id for line in same], now)
            await execute(SETTLE_SQL, self.tenant, account, list(known), now)
        return elsewhere

    async def one(self, found: Issued) -> None:
        """Compare a badge that was read by itself.

        What is here may have been read later, by somebody faster. Where the two differ it is read once more, between
        two looks at what is here.
        """
        async with self.work.database.transaction(City(self.tenant, quiet=True)):
            before = await self._lines([found])
        if any(line.state != found.state for line in before.values()):
            found = await self.opened.ask("read", self.opened.connector.read, Issued, found.id)
        await self.page([found], before)

    async def _lines(self, found: Sequence[Issued]) -> dict[UUID, ledger.Line]:
        """Hold the entries that have to do with badges, which nobody does yet: they are taken all at once, in order."""
        rows = await fetch(KNOWN_SQL, self.tenant, self.opened.id, [each.id for each in found])
        known = {row["external_id"] for row in rows}
        marked = [(each.earner, each.template) for each in found if each.id not in known and is_marked(each)]
        if marked:
            earners, templates = zip(*marked, strict=True)
            rows += await fetch(WAITING_SQL, self.tenant, self.opened.id, list(earners), list(templates))
        return await ledger.hold_lines(self.tenant, {row["id"] for row in rows})

    async def _differs(self, line: ledger.Line, there: Issued, now: datetime) -> None:
        drift = drifted(line.state, there)
        await ledger.given(self.tenant, line.id, there, now)
        if drift is not None:
            state = "mended" if drift.mended and there.state in LIVE else "open"
            await self._note(drift.kind, there.id, line.id, drift.words, state, now)
            await self._again(line)

    async def _unknown(self, there: Issued, waiting: dict[UUID, ledger.Line], now: datetime) -> bool:
        """Deal with a badge that no entry has; False for one that somebody gave without Waypost.

        `waiting` are entries that may be it; the one that is, waits no more.
        """
        if not is_marked(there):
            return False
        wanted = (there.earner, there.template)
        alike = (each for each in waiting.values() if (each.earner, each.template_id) == wanted)
        line = next((each for each in alike if ours([there], str(each.id), ())), None)
        if line is None:
            words = "Waypost gave it, and knows nothing of it: was a backup restored?"
            await self._note("unknown-here", there.id, None, words, "open", now)
            return True
        del waiting[line.id]
        await ledger.given(self.tenant, line.id, there, now)
        words = f"It was {line.state} here, and is {there.state} there."
        await self._note("unknown-here", there.id, line.id, words, "mended", now)
        await self._again(line)
        return True

    async def missing(self, began: datetime) -> None:
        """Look for each badge that should have been in the list and was not."""
        async with self.work.database.transaction(City(self.tenant, quiet=True)):
            rows = await fetch(UNSEEN_SQL, self.tenant, self.opened.id, began)
        for line in (ledger.Line(**dict(row)) for row in rows):
            try:
                there: Issued | None = await patiently(
                    partial(self.opened.ask, "read", self.opened.connector.read, Issued, line.there)
                )
            except NotFound:
                there = None
            except Doubtful as error:  # nobody knows how that one stands, and the others wait for the end of this
                log.warning("a badge cannot be compared: %s", error, extra={"tenant": str(self.tenant)})
                continue
            now = self.work.now()
            async with hold_to_compare(self.work, self.opened):
                if await ledger.find_line(self.tenant, line.id) != line:
                    continue  # it moved while the platform was asked, and is looked at next time
                drift = drifted(line.state, there)
                if there is not None:
                    await ledger.given(self.tenant, line.id, there, now)
                else:
                    await ledger.gone(self.tenant, line.id, now)
                if drift is not None:
                    await self._note(drift.kind, line.there, line.id, drift.words, "open", now)

    async def unfinished(self) -> None:
        """Have everything gone on with that has not come to an end."""
        async with self.work.database.transaction(City(self.tenant, quiet=True)):
            rows = await fetch(OPEN_SQL, self.tenant, self.opened.id)
            facts = ({"tenant": row["member_tenant_id"], "record": row["id"]} for row in rows)
            await enqueue_all([(STEP, each) for each in facts])
            standing = await fetch(STANDING_SQL, self.tenant, self.opened.id)
        # That an award was revoked is known in its own tenant alone.
        for member in (row["member_tenant_id"] for row in standing):
            async with self.work.database.transaction(City(member, quiet=True)):
                await follow_revoked(member, self.opened.id)

    async def figures(self) -> None:
        """Pull what the platform counts of the templates that are used here."""
        async with self.work.database.transaction(City(self.tenant, quiet=True)):
            used = [row["template_id"] for row in await fetch(USED_SQL, self.tenant, self.opened.id)]
        for template in used:
            try:
                figure: Figure = await patiently(
                    partial(self.opened.ask, "analytics", self.opened.connector.analytics, Figure, template)
                )
            except NotFound:
                continue
            except Doubtful as error:
                words, facts = "the figures of the template %s cannot be had: %s", {"tenant": str(self.tenant)}
                log.warning(words, template, error, extra=facts)
                continue
            counts = (figure.issued, figure.accepted, figure.pending, figure.rejected, figure.revoked)
            async with hold_to_compare(self.work, self.opened):
                await execute(FIGURES_SQL, self.tenant, self.opened.id, template, *counts, self.work.now())

    async def _note(self, kind: str, external: str, entry: UUID | None, words: str, state: str, now: datetime) -> None:
        mended = now if state == "mended" else None
        facts = (self.opened.id, kind, external, entry, words, state, now, mended)
        await execute(DRIFT_SQL, self.tenant, new_id(), *facts)

    async def _again(self, line: ledger.Line) -> None:
        await enqueue(STEP, {"tenant": line.member_tenant_id, "record": line.id})


def is_marked(there: Issued) -> bool:
    """Whether what is at a platform bears Waypost's mark of an earner."""
    return there.earner is not None and there.earner.startswith(EARNER_PREFIX)


async def reconcile(work: Work, connectors: Connectors, facts: Mapping[str, Any]) -> None:
    """Compare one account with its platform, from beginning to end; idempotent.

    Where that was not long ago, as the facts say or as somebody else has done it since, only what has not come to an
    end is gone on with.
    """
    tenant, account = UUID(str(facts["tenant"])), UUID(str(facts["account"]))
    opened = await open_account(work, connectors, tenant, account)
    if opened is None:
        return
    comparing, began = Comparing(work, opened), work.now()
    if not facts.get("whole", True) or await _is_fresh(work, tenant, account):
        await comparing.unfinished()
        return
    try:
        async for templates in templates_of(opened):
            await keep_templates(work, opened, templates)
        await note_working(work, opened)
        elsewhere = await _everything(comparing)
        await comparing.missing(began)
        await comparing.unfinished()
        async with hold_to_compare(work, opened):
            await execute(DONE_SQL, tenant, account, work.now(), elsewhere)
        # Several calls for each template, and nothing else waits for them: a platform may want patience for hours.
        await comparing.figures()
    except Unauthorised as error:
        await note_failing(work, opened, str(error))
        return
    except ConnectorError as error:
        raise Later(str(error), error.after_s) from error


async def _is_fresh(work: Work, tenant: UUID, account: UUID) -> bool:
    async with work.database.transaction(City(tenant, quiet=True)):
        return bool(await fetchval(FRESH_SQL, tenant, account, work.now() - FRESH))


async def _everything(comparing: Comparing) -> int:
    opened, after, elsewhere = comparing.opened, None, 0
    for _ in range(MOST_PAGES):
        page: Page[Issued] = await patiently(partial(opened.ask, "find", opened.connector.find, Page, Sought(), after))
        elsewhere += await comparing.page(list(opened.kept(page.items)))
        after = page.next
        if after is None:
            break
    return elsewhere


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Make a call that reads in the midst of many; a platform that asks for a little patience gets it."""
    for _ in range(MOST_WAITS):
        try:
            return await call()
        except Throttled as error:
            wait_s = UNSAID_S if error.after_s is None else error.after_s
            if wait_s > PATIENCE_S:
                raise
            await asyncio.sleep(wait_s)
    return await call()


async def heard(work: Work, opened: Opened, issued: Issued) -> None:
    """Take over what was just read of one badge, after the platform hinted at it."""
    await Comparing(work, opened).one(issued)
