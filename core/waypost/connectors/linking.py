"""Leave to use an account, carried to whom it was given, and the templates that badges are linked to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from waypost.connectors import ledger
from waypost.connectors.accounts import note_failing, note_working, open_account
from waypost.connectors.events import BadgeTemplateLinked
from waypost.connectors.following import follow_grant
from waypost.connectors.holding import hold_to_compare
from waypost.connectors.registry import Connectors, Opened
from waypost.connectors.rules import shown
from waypost.db import City, execute, fetchrow, fetchval
from waypost.outbox import Act
from waypost.outbox.connecting import ConnectorError, Page, Template, Unauthorised
from waypost.outbox.work import Happened, Later, Work
from waypost.tenancy.directory import load_directory
from waypost.tenancy.entries import Here

LINK: Final = "issuing.link"
MOST_PAGES: Final = 10_000

SHARE_SQL: Final = """
SELECT s.member_tenant_id, s.issuer_id, s.state, a.id AS account_id, a.connector, a.name, a.state AS account_state
FROM issuing_share s JOIN issuing_account a ON a.tenant_id = s.tenant_id AND a.id = s.account_id
WHERE s.tenant_id = $1 AND a.tenant_id = $1 AND s.id = $2
"""
GRANT_SQL: Final = """
INSERT INTO issuing_grant AS known (tenant_id, id, account_id, home_tenant_id, issuer_id, connector, platform, name,
                                    state, granted_at)
SELECT $1, $2, $3, $4, i.id, $6, $7, $8, $9, $10 FROM issuer i WHERE i.tenant_id = $1 AND i.id = $5
ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name, platform = excluded.platform, state = excluded.state
WHERE known.home_tenant_id = excluded.home_tenant_id
"""
LINK_SQL: Final = """
SELECT l.badge_id, l.grant_id, l.account_id, l.home_tenant_id, l.template_id, l.state, l.changed_at, b.name,
       g.issuer_id, g.state AS granted
FROM issuing_link l
JOIN badge b ON b.tenant_id = $1 AND b.id = l.badge_id
JOIN issuing_grant g ON g.tenant_id = $1 AND g.id = l.grant_id
WHERE l.tenant_id = $1 AND l.id = $2
"""
# Whoever linked the badge anew meanwhile asked for something else, and gets an answer of their own.
LINKED_SQL: Final = """
UPDATE issuing_link SET state = $3, template_id = coalesce($4, template_id), template_name = $5, template_url = $6,
       problem = $7, changed_at = $8
WHERE tenant_id = $1 AND id = $2 AND state = 'asked' AND changed_at = $9 RETURNING true
"""
TEMPLATES_SQL: Final = """
INSERT INTO issuing_template (tenant_id, account_id, template_id, name, state, duplicates, url, read_at)
SELECT $1, $2, id, name, state, duplicates, url, $3
FROM unnest($4::text[], $5::text[], $6::text[], $7::boolean[], $8::text[]) AS new (id, name, state, duplicates, url)
ON CONFLICT (tenant_id, account_id, template_id) DO UPDATE
SET (name, state, duplicates, url, read_at)
    = (excluded.name, excluded.state, excluded.duplicates, excluded.url, excluded.read_at)
"""


async def carry_share(work: Work, happened: Happened) -> None:
    """Let the tenant of an issuer know that it may use an account, or may not any more."""
    home = happened.tenant_id
    async with work.database.transaction(City(home, quiet=True)):
        row = await fetchrow(SHARE_SQL, home, happened.object_id)
    if row is None:
        return
    state = "on" if row["state"] == "on" and row["account_state"] != "off" else "off"
    facts = (row["account_id"], home, row["issuer_id"], row["connector"], happened.data["platform"], row["name"], state)
    async with work.database.transaction(City(row["member_tenant_id"])):
        await execute(GRANT_SQL, row["member_tenant_id"], happened.object_id, *facts, work.now())
        if state == "on":
            await follow_grant(row["member_tenant_id"], happened.object_id)


async def templates_of(opened: Opened) -> AsyncIterator[Sequence[Template]]:
    """Read an account's templates, page by page."""
    after = None
    for _ in range(MOST_PAGES):
        page: Page[Template] = await opened.ask("templates", opened.connector.templates, Page, after)
        yield list(opened.kept(page.items))
        after = page.next
        if after is None:
            return


async def keep_templates(work: Work, opened: Opened, found: Sequence[Template]) -> None:
    """Keep what the platform said of templates, in the owner's scope; raises `AccountChanged` if that has moved."""
    last = {each.id: each for each in found}.values()
    columns = [
        [each.id for each in last],
        [each.name for each in last],
        [each.state for each in last],
        [each.duplicates for each in last],
        [shown(each.url) for each in last],
    ]
    async with hold_to_compare(work, opened):
        await execute(TEMPLATES_SQL, opened.tenant, opened.id, work.now(), *columns)


async def link(work: Work, connectors: Connectors, facts: Mapping[str, Any]) -> None:
    """Find the template that a badge was linked to: the one that was named, or the one of the badge's name."""
    tenant, id = UUID(str(facts["tenant"])), UUID(str(facts["link"]))
    async with work.database.transaction(City(tenant, quiet=True)):
        found = await fetchrow(LINK_SQL, tenant, id)
    if found is None or found["state"] != "asked":
        return
    row = dict(found)
    async with work.database.transaction(City(row["home_tenant_id"], quiet=True)):
        shared = await fetchval(ledger.MAY_SQL, row["home_tenant_id"], row["account_id"], tenant, row["issuer_id"])
    opened = await open_account(work, connectors, row["home_tenant_id"], row["account_id"])
    if opened is None or shared is None or row["granted"] != "on":
        await _answer(work, tenant, id, row, "The account cannot be used now: ask its owner.")
        return
    try:
        templates = [each async for page in templates_of(opened) for each in page]
    except Unauthorised as error:
        await note_failing(work, opened, str(error))
        await _answer(work, tenant, id, row, "The platform does not take the account's secret: ask its owner.")
        return
    except ConnectorError as error:
        raise Later(str(error), error.after_s) from error
    await note_working(work, opened)
    await keep_templates(work, opened, templates)
    await _answer(work, tenant, id, row, chosen(templates, row["template_id"], row["name"]))


def chosen(found: Sequence[Template], id: str | None, name: str) -> Template | str:
    """Choose the template of an id, or the only active one of a name; else say why there is none."""
    if id is not None:
        named = next((each for each in found if each.id == id), None)
        if named is None:
            return "The platform has no template of this id in this account."
        return (
            named if named.state == "active" else f"The template is {named.state} there; only an active one is given."
        )
    same = [each for each in found if each.state == "active" and each.name.strip().casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    many = f"{len(same)} active templates are" if same else "no active template is"
    return f"At the platform {many} called like the badge; name one by its id."


async def _answer(work: Work, tenant: UUID, id: UUID, row: Mapping[str, Any], found: Template | str) -> None:
    home = (await load_directory(work.database)).by_id(tenant)
    if home is None:
        return
    if isinstance(found, str):
        facts: tuple[Any, ...] = ("refused", None, None, None, found)
    else:
        facts = ("linked", found.id, found.name, shown(found.url), None)
    async with work.database.transaction(City(tenant)):
        done = await fetchrow(LINKED_SQL, tenant, id, *facts, work.now(), row["changed_at"])
        if done is not None and isinstance(found, Template):
            act = Act(Here.of(home), None, None, None, work.now())
            await act.tell(BadgeTemplateLinked(row["badge_id"], id))
