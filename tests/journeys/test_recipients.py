"""Stories of recipients: told apart, found again, forgotten and given something anew."""

from __future__ import annotations

from typing import Any

from tests.journeys.stage import Stage, named_by
from tests.journeys.test_award_effects import ada, letters, post, settings, time_passes
from tests.journeys.test_awards import MINE, SHOWN, given, person
from tests.journeys.test_claiming import STAFF, arrives, claims, coded
from tests.journeys.test_progress import badge
from tests.outbox.test_mail import Post
from tests.working import work_off
from waypost.db import new_id
from waypost.settings import Settings

__all__ = ["ada", "post", "settings"]
MISSING = ("Refused", "NOT_FOUND", ["recipient", "id"])
OLD_SQL = """
UPDATE recipient r SET created_at = now() - interval '2 years' FROM award a
WHERE r.tenant_id = $1 AND a.tenant_id = $1 AND r.id = a.recipient_id AND a.id = $2
"""


async def mine(stage: Stage, who: str, city: str | None = "brighton") -> list[str]:
    """What somebody sees that they were given, the newest first."""
    return [each["id"] for each in (await stage.read(MINE, city, who=who))["viewer"]["awards"]["nodes"]]


async def gave(stage: Stage, of: str, who: str = STAFF, **recipient: Any) -> dict[str, Any]:
    """An award of a badge to somebody as the issuer names them."""
    input = {"badge": of, "recipient": {"name": "Ada", **recipient}}
    award: dict[str, Any] = (await stage.done("awardBadge", input, SHOWN, who=who))["award"]
    return award


async def long_known(stage: Stage, of: str, **recipient: Any) -> dict[str, Any]:
    """An award to somebody whom the city has known for longer than it keeps who never answers."""
    award = await gave(stage, of, **recipient)
    await stage.run("brighton", OLD_SQL, stage.town("brighton").id, named_by(award["id"]).row)
    return award


async def test_who_was_forgotten_and_comes_again_is_given_what_anybody_is(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    lost = []
    for _ in range(2):
        lost.append(await given(stage, recipient={"email": ada}))
        await time_passes(stage, settings, days=366)
    count = len(letters(post, ada))
    award = await given(stage, recipient={"email": ada})
    assert award["recipient"]["name"] == "Ada Example"
    await work_off(stage.database, settings)
    assert len(letters(post, ada)) == count + 1
    who = await person(stage, ada)
    assert await mine(stage, who) == [award["id"]], "what was forgotten is nobody's"
    await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=who)
    twice = {"badge": stage.id("Badge", "brighton", "film-maker"), "recipient": {"name": "A", "email": ada}}
    assert (await stage.refused("awardBadge", twice))[1] == "ALREADY_AWARDED"


async def test_who_was_forgotten_claims_by_a_code(stage: Stage, settings: Settings, ada: str) -> None:
    of, pupil = await badge(stage), {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    await given(stage, recipient={"email": ada})
    await coded(stage, of, recipients=[pupil])
    await time_passes(stage, settings, days=366)
    who = await person(stage, ada)
    (open_code,), (own,) = await coded(stage, of), await coded(stage, of, recipients=[pupil])
    assert own["recipientName"] == "Amy"
    award = await claims(stage, open_code["code"], who, name="Ada")
    assert award["recipient"] == {"name": "Ada"}
    assert await mine(stage, who) == [award["id"]]
    assert (await claims(stage, own["code"], await arrives(stage, "amy")))["recipient"] == {"name": "Amy"}


async def test_nothing_is_given_to_a_row_that_was_emptied(stage: Stage, settings: Settings, ada: str) -> None:
    award = await given(stage, recipient={"email": ada})
    shown = "query($id: ID!) { node(id: $id) { ... on Award { recipient { id } } } }"
    recipient = (await stage.read(shown, who=STAFF, id=award["id"]))["node"]["recipient"]
    await time_passes(stage, settings, days=366)
    input = {"badge": await badge(stage), "recipient": recipient}
    for who in (STAFF, "brighton curator"):
        assert await stage.refused("awardBadge", input, who=who) == MISSING, who
