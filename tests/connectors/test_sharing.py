"""One account, several issuers of several cities: what is whose stays there."""

from __future__ import annotations

import json

from tests.connectors.fake_credly import ORGANISATION, TOKEN, FakeCredly
from tests.connectors.stage import CITIES, OWNER, Issuing
from waypost.db import City, System, execute, fetch

TABLES = (
    *("issuing_account", "issuing_share", "issuing_template", "issuing_entry", "issuing_drift", "issuing_grant"),
    *("issuing_link", "issuing_consent", "issuing_record"),
)


async def all_rows(stage: Issuing, town: str) -> str:
    """Everything of this room that a tenant's scope can see, as text."""
    async with stage.database.transaction(City(stage.town(town).id)):
        found = [str(dict(row)) for table in TABLES for row in await fetch(f"SELECT * FROM {table}")]
        return json.dumps(found)


async def shared(stage: Issuing, fake: FakeCredly, account: str) -> str:
    """Let both cities' clubs give their film makers by one template, and an earner of each have it."""
    film = fake.template("Film Maker", duplicates=True)
    for town, name in zip(CITIES, ("Ada Love", "Bob Free"), strict=True):
        link = await stage.link(town, "film-maker", await stage.share(account, town), film)
        assert link["state"] == "LINKED"
        await stage.earner(name, town)
        await stage.earns(name, town, "film-maker")
        await stage.agrees(name, town)
    return film


async def test_cities_of_a_network_use_its_account(stage: Issuing, fake: FakeCredly, account: str) -> None:
    film = await shared(stage, fake, account)
    emails = {"ada.love@example.org", "bob.free@example.org"}
    assert {each["recipient_email"] for each in fake.of(film)} == emails
    for town, name in zip(CITIES, ("Ada Love", "Bob Free"), strict=True):
        (record,) = await stage.records(name, town)
        assert (record["state"], record["owner"]["slug"]) == ("PENDING", OWNER)


async def test_nobody_but_the_owner_sees_the_account_and_the_owner_sees_nobody(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    await shared(stage, fake, account)
    for town in CITIES:
        seen = await all_rows(stage, town)
        assert not any(word in seen for word in (TOKEN, ORGANISATION, "credly-live"))
        async with stage.database.transaction(City(stage.town(town).id)):
            assert await fetch("SELECT 1 FROM plugin_secret") == []
            assert await fetch("SELECT 1 FROM issuing_entry") == []
        other = CITIES[town == CITIES[0]]
        assert str(stage.town(other).id) not in seen
    ours = await all_rows(stage, OWNER)
    assert [word for word in ("example.org", "e. arner", TOKEN) if word in ours.lower()] == []
    for who, code in ((f"{OWNER} curator", "FORBIDDEN"), ("brighton admin", "FORBIDDEN"), ("", "UNAUTHENTICATED")):
        body = await stage.body("{ issuingAccounts { nodes { name } } }", None, OWNER, who)
        assert body["errors"][0]["extensions"]["code"] == code
    shown = "query($id: ID!) { node(id: $id) { __typename } }"
    places: tuple[str | None, ...] = ("brighton", OWNER, None)
    for place in places:
        for who in ("brighton admin", "Ada Love", ""):
            body = await stage.body(shown, {"id": account}, place, who)
            assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_events_name_nobody(stage: Issuing, fake: FakeCredly, account: str) -> None:
    await shared(stage, fake, account)
    for town in (*CITIES, OWNER):
        async with stage.database.transaction(City(stage.town(town).id)):
            rows = await fetch("SELECT type, data::text AS data FROM event")
        told = "".join(row["type"] + row["data"] for row in rows)
        assert not any(word in told.lower() for word in ("e. arner", "example.org", TOKEN, ORGANISATION))


async def test_only_issuers_of_the_networks_cities_may_use_it(stage: Issuing, fake: FakeCredly, account: str) -> None:
    given = {"account": account, "issuer": stage.id("Issuer", "bude", "youth-club")}
    refused = await stage.act("shareIssuingAccount", given, city=OWNER, who=f"{OWNER} admin")
    assert (refused["code"], refused["path"]) == ("INVALID", ["issuer"])
    grant = await stage.share(account, "brighton")
    given = {"badge": stage.id("Badge", "plymouth", "film-maker"), "grant": grant}
    assert (await stage.act("linkBadgeTemplate", given, city="plymouth", who="plymouth club"))["code"] == "INVALID"
    given = {"badge": stage.id("Badge", "brighton", "film-maker"), "grant": grant}
    assert (await stage.act("linkBadgeTemplate", given, who="brighton staff"))["code"] == "FORBIDDEN"
    # An issuer that does not exist is given nothing.
    made_up = stage.id("Badge", "plymouth", "film-maker").replace("Badge.", "Issuer.")
    await stage.done(
        "shareIssuingAccount",
        {"account": account, "issuer": made_up},
        "share { id issuerId city { slug } }",
        city=OWNER,
        who=f"{OWNER} admin",
    )
    await stage.works_off()
    found = await stage.read("{ issuingGrants { nodes { id } } }", "plymouth", "plymouth curator")
    assert found["issuingGrants"]["nodes"] == []


async def test_an_issuer_that_may_not_use_it_any_more_sends_nothing(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    film = await shared(stage, fake, account)
    shown = "{ issuingAccounts { nodes { shares { id city { slug } issuerId state } } } }"
    (found,) = (await stage.read(shown, OWNER, f"{OWNER} admin"))["issuingAccounts"]["nodes"]
    share = next(each for each in found["shares"] if each["city"]["slug"] == "plymouth")
    assert share["issuerId"] == stage.id("Issuer", "plymouth", "youth-club")
    await stage.done(
        "unshareIssuingAccount", {"share": share["id"]}, "share { state }", city=OWNER, who=f"{OWNER} admin"
    )
    # Before Plymouth has heard of it, the owner knows.
    await stage.earner("Cy Late", "plymouth")
    await stage.earns("Cy Late", "plymouth", "film-maker")
    (record,) = await stage.records("Cy Late", "plymouth")
    assert (record["state"], record["problem"]) == ("NOT_SENT", "The badge is not given there now.")
    assert len(fake.of(film)) == 2
    await stage.share(account, "plymouth")
    (record,) = await stage.records("Cy Late", "plymouth")
    assert record["state"] == "NEEDS_CONSENT", "allowed again, it asks"


async def test_a_city_that_left_the_network_uses_its_account_no_more(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    film = await shared(stage, fake, account)
    await stage.earner("Cy Late", "plymouth")
    await stage.earns("Cy Late", "plymouth", "film-maker")
    async with stage.database.transaction(System("tests", shared=True)):
        await execute("DELETE FROM tenant_group WHERE tenant_id = $1", stage.town("plymouth").id)
    before = len(fake.server.asked)
    await stage.agrees("Cy Late", "plymouth")
    (record,) = await stage.records("Cy Late", "plymouth")
    assert (record["state"], record["problem"]) == (
        "NOT_SENT",
        "Its issuer may not use the account now: ask the account's owner.",
    )
    fake.template("Explorer")
    found = await stage.read("{ issuingGrants { nodes { id } } }", "plymouth", "plymouth club")
    link = await stage.link("plymouth", "explorer", found["issuingGrants"]["nodes"][0]["id"])
    assert (link["state"], link["problem"]) == ("REFUSED", "The account cannot be used now: ask its owner.")
    assert len(fake.server.asked) == before, "not a single call"
    await stage.earner("Dee Stay")
    await stage.earns("Dee Stay", "brighton", "film-maker")
    await stage.agrees("Dee Stay")
    assert len(fake.of(film)) == 3, "who stayed uses it"


async def test_an_account_that_is_switched_off_sends_nothing_until_it_is_on(
    stage: Issuing, fake: FakeCredly, linked: str, account: str
) -> None:
    async def switch(*, on: bool) -> None:
        given = {"account": account, "on": on}
        await stage.done("updateIssuingAccount", given, "account { state }", city=OWNER, who=f"{OWNER} admin")
        await stage.works_off()

    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await switch(on=False)
    before = len(fake.server.asked)
    await stage.agrees("Ada Love")
    await stage.reconciles()
    assert len(fake.server.asked) == before
    await switch(on=True)
    assert len(fake.of(linked)) == 1


async def test_settings_are_checked_and_secrets_never_taken_for_them(stage: Issuing) -> None:
    async def refused(**settings: str) -> str:
        pairs = [{"name": name, "value": value} for name, value in settings.items()]
        given = {"connector": "credly", "name": "X", "settings": pairs}
        done = await stage.act("createIssuingAccount", given, city=OWNER, who=f"{OWNER} admin")
        assert (done["code"], done["path"]) == ("INVALID", ["settings"])
        return str(done["message"])

    assert "organisation: is missing" in await refused(token="credly-live")
    said = await refused(organisation=ORGANISATION, token="Xq8/secret==")
    assert ("name of a secret" in said, "Xq8" in said) == (True, False)
    assert "base_url: unknown" in await refused(organisation=ORGANISATION, token="credly-live", base_url="http://x")
    given = {"connector": "nothing", "name": "X", "settings": []}
    done = await stage.act("createIssuingAccount", given, city=OWNER, who=f"{OWNER} admin")
    assert done["path"] == ["connector"]
    given = {"connector": "credly", "name": "X", "settings": []}
    done = await stage.act("createIssuingAccount", given, city="brighton", who="brighton admin")
    assert done["path"] == ["connector"], "the plugin is off there"
    done = await stage.act("createIssuingAccount", given, city=OWNER, who=f"{OWNER} curator")
    assert done["code"] == "FORBIDDEN"
