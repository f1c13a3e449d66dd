"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from typing import Final

from waypost.outbox.feeding import FeedKind
from waypost.plugins import FeedsRegistrar, PagesRegistrar, hookimpl
from waypost_open_referral_uk.paging import pull
from waypost_open_referral_uk.services import read
from waypost_open_referral_uk.sources import sources

KIND: Final = FeedKind("openReferralUk", pull=pull, read=read)


@hookimpl
def waypost_feeds(registrar: FeedsRegistrar) -> None:
    """Read directories of services."""
    registrar.feed(KIND)


@hookimpl
def waypost_pages(registrar: PagesRegistrar) -> None:
    """Say where it comes from."""
    registrar.slot("city", sources)
