"""The entry point: what Waypost calls at start-up."""

from __future__ import annotations

from waypost.plugins import LabourMarketRegistrar, hookimpl
from waypost_lmi_for_all.source import SOURCE


@hookimpl
def waypost_labour_market(registrar: LabourMarketRegistrar) -> None:
    """Tell occupations and their figures."""
    registrar.source(SOURCE)
