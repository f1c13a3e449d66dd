"""Letters go out over a real SMTP server, and say nothing that nobody wrote."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.live.stage import served
from tests.rooms import found_tenant
from waypost.db import City, Database, System, execute, fetch
from waypost.outbox import Addressed, Effects, Letter, Work, composing, enqueue
from waypost.outbox.composing import UnfitAddress, address_of, one_line
from waypost.outbox.mail import Unsubscribing
from waypost.settings import Settings
from waypost.tenancy.entries import Here
from waypost.testing.working import SETTINGS, work_off

ADA = "ada@example.org"


@dataclass
class Post:
    """A mail server that keeps what it is given, and answers as it is told to."""

    answer: str = "250 OK"
    port: int = 0
    sent: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        content = envelope.content
        assert isinstance(content, bytes)
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.sent.append((list(envelope.rcpt_tos), message))
        return "250 OK"


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    """A mail server on a port of its own."""
    post = Post()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(post), "127.0.0.1", 0)
    post.port = server.sockets[0].getsockname()[1]
    async with server:
        yield post


def through(post: Post, **more: Any) -> Settings:
    return replace(SETTINGS, smtp_url=f"smtp://127.0.0.1:{post.port}", **more)


def letters(to: Addressed | None) -> Effects:
    async def facts(_work: Work, _facts: Mapping[str, Any]) -> Addressed | None:
        return to

    facts.__module__ = "tests.outbox.test_mail"
    return Effects(letters=(Letter("kite-lost", facts),))


@pytest.fixture(autouse=True)
def _room(monkeypatch: pytest.MonkeyPatch) -> None:
    """This folder is a room: `tests` is no package to be found by its name."""
    real = composing._letters_in
    here = Path(__file__).parent / "letters"
    monkeypatch.setattr(composing, "_letters_in", lambda name: here if name.startswith("tests") else real(name))


@pytest.fixture(scope="module")
async def here(database: Database) -> Here:
    return await found_tenant(database, "rye")


async def write(database: Database, here: Here) -> None:
    async with database.transaction(City(here.tenant_id)):
        await enqueue("mail", {"letter": "kite-lost", "tenant": here.tenant_id})


@pytest.fixture(autouse=True)
async def _empty(database: Database) -> AsyncIterator[None]:
    yield
    async with database.transaction(System("tests")):
        await execute("DELETE FROM work")


async def test_a_letter_goes_to_its_address_in_text_and_html(database: Database, here: Here, post: Post) -> None:
    await write(database, here)
    to = Addressed(ADA, "en", {"kite": "<Red> & Blue"})
    await work_off(database, through(post, mail_from="kites@example.org"), effects=letters(to))
    ((recipients, message),) = post.sent
    assert recipients == [ADA]
    assert message["Subject"] == "Your kite <Red> & Blue is lost"
    assert message["From"] == "kites@example.org"
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "<Red> & Blue flew away" in text.get_content()
    assert "&lt;Red&gt; &amp; Blue flew away" in html.get_content()
    assert message["List-Unsubscribe"] is None


async def test_it_speaks_the_language_of_who_reads_it_or_english(database: Database, here: Here, post: Post) -> None:
    for language in ("cy-GB", "fr"):
        await write(database, here)
        await work_off(database, through(post), effects=letters(Addressed(ADA, language, {"kite": "K"})))
    assert [message["Subject"] for _, message in post.sent] == ["Mae'r barcud K ar goll", "Your kite K is lost"]


async def test_a_tenant_may_write_it_in_its_own_words(
    database: Database, here: Here, post: Post, tmp_path: Path
) -> None:
    folder = tmp_path / here.slug / "letters"
    folder.mkdir(parents=True)
    (folder / "kite-lost.en.subject.txt").write_text("Rye has lost {{ kite }}{{ ''.__class__ }}", encoding="utf-8")
    await write(database, here)
    settings = through(post, tenants_dir=tmp_path)
    await work_off(database, settings, effects=letters(Addressed(ADA, "en", {"kite": "K"})), raising=False)
    assert post.sent == [], "a tenant's template may look at nothing but its values"
    (folder / "kite-lost.en.subject.txt").write_text("Rye has lost {{ kite }}", encoding="utf-8")
    await write(database, here)
    await work_off(database, settings, effects=letters(Addressed(ADA, "en", {"kite": "K"})))
    assert [message["Subject"] for _, message in post.sent] == ["Rye has lost K"]


async def test_nobody_can_write_further_headers_or_addresses(database: Database, here: Here, post: Post) -> None:
    await write(database, here)
    kite = "K\r\nBcc: all@example.org\r\n\r\nBuy!\u2028X-Evil: 1"
    await work_off(database, through(post), effects=letters(Addressed(ADA, "en", {"kite": kite})))
    ((recipients, message),) = post.sent
    assert recipients == [ADA]
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["Subject"] == "Your kite K Bcc: all@example.org Buy! X-Evil: 1 is lost"


@pytest.mark.parametrize(
    "address",
    [
        *("ada@example.org\r\nBcc: all@example.org", "ada@example.org, eve@example.org", "ada@example.org;eve@x.org"),
        *("Ada <ada@example.org>", "ada", "", "a\x00@example.org", "@example.org", "ada@", "a" * 300 + "@example.org"),
        *("ada@example.org\u2028x", '"a b"@example.org', "ada@example.org>"),
    ],
)
def test_an_address_names_one_mailbox(address: str) -> None:
    with pytest.raises(UnfitAddress):
        address_of(address)


def test_a_subject_is_one_line() -> None:
    assert one_line(" a\r\n b\x00\u2029c ") == "a b c"


async def test_what_a_server_refuses_for_good_is_dead_and_names_nobody(
    database: Database, here: Here, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    post.answer = f"550 <{ADA}> is unknown here"
    await write(database, here)
    with caplog.at_level(logging.INFO):
        await work_off(database, through(post), effects=letters(Addressed(ADA, "en", {"kite": "K"})), raising=False)
    assert await _rest(database) == [("dead", "GivenUp: the mail server answered 550")]
    assert ADA not in _ours(caplog)


async def test_what_a_server_cannot_take_now_comes_again(database: Database, here: Here, post: Post) -> None:
    post.answer = "451 later"
    await write(database, here)
    settings = through(post)
    await work_off(database, settings, effects=letters(Addressed(ADA, "en", {"kite": "K"})), raising=False)
    assert await _rest(database) == [("due", "Later: the mail server answered 451")]
    gone = replace(settings, smtp_url="smtp://127.0.0.1:1")
    async with database.transaction(System("tests")):
        await execute("UPDATE work SET due_at = now()")
    await work_off(database, gone, effects=letters(Addressed(ADA, "en", {"kite": "K"})), raising=False)
    ((state, problem),) = await _rest(database)
    assert (state, problem) == ("due", "Later: the mail server could not be reached: SMTPConnectError")


async def test_without_a_server_a_letter_is_not_sent_and_the_log_says_so_without_the_address(
    database: Database, here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, here)
    await work_off(database, effects=letters(Addressed(ADA, "en", {"kite": "K"})))
    assert "kite-lost was not sent: no WAYPOST_SMTP_URL" in caplog.text
    assert ADA not in _ours(caplog)
    assert await _rest(database) == []


async def test_nobody_is_written_to_who_is_not_there_any_more(database: Database, here: Here, post: Post) -> None:
    await write(database, here)
    await work_off(database, through(post), effects=letters(None))
    assert (post.sent, await _rest(database)) == ([], [])


async def test_one_click_ends_letters_of_that_kind(database: Database, app_url: str, here: Here, post: Post) -> None:
    to = Addressed(ADA, "en", {"kite": "K"}, unsubscribe=True)
    async with served(app_url) as process:
        settings = through(post, base_url=process.url, secret_key=process.platform.settings.secret_key)
        await write(database, here)
        await work_off(database, settings, effects=letters(to))
        ((_, message),) = post.sent
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        url = "".join(str(message["List-Unsubscribe"]).split()).strip("<>")
        body = message.get_body(("plain",))
        assert body is not None
        assert url in body.get_content()
        assert ADA not in url
        async with httpx.AsyncClient(trust_env=False) as client:
            looked = await client.get(url)
            assert "<form" in looked.text
            await write(database, here)
            await work_off(database, settings, effects=letters(to))
            assert len(post.sent) == 2, "looking is not asking"
            done = await client.post(url, content="List-Unsubscribe=One-Click")
            assert done.status_code == 200
            forged = await client.post(url[:-1] + ("A" if url[-1] != "A" else "B"))
            assert forged.status_code == 404
            assert (await client.post(f"{process.url}/unsubscribe/%FF..")).status_code == 404
        await write(database, here)
        await work_off(database, settings, effects=letters(to))
        assert len(post.sent) == 2
        other = replace(to, address="eve@example.org")
        await write(database, here)
        await work_off(database, settings, effects=letters(other))
        assert len(post.sent) == 3


@pytest.mark.parametrize("token", ["", "A", "....", "YS5iLmMuZA", "é", "a" * 5000])
def test_a_token_that_was_not_made_here_says_nothing(token: str) -> None:
    assert Unsubscribing.read(token, "a key for tests alone") is None


def test_a_token_says_what_was_said() -> None:
    said = Unsubscribing(UUID(int=7), "kite-lost", "ab" * 32)
    assert Unsubscribing.read(said.token("a key for tests alone"), "a key for tests alone") == said
    assert Unsubscribing.read(said.token("a key for tests alone"), "another key for tests") is None


def _ours(caplog: pytest.LogCaptureFixture) -> str:
    """What we logged; the mail server of these tests keeps a log of its own."""
    return "\n".join(each.getMessage() for each in caplog.records if each.name != "mail.log")


async def _rest(database: Database) -> list[tuple[str, str]]:
    async with database.transaction(System("tests")):
        return [tuple(row.values()) for row in await fetch("SELECT state, problem FROM work")]
