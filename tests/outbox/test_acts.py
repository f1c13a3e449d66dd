from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from tests.rooms import NOW, found_tenant, rolled_back
from waypost.access.permissions import Granted
from waypost.db import City, Database, fetch, fetchval, new_id
from waypost.outbox import Act, CityClosed, Event, Forbidden, command
from waypost.refusal import Invalid, Refusal, Refused, SlugTaken
from waypost.tenancy.entries import Here

HERE = Here(UUID(int=1), "brighton", ("en",), "Europe/London", "rsa-2019")
CURATOR = Act(HERE, UUID(int=2), "curator", None, NOW)


@dataclass(frozen=True)
class BadgePublished(Event):
    badge: UUID
    number: int
    price: Decimal | None = None


@dataclass(frozen=True)
class PathwayStepMoved(Event):
    pathway: UUID


@command(may="place.create")
async def create_place(act: Act, name: str, *, public: bool = True) -> str | Refusal:
    """Say what would be created."""
    return f"{name} in {act.here.slug}" if public else Invalid(message="No.", path=("public",))


def test_an_event_is_named_by_its_class() -> None:
    event = BadgePublished(UUID(int=7), 2)
    assert (event.type, event.object_type, event.object_id) == ("badge.published", "Badge", UUID(int=7))
    assert event.data() == {"number": 2, "price": None}
    assert PathwayStepMoved(UUID(int=7)).type == "pathway.step-moved"


async def test_what_is_told_is_written_with_what_was_done(database: Database) -> None:
    here = await found_tenant(database, "brighton")
    act = replace(CURATOR, here=here)
    event = BadgePublished(new_id(), 3, Decimal("1.50"))
    async with database.transaction(City(here.tenant_id)):
        assert await act.tell(event) == event
        (row,) = await fetch("SELECT * FROM event")
    assert (row["type"], row["object_id"], row["person_id"]) == ("badge.published", event.badge, act.person)
    assert row["happened_at"] == NOW
    assert json.loads(row["data"]) == {"number": 3, "price": "1.50"}


async def test_what_was_undone_was_never_told(database: Database) -> None:
    here = await found_tenant(database, "plymouth")
    async with rolled_back(database, here):
        await replace(CURATOR, here=here).tell(BadgePublished(new_id(), 1))
    async with database.transaction(City(here.tenant_id)):
        assert await fetchval("SELECT count(*) FROM event") == 0


async def test_an_event_holds_nothing_that_json_does_not_know(database: Database) -> None:
    @dataclass(frozen=True)
    class PlaceMoved(Event):
        place: UUID
        where: object

    with pytest.raises(TypeError):
        await CURATOR.tell(PlaceMoved(UUID(int=1), object()))


async def test_a_command_runs_for_who_may() -> None:
    assert create_place.may == "place.create"
    assert create_place.name == "create_place"
    assert await create_place(CURATOR, "Library") == "Library in brighton"
    refusal = await create_place(CURATOR, "Library", public=False)
    assert isinstance(refusal, Invalid)


@pytest.mark.parametrize("role", [None, "learner", "king"])
async def test_a_command_is_forbidden_to_others_naming_what_is_missing(role: str | None) -> None:
    refusal = await create_place(replace(CURATOR, role=role), "Library")
    assert isinstance(refusal, Forbidden)
    assert (refusal.code, refusal.permission) == ("FORBIDDEN", "place.create")
    assert "place.create" in refusal.message


def test_who_speaks_for_an_issuer_speaks_for_that_one_only() -> None:
    own, other = new_id(), new_id()
    staff = replace(CURATOR, role="issuer-staff", issuer_id=own)
    assert staff.may("opportunity.update", own) is None
    assert isinstance(staff.may("opportunity.update", other), Forbidden)
    assert isinstance(staff.may("issuer.update", own), Forbidden)
    assert CURATOR.may("opportunity.update", other) is None


@pytest.mark.parametrize("may", ["place.crate", "tide.note", ""])
def test_a_command_that_nobody_may_is_a_mistake_where_it_is_declared(may: str) -> None:
    with pytest.raises(ValueError, match=r"is no permission of the platform: ask for a plugin's by its Granted"):
        command(may=may)
    assert command(may=Granted("tide.note", "Note the tide."))(create_place.act).may == "tide.note"


async def test_nothing_is_done_in_a_city_that_is_closed() -> None:
    refusal = await create_place(replace(CURATOR, here=replace(HERE, is_open=False)), "Library")
    assert isinstance(refusal, CityClosed)
    assert refusal.code == "CITY_CLOSED"


def test_today_is_the_tenants_date() -> None:
    late = replace(CURATOR, now=datetime(2027, 6, 30, 23, 30, tzinfo=UTC))
    assert late.today == date(2027, 7, 1)


def test_a_refusal_is_named_by_its_class_and_leads_into_the_input() -> None:
    refusal = SlugTaken(message="Taken.", path=("slug",)).under("badges", "0")
    assert (refusal.code, refusal.path) == ("SLUG_TAKEN", ("badges", "0", "slug"))
    assert Refused(message="No.", code="CLOSED").code == "CLOSED"
