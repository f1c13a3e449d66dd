"""What the API answers, read into our words: pure, and firm about what is not in the form that it should be.

The shapes are those of https://api.lmiforall.org.uk/api/v1/ as its public clients read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from waypost.occupations import Figure, Occupation, SourceFailed

# The API's own numbers of regions, by ONS code.
REGIONS: Final[Mapping[str, int]] = {
    "E12000007": 1,  # London
    "E12000008": 2,  # South East
    "E12000006": 3,  # East of England
    "E12000009": 4,  # South West
    "E12000005": 5,  # West Midlands
    "E12000004": 6,  # East Midlands
    "E12000003": 7,  # Yorkshire and the Humber
    "E12000002": 8,  # North West
    "E12000001": 9,  # North East
    "W92000004": 10,  # Wales
    "S92000003": 11,  # Scotland
    "N92000002": 12,  # Northern Ireland
}

PAY_NOTE: Final = "An estimate of gross pay a week from the Annual Survey of Hours and Earnings."
HOURS_NOTE: Final = "An estimate of hours worked a week from the Annual Survey of Hours and Earnings."
FORECAST_NOTE: Final = "A projection of Working Futures: how many people will work in the occupation."
UNEMPLOYMENT_NOTE: Final = "An estimate from the Labour Force Survey."
MOST_FOUND: Final = 100
LONGEST_TEXT: Final = 1_000


def occupations_in(answer: Any, scheme: str) -> list[Occupation]:
    """Read `soc/search`: a list of occupations, the likeliest first."""
    if not isinstance(answer, list):
        raise SourceFailed(f"soc/search gives {type(answer).__name__}, not a list")
    return [occupation_in(each, scheme) for each in answer[:MOST_FOUND]]


def occupation_in(answer: Any, scheme: str) -> Occupation:
    """Read one occupation, as `soc/search` and `soc/code` give it; its code comes as a number or as text."""
    code, title = str(_of(answer, "soc", int, str)), _of(answer, "title", str).strip()
    description = answer.get("description")
    if not (code.isascii() and code.isdigit() and 1 <= len(code) <= 4) or not title:
        raise SourceFailed(f"{code[:20]!r} with the title {title[:40]!r} is no unit of SOC")
    told = " ".join(description.split()) if isinstance(description, str) else ""
    return Occupation(scheme, code, title, told if len(told) <= LONGEST_TEXT else told[: LONGEST_TEXT - 1] + "…")


def pay_in(answer: Any, area: str | None) -> Iterator[Figure]:
    """Read `ashe/estimatePay`: pounds a week, the years in no order."""
    for each in _told(answer, "series", "estpay"):
        yield Figure("pay-weekly", "GBP", _number(each, "estpay"), _year(each), area=area, note=PAY_NOTE)


def hours_in(answer: Any) -> Iterator[Figure]:
    """Read `ashe/estimateHours`: hours a week, the years in no order."""
    for each in _told(answer, "series", "hours"):
        yield Figure("hours-weekly", "hours", _number(each, "hours"), _year(each), note=HOURS_NOTE)


def forecast_in(answer: Any) -> Iterator[Figure]:
    """Read `wf/predict`: people in the whole country."""
    for each in _told(answer, "predictedEmployment", "employment"):
        people = _number(each, "employment")
        yield Figure("employment-forecast", "people", people, _year(each), note=FORECAST_NOTE)


def forecast_by_region_in(answer: Any, area: str) -> Iterator[Figure]:
    """Read `wf/predict/breakdown/region`: people in one of the regions."""
    for each in _list(answer, "predictedEmployment"):
        for part in _told(each, "breakdown", "employment"):
            if _of(part, "code", int, str) in {REGIONS[area], str(REGIONS[area])}:
                people = _number(part, "employment")
                yield Figure("employment-forecast", "people", people, _year(each), area=area, note=FORECAST_NOTE)


def unemployment_in(answer: Any) -> Iterator[Figure]:
    """Read `lfs/unemployment`: a share of the whole country, in percent."""
    for each in _told(answer, "years", "unemprate"):
        rate = _number(each, "unemprate")
        yield Figure("unemployment", "percent", rate, _year(each), note=UNEMPLOYMENT_NOTE)


def _told(answer: Any, name: str, number: str) -> Iterator[Any]:
    """The entries of a list, but for those whose number is null: the API has none to tell."""
    return (each for each in _list(answer, name) if not (isinstance(each, dict) and each.get(number, 0) is None))


def _list(answer: Any, name: str) -> Sequence[Any]:
    found: Sequence[Any] = _of(answer, name, list)
    return found


def _year(answer: Any) -> int:
    return int(_of(answer, "year", int))


def _number(answer: Any, name: str) -> float:
    found = float(_of(answer, name, int, float))
    if not isfinite(found) or found < 0:
        raise SourceFailed(f"{name} is {found}")
    return found


def _of(answer: Any, name: str, *kinds: type) -> Any:
    if not isinstance(answer, dict):
        raise SourceFailed(f"where an object with {name} should be is {type(answer).__name__}")
    found = answer.get(name)
    if type(found) not in kinds:
        raise SourceFailed(f"{name} is {type(found).__name__}, not {' or '.join(kind.__name__ for kind in kinds)}")
    return found
