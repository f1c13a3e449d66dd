"""Asking plugins where a postcode is; one that fails or is late does not know."""

from __future__ import annotations

from collections.abc import Container
from logging import getLogger
from typing import Any, Final
from uuid import UUID

from waypost.calling import Call, PluginPaused
from waypost.plugins.manager import Plugins
from waypost.plugins.registrars import GeocoderRegistrar

LOG: Final = getLogger(__name__)
PATIENCE_S: Final = 2.0


async def geocode(
    plugins: Plugins, active: Container[str], postcode: str, tenant: UUID | None = None
) -> tuple[float, float] | None:
    """Return latitude and longitude in degrees from the first geocoder that knows, None if none does.

    `active` are the names of the plugins to ask, in `tenant` or the nation; `postcode` is in normal form (`BR34HG`).
    """
    for plugin in plugins.in_order():
        if plugin.manifest.name not in active:
            continue
        for geocoder in plugin.by(GeocoderRegistrar).geocoders:
            what = f"the geocoder {getattr(geocoder, '__name__', '')}".rstrip()
            try:
                call = Call(plugin.manifest.name, what, tenant, PATIENCE_S, check=_degrees)
                point: tuple[float, float] | None = await plugins.calls.make(call, geocoder, postcode)
            except PluginPaused:
                continue
            except Exception as error:  # noqa: BLE001 - one plugin's fault costs its own answer only
                LOG.warning("a geocoder of %s failed: %s: %s", plugin.manifest.name, type(error).__name__, error)
            else:
                if point is not None:
                    return point
    return None


def _degrees(answer: Any) -> None:
    match answer:
        case None:
            return
        case (float() | int() as latitude, float() | int() as longitude) if (
            abs(latitude) <= 90 and abs(longitude) <= 180
        ):
            return
    raise TypeError(f"it answered {type(answer).__name__} instead of latitude and longitude in degrees, or None")
