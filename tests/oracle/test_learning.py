"""Learners' own fields, and lists that ask for a permission, hold against the naive executor."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle.asking import CITIES, Both

KEPT = """query($first: Int, $after: String) { viewer {
    pathways(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor }
        nodes { slug viewerHasJoined viewerProgress { done of fraction completedAt }
            allSteps { depth optional viewerProgress { done of fraction completedAt } } } }
    saved(first: 30) { totalCount nodes { slug viewerHasSaved provider { slug } } }
    requests(first: 2) { totalCount pageInfo { endCursor hasNextPage }
        edges { cursor node { id state statement evidence reason recipientName requestedAt badge { slug } } } } } }"""
SEEN = """{ pathways(first: 50) { nodes { slug viewerHasJoined viewerProgress { done of }
        steps { viewerProgress { done } steps { viewerProgress { done of } } } } }
    discover(filter: {}, first: 50) { nodes { slug viewerHasSaved } }
    issuers(first: 50) { nodes { slug
        endorsements { comment state validFrom endorser { slug } issuer { slug } badge { slug } } } } }"""
ENDORSEMENTS = """query($filter: EndorsementFilter, $first: Int, $after: String) {
    endorsements(filter: $filter, first: $first, after: $after) { totalCount pageInfo { endCursor hasNextPage }
        edges { cursor node { id state reason comment offeredAt decidedAt endorser { slug } issuer { slug } } } } }"""
CODES = """query($filter: ClaimCodeFilter, $link: String, $first: Int) { claimCodes(filter: $filter, first: $first) {
    totalCount pageInfo { hasNextPage endCursor } edges { cursor node { id code label recipientName opensAt closesAt
        limit claimed createdAt cancelledAt qr(link: $link) card(link: $link) badge { slug }
        opportunity { slug } } } } }"""
EARNED = "{ viewer { awards(first: 50) { nodes { id city { slug } opportunity { slug city { slug } } } } } }"
GIVEN = "{ awards(first: 50) { nodes { id opportunity { slug title city { slug } } } } }"
REQUESTS = """query($filter: BadgeRequestFilter, $first: Int) { badgeRequests(filter: $filter, first: $first) {
    totalCount nodes { id statement evidence state reason recipientName decidedAt badge { slug }
        issuer { slug } } } }"""


@pytest.mark.parametrize("city", CITIES)
async def test_what_learners_keep_and_how_far_they_have_come(both: Both, city: str | None) -> None:
    for who in both.who:
        await both.agree(SEEN, city=city, who=who)
        answer = await both.agree(KEPT, {"first": 2}, city=city, who=who)
        if answer["data"]["viewer"] is not None:
            after = answer["data"]["viewer"]["pathways"]["pageInfo"]["endCursor"]
            await both.agree(KEPT, {"first": 3, "after": after}, city=city, who=who)


async def test_the_learner_of_this_country_has_come_somewhere(both: Both) -> None:
    """Else nothing would be compared."""
    viewer = (await both.agree(KEPT, {"first": 50}, city=None, who="learner"))["data"]["viewer"]
    fractions = {each["viewerProgress"]["fraction"] for each in viewer["pathways"]["nodes"]}
    assert len(fractions) > 2
    assert viewer["saved"]["nodes"]
    assert viewer["requests"]["totalCount"] == 6


@pytest.mark.parametrize("city", CITIES)
@pytest.mark.parametrize(
    ("document", "filters"),
    [
        (ENDORSEMENTS, [{}, {"states": ["OFFERED"]}, {"states": ["ACCEPTED", "REFUSED"]}]),
        (CODES, [{}, {"usable": True}, {"usable": False}, {"badge": "Badge.x"}]),
        (REQUESTS, [{}, {"states": ["OPEN", "MORE_WANTED"]}]),
    ],
    ids=["endorsements", "codes", "requests"],
)
async def test_lists_for_some_eyes(both: Both, city: str | None, document: str, filters: list[dict[str, Any]]) -> None:
    for who in both.who:
        for filter in filters:
            await both.agree(document, {"filter": filter, "first": 50}, city=city, who=who)
    await both.agree(document, {"filter": {}, "first": 2}, city=city, who="operator")


@pytest.mark.parametrize("city", CITIES)
async def test_what_was_taken_part_in_may_be_another_citys(both: Both, city: str | None) -> None:
    for who in both.who:
        for document in (EARNED, GIVEN):
            await both.agree(document, city=city, who=who)
    if city in {"plymouth", "cardiff", None}:
        mine = (await both.agree(EARNED, city=city, who="learner"))["data"]["viewer"]["awards"]["nodes"]
        assert {each["opportunity"]["city"] == each["city"] for each in mine if each["opportunity"]} == {True, False}


async def test_a_card_leads_nowhere_but_to_the_web(both: Both) -> None:
    for link in ("https://example.org/{code}", "javascript:{code}", None):
        await both.agree(CODES, {"filter": {}, "link": link}, city="plymouth", who="operator")


@pytest.mark.parametrize("city", CITIES)
async def test_ones_own_addresses_are_the_same_everywhere(both: Both, city: str | None) -> None:
    for who in both.who:
        await both.agree("{ viewer { addresses { address verifiedAt } } }", city=city, who=who)
    viewer = (await both.agree("{ viewer { addresses { verifiedAt } } }", city=city, who="operator"))["data"]["viewer"]
    assert len(viewer["addresses"]) == 1
