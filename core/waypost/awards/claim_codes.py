"""Claim codes as their issuers see them, and how a code finds its tenant."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import strawberry

from waypost.awards.claim_cards import Card, card, qr
from waypost.awards.claim_rules import code_of, digest_of, link_problem, not_a_code, read_code, shown
from waypost.db import City, Database, System, execute, fetchrow, fetchval, new_id, one_at_a_time
from waypost.graph import (
    Argument,
    Connection,
    GraphError,
    Key,
    Node,
    Order,
    asks,
    column,
    computed,
    expression,
    filtering,
    guarded,
    node,
    one,
    pages,
    query,
    refers,
)
from waypost.graph.inputs import NOWHERE
from waypost.graph.mutations import Found
from waypost.graph.permitted import permitted
from waypost.graph.sql import every
from waypost.learners.people import name_of, note_known
from waypost.outbox import Effects, Schedule, Work
from waypost.refusal import Refusal, Refused

from . import claim_tables as tables
from . import naming

if TYPE_CHECKING:
    from waypost.badges.graph import Badge
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter
    from waypost.opportunities.graph import Opportunity

MAY: Final = "claim.create"
CLAIMS: Final = System("claims")
WINDOW: Final = timedelta(hours=1)
PICTURE_POINTS: Final = 40  # the codes of a class of 500 can be had as QR codes and as cards at once, and no more
MOST_WRONG: Final = 10  # wrong codes of one person within an hour

WRONG_SQL: Final = "SELECT count(*) FROM claim_attempt WHERE person_id = $1 AND made_at > $2"
FORGET_SQL: Final = "DELETE FROM claim_attempt WHERE person_id = $1 AND made_at <= $2"
NOTE_SQL: Final = "INSERT INTO claim_attempt (id, person_id, made_at) VALUES ($1, $2, $3)"
FIND_SQL: Final = "SELECT tenant_id, code_id FROM claim_address WHERE digest = $1"

CARD_PARTS: Final = ("badge", "issuer", "recipient")
CARDS_SQL: Final = """
SELECT c.id, b.name AS badge, i.name AS issuer, coalesce(n.name, r.display_name) AS recipient
FROM claim_code c JOIN badge b ON b.tenant_id = $1 AND b.id = c.badge_id
JOIN issuer i ON i.tenant_id = $1 AND i.id = c.issuer_id
LEFT JOIN recipient r ON r.tenant_id = $1 AND r.id = c.recipient_id
LEFT JOIN recipient_name n ON n.tenant_id = $1 AND n.recipient_id = c.recipient_id AND n.issuer_id = c.issuer_id
WHERE c.tenant_id = $1 AND c.id = ANY($2::uuid[])
"""

NEWEST: Final = Order((Key("{0}.created_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)


def _key(request: Request) -> str:
    key: str = request.services.settings.load_secret_key()
    return key


# Finding the tenant of a code


async def find_code(database: Database, request: Request, given: Mapping[str, Any]) -> Found | Refusal:
    """Find the tenant and row of the code in the input, for who has not tried too many wrong ones of late.

    All that is known of a code here is whether there is one. Of several tries at once each counts.
    """
    code, person = read_code(given["code"]), request.asker.person
    if person is None:
        return not_a_code()
    async with database.transaction(CLAIMS):
        await one_at_a_time("claims", person)
        since = request.now - WINDOW
        if await fetchval(WRONG_SQL, person, since) >= MOST_WRONG:
            words = "Too many codes were wrong; try again in an hour."
            return Refused(code="TOO_MANY_TRIES", message=words, path=("code",))
        row = None if code is None else await fetchrow(FIND_SQL, digest_of(_key(request), code))
        if row is None:
            await execute(FORGET_SQL, person, since)
            await execute(NOTE_SQL, new_id(), person, request.now)
            return not_a_code()
    known = given.get("name") or await name_of(database, person)
    await note_known(database, row["tenant_id"], person)
    return Found(row["tenant_id"], {"code_id": row["code_id"], "name": known})


async def _forget(work: Work) -> None:
    """Forget wrong codes that do not count any more."""
    async with work.database.transaction(CLAIMS):
        await execute("DELETE FROM claim_attempt WHERE made_at <= $1", work.now() - WINDOW)


EFFECTS: Final = Effects(schedules=(Schedule("claim-attempts", 3_600, _forget),))


async def with_key(database: Database, request: Request, given: Mapping[str, Any]) -> Found:
    """Add what codes are made with."""
    del database, given
    return Found(given={"secret_key": _key(request)})


# What issuers see


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MAY),)


def _recipient_name(query: Query, here: Here, field: Selected) -> str:
    del field
    return f"coalesce({naming.recipient_name(query, here)}, 'null')"


LINK: Final = Argument(
    "link", str, doc="Where a scan leads: an address with {code} in it, once; absent: the code alone."
)


def _link(field: Selected, request: Request) -> str | None:
    link: str | None = field.argument("link")(request)
    wrong = None if link is None else link_problem(link)
    if wrong:
        raise GraphError("INVALID_ARGUMENT", wrong)
    return link


async def _codes(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    del field
    return [shown(_code(each, request)) for each in parents]


async def _pictures(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    link = _link(field, request)
    codes = [_code(each, request) for each in parents]
    # A hundred pictures take a second, in which others are to be answered too.
    return await to_thread(lambda: [qr(code, link) for code in codes])


async def _cards(parents: Sequence[Mapping[str, Any]], field: Selected, request: Request) -> Sequence[Any]:
    link, ids = _link(field, request), [UUID(each["id"]) for each in parents]
    tenant = request.tenant or NOWHERE
    rows = await request.services.database.reads.rows(City(tenant), CARDS_SQL, [tenant, ids])
    known = {row["id"]: row for row in rows}
    cards = [
        Card(_code(each, request), link=link, **{part: known[id][part] for part in CARD_PARTS})
        for each, id in zip(parents, ids, strict=True)
    ]
    return await to_thread(lambda: [card(each) for each in cards])


def _code(parent: Mapping[str, Any], request: Request) -> str:
    return code_of(_key(request), UUID(parent["id"]))


@node(tables.ClaimCode, seen=_seen)
class ClaimCode(Node):
    """A code that gives a badge to who has it; seen by the issuer's people alone."""

    badge: Badge = one(doc="What it gives.")
    code: str = computed(
        _codes,
        columns=("id",),
        private=True,
        doc="As it is typed, such as 7K3M-9QXT-2B4D; case and dashes do not matter.",
    )
    label: str | None
    opportunity: Opportunity | None = one(away="earned_in_tenant_id", doc="What its users took part in.")
    recipient_name: str | None = expression(
        _recipient_name, doc="For whom alone it is; null: for everybody who has it."
    )
    opens_at: datetime | None
    closes_at: datetime | None
    limit: int | None = column("most", doc="How many people can use it; null = any number.")
    claimed: int
    created_at: datetime
    cancelled_at: datetime | None
    qr: str = computed(
        _pictures,
        columns=("id",),
        arguments=(LINK,),
        private=True,
        points=PICTURE_POINTS,
        doc="Its QR code, as SVG of 46 mm.",
    )
    card: str = computed(
        _cards,
        columns=("id",),
        arguments=(LINK,),
        private=True,
        points=PICTURE_POINTS,
        doc="A card to be printed and cut out, as SVG of A7.",
    )


def _usable(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    del field
    now = query.param(lambda request: request.now, "timestamptz")
    usable = every(
        [
            f"{row}.cancelled_at is null",
            f"({row}.closes_at is null or {row}.closes_at > {now})",
            f"({row}.most is null or {row}.claimed < {row}.most)",
        ]
    )
    return (usable if query.decide(value) else f"not ({usable})",)


@filtering
class ClaimCodeFilter:
    """Which codes to list."""

    badge: strawberry.ID | None = refers("Badge", "badge_id", doc="For this badge.")
    usable: bool | None = asks(_usable, doc="Only those that can be used now or later; false: only the others.")


@query
class ClaimCodeQuery:
    """Root fields for claim codes."""

    claim_codes: Connection[ClaimCode] = guarded(
        MAY, pages(filter=ClaimCodeFilter, order=NEWEST, doc="One's own codes, the latest first; in one city's graph.")
    )


TYPES = (ClaimCode, ClaimCodeFilter, ClaimCodeQuery)
