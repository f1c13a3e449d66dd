"""What an issuer calls somebody is its own: no other learns of it, and it is forgotten with them."""

from __future__ import annotations

from tests.journeys.stage import Stage
from tests.journeys.test_award_effects import ada, post, settings, time_passes
from tests.journeys.test_awards import person
from tests.journeys.test_claiming import STAFF, claims, coded
from tests.journeys.test_progress import badge
from tests.journeys.test_recipients import gave
from tests.journeys.test_requests import asked
from tests.rooms import badge_words
from waypost.awards.exporting import export_awards
from waypost.db import City, fetchval, new_id
from waypost.settings import Settings

__all__ = ["ada", "post", "settings"]


COLLEGE = "college admin"
CALLED = "query($id: ID!) { node(id: $id) { ... on Award { recipient { name } } } }"
OF_REQUEST = "query($id: ID!) { node(id: $id) { ... on BadgeRequest { recipientName } } }"


async def of_college(stage: Stage) -> str:
    """A new badge of another issuer of the city, which has an admin."""
    await stage.admit(COLLEGE, "brighton", "issuer-admin", issuer="college")
    college = stage.build.world.find("Issuer", "brighton", "college").id
    made = await stage.build.badge(stage.town("brighton"), badge_words(college, f"badge-{new_id().hex}"))
    return str(made.gid)


async def called(stage: Stage, award: str, who: str) -> str:
    """How somebody sees whom an award was given to."""
    name: str = (await stage.read(CALLED, who=who, id=award))["node"]["recipient"]["name"]
    return name


async def exported(stage: Stage, issuer: str) -> str:
    """An issuer's awards as a file."""
    town, id = stage.town("brighton").id, stage.build.world.find("Issuer", "brighton", issuer).id
    return "".join([part async for part in export_awards(stage.database, town, id)])


async def test_no_issuer_learns_from_an_address_how_another_calls_its_owner(stage: Stage, ada: str) -> None:
    theirs = await gave(stage, await badge(stage), email=ada, name="Ada Secret")
    ours = await gave(stage, await of_college(stage), COLLEGE, email=ada, name="x")
    assert ours["recipient"]["name"] == "x"
    again = await gave(stage, await of_college(stage), COLLEGE, email=ada, name="y")
    assert [await called(stage, each["id"], COLLEGE) for each in (ours, again)] == ["x", "x"]
    later = await gave(stage, await badge(stage), email=ada, name="z")
    assert [await called(stage, each["id"], STAFF) for each in (theirs, later)] == ["Ada Secret", "Ada Secret"]
    me = await person(stage, ada)
    for who in ("brighton curator", me):
        assert [await called(stage, each["id"], who) for each in (theirs, ours)] == ["Ada Secret", "Ada Secret"]
    assert "Ada Secret" not in await exported(stage, "college")
    assert "Ada Secret" in await exported(stage, "youth-club")


async def test_no_issuer_learns_from_a_list_how_another_calls_somebody(stage: Stage, ada: str) -> None:
    await gave(stage, await badge(stage), email=ada, name="Ada Secret")
    listed = [{"recipient": {"name": "Ben"}}, {"recipient": {"name": "x", "email": ada}}]
    given = {"badge": await of_college(stage), "awards": listed}
    await stage.done("awardBadges", given, "job { id }", who=COLLEGE)
    seen = await stage.read("{ awards(first: 2) { nodes { recipient { name } } } }", who=COLLEGE)
    assert {each["recipient"]["name"] for each in seen["awards"]["nodes"]} == {"Ben", "x"}


async def test_who_claims_or_asks_is_called_as_they_say(stage: Stage, ada: str) -> None:
    await gave(stage, await badge(stage), email=ada, name="Ada Secret")
    who = await person(stage, ada, None)
    (code,) = await coded(stage, await of_college(stage), COLLEGE)
    award = await claims(stage, code["code"], who, name="Countess")
    assert await called(stage, award["id"], COLLEGE) == "Countess"
    request = await asked(stage, await of_college(stage), who, name="Ada")
    assert request["recipientName"] == "Countess", "as the issuer knows them already"
    for city in ("brighton", None):
        mine = await stage.read("{ viewer { requests { nodes { recipientName } } } }", city, who=who)
        assert mine["viewer"]["requests"]["nodes"] == [{"recipientName": "Countess"}]
    assert (await stage.read(OF_REQUEST, who=COLLEGE, id=request["id"]))["node"] == {"recipientName": "Countess"}


async def test_what_issuers_call_somebody_is_forgotten_with_them(stage: Stage, settings: Settings, ada: str) -> None:
    await gave(stage, await badge(stage), email=ada, name="Ada Secret")
    ours = await gave(stage, await of_college(stage), COLLEGE, email=ada, name="Ada Otherwise")
    await time_passes(stage, settings, days=366)
    assert await called(stage, ours["id"], COLLEGE) == ""
    async with stage.database.transaction(City(stage.town("brighton").id)):
        assert not await fetchval("SELECT count(*) FROM recipient_name WHERE name = 'Ada Otherwise'")
