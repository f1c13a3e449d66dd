"""Letters: their templates by tenant, room and language, put together as an e-mail."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateNotFound
from jinja2.sandbox import ImmutableSandboxedEnvironment

from waypost.access.people import LONGEST_ADDRESS, MAILBOX
from waypost.outbox.work import Addressed, Letter

ENGLISH: Final = "en"
LONGEST_SUBJECT: Final = 200
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f\u0085\u2028\u2029]+")
UNSUBSCRIBE_WORDS: Final[Mapping[str, str]] = {
    "en": "Do not send me letters of this kind any more",
    "cy": "Peidiwch ag anfon llythyrau o'r math hwn ataf mwyach",
}


class UnfitAddress(ValueError):
    """An address to which nothing can be sent; the words do not repeat it."""

    def __init__(self) -> None:
        super().__init__("the address is none that a letter can be sent to")


@dataclass(frozen=True)
class Envelope:
    """What a letter carries beside its words."""

    sender: str
    message_id: UUID
    host: str
    now: datetime
    unsubscribe_url: str | None = None


def compose_letter(letter: Letter, to: Addressed, envelope: Envelope, folder: Path | None = None) -> EmailMessage:
    """Put a letter together. `folder` holds the tenant's own templates, where it has some.

    Raises `UnfitAddress`, and what Jinja2 raises for a template that is missing or asks for a value that is not there.
    """
    environments = _environments(letter, folder)
    values = dict(to.values) | {
        "language": to.language,
        "unsubscribe_url": envelope.unsubscribe_url,
        "unsubscribe_words": _of_language(UNSUBSCRIBE_WORDS, to.language),
    }
    subject = one_line(_rendered(environments["txt"], letter, to.language, "subject.txt", values))
    values["subject"] = subject
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject
    message["From"] = address_of(envelope.sender)
    message["To"] = address_of(to.address)
    message["Date"] = format_datetime(envelope.now)
    message["Message-ID"] = f"<{envelope.message_id}@{envelope.host}>"
    message["Auto-Submitted"] = "auto-generated"
    if envelope.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{envelope.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(_rendered(environments["txt"], letter, to.language, "txt", values))
    message.add_alternative(_rendered(environments["html"], letter, to.language, "html", values), subtype="html")
    return message


def address_of(text: str) -> Address:
    """The one mailbox that a text names. Raises `UnfitAddress` for anything else."""
    if len(text) > LONGEST_ADDRESS or not MAILBOX.fullmatch(text):
        raise UnfitAddress
    try:
        return Address(addr_spec=text)
    except (ValueError, IndexError) as error:
        raise UnfitAddress from error


def one_line(text: str) -> str:
    """A text that stands in a header: whatever would end the line is a space."""
    return " ".join(_UNFIT.sub(" ", text).split())[:LONGEST_SUBJECT]


def languages_of(language: str) -> Sequence[str]:
    """The languages to look for, the most wanted first: `cy-GB`, `cy`, `en`."""
    parts = language.split("-")
    found = ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys((*found, ENGLISH)))


def _of_language(words: Mapping[str, str], language: str) -> str:
    return next(words[each] for each in languages_of(language) if each in words)


def _environments(letter: Letter, folder: Path | None) -> dict[str, ImmutableSandboxedEnvironment]:
    """One that escapes and one that does not; a tenant's templates may do nothing but show what they are given."""
    folders = [_letters_in(letter.package), _letters_in(__package__ or "waypost.outbox")]
    loader = ChoiceLoader([FileSystemLoader(each) for each in ([folder] if folder else []) + folders])
    how: dict[str, Any] = {"loader": loader, "undefined": StrictUndefined, "keep_trailing_newline": True}
    return {
        "html": ImmutableSandboxedEnvironment(autoescape=True, **how),
        "txt": ImmutableSandboxedEnvironment(autoescape=False, **how),
    }


def _letters_in(package: str) -> Path:
    return Path(str(files(package))) / "letters"


def _rendered(
    environment: ImmutableSandboxedEnvironment, letter: Letter, language: str, part: str, values: Mapping[str, Any]
) -> str:
    for each in languages_of(language):
        try:
            template = environment.get_template(f"{letter.name}.{each}.{part}")
        except TemplateNotFound as error:
            if each == ENGLISH or error.name != f"{letter.name}.{each}.{part}":
                raise
            continue
        return template.render(values)
    raise AssertionError("English is always looked for")
