"""Acts upon feeds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from waypost.feeds import state
from waypost.feeds.beginning import begin
from waypost.outbox import Act, Event, command
from waypost.refusal import Refusal, Refused, missing


@dataclass(frozen=True)
class FeedRefreshed(Event):
    """Somebody had a feed read at once."""

    feed: UUID
    job: UUID


@command(may="feed.manage")
async def refresh_feed(act: Act, feed: UUID) -> FeedRefreshed | Refusal:
    """Read a feed now, whenever it is due.

    Refused with FEED_READING while it is read, and with FEED_OFF where the settings name it no more.
    """
    found = await state.find(act.here.tenant_id, feed, lock=True)
    if found is None:
        return missing()
    if found.state == "reading":
        return Refused(code="FEED_READING", message="It is being read just now.", path=("feed",))
    if found.state == "off":
        words = "The settings of the city name it no more."
        return Refused(code="FEED_OFF", message=words, path=("feed",))
    return await act.tell(FeedRefreshed(feed, await begin(act, found)))
