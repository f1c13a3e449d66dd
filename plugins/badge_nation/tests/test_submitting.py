"""What submitting a template costs, and that nobody pays who did not accept it."""

from __future__ import annotations

import asyncio
from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from json import loads
from typing import TYPE_CHECKING, Any

import pytest

from waypost.outbox import Happened
from waypost_badge_nation import charging, effects
from waypost_badge_nation.prices import prices

if TYPE_CHECKING:
    from tests.conftest import Country

LINES = """SELECT organisation_name, kind, city_name, badge_name, gross::text FROM
    plugin_badge_nation.nation_invoice_line ORDER BY id"""


async def lines_of(country: Country, organisation: str) -> list[tuple[Any, ...]]:
    rows = await country.rows(LINES)
    return [tuple(row.values())[1:] for row in rows if row["organisation_name"] == organisation.title()]


async def test_six_templates_are_within_a_membership_and_the_seventh_says_what_it_costs(country: Country) -> None:
    await country.settles("film-club", "brighton", "plymouth")
    await country.joins("film-club")
    await country.uses(5, "film-club", "brighton")
    await country.uses(1, "film-club", "plymouth")
    standing = await country.standing("film-club", "brighton")
    assert (standing["allowance"], standing["used"], standing["left"]) == (6, 6, 0)
    assert standing["network"] == {"slug": "badge-nation"}
    assert standing["nextTemplate"] == {"gross": "30.00"}

    # In either city the seventh is refused, and says its price.
    badge = await country.drafts("film-club", "plymouth", "Cinema = Life")
    refused = await country.submits(badge, "film-club", "plymouth")
    assert (refused["__typename"], refused["code"], refused["path"]) == ("Refused", "CHARGE_NOT_ACCEPTED", ["badge"])
    assert "£30.00 (£25.00 + £5.00 VAT)" in refused["message"]
    assert f"until {standing['endsOn']}" in refused["message"]

    # Staff cannot spend the organisation's money, nor can the city's team or another issuer's admin.
    await country.settles("choir", "plymouth")
    for who in ("film-club staff in plymouth", "plymouth curator", "choir admin in plymouth"):
        assert (await country.accepts(badge, "30.00", who, "plymouth"))["code"] == "FORBIDDEN", who
    wrong = await country.accepts(badge, "25.00", "film-club admin in plymouth", "plymouth")
    assert (wrong["code"], wrong["path"]) == ("CHARGE_NOT_ACCEPTED", ["gross"])
    accepted = await country.accepts(badge, "30.00", "film-club admin in plymouth", "plymouth")
    assert accepted["charge"] == {
        "settled": "ACCEPTED",
        "amount": {"net": "25.00", "vat": "5.00", "gross": "30.00", "currency": "GBP"},
        "network": {"slug": "badge-nation"},
    }
    assert (await lines_of(country, "film-club"))[1:] == [], "nothing is paid before it is submitted"
    assert (await country.submits(badge, "film-club", "plymouth"))["__typename"] == "SubmitBadgeSuccess"
    await country.works_off()
    assert (await lines_of(country, "film-club"))[1:] == [("template", "Plymouth", "Cinema = Life", "30.00")]
    found = await country.settled(badge, "plymouth", "film-club staff in plymouth")
    assert found == {"settled": "CHARGED", "amount": {"gross": "30.00"}}
    assert (await country.standing("film-club", "plymouth"))["used"] == 7


async def test_submitting_the_same_draft_again_is_free(country: Country) -> None:
    await country.settles("orchestra", "brighton")
    badge = await country.drafts("orchestra", "brighton")
    await country.accepts(badge, "30.00", "orchestra admin in brighton", "brighton")
    await country.submits(badge, "orchestra", "brighton")
    await country.works_off()
    reviews = await country.rows("SELECT id, badge_id FROM review")
    (review,) = [each for each in reviews if badge.endswith(each["badge_id"].hex)]
    given = {
        "review": f"Review.{country.tenants['badge-nation'].hex}.{review['id'].hex}",
        "decision": "CHANGES_REQUESTED",
        "reason": "Say what was created.",
    }
    done = await country.act("reviewBadge", given, "review { state }", "badge-nation", "network")
    assert done["__typename"] == "ReviewBadgeSuccess", done
    await country.works_off()
    again = await country.submits(badge, "orchestra", "brighton")
    assert again["draft"] == {"round": 2}, again
    await country.works_off()
    assert len(await lines_of(country, "orchestra")) == 1


async def test_awarding_costs_nothing_however_often(country: Country) -> None:
    await country.settles("skaters", "brighton")
    await country.joins("skaters")
    badge = await country.drafts("skaters", "brighton", "On Eight Wheels")
    assert (await country.submits(badge, "skaters", "brighton"))["draft"]
    await country.works_off()
    reviews = await country.rows("SELECT id, badge_id FROM review")
    (review,) = [each for each in reviews if badge.endswith(each["badge_id"].hex)]
    given = {"review": f"Review.{country.tenants['badge-nation'].hex}.{review['id'].hex}", "decision": "APPROVED"}
    done = await country.act("reviewBadge", given, "review { state }", "badge-nation", "network")
    assert done["__typename"] == "ReviewBadgeSuccess", done
    await country.works_off()
    admin = ("brighton", "skaters admin in brighton")
    done = await country.act("publishBadge", {"badge": badge}, "badge { id }", *admin)
    assert done["__typename"] == "PublishBadgeSuccess", done
    before = await lines_of(country, "skaters"), (await country.standing("skaters", "brighton"))["used"]
    recipients = [{"recipient": {"name": f"Skater {n}", "email": f"skater.{n}@example.org"}} for n in range(30)]
    done = await country.act("awardBadges", {"badge": badge, "awards": recipients}, "job { state done }", *admin)
    assert done["job"] == {"state": "DONE", "done": 30}, done
    await country.works_off()
    assert (await lines_of(country, "skaters"), (await country.standing("skaters", "brighton"))["used"]) == before
    assert before == ([("membership", None, None, "240.00")], 1)


async def test_who_is_no_member_is_told_what_a_membership_costs(country: Country) -> None:
    await country.settles("gallery", "brighton")
    assert await country.standing("gallery", "brighton") is None
    badge = await country.drafts("gallery", "brighton")
    message = (await country.submits(badge, "gallery", "brighton"))["message"]
    assert "Without a membership in Badge Nation this template costs £30.00" in message
    assert "A membership of 12 months costs £240.00 (£200.00 + £40.00 VAT), with 6 templates in it." in message
    # Having joined, it costs nothing; what was accepted before is not charged.
    await country.accepts(badge, "30.00", "gallery admin in brighton", "brighton")
    await country.joins("gallery")
    await country.submits(badge, "gallery", "brighton")
    await country.works_off()
    found = await country.settled(badge, "brighton", "gallery staff in brighton")
    assert found == {"settled": "ALLOWANCE", "amount": None}
    assert await lines_of(country, "gallery") == [("membership", None, None, "240.00")]
    nothing = await country.accepts(
        await country.drafts("gallery", "brighton"), "30.00", "gallery admin in brighton", "brighton"
    )
    assert nothing["code"] == "NOTHING_TO_ACCEPT"


async def test_what_is_submitted_and_not_counted_yet_uses_the_allowance_too(country: Country) -> None:
    await country.settles("library", "brighton")
    await country.joins("library")
    await country.uses(5, "library", "brighton")
    first, second = [await country.drafts("library", "brighton") for _ in range(2)]
    both = await asyncio.gather(*(country.submits(each, "library", "brighton") for each in (first, second)))
    assert sorted(each.get("code", "") for each in both) == ["", "CHARGE_NOT_ACCEPTED"]
    await country.works_off()
    assert (await country.standing("library", "brighton"))["left"] == 0


async def test_of_two_cities_at_once_the_later_one_is_waived_and_told_so(country: Country) -> None:
    await country.settles("theatre", "brighton", "plymouth")
    await country.joins("theatre")
    await country.uses(5, "theatre", "brighton")
    here, there = [await country.drafts("theatre", city) for city in ("brighton", "plymouth")]
    assert (await country.submits(here, "theatre", "brighton"))["__typename"] == "SubmitBadgeSuccess"
    assert (await country.submits(there, "theatre", "plymouth"))["__typename"] == "SubmitBadgeSuccess"
    await country.works_off()
    states = [
        (await country.settled(badge, city, f"theatre staff in {city}"))["settled"]
        for badge, city in ((here, "brighton"), (there, "plymouth"))
    ]
    assert sorted(states) == ["ALLOWANCE", "WAIVED"]
    assert await lines_of(country, "theatre") == [("membership", None, None, "240.00")]
    assert (await country.standing("theatre", "brighton"))["used"] == 7


async def test_a_template_is_counted_once_however_often_its_event_comes(country: Country) -> None:
    await country.settles("museum", "brighton")
    badge = await country.drafts("museum", "brighton")
    await country.accepts(badge, "30.00", "museum admin in brighton", "brighton")
    await country.submits(badge, "museum", "brighton")
    await country.works_off()
    events = await country.rows("SELECT * FROM event WHERE type = 'badge.submitted' ORDER BY id DESC", "brighton")
    (event,) = [each for each in events if badge.endswith(each["object_id"].hex)]
    facts = {**event, "data": loads(event["data"])}
    happened = Happened(**{each.name: facts[each.name] for each in fields(Happened)})
    for _ in range(2):
        await effects.count_template(country.background, happened)
    assert len(await lines_of(country, "museum")) == 1


async def test_cities_without_the_plugin_and_networks_that_do_not_charge_cost_nothing(country: Country) -> None:
    await country.settles("sailors", "bude", "brighton", "badge-nation")
    assert (await country.submits(await country.drafts("sailors", "bude"), "sailors", "bude"))["draft"]
    own = await country.drafts("sailors", "badge-nation")
    assert (await country.submits(own, "sailors", "badge-nation"))["draft"]
    await country.sets(charges=False)
    await country.work(effects.show_networks)
    badge = await country.drafts("sailors", "brighton")
    assert (await country.submits(badge, "sailors", "brighton"))["draft"]
    await country.works_off()
    assert await country.settled(badge, "brighton", "sailors staff in brighton") is None
    await country.sets(charges=True)
    await country.switches("badge-nation", on=False)
    await country.work(effects.show_networks)
    assert (await country.submits(await country.drafts("sailors", "brighton"), "sailors", "brighton"))["draft"]
    await country.switches("badge-nation", on=True)
    await country.work(effects.show_networks)
    assert await lines_of(country, "sailors") == []
    refused = await country.submits(await country.drafts("sailors", "brighton"), "sailors", "brighton")
    assert refused["code"] == "CHARGE_NOT_ACCEPTED"


async def test_nobody_else_reads_what_an_issuer_has_left(country: Country) -> None:
    await country.settles("dancers", "brighton")
    await country.settles("runners", "brighton")
    await country.joins("dancers")
    assert (await country.standing("dancers", "brighton"))["left"] == 6
    assert (await country.standing("dancers", "brighton", "brighton curator"))["left"] == 6
    assert await country.standing("dancers", "brighton", "runners admin in brighton") is None
    assert await country.standing("dancers", "brighton", "plymouth curator") is None
    query = '{ issuers(filter: {text: "dancers"}) { nodes { badgeNationStanding { left } } } }'
    for city in ("brighton", None):
        nodes = (await country.read(query, city, ""))["issuers"]["nodes"]
        assert nodes == [{"badgeNationStanding": None}]


@pytest.mark.parametrize("gross", ["sNaN", "NaN", "-Infinity"])
async def test_what_is_no_price_is_not_accepted(country: Country, gross: str) -> None:
    if ("printers", "brighton") not in country.issuers:
        await country.settles("printers", "brighton")
    badge = await country.drafts("printers", "brighton")
    query = """mutation($input: BadgeNationAcceptChargeInput!) {
        badgeNationAcceptCharge(input: $input) { ... on Error { code } } }"""
    given = {"badge": badge, "gross": gross}
    body = await country.body(query, "brighton", "printers admin in brighton", input=given)
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INVALID_VARIABLES"
    assert "finite" in error["message"]


async def test_a_price_that_rose_since_is_accepted_anew(country: Country, monkeypatch: pytest.MonkeyPatch) -> None:
    await country.settles("potters", "brighton")
    badge = await country.drafts("potters", "brighton")
    await country.accepts(badge, "30.00", "potters admin in brighton", "brighton")
    monkeypatch.setattr(charging, "prices", lambda day: replace(prices(day), template_net=Decimal(26)))
    refused = await country.submits(badge, "potters", "brighton")
    assert "£31.20" in refused["message"]
    await country.accepts(badge, "31.20", "potters admin in brighton", "brighton")
    monkeypatch.undo()
    assert (await country.submits(badge, "potters", "brighton"))["draft"]
    await country.works_off()
    assert (await lines_of(country, "potters"))[0][-1] == "30.00", "the lower price of the day it is counted"


async def test_an_expired_membership_covers_nothing(country: Country) -> None:
    await country.settles("weavers", "brighton")
    await country.was_a_member("weavers", (country.now - timedelta(days=400)).date())
    assert await country.standing("weavers", "brighton") is None
    refused = await country.submits(await country.drafts("weavers", "brighton"), "weavers", "brighton")
    assert "Without a membership" in refused["message"]
