"""Brings what is at a platform to what an award and its earner's consent want, one move after the other.

Before anything is sent, it is written down that it is; after that it may be there, whatever becomes of this process.
Nothing that may be there is sent again before it was looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from waypost.connectors import ledger
from waypost.connectors.accounts import note_failing, open_account
from waypost.connectors.asking import ask_consent
from waypost.connectors.carrying import Parcel, note_unsent, read_parcel
from waypost.connectors.holding import hold_to_send
from waypost.connectors.registry import Connectors, Opened
from waypost.connectors.rules import SETTLED, Move, Want, can_be_kept, names_in, next_move, ours, problem_of
from waypost.db import City, fetchval
from waypost.outbox.connecting import (
    LIVE,
    ConnectorError,
    Doubtful,
    Invalid,
    Issued,
    IssueState,
    NotFound,
    Page,
    Sought,
    Throttled,
    Unauthorised,
    Unavailable,
)
from waypost.outbox.work import Later, Work
from waypost.tenancy.directory import load_directory

MOST_MOVES: Final = 6
MOST_SEARCHED: Final = 200  # pages of one earner's badges of one template


@dataclass(frozen=True)
class Decided:
    """The next move, the entry that it is about, and the one in whose place that would stand."""

    move: Move
    line: ledger.Line | None = None
    former: ledger.Line | None = None


@dataclass(frozen=True)
class Step:
    """One piece of work about one award at one platform."""

    work: Work
    opened: Opened
    parcel: Parcel

    @property
    def home(self) -> UUID:
        """The account's owner."""
        return self.opened.tenant

    async def decide(self, *, searched: bool) -> Decided:
        """Decide the next move, and write down what is about to be sent, in one transaction of the owner.

        Raises `AccountChanged` where the account is not as it was opened.
        """
        row, now = self.parcel.row, self.work.now()
        async with self.work.database.transaction(City(self.home, quiet=True)):
            await hold_to_send(self.opened)
            may = (self.home, row["account_id"], self.parcel.tenant, row["issuer_id"])
            want = self.parcel.want
            account = await fetchval(ledger.MAY_SQL, *may)
            if want is Want.THERE and account is None:
                want = Want.LEFT
            if want is Want.THERE:
                await ledger.make_line(self.home, facts_of(self.parcel), now)
            lines = await ledger.hold_lines(self.home, [each for each in (row["id"], row["replaces_id"]) if each])
            line, former = lines.get(row["id"]), lines.get(row["replaces_id"])
            if line is None or line.account_id != self.opened.id or line.member_tenant_id != self.parcel.tenant:
                return Decided(Move.NOTHING)
            if account == "failing":
                return Decided(Move.NOTHING, line)
            said = await fetchval(ledger.DUPLICATES_SQL, self.home, self.opened.id, line.template_id)
            move = next_move(
                want,
                line.entry,
                now,
                # A template that nobody has read yet may be one that is given twice, and another one does not refuse
                # what this one gave.
                duplicates=said is not False or line.template_id != row["template_id"],
                idempotent=self.opened.connector.idempotent,
                searched=searched,
            )
            if move is Move.SEND and former is not None and former.state in {"sending", "doubtful"}:
                return Decided(Move.WAIT, line, former)
            if former is not None and former.state not in LIVE:
                former = None
            await self._write(move, line, former)
            return Decided(move, line, former)

    async def _write(self, move: Move, line: ledger.Line, former: ledger.Line | None) -> None:
        now = self.work.now()
        if move is Move.SEND:
            replaces = former.id if former else line.replaces_id
            await ledger.begin(self.home, line, self.parcel.row["template_id"], replaces, now)
        elif move is Move.DOUBT:
            words = "Whether the platform gave it is not known; it is looked for again."
            await ledger.mark(self.home, line.id, "doubtful", now, words)
        elif move is Move.WITHDRAW:
            await ledger.mark(self.home, line.id, "withdrawn", now)

    async def search(self, line: ledger.Line) -> bool:
        """Look whether it is there already; what is found is written down."""
        found = await self._replacement(line) or await self._by_earner(line)
        if found is not None:
            await self.keep(line.id, found)
        return found is not None

    async def _by_earner(self, line: ledger.Line) -> Issued | None:
        sought, after, found = Sought(line.template_id, line.earner), None, list[Issued]()
        for _ in range(MOST_SEARCHED):
            page: Page[Issued] = await self.opened.ask("find", self.opened.connector.find, Page, sought, after)
            found += [each for each in page.items if each.template == line.template_id and each.earner == line.earner]
            after = page.next
            if after is None:
                break
        else:  # what was not looked through may have it
            raise Doubtful("the platform's list of one earner's badges has no end")
        if not all(map(can_be_kept, found)):
            raise Doubtful("one of the earner's badges at the platform cannot be kept, and may be it")
        async with self.work.database.transaction(City(self.home, quiet=True)):
            taken = await ledger.taken(self.home, self.opened.id, [each.id for each in found], line.id)
        return ours(found, str(line.id), taken)

    async def _replacement(self, line: ledger.Line) -> Issued | None:
        """What took the place of what it was to replace, where that is so."""
        if line.replaces_id is None:
            return None
        async with self.work.database.transaction(City(self.home, quiet=True)):
            former = await ledger.find_line(self.home, line.replaces_id)
        if former is None or former.external_id is None:
            return None
        try:
            old: Issued = await self.opened.ask("read", self.opened.connector.read, Issued, former.external_id)
            if old.state is not IssueState.REPLACED or old.replaced_by is None:
                return None
            await self.keep(former.id, old)
            new: Issued = await self.opened.ask("read", self.opened.connector.read, Issued, old.replaced_by)
        except NotFound:
            return None
        else:
            return new

    async def send(self, line: ledger.Line, former: ledger.Line | None) -> None:
        """Send it, and write down what came of that."""
        # As it is looked for: a child whom a guardian agreed for has an account of its own one day, and another name.
        connector, order = self.opened.connector, replace(self.parcel.order(), earner=line.earner)
        try:
            if former is None or former.external_id is None:
                issued: Issued = await self.opened.ask("issue", connector.issue, Issued, order)
            else:
                issued = await self.opened.ask("replace", connector.replace, Issued, former.external_id, order)
        except (Throttled, Unavailable, Unauthorised, Later):
            # Nothing was done by this attempt; an earlier one may still arrive.
            await self.mark(line.id, "doubtful" if line.entry.unsure(self.work.now()) else "due")
            raise
        except (Invalid, NotFound) as error:
            # An earlier attempt may have come in meanwhile, and be the reason.
            if line.attempts and await self.search(line):
                return
            refusal = error if isinstance(error, Invalid) else Invalid(str(error))
            words = names_in(self.parcel.row["display_name"], order.address)
            await self.mark(line.id, "failed", problem_of(refusal, words))
            return
        await self.keep(line.id, issued)
        if former is not None:
            await self.keep_replaced(former, issued)

    async def keep_replaced(self, former: ledger.Line, by: Issued) -> None:
        """Write down that another stands in the place of one."""
        old = Issued(former.there, former.template_id, IssueState.REPLACED, replaced_by=by.id)
        await self.keep(former.id, old)

    async def revoke(self, line: ledger.Line) -> None:
        """Take it back where it still stands, and write down how it stands then."""
        connector, id = self.opened.connector, line.there
        try:
            now: Issued = await self.opened.ask("read", connector.read, Issued, id)
            if now.state in LIVE:
                now = await self.opened.ask("revoke", connector.revoke, Issued, id, self.parcel.reason)
        except NotFound:
            async with self.work.database.transaction(City(self.home, quiet=True)):
                await ledger.gone(self.home, line.id, self.work.now())
            return
        except Invalid as error:
            words = names_in(self.parcel.row["display_name"], self.parcel.address or "")
            async with self.work.database.transaction(City(self.home, quiet=True)):
                await ledger.note(self.home, line.id, problem_of(error, words), self.work.now())
            return
        await self.keep(line.id, now)

    async def mark(self, id: UUID, state: str, problem: str | None = None) -> None:
        """Write what became of an entry that was not given."""
        async with self.work.database.transaction(City(self.home, quiet=True)):
            await ledger.mark(self.home, id, state, self.work.now(), problem)

    async def keep(self, id: UUID, issued: Issued) -> None:
        """Write what the platform says of what it gave."""
        async with self.work.database.transaction(City(self.home, quiet=True)):
            await ledger.given(self.home, id, issued, self.work.now())


def facts_of(parcel: Parcel) -> Mapping[str, Any]:
    """What the entry of an award says."""
    names = ("id", "account_id", "award_id", "issuer_id", "template_id", "replaces_id")
    facts = {name: parcel.row[name] for name in names}
    return facts | {"member_tenant_id": parcel.tenant, "earner": parcel.earner}


async def remember(work: Work, parcel: Parcel) -> None:
    """Make the entry of what is to be sent while its account cannot be used; the reconciliation goes on with it."""
    row, home = parcel.row, parcel.row["home_tenant_id"]
    async with work.database.transaction(City(home, quiet=True)):
        if await fetchval(ledger.MAY_SQL, home, row["account_id"], parcel.tenant, row["issuer_id"]) is not None:
            await ledger.make_line(home, facts_of(parcel), work.now())


async def run_step(work: Work, connectors: Connectors, facts: Mapping[str, Any]) -> None:
    """Do what is to be done about one award at one platform; the facts are its tenant and its record."""
    tenant, record = UUID(str(facts["tenant"])), UUID(str(facts["record"]))
    here = (await load_directory(work.database)).by_id(tenant)
    searched = False
    for _ in range(MOST_MOVES):
        # Read anew each time: whoever withdraws their consent meanwhile has withdrawn it.
        parcel = None if here is None else await read_parcel(work, tenant, here.language, record)
        if parcel is None:
            return
        await ask_consent(work, parcel)
        opened = await open_account(work, connectors, parcel.row["home_tenant_id"], parcel.row["account_id"])
        if opened is None:
            if parcel.want is Want.THERE:
                await remember(work, parcel)
            return
        step = Step(work, opened, parcel)
        decided = await step.decide(searched=searched)
        if decided.line is None:
            await note_unsent(work, parcel)
            return
        try:
            if decided.move is Move.SEARCH:
                searched = not await step.search(decided.line)
                continue
            await _do(step, decided.move, decided.line, decided.former)
        except Unauthorised as error:
            await note_failing(work, opened, str(error))
        except ConnectorError as error:
            raise Later(str(error), error.after_s) from error
        return


async def _do(step: Step, move: Move, line: ledger.Line, former: ledger.Line | None) -> None:
    if move is Move.SEND:
        await step.send(line, former)
    elif move is Move.REVOKE:
        await step.revoke(line)
    elif move is Move.WAIT:
        raise Later("an earlier attempt may still arrive there", SETTLED.total_seconds() / 4, counted=False)
