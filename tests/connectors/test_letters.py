"""Earners are asked by letter whether a platform may be told of them: once, and only who can answer and has not."""

from __future__ import annotations

import pytest

from tests.connectors.fake_credly import ORGANISATION, FakeCredly
from tests.connectors.stage import Issuing
from tests.connectors.test_issuing import awards, club_records
from tests.journeys.stage import SECRET
from tests.outbox.test_mail import Post, post
from waypost.access.people import address_digest
from waypost.db import City, System, execute, fetch
from waypost.learners.rules import Who
from waypost.outbox.mail import Unsubscribing

__all__ = ["post"]

ADA = "ada.love@example.org"


@pytest.fixture
async def film(stage: Issuing, post: Post, linked: str) -> str:
    """What is given at the platform, in a country with a mail server."""
    stage.smtp_url = f"smtp://127.0.0.1:{post.port}"
    return linked


async def an_hour_passes(stage: Issuing) -> None:
    """Let letters go that wait for an answer."""
    async with stage.database.transaction(System("tests")):
        await execute("UPDATE work SET due_at = now() WHERE kind = 'mail'")
    await stage.works_off()


def letters(post: Post) -> list[tuple[str, str, str]]:
    """To whom something was written: addresses, subjects and texts."""
    found = []
    for to, message in post.sent:
        part = message.get_body(("plain",))
        assert part is not None
        (address,) = to
        found.append((address, str(message["Subject"]), " ".join(part.get_content().split())))
    return found


async def test_an_earner_is_asked_once_by_letter(stage: Issuing, fake: FakeCredly, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    assert post.sent == [], "whoever is asked by a front end may answer first"
    await an_hour_passes(stage)
    ((to, subject, text),) = letters(post)
    assert (to, subject) == (ADA, "May your badge Film Maker be given at Credly too?")
    for words in (
        "Hello E. Arner,",
        "Youth Club gives the badge",
        "Nothing about you is sent there before.",
        "Youth Network sends your name and your e-mail address to Credly",
        "in Brighton, now and later",
        "withdraw that at any time",
        "https://waypost.example/brighton/",
    ):
        assert words in text
    ((_, message),) = post.sent
    html = message.get_body(("html",))
    assert html is not None
    assert "<strong>Film Maker</strong>" in html.get_content()
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    await linked_too(stage, fake)
    await stage.earns("Ada Love", "brighton", "explorer")
    await an_hour_passes(stage)
    assert [each["state"] for each in await stage.records("Ada Love")] == ["NEEDS_CONSENT"] * 2
    assert len(post.sent) == 1, "one letter asks for all that the account gives"
    await stage.agrees("Ada Love")
    assert len(fake.badges) == 2


async def linked_too(stage: Issuing, fake: FakeCredly) -> None:
    """Let explorers be given by the same account."""
    fake.template("Explorer")
    shown = "{ issuingGrants { nodes { id } } }"
    (grant,) = (await stage.read(shown, "brighton", "brighton club"))["issuingGrants"]["nodes"]
    assert (await stage.link("brighton", "explorer", grant["id"]))["state"] == "LINKED"


async def test_another_account_asks_for_itself(stage: Issuing, fake: FakeCredly, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    other = await stage.account(organisation=ORGANISATION, token="credly-live", sandbox="true")
    await stage.link("brighton", "explorer", await stage.share(other, "brighton"), film)
    await stage.earns("Ada Love", "brighton", "explorer")
    await an_hour_passes(stage)
    assert [subject for _, subject, _ in letters(post)] == [
        "May your badge Film Maker be given at Credly too?",
        "May your badge Explorer be given at Credly too?",
    ]


async def test_no_address_stands_in_what_is_to_be_done_or_was_told(
    stage: Issuing, film: str, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    async with stage.database.transaction(System("tests")):
        (job,) = await fetch("SELECT facts::text AS facts FROM work WHERE kind = 'mail'")
    async with stage.database.transaction(City(stage.town("brighton").id)):
        told = await fetch("SELECT data::text AS data FROM event")
    kept = job["facts"] + "".join(row["data"] for row in told)
    await an_hour_passes(stage)
    assert len(post.sent) == 1
    kept += "".join(each.getMessage() for each in caplog.records if each.name.startswith("waypost"))
    assert not [word for word in ("example.org", "arner", "ada") if word in kept.lower()]


async def test_a_job_that_is_done_again_asks_nobody_again(stage: Issuing, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    async with stage.database.transaction(City(stage.town("brighton").id)):
        (record,) = await fetch("SELECT id FROM issuing_record")
        for _ in range(3):
            await execute(
                "INSERT INTO work (id, tenant_id, kind, lane, facts, due_at) SELECT gen_random_uuid(), $1, "
                "'issuing.step', '', jsonb_build_object('tenant', $1::uuid, 'record', $2::uuid), now()",
                stage.town("brighton").id,
                record["id"],
            )
    await stage.works_off()
    await an_hour_passes(stage)
    assert len(post.sent) == 1


async def test_who_has_said_yes_or_no_is_not_asked(
    stage: Issuing, fake: FakeCredly, film: str, post: Post, account: str
) -> None:
    for name in ("Ada Love", "Bob Free"):
        await stage.earner(name)
        await stage.earns(name, "brighton", "film-maker")
    await stage.agrees("Ada Love")
    consent = await stage.agrees("Bob Free")
    await stage.done("withdrawFromIssuing", {"consent": consent}, "consent { id }", who="Bob Free")
    await linked_too(stage, fake)
    for name in ("Ada Love", "Bob Free"):
        await stage.earns(name, "brighton", "explorer")
    await an_hour_passes(stage)
    assert post.sent == []


async def test_nobody_is_asked_about_what_is_given_no_more(stage: Issuing, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    shown = "{ issuingLinks { nodes { id } } }"
    (link,) = (await stage.read(shown, "brighton", "brighton club"))["issuingLinks"]["nodes"]
    await stage.done("unlinkBadgeTemplate", {"link": link["id"]}, "link { id }", who="brighton club")
    await an_hour_passes(stage)
    assert post.sent == []


async def test_who_is_erased_is_not_asked(stage: Issuing, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.done("eraseMe", {"confirm": "ERASE"}, "erasedAt", city=None, who="Ada Love")
    await an_hour_passes(stage)
    assert post.sent == []


async def test_neither_children_nor_their_guardians_nor_organisations_are_asked(
    stage: Issuing, film: str, post: Post
) -> None:
    """Nothing is ever sent of them, whatever they say."""
    child = Who("Kit Small", birth_year=stage.now.year - 9, guardian_address="parent@example.org")
    for who in (child, Who("Sea Scouts", "organisation", "scouts@example.org"), Who("No Address", reference="p-1")):
        await awards(stage, who)
    assert {each["state"] for each in await club_records(stage)} == {"NOT_SENT"}
    await an_hour_passes(stage)
    assert post.sent == []


async def test_who_wants_no_letters_of_this_kind_gets_none(stage: Issuing, film: str, post: Post) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    here = stage.town("brighton").id
    await Unsubscribing(here, "issuing-consent", address_digest(ADA, SECRET)).hold(stage.database)
    await an_hour_passes(stage)
    assert post.sent == []


async def test_they_are_asked_though_the_account_rests(stage: Issuing, fake: FakeCredly, film: str, post: Post) -> None:
    """What waits for their answer goes on when it works again."""
    await stage.switch(on=False)
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await an_hour_passes(stage)
    assert len(post.sent) == 1
    await stage.switch(on=True)
    await stage.agrees("Ada Love")
    assert len(fake.of(film)) == 1


async def test_an_account_that_is_off_asks_nobody(stage: Issuing, film: str, post: Post, account: str) -> None:
    await stage.changed(account, on=False)
    await stage.works_off()
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await an_hour_passes(stage)
    assert post.sent == []
    await stage.changed(account, on=True)
    await stage.works_off()
    await an_hour_passes(stage)
    assert [to for to, *_ in letters(post)] == [ADA]
