"""The plugin that hooks.md shows whole does what the page says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import pytest

from tests.plugins.workshop import workshop_in
from tests.project.documents import ROOT, blocks
from waypost.testing import Trial, TrialCity
from waypost.testing.background import Background
from waypost.testing.databases import Server
from waypost.testing.trial import prepare, trial_of

HOOKS: Final = ROOT / "docs" / "hooks.md"
CONTRIBUTES: Final = (
    "field:Badge.praiseMost",
    "field:Badge.praiseTimes",
    "mutation:praiseGive",
    "permission:praise.give",
    "type:PraiseGiveInput",
    "type:PraiseGiveSuccess",
)
SETTINGS: Final = """
[settings]
type = "object"
[settings.properties.most]
type = "integer"
default = 5
"""
# What the page tells its reader to add to the first of its two examples, for the second.
LAST: Final = "    registrar.mutation(PraiseMutation)\n"
FURTHER: Final = f"{LAST}    registrar.extend(OnBadges)\n"
ISSUER: Final = "{ issuers { nodes { id } } }"
GIVE: Final = """
mutation ($issuer: ID!, $stars: Int) {
  praiseGive(input: {issuer: $issuer, stars: $stars}) {
    __typename
    ... on PraiseGiveSuccess { issuer { slug } }
    ... on Error { code path }
  }
}
"""


@pytest.fixture(scope="module")
def trial(
    tmp_path_factory: pytest.TempPathFactory, waypost_server: Server, waypost_loop: Background
) -> Iterator[Trial]:
    """A platform with the plugin of the page."""
    code, reading = [block.text for block in blocks(HOOKS) if block.marker == "runs: praise"]
    assert code.endswith(LAST)
    code = f"{code.removesuffix(LAST)}{FURTHER}\n\n{reading}"
    with ExitStack() as stack:
        workshop = stack.enter_context(workshop_in(tmp_path_factory.mktemp("praise")))
        workshop.install("praise", code, contributes=CONTRIBUTES, settings=SETTINGS)
        database = stack.enter_context(waypost_loop.opened(waypost_server.database()))
        waypost_loop.run(prepare(waypost_server, database, "praise"))
        yield stack.enter_context(waypost_loop.opened(trial_of(waypost_loop, waypost_server, "praise", database)))


def give(trial: Trial, role: str | None = "curator", *, of: TrialCity | None = None, **given: Any) -> Any:
    (issuer,) = trial.graph(ISSUER, city=of)["issuers"]["nodes"]
    return trial.graph(GIVE, role=role, issuer=issuer["id"], **given)["praiseGive"]


def test_it_registers_what_it_announces(trial: Trial) -> None:
    assert trial.installed.reason == ""


def test_who_may_praises_and_it_is_told(trial: Trial) -> None:
    assert give(trial, stars=4) == {"__typename": "PraiseGiveSuccess", "issuer": {"slug": "films"}}
    (told,) = trial.rows("SELECT object_id, data ->> 'stars' AS stars FROM event WHERE type = 'issuer.praise-given'")
    assert told == {"object_id": trial.city.issuer_id, "stars": "4"}


@pytest.mark.parametrize(
    ("role", "stars", "code", "path"),
    [
        ("issuer-admin", 4, "FORBIDDEN", None),
        (None, 4, "UNAUTHENTICATED", None),
        ("curator", 6, "INVALID", ["stars"]),
    ],
)
def test_a_refusal_is_data(trial: Trial, role: str | None, stars: int, code: str, path: list[str] | None) -> None:
    assert give(trial, role, stars=stars) == {"__typename": "Refused", "code": code, "path": path}


def test_the_kit_says_what_there_is_where_a_name_is_unknown(trial: Trial) -> None:
    with pytest.raises(AssertionError, match=r"nothing is called feeds\.due; there are .*feeds, "):
        trial.run_schedule("feeds.due")
    with pytest.raises(AssertionError, match=r"nothing is called praise\.report; there are "):
        trial.letter("praise.report")


def test_another_city_s_issuer_is_not_found(trial: Trial) -> None:
    assert give(trial, of=trial.neighbour) == {"__typename": "Refused", "code": "NOT_FOUND", "path": ["issuer"]}


def test_fields_read_the_city_s_rows_and_settings(trial: Trial) -> None:
    (badge,) = trial.graph("{ badges { nodes { id praiseTimes praiseMost } } }")["badges"]["nodes"]
    assert (badge["praiseTimes"], badge["praiseMost"]) == (0, 5)
    given = 'mutation ($id: ID!) { awardBadge(input: {badge: $id, recipient: {name: "Ada"}}) { __typename } }'
    trial.graph(given, role="issuer-admin", id=badge["id"])
    trial.settings(most=3)
    found = "{ badges { nodes { praiseTimes praiseMost } } }"
    assert trial.graph(found)["badges"]["nodes"] == [{"praiseTimes": 1, "praiseMost": 3}]
    nation = trial.graph(found, national=True)["badges"]["nodes"]
    assert nation == [{"praiseTimes": None, "praiseMost": None}] * 2
