"""A server that answers in the shapes of LMI For All, and a platform whose cities ask it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest

from waypost.testing import Trial, Upstream

PROGRAMMERS: Final = {
    "soc": 2136,
    "title": "Programmers and software development professionals",
    "description": "Job holders in this unit group design, develop, test, implement and maintain software.",
    "qualifications": "Entry is most common with a degree.",
    "tasks": "~examines existing software;\n~writes code;",
    "add_titles": ["Analyst-programmer", "Database developer"],
}
DESIGNERS: Final = {**PROGRAMMERS, "soc": "2137", "title": "Web design and development professionals"}
# The years stand in no order, as they do there.
PAY: Final = {
    "soc": 2136,
    "series": [{"year": 2022, "estpay": 830}, {"year": 2024, "estpay": 910.5}, {"year": 2023, "estpay": 870}],
}
HOURS: Final = {"soc": 2136, "series": [{"year": 2023, "hours": 37.5}, {"year": 2024, "hours": None}]}
FORECAST: Final = {
    "soc": 2136,
    "predictedEmployment": [{"year": 2031, "employment": 410000.7}, {"year": 2030, "employment": 405000}],
}
BY_REGION: Final = {
    "soc": 2136,
    "note": "Region of workplace",
    "breakdown": "region",
    "predictedEmployment": [
        {
            "year": 2030,
            "breakdown": [
                {"code": 1, "name": "London", "note": "London", "employment": 120000},
                {"code": 11, "name": "Scotland", "note": "Scotland", "employment": 31000},
            ],
        }
    ],
}
UNEMPLOYMENT: Final = {"years": [{"year": 2024, "unemprate": 1.9}, {"year": 2023, "unemprate": 2.4}]}
BASE: Final = "/api/v1"


class Lmi:
    """The server, and the clock of those who ask it."""

    def __init__(self, trial: Trial, upstream: Upstream) -> None:
        self.trial, self.upstream = trial, upstream

    def well(self, *but: str) -> None:
        """Answer everything, but for some paths."""
        answers: dict[str, Any] = {
            "soc/search": [PROGRAMMERS, DESIGNERS],
            "soc/code/2136": PROGRAMMERS,
            "ashe/estimatePay": PAY,
            "ashe/estimateHours": HOURS,
            "wf/predict": FORECAST,
            "wf/predict/breakdown/region": BY_REGION,
            "lfs/unemployment": UNEMPLOYMENT,
        }
        for path, answer in answers.items():
            if path not in but:
                self.upstream.answers(f"{BASE}/{path}", json=answer)

    def answers(self, path: str, **how: Any) -> None:
        """Answer so at one path."""
        self.upstream.answers(f"{BASE}/{path}", **how)

    def later(self, seconds: float) -> None:
        """Let time go by."""
        market = self.trial.platform.labour
        before = market.clock
        market.clock = lambda: before() + seconds
        self.trial.platform.answers.clear()

    def asked(self, path: str) -> list[dict[str, str]]:
        """The queries that came to one path."""
        return [dict(each.query) for each in self.upstream.asked if each.path == f"{BASE}/{path}"]


@pytest.fixture(scope="session")
def waypost_plugin() -> str:
    return "lmi_for_all"


@pytest.fixture
def lmi(trial: Trial, upstream: Upstream) -> Iterator[Lmi]:
    """The server, asked by both cities; nothing is known from before, and the plugin has never failed."""
    upstream.forget()
    for city in (trial.city, trial.neighbour):
        trial.settings(city, base_url=f"{upstream.url}{BASE}")
    trial.platform.__dict__.pop("labour", None)
    trial.platform.answers.clear()
    trial.plugins.calls._records.clear()
    yield Lmi(trial, upstream)
    upstream.forget()
