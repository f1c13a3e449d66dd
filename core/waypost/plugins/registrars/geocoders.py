"""Where a postcode is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from waypost.plugins.registrars.base import Registrar

Point = tuple[float, float] | None
Geocoder = Callable[[str], Awaitable[Point] | Point]


class GeocoderRegistrar(Registrar):
    """Takes geocoders: functions from a postcode (`BR34HG`) to latitude and longitude in degrees, or None."""

    kinds = ("geocoder",)

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.geocoders: list[Geocoder] = []

    def geocoder(self, geocoder: Geocoder) -> Geocoder:
        """Register a geocoder; it is asked after the platform's own postcodes and has `PATIENCE_S` to answer."""
        name = getattr(geocoder, "__name__", "geocoder")
        self._contributes("geocoder", name)
        self._calls(f"the geocoder {name}", geocoder, "postcode")
        self.geocoders.append(geocoder)
        return geocoder
