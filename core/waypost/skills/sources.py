"""Where frameworks come from: a file's bytes or an address, read by the first format that knows them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Sequence
from inspect import isawaitable, iscoroutinefunction
from pathlib import Path
from typing import Final
from urllib.parse import urljoin, urlsplit

from waypost.outbox.frameworks import Fault, Format, Package, Result
from waypost.outgoing import Answered, AnswerTooLarge, CallFailed, Outgoing, TargetRefused

PATIENCE_S: Final = 60.0  # for a server to answer in full
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
MOST_REDIRECTS: Final = 3

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


async def fetch_framework(url: str, formats: Sequence[Format], outgoing: Outgoing) -> bytes | Fault:
    """Fetch what stands at an address, in the way that the formats ask for; at most three redirects are followed.

    Each step goes to public addresses alone, and nothing larger than `outgoing` allows is taken.
    """
    if problem := address_problem(url):
        return Fault("INVALID", problem)
    try:
        for each in formats:
            url = each.asked(url)
    except Exception as error:  # noqa: BLE001 - a plugin's code, whatever it raises
        _log.exception("a format of frameworks failed")
        return Fault("FORMAT_FAILED", f"the plugin that reads this format failed: {type(error).__name__}")
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


async def read_framework(data: bytes, formats: Sequence[Format]) -> Result:
    """Read a framework by the first format that knows it; a format that fails is named, and costs nothing else."""
    try:
        known = next((each for each in formats if each.knows(data[:1_000])), None)
        if known is not None:
            return await _read(known, data)
    except Exception as error:  # noqa: BLE001 - a plugin's code, whatever it raises
        _log.exception("a format of frameworks failed")
        return [Fault("FORMAT_FAILED", f"the plugin that reads this format failed: {type(error).__name__}")]
    titles = ", ".join(each.title for each in formats) or "none: a plugin such as case_framework reads them"
    return [Fault("FORMAT_UNKNOWN", f"that is none of the formats read here ({titles})")]


async def _read(format: Format, data: bytes) -> Result:
    """Read here what waits, and in a thread what does not."""
    found = format.read(data) if iscoroutinefunction(format.read) else await asyncio.to_thread(format.read, data)
    return _whole(await found if isawaitable(found) else found)


def _whole(found: object) -> Result:
    """Raise TypeError for what is neither a package nor faults: a plugin may answer anything."""
    if isinstance(found, Package):
        return found
    faults = [each for each in found if isinstance(each, Fault)] if isinstance(found, Collection) else []
    if not faults or faults != [*found]:  # type: ignore[misc]  # a collection, as it has faults
        raise TypeError(f"neither a package nor faults but {type(found).__name__}")
    return faults


async def _called(url: str, headers: dict[str, str], outgoing: Outgoing) -> Answered | Fault:
    try:
        return await outgoing.call("GET", url, headers)
    except TargetRefused as error:
        return Fault("TARGET_REFUSED", str(error))
    except AnswerTooLarge as error:
        return Fault("TOO_LARGE", str(error))
    except (CallFailed, ValueError) as error:
        return Fault("UNREACHABLE", str(error))
