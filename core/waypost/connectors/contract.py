"""What every connector must do: a test class for its author, who gives it a platform to try.

Derive from `ConnectorContract` in a test module and override the fixture `stage`::

    class TestCredly(ConnectorContract):
        @pytest.fixture
        async def stage(self) -> AsyncIterator[Stage]:
            async with credly_running() as fake:
                yield CredlyStage(fake)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from waypost.outbox.connecting import (
    LIVE,
    Access,
    Connector,
    ConnectorError,
    Doubtful,
    Invalid,
    Issued,
    IssueState,
    NotFound,
    Order,
    Sought,
    Template,
    Throttled,
    Unauthorised,
    Unavailable,
)
from waypost.plugins.registrars import ConnectorRegistrar

NOWHERE: Final = "00000000-0000-4000-8000-000000000000"


class Stage(Protocol):
    """A fake of the platform, with one account, and what can be done to it.

    The account has an active template `once`, which one earner cannot have twice; `often`, which they can; and
    `archived`. Its lists have pages of at most two.
    """

    connector: Connector
    access: Access
    once: str
    often: str
    archived: str

    def fail(self, how: str) -> None:
        """Make the next call that changes something fail.

        `lost`: done, and not answered; `throttled`: asks to wait for 7 seconds; `unavailable`; `unauthorised`;
        `broken`: answers HTML with a status that does not say whether it was done.
        """

    def decide(self, id: str, state: str) -> None:
        """Let the earner accept or reject a badge there."""

    def count(self, template: str) -> int:
        """How many badges there are of a template, whatever became of them."""


class ConnectorContract:
    """The contract; each test is one sentence of it."""

    def order(self, template: str, earner: int = 1, giving: int = 1, **changes: Any) -> Order:
        """An order for the earner of a number."""
        made = Order(
            template=template,
            reference=f"00000000-0000-4000-9000-{earner:06}{giving:06}",
            earner=f"waypost:{earner}",
            address=f"earner-{earner}@example.org",
            first_name="Ada",
            last_name=f"Lovelace {earner}",
            issued_at=datetime(2027, 1, 4, 9, 30, tzinfo=UTC),
        )
        return replace(made, **changes)

    async def listed(self, stage: Stage, sought: Sought) -> list[Issued]:
        """All that is found, over all pages."""
        found, after = list[Issued](), None
        for _ in range(100):
            page = await stage.connector.find(stage.access, sought, after)
            assert len(page.items) <= 2, "the stage has pages of at most two"
            found += page.items
            after = page.next
            if after is None:
                return found
        raise AssertionError("the pages do not end")

    async def failing(self, stage: Stage, order: Order, *kinds: type[ConnectorError]) -> ConnectorError:
        """Give something, which must fail in one of these ways."""
        try:
            await stage.connector.issue(stage.access, order)
        except kinds as error:
            return error
        raise AssertionError(f"it did not raise {', '.join(each.__name__ for each in kinds)}")

    async def test_it_can_be_registered(self, stage: Stage) -> None:
        """Its name, operations and settings are as a plugin may bring them."""
        prefix, _, _ = stage.connector.name.partition("-")
        registrar = ConnectorRegistrar(prefix, prefix)
        registrar.connector(stage.connector)
        assert registrar.faults == []
        schema: Mapping[str, Any] = stage.connector.settings["properties"]
        assert set(stage.access.settings) <= set(schema)
        assert all(schema[name]["format"] == "secret" for name in stage.access.secrets)
        assert not set(stage.access.secrets.values()) & set(map(str, stage.access.settings.values()))

    async def test_what_is_given_can_be_read_and_found(self, stage: Stage) -> None:
        """By its id, by its earner and template, and among all."""
        order = self.order(stage.once)
        given = await stage.connector.issue(stage.access, order)
        assert given.state in LIVE
        assert (given.template, given.earner) == (stage.once, order.earner)
        assert given.reference in {None, order.reference}
        assert await stage.connector.read(stage.access, given.id) == given
        assert await self.listed(stage, Sought(stage.once, order.earner)) == [given]
        assert await self.listed(stage, Sought(stage.once, "waypost:2")) == []
        assert given in await self.listed(stage, Sought())

    async def test_pages_hold_everything_once(self, stage: Stage) -> None:
        """Also where the last page is full."""
        for count in (1, 2, 3, 4):
            await stage.connector.issue(stage.access, self.order(stage.often, giving=count))
            ids = [each.id for each in await self.listed(stage, Sought(stage.often, "waypost:1"))]
            assert len(ids) == len(set(ids)) == count

    async def test_templates_are_listed(self, stage: Stage) -> None:
        """In all states, with whether they can be given twice."""
        found: Sequence[Template] = ()
        after = None
        while not found or after is not None:
            page = await stage.connector.templates(stage.access, after)
            found, after = [*found, *page.items], page.next
        by_id = {each.id: each for each in found}
        assert len(by_id) == len(found)
        assert (by_id[stage.once].state, by_id[stage.once].duplicates) == ("active", False)
        assert by_id[stage.often].duplicates is True
        assert by_id[stage.archived].state == "archived"

    async def test_an_archived_template_is_not_given(self, stage: Stage) -> None:
        """It is refused, with words."""
        error = await self.failing(stage, self.order(stage.archived), Invalid, NotFound)
        assert str(error)

    async def test_a_second_of_the_same_is_refused_or_is_the_first(self, stage: Stage) -> None:
        """A platform that knows orders answers the first again; one that does not refuses the second."""
        first = await stage.connector.issue(stage.access, self.order(stage.once))
        if stage.connector.idempotent:
            assert (await stage.connector.issue(stage.access, self.order(stage.once))).id == first.id
        await self.failing(stage, self.order(stage.once, giving=2), Invalid)
        assert stage.count(stage.once) == 1

    async def test_a_lost_answer_is_doubtful_and_what_was_done_is_found(self, stage: Stage) -> None:
        """It never tries again by itself."""
        for giving, template in enumerate((stage.once, stage.often)):
            order = self.order(template, giving=giving)
            stage.fail("lost")
            await self.failing(stage, order, Doubtful)
            assert stage.count(template) == 1
            (found,) = await self.listed(stage, Sought(template, order.earner))
            assert found.reference in {None, order.reference}

    async def test_an_answer_that_says_nothing_is_doubtful(self, stage: Stage) -> None:
        """HTML from something in between."""
        stage.fail("broken")
        await self.failing(stage, self.order(stage.once), Doubtful)

    async def test_what_was_not_done_is_told_so(self, stage: Stage) -> None:
        """Throttling says for how long; a wrong secret is no passing trouble."""
        stage.fail("throttled")
        error = await self.failing(stage, self.order(stage.once), Throttled)
        assert isinstance(error, Throttled)
        assert error.after_s == 7
        stage.fail("unavailable")
        await self.failing(stage, self.order(stage.once), Unavailable)
        stage.fail("unauthorised")
        await self.failing(stage, self.order(stage.once), Unauthorised)
        assert stage.count(stage.once) == 0

    async def test_the_earners_decision_is_read(self, stage: Stage) -> None:
        """Accepting and rejecting."""
        given = await stage.connector.issue(stage.access, self.order(stage.once))
        for state in (IssueState.ACCEPTED, IssueState.REJECTED):
            stage.decide(given.id, state)
            assert (await stage.connector.read(stage.access, given.id)).state is state

    async def test_what_is_taken_back_is_revoked(self, stage: Stage) -> None:
        """And stays to be read."""
        given = await stage.connector.issue(stage.access, self.order(stage.once))
        revoked = await stage.connector.revoke(stage.access, given.id, "Given by mistake.")
        assert revoked.state is IssueState.REVOKED
        assert (await stage.connector.read(stage.access, given.id)).state is IssueState.REVOKED

    async def test_what_is_replaced_leads_to_the_new_one_and_is_not_revoked(self, stage: Stage) -> None:
        """The new one is the earner's, and in force."""
        old = await stage.connector.issue(stage.access, self.order(stage.once))
        new = await stage.connector.replace(stage.access, old.id, self.order(stage.once, giving=2))
        assert new.state in LIVE
        assert (new.id != old.id, new.earner) == (True, old.earner)
        old = await stage.connector.read(stage.access, old.id)
        assert (old.state, old.replaced_by) == (IssueState.REPLACED, new.id)
        try:
            await stage.connector.revoke(stage.access, old.id, "Given by mistake.")
        except Invalid:
            return
        raise AssertionError("a replaced badge was revoked")

    async def test_what_is_not_there_is_not_found(self, stage: Stage) -> None:
        """Nor is anything asked for outside the account by an id that is none."""
        for id in (NOWHERE, "../../x", ""):
            try:
                await stage.connector.read(stage.access, id)
            except NotFound:
                continue
            raise AssertionError(f"{id!r} was found")

    async def test_the_platforms_figures_are_read(self, stage: Stage) -> None:
        """How many were given, and what became of them."""
        given = [await stage.connector.issue(stage.access, self.order(stage.often, giving=n)) for n in (1, 2, 3)]
        stage.decide(given[0].id, IssueState.ACCEPTED)
        await stage.connector.revoke(stage.access, given[1].id, "Given by mistake.")
        figure = await stage.connector.analytics(stage.access, stage.often)
        assert (figure.template, figure.issued, figure.accepted, figure.revoked) == (stage.often, 3, 1, 1)

    async def test_nobody_is_named_where_a_call_is_shown(self, stage: Stage) -> None:
        """Neither people nor secrets stand in logs."""
        order = self.order(stage.once)
        shown = repr(order) + repr(stage.access)
        assert not any(word in shown for word in (order.address, order.last_name, *stage.access.secrets.values()))
