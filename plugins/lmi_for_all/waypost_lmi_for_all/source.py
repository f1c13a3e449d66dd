"""Asking the API: which addresses, with what, and what of it is not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Final

from waypost.occupations import Asking, Figure, Occupation, Source
from waypost.outgoing import together
from waypost_lmi_for_all.shapes import (
    REGIONS,
    forecast_by_region_in,
    forecast_in,
    hours_in,
    occupation_in,
    occupations_in,
    pay_in,
    unemployment_in,
)

DAY_S: Final = 86_400.0
PAST_YEARS: Final = 5


async def search(asking: Asking, text: str) -> Sequence[Occupation]:
    """Find occupations by a text."""
    answer = await _get(asking, "soc/search", q=text)
    return [] if answer is None else occupations_in(answer, asking.settings["scheme"])


async def find(asking: Asking, code: str) -> Occupation | None:
    """Find one occupation by its code; None also for codes of the version that the API does not speak here."""
    soc = _soc(asking, code)
    answer = None if soc is None else await _get(asking, f"soc/code/{soc}")
    return occupation_in(answer, asking.settings["scheme"]) if answer else None


async def figures(asking: Asking, code: str, area: str | None) -> Sequence[Figure]:
    """Ask for weekly pay and hours, the forecast and unemployment, at once.

    Pay and forecast are of the region or nation where `area` is one, else of the whole country, as hours and
    unemployment always are.
    """
    soc = _soc(asking, code)
    if soc is None:
        return ()
    here = area if area in REGIONS else None
    only = {} if here is None else {"filters": f"region:{REGIONS[here]}"}
    this_year = datetime.now(UTC).year
    ahead = {"minYear": this_year, "maxYear": this_year + asking.settings["forecast_years"]}
    behind = {"minYear": this_year - PAST_YEARS, "maxYear": this_year}
    path = "wf/predict" if here is None else "wf/predict/breakdown/region"
    pay, hours, forecast, unemployment = await together(
        _get(asking, "ashe/estimatePay", soc=soc, coarse="false", **only),
        _get(asking, "ashe/estimateHours", soc=soc),
        _get(asking, path, soc=soc, **ahead),
        _get(asking, "lfs/unemployment", soc=soc, **behind),
    )
    return tuple(
        chain(
            () if pay is None else pay_in(pay, here),
            () if hours is None else hours_in(hours),
            () if forecast is None else forecast_by_region_in(forecast, here) if here else forecast_in(forecast),
            () if unemployment is None else unemployment_in(unemployment),
        )
    )


def _soc(asking: Asking, code: str) -> str | None:
    """The code as the API has it; None where it is of another version, or not of a unit group."""
    scheme, _, soc = code.partition("/")
    return soc if scheme == asking.settings["scheme"] and len(soc) == 4 and soc.isdigit() else None


async def _get(asking: Asking, path: str, **query: Any) -> Any:
    return await asking.json(f"{asking.settings['base_url']}/{path}", **query)


SOURCE: Final = Source(
    name="lmi_for_all",
    title="LMI For All",
    licence="Open Government Licence",
    licence_url="https://www.nationalarchives.gov.uk/doc/open-government-licence/",
    attribution="LMI For All, run by the Warwick Institute for Employment Research for the Department for Education.",
    url="https://www.lmiforall.org.uk/",
    fresh_s=DAY_S,
    schemes=frozenset(("soc-2010", "soc-2020")),
    search=search,
    find=find,
    figures=figures,
)
