"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

import os
from typing import Final

from waypost.plugins import GeocoderRegistrar, hookimpl
from waypost.settings import Settings
from waypost_postcodes.finding import Finder

# One service for the whole process, as its cache is one: what a postcode means is the same in every city.
URL: Final = "WAYPOST_POSTCODES_URL"
USUAL_URL: Final = "https://api.postcodes.io"


@hookimpl
def waypost_geocoders(registrar: GeocoderRegistrar) -> None:
    """Find postcodes that the platform's own table does not know."""
    finder = Finder(os.environ.get(URL) or USUAL_URL, Settings.from_environment().allow_private_targets)

    async def find_postcode(postcode: str) -> tuple[float, float] | None:
        return await finder.find(postcode)

    registrar.geocoder(find_postcode)
