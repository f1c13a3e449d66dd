"""Acts upon issuing accounts, and who may use them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from waypost.connectors import events
from waypost.connectors.holding import CHANGE_SQL
from waypost.connectors.registry import Connectors, Offered
from waypost.connectors.rules import LONGEST_NAME, MOST_ACCOUNTS, explicit, moved, place_of, settings_from
from waypost.db import execute, fetch, fetchrow, fetchval, new_id, one_at_a_time
from waypost.outbox import Act, command
from waypost.plugins.activation import works_here
from waypost.plugins.settings import problems_in, sentence
from waypost.refusal import Invalid, Refusal, Refused, missing

COUNT_SQL: Final = "SELECT count(*) FROM issuing_account WHERE tenant_id = $1"
CREATE_SQL: Final = """
INSERT INTO issuing_account (tenant_id, id, connector, plugin, name, settings, created_at)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7)
"""
UPDATE_SQL: Final = """
UPDATE issuing_account SET name = $3, settings = $4::jsonb, state = $5, problem = NULL, reconciled_at = NULL
WHERE tenant_id = $1 AND id = $2
"""
# What was begun to be sent may be there whatever became of it, and may be sent again when somebody asks for that.
USED_SQL: Final = """
SELECT EXISTS (SELECT FROM issuing_entry WHERE tenant_id = $1 AND account_id = $2 AND attempts > 0)
"""
# One of the same id may be given twice where one is to go, and this one not.
TEMPLATES_SQL: Final = "DELETE FROM issuing_template WHERE tenant_id = $1 AND account_id = $2"
SHARE_SQL: Final = """
INSERT INTO issuing_share AS known (tenant_id, id, account_id, member_tenant_id, issuer_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (tenant_id, account_id, member_tenant_id, issuer_id) DO UPDATE SET state = 'on' RETURNING id
"""
UNSHARE_SQL: Final = """
UPDATE issuing_share s SET state = 'off' FROM issuing_account a
WHERE s.tenant_id = $1 AND s.id = $2 AND a.tenant_id = $1 AND a.id = s.account_id RETURNING a.connector
"""
SHARES_SQL: Final = "SELECT id FROM issuing_share WHERE tenant_id = $1 AND account_id = $2 ORDER BY id"
MEMBER_SQL: Final = "SELECT EXISTS (SELECT FROM tenant_group WHERE tenant_id = $1 AND group_id = $2)"
SETTLE_SQL: Final = """
UPDATE issuing_drift SET state = 'settled', mended_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'open'
RETURNING true
"""


Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Given:
    """What is said of an account; None: as it is."""

    name: str | None = None
    settings: Pairs | None = None
    on: bool | None = None


@command(may="issuing.manage")
async def create_issuing_account(
    act: Act, offered: Offered, name: str, pairs: Pairs
) -> events.IssuingAccountCreated | Refusal:
    """Keep an account with an issuing platform; its secrets are named, and set by `waypost secrets set`."""
    here, connector = act.here.tenant_id, offered.connector
    if not await works_here(here, offered.needs):
        return Invalid(message=f"Switch the plugin {offered.plugin} on first.", path=("connector",))
    settings = settings_from(pairs, connector.settings)
    wrong = _name_problem(name) or _settings_problem(settings, connector.settings)
    if wrong:
        return wrong
    await one_at_a_time("issuing accounts", here)
    if await fetchval(COUNT_SQL, here) >= MOST_ACCOUNTS:
        return Invalid(message=f"At most {MOST_ACCOUNTS} accounts are kept here.")
    id = new_id()
    facts = (connector.name, offered.plugin, name, json.dumps(explicit(settings, connector.settings)), act.now)
    await execute(CREATE_SQL, here, id, *facts)
    return await act.tell(events.IssuingAccountCreated(id))


@command(may="issuing.manage")
async def update_issuing_account(
    act: Act, account: UUID, given: Given, connectors: Connectors
) -> events.IssuingAccountUpdated | Refusal:
    """Change an account's name or settings, or switch it on or off; one that failed is tried again.

    Refused with ACCOUNT_IN_USE where it would be at another place of its platform, and something was sent by it, or may
    have been: what is there could not be found any more, and would be given again.
    """
    row = await fetchrow(CHANGE_SQL, act.here.tenant_id, account)
    if row is None:
        return missing()
    offered = connectors.find(row["connector"])
    if offered is None:
        return Invalid(message=f"No plugin here connects to {row['connector']}.", path=("account",))
    schema = offered.connector.settings
    before = json.loads(row["settings"])
    settings = before if given.settings is None else settings_from(given.settings, schema)
    wrong = None if given.name is None else _name_problem(given.name)
    if given.settings is not None or given.on:  # what is kept may be renamed and switched off whatever it says
        wrong = wrong or _settings_problem(settings, schema)
    if wrong:
        return wrong
    elsewhere = moved(place_of(before, schema), place_of(settings, schema))
    if elsewhere:
        if await fetchval(USED_SQL, act.here.tenant_id, account):
            return in_use(elsewhere)
        await execute(TEMPLATES_SQL, act.here.tenant_id, account)
    on = row["state"] != "off" if given.on is None else given.on
    facts = (given.name or row["name"], json.dumps(explicit(settings, schema)), "on" if on else "off")
    await execute(UPDATE_SQL, act.here.tenant_id, account, *facts)
    for share in await fetch(SHARES_SQL, act.here.tenant_id, account):
        await act.tell(events.IssuingShareChanged(share["id"], offered.connector.title))
    return await act.tell(events.IssuingAccountUpdated(account))


@command(may="issuing.manage")
async def share_issuing_account(
    act: Act, account: UUID, member: UUID, issuer: UUID, titles: Mapping[str, str]
) -> events.IssuingShareChanged | Refusal:
    """Let an issuer use an account: one of this tenant, or of one that belongs to it.

    `titles` say how people call platforms, by connector. What the issuer's tenant knows of the account is carried to
    it; the account's settings and secrets stay here.
    """
    here = act.here.tenant_id
    row = await fetchrow(CHANGE_SQL, here, account)
    if row is None:
        return missing()
    if member != here and not await fetchval(MEMBER_SQL, member, here):
        return Invalid(message="The issuer's city does not belong to this network.", path=("issuer",))
    id = await fetchval(SHARE_SQL, here, new_id(), account, member, issuer, act.now)
    return await act.tell(events.IssuingShareChanged(id, titles.get(row["connector"], row["connector"])))


@command(may="issuing.manage")
async def unshare_issuing_account(
    act: Act, share: UUID, titles: Mapping[str, str]
) -> events.IssuingShareChanged | Refusal:
    """Let an issuer use an account no more: nothing further is sent for it."""
    connector = await fetchval(UNSHARE_SQL, act.here.tenant_id, share)
    if connector is None:
        return missing()
    return await act.tell(events.IssuingShareChanged(share, titles.get(connector, connector)))


@command(may="issuing.manage")
async def settle_issuing_drift(act: Act, drift: UUID) -> events.IssuingDriftSettled | Refusal:
    """Say that a difference has been seen to, and needs nobody's attention any more."""
    if not await fetchval(SETTLE_SQL, act.here.tenant_id, drift, act.now):
        return missing()
    return await act.tell(events.IssuingDriftSettled(drift))


def in_use(keys: Sequence[str]) -> Refused:
    """Refuse to move an account by which something was sent; `keys` are of the settings that would change."""
    words = (
        f"Something was given by this account, or may have been, so it stays where it is ({', '.join(keys)}): looked "
        "for elsewhere it would be given again. Make another account for another place."
    )
    return Refused(code="ACCOUNT_IN_USE", message=words, path=("settings",))


def _name_problem(name: str) -> Invalid | None:
    if 1 <= len(name.strip()) <= LONGEST_NAME:
        return None
    return Invalid(message=f"A name has 1 to {LONGEST_NAME} characters.", path=("name",))


def _settings_problem(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> Invalid | None:
    problems = problems_in(dict(settings), schema)
    return Invalid(message=" ".join(map(sentence, problems)), path=("settings",)) if problems else None
