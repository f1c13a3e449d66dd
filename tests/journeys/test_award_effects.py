"""Stories of what follows from awards: letters, expiry, reminders, and what is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP

from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_award_batches import BEGUN
from tests.journeys.test_awards import MINE, SHOWN, given, person
from tests.outbox.test_mail import Post
from waypost.awards import keeping
from waypost.composition import personal
from waypost.db import City, execute, fetchrow, fetchval, new_id
from waypost.outbox.queue import SCOPE
from waypost.outbox.work import Work
from waypost.settings import Settings
from waypost.testing.working import work_off


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail server on a port of its own."""
    post = Post()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    async with server:
        yield post


@pytest.fixture
def settings(post: Post) -> Settings:
    return Settings(secret_key=SECRET, base_url="https://waypost.example", smtp_url=f"smtp://127.0.0.1:{post.port}")


@pytest.fixture
def ada() -> str:
    """An address that nobody has had before."""
    return f"ada.{new_id().hex}@example.org"


async def time_passes(stage: Stage, settings: Settings, **ahead: float) -> None:
    """Run all schedules as of some time ahead, and what follows from them."""
    now = datetime.now(UTC) + timedelta(**ahead)
    for schedule in keeping.effects_of(personal()).schedules:
        await schedule.run(Work(stage.database, settings, clock=lambda: now))
    await work_off(stage.database, settings)


def letters(post: Post, address: str) -> list[tuple[str, str]]:
    """What was written to an address: subjects and texts."""
    found = []
    for to, message in post.sent:
        if to == [address]:
            part = message.get_body(("plain",))
            assert part is not None
            found.append((str(message["Subject"]), part.get_content()))
    return found


async def test_who_is_given_a_badge_is_told_once_and_told_why_it_is_taken_back(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    award = await given(stage, recipient={"email": ada}, expiresAt="2127-01-31T00:00:00Z")
    for _ in range(2):
        await work_off(stage.database, settings)
    ((subject, text),) = letters(post, ada)
    assert "given you the badge" in subject
    assert "Hello Ada Example" in text
    assert "https://waypost.example/brighton/" in text
    assert "31 January 2127" in text
    await stage.done("revokeAward", {"award": award["id"], "reason": "A <mistake>."}, SHOWN, who="issuer-admin")
    await work_off(stage.database, settings)
    _, (subject, text) = letters(post, ada)
    assert "taken back" in subject
    assert "A <mistake>." in text


async def test_of_a_child_the_guardian_alone_is_written_to(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    year = datetime.now(UTC).year
    await given(stage, recipient={"name": "Kit", "email": None, "birthYear": year - 9, "guardianEmail": ada})
    await given(stage, recipient={"name": "Nobody's", "email": None})
    count = len(post.sent)
    await work_off(stage.database, settings)
    ((subject, text),) = letters(post, ada)
    assert "has given Kit the badge" in subject
    assert "Kit is under 13" in text
    assert len(post.sent) == count + 1, "nobody else was written to"


async def test_of_a_batch_that_was_undone_nobody_hears(stage: Stage, settings: Settings, post: Post, ada: str) -> None:
    input: dict[str, Any] = {
        "badge": stage.id("Badge", "brighton", "leader"),
        "awards": [{"recipient": {"name": "Ada", "email": ada}}],
    }
    begun = await stage.done("awardBadges", input, BEGUN)
    await work_off(stage.database, settings)
    assert letters(post, ada) == []
    await stage.done("undoAwards", {"job": begun["job"]["id"]}, "job { id }")
    await work_off(stage.database, settings)
    async with stage.database.transaction(SCOPE):
        assert await execute("UPDATE work SET due_at = now() WHERE kind = 'mail'") == "UPDATE 1", (
            "the letter that waits"
        )
    await work_off(stage.database, settings)
    assert letters(post, ada) == []


async def test_an_award_expires_and_its_holder_is_reminded_before(
    stage: Stage, settings: Settings, post: Post, ada: str
) -> None:
    soon = datetime.now(UTC) + timedelta(days=60)
    award = await given(stage, recipient={"email": ada}, expiresAt=soon.isoformat())
    who = await person(stage, ada)
    await stage.done("acceptAward", {"award": award["id"]}, SHOWN, who=who)
    await time_passes(stage, settings, days=20)
    assert not [subject for subject, _ in letters(post, ada) if "holds until" in subject]
    for days in (31, 32):
        await time_passes(stage, settings, days=days)
        assert len([subject for subject, _ in letters(post, ada) if "holds until" in subject]) == 1
    await time_passes(stage, settings, days=61)
    mine = (await stage.read(MINE, who=who))["viewer"]["awards"]["nodes"]
    assert [each["state"] for each in mine] == ["EXPIRED"]
    assert (await stage.events(award["id"]))[-1] == "award.expired"


async def test_who_never_answers_is_forgotten_after_the_citys_time(stage: Stage, settings: Settings, ada: str) -> None:
    claimed, unclaimed = (
        await given(stage, recipient={"email": ada}),
        await given(
            stage,
            recipient={"name": "Secret Name", "email": f"other.{ada}"},
            narrative="Secret.",
            evidence=["https://e.org"],
        ),
    )
    who = await person(stage, ada)
    await stage.done("acceptAward", {"award": claimed["id"]}, SHOWN, who=who)
    await time_passes(stage, settings, days=364)
    assert (await recipient_of(stage, unclaimed))["display_name"] == "Secret Name"
    await time_passes(stage, settings, days=366)
    forgotten = await recipient_of(stage, unclaimed)
    assert forgotten == {**dict.fromkeys(forgotten), "display_name": "", "state": "expired", "evidence": 0}
    assert (await recipient_of(stage, claimed))["display_name"] == "Ada Example"


async def test_no_word_is_left_of_who_is_forgotten_with_time(stage: Stage, settings: Settings, ada: str) -> None:
    """What others wrote of them goes too: why an award was taken back, whose a code is, what they asked for once."""
    award = await given(stage, recipient={"name": "Ethelburga", "email": f"ethelburga.{ada}"})
    words = "For Ethelburga Featherstonehaugh"
    named, now = named_by(award["id"]), datetime.now(UTC)
    where = "FROM award WHERE tenant_id = $1 AND id = $2"
    async with stage.database.transaction(City(named.tenant)):
        await execute(
            "UPDATE award SET state = 'revoked', revoked_reason = $3 WHERE tenant_id = $1 AND id = $2",
            *(named.tenant, named.row, words),
        )
        await execute(
            "INSERT INTO claim_code (tenant_id, id, badge_id, issuer_id, recipient_id, label, most, cancelled_at)"
            f" SELECT tenant_id, $3, badge_id, issuer_id, recipient_id, $4, 1, $5 {where}",
            *(named.tenant, named.row, new_id(), words, now),
        )
        await execute(
            "INSERT INTO badge_request (tenant_id, id, badge_id, issuer_id, recipient_id, person_id, statement, state,"
            f" requested_at) SELECT tenant_id, $3, badge_id, issuer_id, recipient_id, $3, $4, 'withdrawn', $5 {where}",
            *(named.tenant, named.row, new_id(), words, now),
        )
    told = (
        "SELECT (SELECT count(*) FROM claim_code c WHERE c.tenant_id = $1 AND c::text LIKE $2)"
        " + (SELECT count(*) FROM badge_request r WHERE r.tenant_id = $1 AND r::text LIKE $2)"
        " + (SELECT count(*) FROM award a WHERE a.tenant_id = $1 AND a::text LIKE $2)"
    )
    async with stage.database.transaction(City(named.tenant)):
        assert await fetchval(told, named.tenant, f"%{words}%") == 3
    await time_passes(stage, settings, days=366)
    async with stage.database.transaction(City(named.tenant)):
        assert await fetchval(told, named.tenant, f"%{words}%") == 0
    forgotten = await recipient_of(stage, award)
    assert forgotten == {**dict.fromkeys(forgotten), "display_name": "", "state": "revoked", "evidence": 0}


async def test_who_is_forgotten_with_time_stays_counted_as_a_learner_of_their_own(
    stage: Stage, settings: Settings, ada: str
) -> None:
    awards = [await given(stage, recipient={"name": "Unknown", "email": f"{n}.{ada}"}) for n in range(3)]
    rows = [named_by(each["id"]).row for each in awards]
    here = named_by(awards[0]["id"]).tenant
    counted = "SELECT array_agg(DISTINCT learner_id) FROM counted_award WHERE tenant_id = $1 AND id = ANY($2::uuid[])"
    async with stage.database.transaction(City(here)):
        await execute(
            "INSERT INTO counted_award (tenant_id, id, learner_id, home_tenant_id, month, layer, kind, place, ward,"
            " deprivation, age) SELECT tenant_id, id, recipient_id, tenant_id, '2027-01', 'x', 'x', 'x', 'x', 'x', 'x'"
            " FROM award WHERE tenant_id = $1 AND id = ANY($2::uuid[])",
            *(here, rows),
        )
        before = set(await fetchval(counted, here, rows))
    await time_passes(stage, settings, days=366)
    async with stage.database.transaction(City(here)):
        after = set(await fetchval(counted, here, rows))
        await execute("DELETE FROM counted_award WHERE tenant_id = $1 AND id = ANY($2::uuid[])", here, rows)
    assert len(after) == len(before) == 3
    assert not after & before


async def test_an_award_that_expired_before_its_recipient_is_forgotten_expires_once(
    stage: Stage, settings: Settings, ada: str
) -> None:
    soon = datetime.now(UTC) + timedelta(days=60)
    over = await given(stage, recipient={"email": ada}, expiresAt=soon.isoformat())
    waits = await given(stage, recipient={"email": f"other.{ada}"})
    await time_passes(stage, settings, days=61)
    await time_passes(stage, settings, days=366)
    for award in (over, waits):
        assert (await recipient_of(stage, award))["display_name"] == ""
        assert await stage.events(award["id"]) == ["award.created", "award.expired"]


async def recipient_of(stage: Stage, award: dict[str, Any]) -> dict[str, Any]:
    """What is known of who was given an award."""
    named = named_by(award["id"])
    sql = (
        "SELECT r.display_name, r.address, r.person_id, r.birth_year, a.narrative, a.state, "
        "(SELECT count(*) FROM award_evidence e WHERE e.tenant_id = $1 AND e.award_id = a.id) AS evidence "
        "FROM award a JOIN recipient r ON r.tenant_id = a.tenant_id AND r.id = a.recipient_id "
        "WHERE a.tenant_id = $1 AND a.id = $2"
    )
    async with stage.database.transaction(City(named.tenant)):
        row = await fetchrow(sql, named.tenant, named.row)
    assert row is not None
    return dict(row)
