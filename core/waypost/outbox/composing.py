"""Letters: their templates by tenant, room and language, put together as an e-mail."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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

from jinja2 import BaseLoader, ChoiceLoader, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError
from jinja2.meta import find_referenced_templates
from jinja2.sandbox import ImmutableSandboxedEnvironment

from waypost.access.people import LONGEST_ADDRESS, MAILBOX
from waypost.outbox.work import Addressed, Letter

ENGLISH: Final = "en"
PARTS: Final = ("subject.txt", "txt", "html")
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


def letter_faults(letter: Letter) -> Iterator[str]:
    """What would keep a letter from being written, whoever gets it: files that are missing or are no templates.

    English is what everybody is written to whose language has no templates, so that all parts must be there. Files are
    named from the top of the letter's package.
    """
    package = letter.package
    if not package:
        module = letter.facts.__module__
        yield f"the letter {letter.name}: letters/ lies beside the module of its facts, and {module} is in no package"
        return
    folder, place = _letters_in(package), f"{package.replace('.', '/')}/letters"
    there = {each.name for each in folder.iterdir()} if folder.is_dir() else set()
    for part in PARTS:
        if (file := f"{letter.name}.{ENGLISH}.{part}") not in there:
            yield f"the letter {letter.name} has no file {place}/{file}"
    loader = _loader(letter, None)
    for file in sorted(there):
        if file.startswith(f"{letter.name}.") and file.endswith(PARTS):
            yield from (f"{place}/{file}{fault}" for fault in _template_faults(loader, file))


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
    loader = _loader(letter, folder)
    return {"html": _environment(loader, escapes=True), "txt": _environment(loader, escapes=False)}


def _environment(loader: BaseLoader, *, escapes: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, autoescape=escapes
    )


def _loader(letter: Letter, folder: Path | None) -> BaseLoader:
    folders = [_letters_in(letter.package), _letters_in(__package__ or "waypost.outbox")]
    return ChoiceLoader([FileSystemLoader(each) for each in ([folder] if folder else []) + folders])


def _template_faults(loader: BaseLoader, name: str) -> Iterator[str]:
    """What is wrong with a template, as words that follow its name."""
    environment = _environment(loader, escapes=name.endswith("html"))
    try:
        environment.get_template(name)
        asked = set(find_referenced_templates(environment.parse(loader.get_source(environment, name)[0])))
    except TemplateSyntaxError as error:
        yield f", line {error.lineno}: {error.message}"
    except UnicodeDecodeError:
        yield " is not written in UTF-8"
    else:
        for other in sorted(each for each in asked if each is not None):  # None: a name that a value gives
            try:
                environment.get_template(other)
            except TemplateNotFound:
                yield f" asks for {other}, and there is no such template"
            except TemplateSyntaxError as error:
                yield f" asks for {other}, and there line {error.lineno} says: {error.message}"


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
