"""Where frameworks come from: a file's bytes or an address, read by the first format that knows them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urljoin, urlsplit

from waypost.calling import CallLate, PluginBusy, PluginPaused
from waypost.outbox.frameworks import Fault, Result
from waypost.outgoing import Answered, AnswerTooLarge, CallFailed, Outgoing, TargetRefused
from waypost.plugins.formats import CalledFormat

PATIENCE_S: Final = 60.0  # for a server to answer in full
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS: Final = 3

T = TypeVar("T")

_log = logging.getLogger(__name__)


def is_address(text: str) -> bool:
    """Whether something given as a file or an address is an address."""
    return text.startswith(("https://", "http://"))


def address_problem(url: str) -> str | None:
    """Say why an address is not asked, or None where it may be."""
    try:
        secret = urlsplit(url).username is not None
    except ValueError as error:
        return f"that is no address: {error}"
    return "an address is kept and shown: it holds no user name and no password" if secret else None


async def fetch_framework(url: str, formats: Sequence[CalledFormat], outgoing: Outgoing) -> bytes | Fault:
    """Fetch what stands at an address, in the way that the formats ask for; at most three redirects are followed.

    Each step goes to public addresses alone, and nothing larger than `outgoing` allows is taken. What keeps it from
    being fetched, a plugin that fails included, is answered as a fault.
    """
    if problem := address_problem(url):
        return Fault("INVALID", problem)
    for each in formats:
        asked = await _answered(each, each.asked(url))
        if isinstance(asked, Fault):
            return asked
        url = asked
    headers = {name: value for each in formats for name, value in each.headers.items()}
    answer = await _called(url, headers, outgoing)
    for _ in range(MOST_REDIRECTS):
        if isinstance(answer, Fault) or answer.status not in REDIRECTS:
            break
        try:
            url = urljoin(url, answer.headers.get("location", ""))
        except ValueError:
            return Fault("UNREACHABLE", f"{urlsplit(url).netloc} leads on to what is no address")
        answer = await _called(url, headers, outgoing)
    if isinstance(answer, Fault):
        return answer
    if answer.status != 200:
        return Fault("UNREACHABLE", f"{urlsplit(url).netloc} answered {answer.status}")
    return answer.body


def shown_source(source: str) -> str:
    """What is kept of a file's name or an address: no folders, and no query, which may hold a key."""
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc}{parts.path}" if is_address(source) else Path(source).name


async def read_framework(data: bytes, formats: Sequence[CalledFormat]) -> Result:
    """Read a framework by the first format that knows it.

    A format that cannot be asked is passed over, and named where no other knows the file; nothing is raised.
    """
    failed: list[Fault] = []
    for each in formats:
        knows = await _answered(each, each.knows(data[:1_000]))
        if isinstance(knows, Fault):
            failed.append(knows)
        elif knows:
            found = await _answered(each, each.read(data))
            return [found] if isinstance(found, Fault) else found
    titles = ", ".join(each.title for each in formats) or "none: a plugin such as case_framework reads them"
    return failed or [Fault("FORMAT_UNKNOWN", f"that is none of the formats read here ({titles})")]


async def _answered(format: CalledFormat, answer: Awaitable[T]) -> T | Fault:
    """Wait for a plugin's answer; what it fails with costs this import, and is told under the plugin's name."""
    try:
        return await answer
    except (CallLate, PluginBusy, PluginPaused) as error:
        why = str(error)
    except Exception as error:  # noqa: BLE001 - a plugin's code, whatever it raises
        _log.exception("the format %s of %s failed", format.format.name, format.plugin)
        why = type(error).__name__
    return Fault("FORMAT_FAILED", f"the plugin {format.plugin}, which reads {format.title}, failed: {why}")


async def _called(url: str, headers: dict[str, str], outgoing: Outgoing) -> Answered | Fault:
    try:
        return await outgoing.call("GET", url, headers)
    except TargetRefused as error:
        return Fault("TARGET_REFUSED", str(error))
    except AnswerTooLarge as error:
        return Fault("TOO_LARGE", str(error))
    except (CallFailed, ValueError) as error:
        return Fault("UNREACHABLE", str(error))
