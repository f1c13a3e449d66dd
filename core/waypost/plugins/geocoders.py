"""Asking plugins where a postcode is; one that fails or is late does not know."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from logging import getLogger
from typing import Final

from waypost.plugins.manager import Plugins
from waypost.plugins.registrars import GeocoderRegistrar

LOG: Final = getLogger(__name__)
PATIENCE_S: Final = 2.0


async def geocode(plugins: Plugins, active: Container[str], postcode: str) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees from the first geocoder that knows, None if none does.

    `active` are the names of the plugins to ask; `postcode` is in normal form (`BR34HG`).
    """
    for plugin in plugins.in_order():
        if plugin.manifest.name not in active:
            continue
        for geocoder in plugin.by(GeocoderRegistrar).geocoders:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    point = await geocoder(postcode)
            except Exception as error:  # noqa: BLE001 - one plugin's fault costs its own answer only
                LOG.warning("a geocoder of %s failed: %s: %s", plugin.manifest.name, type(error).__name__, error)
            else:
                if point is not None:
                    return point
    return None
