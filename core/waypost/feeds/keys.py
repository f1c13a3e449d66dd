"""Keys of feeds: the secrets that their settings name, opened for one walk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from waypost.feeds.settings import FeedSettings
from waypost.outbox.feeding import FeedFault
from waypost.outbox.sealing import Unsealable
from waypost.plugins.manifest import Manifest
from waypost.plugins.secrets import MissingSecret, secret_of
from waypost.plugins.settings import secrets_named
from waypost.settings import Settings


async def open_secrets(settings: FeedSettings, manifest: Manifest, platform: Settings) -> dict[str, str]:
    """The secrets that a feed's settings name, by the keys of the settings.

    `manifest` is that of the feed's plugin, whose schema says which keys these are. Runs in the tenant's City
    transaction. Raises `FeedFault` for one that is not set, or cannot be opened.
    """
    found = {}
    for key, name in _named(settings, manifest.settings).items():
        try:
            found[key] = await secret_of(name, platform.load_secret_key())
        except (MissingSecret, Unsealable) as error:
            where = f"plugins.{manifest.name}.feeds.{settings.name}.{key}"
            raise FeedFault("FEED_SETTINGS", str(error), where) from error
    return found


def _named(settings: FeedSettings, schema: Mapping[str, Any]) -> dict[str, str]:
    """Which keys name secrets, and which; each key is looked at alone, as nothing but the whole schema knows them."""
    return {
        key: said
        for key, said in settings.raw.items()
        if isinstance(said, str) and secrets_named({"feeds": {settings.name: {key: said}}}, schema)
    }
