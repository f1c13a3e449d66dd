"""Whoever holds several rows of an account takes them in one order: nobody waits in a circle."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import combinations_with_replacement
from uuid import UUID

from tests.connectors.fake_credly import FakeCredly
from tests.connectors.stage import CITIES, OWNER, Issuing, row_id
from waypost.connectors import following, ledger
from waypost.connectors.accounts import note_failing, note_working
from waypost.connectors.carrying import carry_entry, read_parcel
from waypost.connectors.linking import keep_templates
from waypost.connectors.reconciling import Comparing
from waypost.connectors.registry import Opened
from waypost.connectors.stepping import Step
from waypost.db import City, execute, fetch
from waypost.graph import GlobalId
from waypost.outbox.connecting import Issued, IssueState, Template

ROUNDS = 3


async def replacing(stage: Issuing, name: str) -> tuple[UUID, UUID]:
    """Let somebody have a badge there, and its successor begun to be sent; answers the entries, the former first."""
    await stage.earner(name)
    award = await stage.earns(name, "brighton", "film-maker")
    await stage.agrees(name)
    given = {"award": str(GlobalId("Award", stage.town("brighton").id, award))}
    await stage.done("replaceAward", given, "award { id }", who="brighton club")
    await stage.works_off()
    former, new = [row_id(each["id"]) for each in await stage.records(name)]
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        back = "UPDATE issuing_entry SET state = $2, external_id = $3, url = NULL, begun_at = now() WHERE id = $1"
        await execute(back, new, "sending", None)
        await execute(back, former, "pending", str(former))
    return former, new


async def there(stage: Issuing, *pairs: tuple[UUID, UUID]) -> list[Issued]:
    """What the platform would have of them: the former by its id, the new one by its marks."""
    entries = {each["id"]: each for each in await stage.entries()}
    found = []
    for former, new in pairs:
        for id, external in ((former, str(former)), (new, f"new-{new}")):
            line = entries[id]
            found.append(Issued(external, line["template_id"], IssueState.PENDING, line["earner"], str(id)))
    return found


async def step(stage: Issuing, account: str, record: UUID) -> Step:
    parcel = await read_parcel(stage.work, stage.town("brighton").id, "en", record)
    assert parcel is not None
    return Step(stage.work, await stage.opened(account), parcel)


async def test_who_replaces_and_who_compares_do_not_wait_for_each_other_in_a_circle(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    """Each once had one of the two entries, and waited for the other. Ids fall as they fall, hence several."""
    for name in ("Ada Love", "Bob Free", "Cy Late", "Dee Stay"):
        await decides_beside_a_page(stage, account, *await replacing(stage, name))
    assert {each["state"] for each in await stage.entries()} == {"pending"}


async def decides_beside_a_page(stage: Issuing, account: str, former: UUID, new: UUID) -> None:
    """Let one decide about a replacement and another compare both, while somebody holds the new one."""
    page, deciding = await there(stage, (former, new)), await step(stage, account, new)
    comparing = Comparing(stage.work, deciding.opened)
    held, goes_on, home = asyncio.Event(), asyncio.Event(), stage.town(OWNER).id

    async def holds() -> None:
        async with stage.database.transaction(City(home)):
            await ledger.find_line(home, new)
            held.set()
            await goes_on.wait()

    holding = asyncio.create_task(holds())
    await held.wait()
    deciding_task = asyncio.create_task(deciding.decide(searched=False))
    await stage.waiting(1)
    comparing_task = asyncio.create_task(comparing.page(page))
    await stage.waiting(2)
    goes_on.set()
    await asyncio.gather(holding, deciding_task, comparing_task)


async def test_who_makes_records_of_the_same_awards_does_not_wait_in_a_circle(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    """From their awards' side and from their badge's."""
    people = [f"Earner {number}" for number in range(12)]
    awards = []
    for name in people:
        await stage.earner(name)
        awards.append(await stage.earns(name, "brighton", "film-maker"))
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        link = (await fetch("SELECT id FROM issuing_link"))[0]["id"]

    async def of_awards() -> None:
        async with stage.database.transaction(City(here, quiet=True)):
            await fetch(following.MAKE_OF_AWARDS, here, random.sample(awards, len(awards)))

    async def of_link() -> None:
        async with stage.database.transaction(City(here, quiet=True)):
            await fetch(following.MAKE_OF_LINK, here, link)

    for _ in range(ROUNDS * 4):
        async with stage.database.transaction(City(here)):
            await execute("DELETE FROM issuing_record")
        await asyncio.gather(of_awards(), of_link(), of_awards(), of_link())
        async with stage.database.transaction(City(here)):
            assert len(await fetch("SELECT 1 FROM issuing_record")) == len(awards)


@dataclass
class Busy:
    """All that holds rows of one account, each to be done at any time."""

    stage: Issuing
    account: str
    steps: list[Step]
    page: list[Issued]
    round: int = 0

    @property
    def known(self) -> Opened:
        return self.steps[0].opened

    @property
    def home(self) -> UUID:
        return self.known.tenant

    async def decides(self) -> None:
        for each in random.sample(self.steps, len(self.steps)):
            await each.decide(searched=random.random() < 0.5)

    async def compares(self) -> None:
        template = self.page[0].template
        strange = [Issued(f"{self.round}-{number}", template, IssueState.PENDING, "waypost:x") for number in range(4)]
        found = [*self.page, *strange]
        await Comparing(self.stage.work, self.known).page(random.sample(found, len(found)))

    async def misses(self) -> None:
        await self.write("UPDATE issuing_entry SET seen_at = NULL WHERE id = $1")
        await Comparing(self.stage.work, self.known).missing(self.stage.now)

    async def sets_back(self) -> None:
        await self.write(
            "UPDATE issuing_entry SET state = 'sending', external_id = NULL WHERE id = $1 AND attempts > 0"
        )

    async def write(self, sql: str) -> None:
        async with self.stage.database.transaction(City(self.home, quiet=True)):
            await execute(sql, random.choice(self.steps).parcel.row["id"])

    async def keeps(self) -> None:
        templates = [Template(f"t{number}", f"T {number}", "active", duplicates=False) for number in range(6)]
        await keep_templates(self.stage.work, self.known, random.sample(templates, len(templates)))

    async def fails(self) -> None:
        await note_failing(self.stage.work, self.known, f"Problem {random.random()}")
        await note_working(self.stage.work, self.known)

    async def changes(self) -> None:
        await self.stage.changed(self.account, name=f"Account {random.random()}")

    async def shares(self) -> None:
        issuer = self.stage.id("Issuer", random.choice(CITIES), "college")
        given = {"account": self.account, "issuer": issuer}
        await self.stage.done("shareIssuingAccount", given, "share { id }", city=OWNER, who=f"{OWNER} admin")

    async def carries(self) -> None:
        await carry_entry(self.stage.work, {"tenant": self.home, "entry": self.steps[0].parcel.row["id"]})

    @property
    def acts(self) -> list[Callable[[], Awaitable[None]]]:
        ours = (self.decides, self.compares, self.misses, self.sets_back)
        return [*ours, self.keeps, self.fails, self.changes, self.shares, self.carries]


async def test_all_that_holds_rows_of_an_account_goes_on_beside_all_else(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    """Each pair of them, at once and several times over; a circle would raise."""
    pairs = [await replacing(stage, name) for name in ("Ada Love", "Bob Free")]
    steps = [await step(stage, account, new) for _, new in pairs]
    busy = Busy(stage, account, steps, await there(stage, *pairs))
    for one, other in combinations_with_replacement(busy.acts, 2):
        for _ in range(ROUNDS):
            busy.round += 1
            await asyncio.gather(one(), other(), one(), other())
