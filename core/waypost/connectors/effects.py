"""What follows from awards, consent and links at issuing platforms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from waypost.connectors.accounts import note_failing, open_account
from waypost.connectors.asking import LETTER
from waypost.connectors.carrying import carry_entry
from waypost.connectors.following import STEP, follow, follow_consent, follow_link, follow_retry
from waypost.connectors.hints import HINT
from waypost.connectors.ledger import REFLECT
from waypost.connectors.linking import LINK, carry_share, link
from waypost.connectors.reconciling import EVERY_S, RECONCILE, heard, reconcile, reconcile_all
from waypost.connectors.registry import Connectors
from waypost.connectors.stepping import run_step
from waypost.outbox.connecting import (
    ConnectorError,
    Hint,
    Hinted,
    Invalid,
    Issued,
    NotFound,
    Unauthorised,
)
from waypost.outbox.work import Effects, Handler, JobKind, Later, Schedule, Spread, Work


async def read_hint(work: Work, connectors: Connectors, facts: Mapping[str, Any]) -> None:
    """Ask a platform what it hinted at, and take that over; hints at nothing are followed only so often."""
    tenant, account = UUID(str(facts["tenant"])), UUID(str(facts["account"]))
    if connectors.fruitless.too_many(account, work.now()):
        return
    opened = await open_account(work, connectors, tenant, account)
    if opened is None or not isinstance(opened.connector, Hinted):
        return
    hint = Hint(*orjson.loads(facts["hint"]))
    try:
        issued: Issued | None = await opened.ask("hinted", opened.connector.hinted, Issued | None, hint)
        if issued is not None:
            await heard(work, opened, issued)
    except (NotFound, Invalid):
        connectors.fruitless.note(account, work.now())
    except Unauthorised as error:
        await note_failing(work, opened, str(error))
    except ConnectorError as error:
        raise Later(str(error), error.after_s) from error


def effects_of(connectors: Connectors) -> Effects:
    """The background work of this room with these connectors."""

    def job(name: str, run: Callable[[Work, Connectors, Mapping[str, Any]], Awaitable[None]]) -> JobKind:
        async def doing(work: Work, facts: Mapping[str, Any]) -> None:
            await run(work, connectors, facts)

        return JobKind(name, doing)

    return Effects(
        handlers=(
            Handler("issuing-share", frozenset({"issuing-share.changed"}), carry_share),
            Handler("issuing-linked", frozenset({"badge.template-linked"}), follow_link),
            Handler(
                "issuing-consent", frozenset({"issuing-consent.given", "issuing-consent.withdrawn"}), follow_consent
            ),
            Handler("issuing-retry", frozenset({"issuing-record.retried"}), follow_retry),
        ),
        jobs=(
            job(STEP, run_step),
            job(LINK, link),
            job(RECONCILE, reconcile),
            job(HINT, read_hint),
            JobKind(REFLECT, carry_entry),
        ),
        letters=(LETTER,),
        schedules=(Schedule("issuing-reconcile", EVERY_S, reconcile_all),),
        spreads=(Spread("issuing", follow),),
    )
