"""Pages of `/services`, as Open Referral UK 3.0 shapes them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from waypost.outbox.feeding import Asked, FeedFault, Page
from waypost.outgoing import together

PER_PAGE: Final = 100
AT_ONCE: Final = 4  # services that are read by themselves
LISTS: Final = ("contents", "content", "items")


async def pull(asked: Asked) -> Page:
    """Read one page; the cursor is `{"page": n}`, and pages count from 1.

    The list of a directory may hold services in short; with the setting `details` each is read by itself.
    """
    number = _number(asked.cursor)
    size = asked.settings.get("per_page", PER_PAGE)
    base = asked.url.rstrip("/")
    found = await asked.client.page(f"{base}/services?page={number}&per_page={size}")
    if not isinstance(found, Mapping):
        raise FeedFault("FEED_MALFORMED", "a page of services is an object, with a list of contents")
    services = _contents(found)
    if asked.settings.get("details"):
        services = await _whole(asked, base, services)
    return Page(
        services, next=_next(found, number, services), total=_whole_number(found, "total_items"), place="contents"
    )


def _number(cursor: Any) -> int:
    page = cursor.get("page") if isinstance(cursor, Mapping) else None
    return page if isinstance(page, int) and page > 0 else 1


def _contents(found: Mapping[str, Any]) -> list[Any]:
    services = next((found[name] for name in LISTS if name in found), None)
    if not isinstance(services, list):
        raise FeedFault("FEED_MALFORMED", "a page of services has no list of contents", "contents")
    return services


def _next(found: Mapping[str, Any], number: int, services: list[Any]) -> dict[str, int] | None:
    """Where the walk goes on. What a directory says of its last page is believed only as far as it fits."""
    pages = _whole_number(found, "total_pages")
    said = _whole_number(found, "page_number")
    if said is not None and said != number and (pages is None or number <= pages):
        # Some count from 0, and are asked for 1 to begin with: they leave something out at their end.
        raise FeedFault(
            "FEED_MALFORMED", f"page {number} was asked for, and it says that this is {said}", "page_number"
        )
    if pages is not None:
        return {"page": number + 1} if number < pages else None
    over = found.get("last_page") is True or found.get("empty") is True or not services
    return None if over else {"page": number + 1}


def _whole_number(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FeedFault("FEED_MALFORMED", f"{name} is no whole number", name)
    return value


async def _whole(asked: Asked, base: str, services: list[Any]) -> list[Any]:
    """Each service with everything that belongs to it; one without an id, or gone meanwhile, stays as it came."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(service: Any) -> Any:
        id = service.get("id") if isinstance(service, Mapping) else None
        if not isinstance(id, str):
            return service
        async with gate:
            found = await asked.client.more(f"{base}/services/{quote(id, safe='')}")
        return service if found is None else found

    return await together(*(one(service) for service in services))
