"""Organisations join a network, renew and leave; the network invoices, and reminds them in time."""

from __future__ import annotations

import asyncio
import csv
from contextvars import copy_context
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from json import loads
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from waypost.db import City as CityScope
from waypost.db import National, execute, fetch, fetchval
from waypost.db.migrate import migrate, roll_back
from waypost.graph import GlobalId, parse_id
from waypost.outbox import Addressed
from waypost.outbox.composing import Envelope, compose_letter
from waypost.outbox.queue import SCOPE
from waypost_badge_nation import effects, memberships
from waypost_badge_nation.directory import SHOW_SQL, decide_alone
from waypost_badge_nation.prices import TARIFFS, prices, tariff_at
from waypost_badge_nation.rules import last_day

if TYPE_CHECKING:
    from tests.conftest import Country
    from waypost.plugins import Plugins

MEMBERSHIPS = """query($text: String, $on: Date) {
    badgeNationMemberships(filter: { text: $text, inForceOn: $on }) {
        totalCount nodes { organisationName startsOn endsOn allowance amount { gross }
                           templates { badgeName city { slug } settled amount { gross } } } } }"""
MAILS = "SELECT facts::text AS facts FROM work WHERE kind = 'mail' ORDER BY id"
SHOWN = "membership { id startsOn endsOn }"


async def refused(country: Country, name: str, given: dict[str, Any], who: str = "network") -> tuple[str, Any]:
    city = "badge-nation" if who == "network" else who.rpartition(" in ")[2]
    done = await country.act(name, given, SHOWN, city, who)
    return done["code"], done["path"]


async def mails(country: Country) -> list[dict[str, Any]]:
    """The letters that were asked for, and whom they would go to."""
    async with country.database.transaction(SCOPE):
        return [loads(row["facts"]) for row in await fetch(MAILS)]


async def test_an_organisation_joins_by_its_issuer_slug_or_official_number(country: Country) -> None:
    await country.settles("bakers", "badge-nation")
    today = country.now.date()
    issuer = str(GlobalId("Issuer", country.tenants["badge-nation"], country.issuers["bakers", "badge-nation"]))
    done = await country.act("badgeNationJoin", {"issuer": issuer}, SHOWN, "badge-nation", "network")
    assert done["membership"]["endsOn"] == str(last_day(today, 12))
    assert await refused(country, "badgeNationJoin", {"organisation": "bakers"}) == ("ALREADY_MEMBER", None)

    async with country.database.transaction(CityScope(country.tenants["bude"])):
        sql = "INSERT INTO organisation (id, slug, name, kind, charity_number) VALUES ($1, $2, $2, 'charity', $3)"
        await execute(sql, country.tenants["bude"], "brewers", "1098765")
    joined = await country.act("badgeNationJoin", {"charityNumber": "109 8765"}, SHOWN, "badge-nation", "network")
    assert joined["__typename"] == "BadgeNationJoinSuccess"
    found = (await country.read(MEMBERSHIPS, text="brewers"))["badgeNationMemberships"]
    assert (found["totalCount"], found["nodes"][0]["amount"]) == (1, {"gross": "240.00"})


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({}, "INVALID", None),
        ({"organisation": "bakers", "charityNumber": "1098765"}, "INVALID", None),
        ({"organisation": "nobody"}, "NOT_FOUND", ["organisation"]),
        ({"ukprn": "twelve"}, "INVALID", ["ukprn"]),
        ({"ukprn": "10000001"}, "NOT_FOUND", ["ukprn"]),
        ({"issuer": "Issuer.00.00"}, "NOT_FOUND", ["issuer"]),
        ({"organisation": "bakers", "startsOn": "2099-01-01"}, "INVALID", ["startsOn"]),
        ({"organisation": "bakers", "startsOn": "2017-12-31"}, "INVALID", ["startsOn"]),
        ({"organisation": "bakers", "startsOn": "0001-01-01"}, "INVALID", ["startsOn"]),
    ],
)
async def test_who_joins_is_named_in_one_way_that_is_known(
    country: Country, given: dict[str, Any], code: str, path: list[str] | None
) -> None:
    if ("bakers", "brighton") not in country.issuers:
        await country.settles("bakers", "brighton")
    assert await refused(country, "badgeNationJoin", given) == (code, path)


async def test_only_the_networks_own_team_keeps_memberships(country: Country) -> None:
    await country.settles("smiths", "brighton", "badge-nation")
    given = {"organisation": "smiths"}
    for who in ("smiths admin in badge-nation", "smiths staff in badge-nation"):
        assert (await refused(country, "badgeNationJoin", given, who))[0] == "FORBIDDEN"
    # A city that charges nothing keeps no memberships, whoever asks there.
    done = await country.act("badgeNationJoin", given, SHOWN, "brighton", "brighton curator")
    assert done["code"] == "NOT_CHARGING"
    done = await country.act("badgeNationJoin", given, SHOWN, "badge-nation", "brighton curator")
    assert done["code"] == "FORBIDDEN"
    body = await country.body(MEMBERSHIPS, "badge-nation", "smiths admin in badge-nation")
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    body = await country.body("{ badgeNationInvoice }", "badge-nation", "")
    assert body["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert (await country.read(MEMBERSHIPS, "brighton", "brighton curator"))["badgeNationMemberships"]["nodes"] == []


async def test_a_renewal_follows_on_and_has_an_allowance_of_its_own(country: Country) -> None:
    await country.settles("cooks", "brighton")
    first = await country.joins("cooks")
    await country.uses(2, "cooks", "brighton")
    done = await country.act("badgeNationRenew", {"membership": first["id"]}, SHOWN, "badge-nation", "network")
    second = done["membership"]
    assert second["startsOn"] == str(date.fromisoformat(first["endsOn"]) + timedelta(1))
    assert (await refused(country, "badgeNationRenew", {"membership": first["id"]}))[0] == "ALREADY_MEMBER"
    assert (await country.standing("cooks", "brighton"))["used"] == 2
    both = (await country.read(MEMBERSHIPS, text="cooks"))["badgeNationMemberships"]
    assert [len(each["templates"]) for each in both["nodes"]] == [2, 0]
    assert both["nodes"][0]["templates"][0]["city"] == {"slug": "brighton"}
    on = {"on": second["startsOn"], "text": "cooks"}
    assert (await country.read(MEMBERSHIPS, **on))["badgeNationMemberships"]["totalCount"] == 1

    # It ends before it began, and is as if it had never been; what was invoiced stays.
    done = await country.act("badgeNationEnd", {"membership": second["id"]}, SHOWN, "badge-nation", "network")
    assert done["membership"]["endsOn"] == first["endsOn"]
    assert (await country.read(MEMBERSHIPS, **on))["badgeNationMemberships"]["totalCount"] == 0
    done = await country.act("badgeNationEnd", {"membership": first["id"]}, SHOWN, "badge-nation", "network")
    assert done["membership"]["endsOn"] == str(country.now.date())
    assert (await country.standing("cooks", "brighton"))["left"] == 4
    lines = await country.rows("SELECT organisation_name FROM plugin_badge_nation.nation_invoice_line")
    assert [each["organisation_name"] for each in lines].count("Cooks") == 2
    joined = await country.rows("SELECT type FROM event WHERE object_type = 'BadgeNationMembership' ORDER BY id")
    assert [each["type"].rpartition(".")[2] for each in joined][-4:] == ["joined", "joined", "ended", "ended"]


@pytest.mark.parametrize("act", ["badgeNationEnd", "badgeNationRenew"])
async def test_a_membership_changes_while_a_template_is_counted_and_neither_stops_the_other(
    country: Country, admin_url: str, act: str
) -> None:
    """Whoever counts decides about the organisation first, and refers to its membership then."""
    who = f"{act}-founders".lower()
    await country.settles(who, "brighton")
    membership = await country.joins(who)
    named = parse_id(membership["id"])
    assert named is not None
    network, outside = country.tenants["badge-nation"], copy_context()
    async with country.database.transaction(CityScope(network)):
        await decide_alone(network, country.organisations[who])
        given = {"membership": membership["id"]}
        doing = country.act(act, given, SHOWN, "badge-nation", "network")
        changing = asyncio.create_task(doing, context=outside)
        await somebody_waits(admin_url)
        refers = "SELECT FROM plugin_badge_nation.nation_membership WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE"
        await execute(refers, network, named.row)
    assert (await changing)["__typename"] == f"{act[0].upper()}{act[1:]}Success"


async def somebody_waits(admin_url: str) -> None:
    """Return once a transaction waits for another one."""
    waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND locktype = 'advisory')"
    admin = await asyncpg.connect(admin_url)
    try:
        async with asyncio.timeout(10):
            while not await admin.fetchval(waits):  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.01)
    finally:
        await admin.close()


async def test_nobody_pays_for_a_membership_that_would_be_over_already(country: Country) -> None:
    await country.settles("smelters", "brighton")
    today = country.now.date()
    days = [today - timedelta(days) for days in (366, 365, 364)]
    first = next(day for day in days if last_day(day, 12) == today)
    for past in (date(2018, 1, 1), first - timedelta(1)):
        given = {"organisation": "smelters", "startsOn": str(past)}
        assert await refused(country, "badgeNationJoin", given) == ("INVALID", ["startsOn"]), past
    lines = await country.rows("SELECT organisation_name FROM plugin_badge_nation.nation_invoice_line")
    assert "Smelters" not in [each["organisation_name"] for each in lines]
    assert (await country.joins("smelters", startsOn=str(first)))["endsOn"] == str(today), "its last day is today"


async def test_the_trace_of_a_membership_names_it_as_an_object_of_the_graph(country: Country) -> None:
    await country.settles("tracers", "brighton")
    membership = await country.joins("tracers")
    query = """query($object: ID!) { auditLog(filter: { acts: ["badgeNationJoin"], object: $object }) {
        nodes { table object } } }"""
    nodes = (await country.read(query, object=membership["id"]))["auditLog"]["nodes"]
    assert {"table": "plugin_badge_nation.nation_membership", "object": membership["id"]} in nodes


async def test_a_membership_that_is_over_begins_anew_today(country: Country) -> None:
    await country.settles("miners", "brighton")
    over = await country.was_a_member("miners", country.now.date() - timedelta(500))
    assert (await refused(country, "badgeNationEnd", {"membership": over["id"]}))[0] == "MEMBERSHIP_OVER"
    done = await country.act("badgeNationRenew", {"membership": over["id"]}, SHOWN, "badge-nation", "network")
    assert done["membership"]["startsOn"] == str(country.now.date())
    nobody = str(GlobalId("BadgeNationMembership", country.tenants["badge-nation"], country.tenants["bude"]))
    assert await refused(country, "badgeNationRenew", {"membership": nobody}) == ("NOT_FOUND", ["membership"])


async def test_the_invoice_is_a_table_in_which_nothing_is_reckoned(country: Country) -> None:
    await country.settles("clowns", "brighton")
    await country.joins("clowns")
    await country.uses(6, "clowns", "brighton")
    badge = await country.drafts("clowns", "brighton", '=cmd|"calc"!A1, twice')
    await country.accepts(badge, "30.00", "clowns admin in brighton", "brighton")
    await country.submits(badge, "clowns", "brighton")
    await country.works_off()
    today = str(country.now.date())
    query = "query($since: Date, $until: Date) { badgeNationInvoice(since: $since, until: $until) }"
    text = (await country.read(query, since=today, until=today))["badgeNationInvoice"]
    head, *lines = csv.reader(StringIO(text, newline=""))
    assert head == ["date", "organisation", "city", "badge", "for", "net", "vat", "gross"]
    assert [each for each in lines if each[1] == "Clowns"] == [
        [today, "Clowns", "", "", "membership", "200.00", "40.00", "240.00"],
        [today, "Clowns", "Brighton", '\'=cmd|"calc"!A1, twice', "template", "25.00", "5.00", "30.00"],
    ]
    yesterday = str(country.now.date() - timedelta(1))
    assert (await country.read(query, until=yesterday))["badgeNationInvoice"] == ",".join(head) + "\r\n"
    query = """{ badgeNationInvoiceLines(filter: { text: "clowns" }) {
        nodes { kind cityName city { slug } amount { net vat gross currency } } } }"""
    nodes = (await country.read(query))["badgeNationInvoiceLines"]["nodes"]
    assert [each["kind"] for each in nodes] == ["membership", "template"]
    assert nodes[1]["city"] == {"slug": "brighton"}


async def test_everybody_may_know_the_prices(country: Country) -> None:
    query = """{ badgeNationPrices(on: "2027-01-04") {
        since months allowance membership { net vat gross currency } template { gross } } }"""
    for city in ("brighton", None):
        found = (await country.read(query, city, ""))["badgeNationPrices"]
        assert found["membership"] == {"net": "200.00", "vat": "40.00", "gross": "240.00", "currency": "GBP"}
        assert (found["months"], found["allowance"], found["template"]) == (12, 6, {"gross": "30.00"})
    for day in ("2017-12-31", "0001-01-01"):
        assert await country.read(f'{{ badgeNationPrices(on: "{day}") {{ since }} }}', "brighton", "") == {
            "badgeNationPrices": None
        }


async def test_admins_are_reminded_thirty_and_seven_days_before_the_end_and_once_each(country: Country) -> None:
    await country.settles("divers", "brighton", "plymouth")
    starts = country.now.date() - timedelta(334)
    joined = await country.joins("divers", startsOn=str(starts))
    left = (date.fromisoformat(joined["endsOn"]) - country.now.date()).days
    assert left in {30, 31}

    named = parse_id(joined["id"])
    assert named is not None
    row = named.row

    async def reminded() -> list[dict[str, Any]]:
        await country.work(effects.remind)
        await country.work(effects.remind)
        return [each for each in await mails(country) if each["membership"] == str(row)]

    country.later = timedelta(days=left - 30)
    first = await reminded()
    admins = {str(country.who[f"divers admin in {city}"].person) for city in ("brighton", "plymouth")}
    assert {each["person"] for each in first} == admins
    assert len(first) == 2
    letter = await effects.renewal_letter(country.background, first[0])
    assert isinstance(letter, Addressed)
    assert letter.address.startswith("divers.admin")
    assert letter.values["days"] == 30
    for language in ("en", "cy"):
        to = Addressed(letter.address, language, letter.values)
        envelope = Envelope("no-reply@example.org", row, "example.org", country.now)
        message = compose_letter(effects.LETTER, to, envelope)
        assert "30" in message["Subject"]
        plain = message.get_body(("plain",))
        assert plain is not None
        assert "£240.00 (£200.00 + £40.00 VAT)" in plain.get_content()
    country.later = timedelta(days=left - 8)
    assert len(await reminded()) == 2
    country.later = timedelta(days=left - 7)
    assert len(await reminded()) == 4
    country.later = timedelta()
    # Who renewed is not written to any more.
    await country.act("badgeNationRenew", {"membership": joined["id"]}, SHOWN, "badge-nation", "network")
    assert await effects.renewal_letter(country.background, first[0]) is None


async def test_the_letter_names_the_price_of_the_day_on_which_a_renewal_would_begin(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    await country.settles("divers-too", "brighton")
    joined = await country.joins("divers-too")
    named = parse_id(joined["id"])
    assert named is not None
    renewed = date.fromisoformat(joined["endsOn"]) + timedelta(1)
    dearer = replace(prices(renewed), since=renewed, membership_net=Decimal(300))
    tariffs = (*TARIFFS, dearer)
    for module in (effects, memberships):
        monkeypatch.setattr(module, "prices", lambda day: tariff_at(tariffs, day))
    person = country.who["divers-too admin in brighton"].person
    facts = {"tenant": country.tenants["badge-nation"], "membership": named.row, "person": person}
    letter = await effects.renewal_letter(country.background, facts)
    assert letter is not None
    given = {"membership": joined["id"]}
    shown = "membership { startsOn amount { net vat gross } }"
    done = await country.act("badgeNationRenew", given, shown, "badge-nation", "network")
    assert done["membership"]["startsOn"] == str(renewed)
    assert done["membership"]["amount"]["gross"] == "360.00"
    assert letter.values["price"] == "£360.00 (£300.00 + £60.00 VAT)"


async def test_no_city_writes_what_cities_know_of_a_network(country: Country) -> None:
    await country.settles("thieves", "brighton")
    await country.joins("thieves")
    brighton = country.tenants["brighton"]
    async with country.database.transaction(CityScope(brighton)):
        free = "UPDATE plugin_badge_nation.nation_standing SET allowance = 1000"
        assert (await execute(free)).endswith(" 0")
        assert (await execute("DELETE FROM plugin_badge_nation.nation_network")).endswith(" 0")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with country.database.transaction(CityScope(brighton)):
            await execute(SHOW_SQL, country.tenants["bude"])
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with country.database.transaction(National()):
            await fetchval("SELECT count(*) FROM plugin_badge_nation.nation_standing")
    assert await country.rows("SELECT 1 FROM plugin_badge_nation.nation_membership", "brighton") == []


async def test_its_tables_can_be_taken_back_and_made_again(admin_url: str, plugins: Plugins, country: Country) -> None:
    (app,) = plugins.apps()
    assert await migrate(admin_url, [app]) == []
    assert [step.number for step in await roll_back(admin_url, app, to=0)] == [1]
    assert [step.number for step in await migrate(admin_url, [app])] == [1]
