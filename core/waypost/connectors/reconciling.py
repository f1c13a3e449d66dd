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
from waypost.connectors.following import STEP
from waypost.connectors.linking import MOST_PAGES, keep_templates, templates_of
from waypost.connectors.registry import Connectors, Opened
from waypost.connectors.rules import EARNER_PREFIX, drifted, ours
from waypost.db import City, execute, fetch, new_id
from waypost.outbox.connecting import (
    LIVE,
    ConnectorError,
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
MOST_WAITS: Final = 5

TENANTS_SQL: Final = "SELECT id FROM tenant WHERE state = 'open' ORDER BY id"
DUE_SQL: Final = """
SELECT id, reconciled_at IS NULL OR reconciled_at <= $2 OR state = 'failing' AS whole FROM issuing_account a
WHERE tenant_id = $1 AND state <> 'off'
  AND (reconciled_at IS NULL OR reconciled_at <= $2 OR EXISTS (
      SELECT FROM issuing_entry e WHERE e.tenant_id = $1 AND e.account_id = a.id
        AND e.state IN ('due', 'sending', 'doubtful')))
"""
BY_EXTERNAL_SQL: Final = f"""
SELECT {ledger.COLUMNS} FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND external_id = ANY($3::text[]) ORDER BY id FOR UPDATE
"""
# Entries that may be what was found: of that earner and template, and not found yet.
UNSENT_SQL: Final = f"""
SELECT {ledger.COLUMNS} FROM issuing_entry
WHERE tenant_id = $1 AND account_id = $2 AND external_id IS NULL AND attempts > 0
  AND earner = $3 AND template_id = $4
ORDER BY id FOR UPDATE
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
USED_SQL: Final = """
SELECT DISTINCT template_id FROM issuing_entry WHERE tenant_id = $1 AND account_id = $2 ORDER BY template_id
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
    """Ask for the reconciliation of all accounts whose time it is."""
    before = work.now() - FRESH
    for tenant in await work.database.reads.rows(SCOPE, TENANTS_SQL):
        async with work.database.transaction(City(tenant["id"], quiet=True)):
            accounts = await fetch(DUE_SQL, tenant["id"], before)
            facts = ({"tenant": tenant["id"], "account": row["id"], "whole": row["whole"]} for row in accounts)
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

    async def page(self, found: Sequence[Issued]) -> int:
        """Compare badges that the platform has; answers how many of them Waypost never gave."""
        now, account = self.work.now(), self.opened.id
        ids = [each.id for each in found]
        elsewhere = 0
        async with self.work.database.transaction(City(self.tenant, quiet=True)):
            rows = await fetch(BY_EXTERNAL_SQL, self.tenant, account, ids)
            known = {row["external_id"]: ledger.Line(**dict(row)) for row in rows}
            same = []
            for each in found:
                line = known.get(each.id)
                if line is None:
                    elsewhere += not await self._unknown(each, now)
                elif line.state == each.state:
                    same.append(line)
                else:
                    await self._differs(line, each, now)
            await execute(SEEN_SQL, self.tenant, [line.id for line in same], now)
            await execute(SETTLE_SQL, self.tenant, account, list(known), now)
        return elsewhere

    async def _differs(self, line: ledger.Line, there: Issued, now: datetime) -> None:
        drift = drifted(line.state, there)
        await ledger.given(self.tenant, line.id, there, now)
        if drift is not None:
            state = "mended" if drift.mended and there.state in LIVE else "open"
            await self._note(drift.kind, there.id, line.id, drift.words, state, now)
            await self._again(line)

    async def _unknown(self, there: Issued, now: datetime) -> bool:
        """Deal with a badge that no entry has; False for one that somebody gave without Waypost."""
        if there.earner is None or not there.earner.startswith(EARNER_PREFIX):
            return False
        rows = await fetch(UNSENT_SQL, self.tenant, self.opened.id, there.earner, there.template)
        lines = [ledger.Line(**dict(row)) for row in rows]
        line = next((each for each in lines if ours([there], str(each.id), ())), None)
        if line is None:
            words = "Waypost gave it, and knows nothing of it: was a backup restored?"
            await self._note("unknown-here", there.id, None, words, "open", now)
            return True
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
            now = self.work.now()
            async with self.work.database.transaction(City(self.tenant, quiet=True)):
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
            counts = (figure.issued, figure.accepted, figure.pending, figure.rejected, figure.revoked)
            async with self.work.database.transaction(City(self.tenant, quiet=True)):
                await execute(FIGURES_SQL, self.tenant, self.opened.id, template, *counts, self.work.now())

    async def _note(self, kind: str, external: str, entry: UUID | None, words: str, state: str, now: datetime) -> None:
        mended = now if state == "mended" else None
        facts = (self.opened.id, kind, external, entry, words, state, now, mended)
        await execute(DRIFT_SQL, self.tenant, new_id(), *facts)

    async def _again(self, line: ledger.Line) -> None:
        await enqueue(STEP, {"tenant": line.member_tenant_id, "record": line.id})


async def reconcile(work: Work, connectors: Connectors, facts: Mapping[str, Any]) -> None:
    """Compare one account with its platform, from beginning to end; idempotent.

    Where the facts say that it was not long ago, only what has not come to an end is gone on with.
    """
    tenant, account = UUID(str(facts["tenant"])), UUID(str(facts["account"]))
    opened = await open_account(work, connectors, tenant, account)
    if opened is None:
        return
    comparing, began = Comparing(work, opened), work.now()
    if not facts.get("whole", True):
        await comparing.unfinished()
        return
    try:
        async for templates in templates_of(opened):
            await keep_templates(work, opened, templates)
        await note_working(work, opened)
        elsewhere = await _everything(comparing)
        await comparing.missing(began)
        await comparing.figures()
    except Unauthorised as error:
        await note_failing(work, opened, str(error))
        return
    except ConnectorError as error:
        raise Later(str(error), error.after_s) from error
    await comparing.unfinished()
    async with work.database.transaction(City(tenant, quiet=True)):
        await execute(DONE_SQL, tenant, account, work.now(), elsewhere)


async def _everything(comparing: Comparing) -> int:
    opened, after, elsewhere = comparing.opened, None, 0
    for _ in range(MOST_PAGES):
        page: Page[Issued] = await patiently(partial(opened.ask, "find", opened.connector.find, Page, Sought(), after))
        elsewhere += await comparing.page(page.items)
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
            if error.after_s is None or error.after_s > PATIENCE_S:
                raise
            await asyncio.sleep(error.after_s)
    return await call()


async def heard(work: Work, opened: Opened, issued: Issued) -> None:
    """Take over what was just read of one badge, after the platform hinted at it."""
    await Comparing(work, opened).page([issued])
