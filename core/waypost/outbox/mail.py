"""Sends letters over SMTP. Addresses come in at the last moment, and stand in no log, row or error."""

from __future__ import annotations

import hmac
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from waypost.access.people import address_digest, one_form
from waypost.db import City, Database, execute, fetchval
from waypost.outbox.composing import Envelope, UnfitAddress, address_of, compose_letter
from waypost.outbox.queue import SCOPE, text_of
from waypost.outbox.work import Addressed, GivenUp, Later, Letter, Task, Work

log: Final = logging.getLogger("waypost.mail")

MAIL: Final = "mail"
TIMEOUT_S: Final = 30.0
PURPOSE: Final = "unsubscribe"
SLUG_SQL: Final = "SELECT slug FROM tenant WHERE id = $1"
IS_UNWANTED_SQL: Final = """
SELECT EXISTS (SELECT FROM unsubscribed WHERE tenant_id = $1 AND letter = $2 AND digest = $3)
"""
UNSUBSCRIBE_SQL: Final = """
INSERT INTO unsubscribed (tenant_id, letter, digest) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id, letter, digest) DO NOTHING
"""


@dataclass(frozen=True)
class Unsubscribing:
    """Which letters of a tenant somebody does not want any more: the address is named by its digest alone."""

    tenant: UUID
    letter: str
    digest: str

    def token(self, secret_key: str) -> str:
        """The token of a link: what it says, signed."""
        said = f"{self.tenant.hex}.{self.letter}.{self.digest}"
        return urlsafe_b64encode(f"{said}.{_signature(said, secret_key)}".encode()).decode().rstrip("=")

    @classmethod
    def read(cls, token: str, secret_key: str) -> Self | None:
        """What a token says; None for one that was not made here."""
        try:
            text = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        except ValueError:
            return None
        said, _, signature = text.rpartition(".")
        if not hmac.compare_digest(_signature(said, secret_key), signature):
            return None
        tenant, letter, digest = said.split(".")
        found = cls(UUID(hex=tenant), letter, digest)
        return found if found.token(secret_key) == token else None  # base64 can be written in several ways

    async def hold(self, database: Database) -> None:
        """Remember it."""
        async with database.transaction(City(self.tenant, quiet=True)):
            await execute(UNSUBSCRIBE_SQL, self.tenant, self.letter, self.digest)

    async def holds(self, database: Database) -> bool:
        """Whether it was said before."""
        async with database.transaction(City(self.tenant, quiet=True)):
            return bool(await fetchval(IS_UNWANTED_SQL, self.tenant, self.letter, self.digest))


@dataclass(frozen=True)
class Mailer:
    """Sends the letters of all rooms."""

    letters: Mapping[str, Letter]

    async def send(self, work: Work, task: Task) -> None:
        """Find out to whom a letter goes and send it, at most with a constant Message-ID for each piece of work."""
        name = text_of(task.facts, "letter")
        letter = self.letters.get(name)
        if letter is None:
            raise LookupError(f"nobody here writes the letter {name}; a plugin that is not installed?")
        to = await letter.facts(work, task.facts)
        if to is None:
            log.info("the letter %s goes to nobody any more", name, extra={"work": str(task.id)})
            return
        if work.settings.smtp_url is None:
            log.warning("the letter %s was not sent: no WAYPOST_SMTP_URL is set", name, extra={"work": str(task.id)})
            return
        try:
            await self._send(work, task, letter, to)
        except UnfitAddress as error:
            raise GivenUp(str(error)) from None

    async def _send(self, work: Work, task: Task, letter: Letter, to: Addressed) -> None:
        settings = work.settings
        tenant = tenant_in(task)
        address_of(to.address)
        url = None
        if to.unsubscribe and tenant is not None:
            key = settings.load_secret_key()
            unwanted = Unsubscribing(tenant, letter.name, address_digest(one_form(to.address), key))
            if await unwanted.holds(work.database):
                log.info("the letter %s is not wanted any more", letter.name, extra={"work": str(task.id)})
                return
            url = f"{settings.base_url}/unsubscribe/{unwanted.token(key)}"
        host = urlsplit(settings.base_url).hostname or "localhost"
        sender = settings.mail_from or f"no-reply@{host}"
        envelope = Envelope(sender, task.id, host, work.now(), url)
        folder = await _folder(work, tenant)
        message = compose_letter(letter, to, envelope, folder)
        await deliver(message, settings.smtp_url or "", to.address, sender)


async def deliver(message: EmailMessage, smtp_url: str, address: str, sender: str) -> None:
    """Hand a message to the mail server.

    Raises `Later` where the server cannot take it now, `GivenUp` where it never will; neither repeats its words, which
    may name the address.
    """
    server = urlsplit(smtp_url)
    try:
        await aiosmtplib.send(
            message,
            sender=sender,
            recipients=[address],
            hostname=server.hostname,
            port=server.port,
            username=unquote(server.username) if server.username else None,
            password=unquote(server.password) if server.password else None,
            use_tls=server.scheme == "smtps",
            timeout=TIMEOUT_S,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [each.code for each in error.recipients]
        raise _failed(codes[0] if codes else 550) from None
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPDataError) as error:
        raise _failed(error.code) from None
    except aiosmtplib.SMTPResponseException as error:
        raise Later(f"the mail server answered {error.code}") from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise Later(f"the mail server could not be reached: {type(error).__name__}") from None


def _failed(code: int) -> Exception:
    words = f"the mail server answered {code}"
    return GivenUp(words) if code >= 500 else Later(words)


def tenant_in(task: Task) -> UUID | None:
    """The tenant that a task is about."""
    given = task.facts.get("tenant")
    return UUID(str(given)) if given else task.tenant_id


async def _folder(work: Work, tenant: UUID | None) -> Path | None:
    """The folder of a tenant's own templates, where there is one."""
    if tenant is None:
        return None
    rows = await work.database.reads.rows(SCOPE, SLUG_SQL, [tenant])
    folder = work.settings.tenants_dir / str(rows[0]["slug"]) / "letters" if rows else None
    return folder if folder is not None and folder.is_dir() else None


def _signature(said: str, secret_key: str) -> str:
    return hmac.digest(secret_key.encode(), f"{PURPOSE}:{said}".encode(), sha256).hex()[:40]
