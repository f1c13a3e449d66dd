"""Every act of the graph that changes something, each carried out once in a short story."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from tests.connectors import rosette
from tests.connectors.fake_rosette import KEY, rosette_running
from tests.connectors.stage import ADDRESS_SQL, PLUGIN_SQL, Equipped, plugins_with
from tests.earning import earn
from tests.frameworks import id_of, package
from tests.journeys import test_award_batches, test_awards, test_completing
from tests.journeys.joining import invited, joined, signed_in
from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_claiming import arrives, claims, one_code
from tests.journeys.test_pathways import job
from tests.journeys.test_progress import badge, earned
from tests.journeys.test_requests import asked
from tests.journeys.test_writes import ACTS, sent
from tests.school.stage import DRAFT, college, decided, review_of, submitted
from tests.webhooks.receiver import receiving
from waypost.access.addresses import Proof, prove_address
from waypost.awards.joining import join_address
from waypost.composition import effects
from waypost.db import City, Database, Learner, System, execute, fetchval, new_id
from waypost.plugins import load
from waypost.plugins.secrets import set_secret
from waypost.settings import Settings
from waypost.skills.framework_store import Imported, own, write_package
from waypost.testing.working import work_off

ADMIN: Final = {"who": "college admin"}
CLUB: Final = {"who": "issuer-admin"}
STAFF: Final = {"who": "issuer-staff"}
BOSS: Final = {"who": "brighton admin"}
DRIFT_SQL: Final = """
INSERT INTO issuing_drift (tenant_id, id, account_id, kind, external_id, difference, state, found_at)
SELECT $1, gen_random_uuid(), id, 'missing-there', 'a7', 'It is gone.', 'open', now() FROM issuing_account
"""
NATION: Final = {"who": "nation first", "city": "badge-nation"}


async def the_first_acts(stage: Stage) -> None:
    """Places, issuers, opportunities, pathways and borrowed badges."""
    for name in ACTS:
        await stage.done(name, await sent(stage, name, "brighton"), "")


async def a_city_says_what_it_is(stage: Stage) -> None:
    """It changes its looks and switches a plugin on."""
    async with stage.seeded("brighton"):
        await stage.done("updateCity", {"look": {"accentColour": "#ffe08a"}}, "", who="operator")
    stage.platform.plugins = load(["skills_builder"])
    on = {"plugin": "skills_builder", "active": True, "settings": '{"framework": "1.0"}'}
    await stage.done("setPlugin", on, "", who="operator")


async def a_badge_comes_and_goes(stage: Stage) -> None:
    """Drafted, reviewed, published, retired; and one that begins as another's."""
    draft = await submitted(stage)
    review = review_of(stage, draft)
    await stage.done("takeReview", {"review": review}, "", **NATION)
    await stage.done("commentOnBadge", {"about": review, "text": "Which part was theirs?"}, "", **NATION)
    await decided(stage, draft, "CHANGES_REQUESTED")
    one = {"badge": draft["badgeId"]}
    await stage.done("updateBadgeDraft", {**one, "name": "Festival Leader", "description": "They led."}, "", **ADMIN)
    reasons = [{"code": each, "reason": "As we say it."} for each in ("DESCRIPTION_OPENING", "DESCRIPTION_SHORT")]
    await stage.done("submitBadge", {**one, "reasons": reasons}, "", **ADMIN)
    await work_off(stage.database)
    await decided(stage, draft)
    await stage.done("publishBadge", one, "", **ADMIN)
    await stage.done("retireBadge", one, "", **ADMIN)
    given = {"badge": stage.id("Badge", "plymouth", "navigator"), "creator": college(stage), "name": "Sailor"}
    await stage.done("cloneBadge", given, DRAFT, **ADMIN)


async def badges_are_put_together(stage: Stage) -> None:
    """A collection is made, renamed and closed."""
    club = stage.id("Issuer", "brighton", "youth-club")
    given = {"name": "Steps", "description": "First steps.", "issuer": club, "badges": [await badge(stage)]}
    made = await stage.done("createCollection", given, "collection { id }", **CLUB)
    one = {"collection": made["collection"]["id"]}
    await stage.done("updateCollection", {**one, "name": "Other steps"}, "", **CLUB)
    await stage.done("closeCollection", one, "", **CLUB)


async def frameworks_are_used(stage: Stage) -> None:
    """A city reads one for itself, and says what of it a badge shows."""
    await stage.done("importFramework", {"url": "https://case.example.org/CFPackages/1"}, "")
    tenant = stage.town("brighton").id
    async with stage.database.transaction(City(tenant)):
        assert isinstance(await write_package(own(tenant), package("traced", {"row": {}}), "tests"), Imported)
    input = {"badge": await badge(stage), "items": [f"FrameworkItem.{id_of('traced/row').hex}"]}
    await stage.done("alignBadge", input, "")


async def badges_are_given(stage: Stage) -> None:
    """One by one, and answered by those who earned them."""
    wanted, unwanted = [await answered(stage, act) for act in ("acceptAward", "declineAward")]
    assert wanted != unwanted
    made = await stage.done("replaceAward", {"award": wanted, "narrative": "Better."}, "award { id }", **CLUB)
    await stage.done("revokeAward", {"award": made["award"]["id"], "reason": "Not theirs."}, "", **CLUB)
    await stage.done("setAwardPolicy", {"badge": await badge(stage), "repeats": "ALWAYS"}, "")


async def answered(stage: Stage, act: str) -> str:
    """An award that somebody answered."""
    award = await test_awards.given(stage, recipient={"email": f"{act}@example.org"})
    who = await test_awards.person(stage, f"{act}@example.org")
    await stage.done(act, {"award": award["id"]}, "", who=who)
    return str(award["id"])


async def badges_are_given_to_many(stage: Stage) -> None:
    """A file is sent, carried out and taken back."""
    work = await test_award_batches.given(stage, test_award_batches.some(2))
    await stage.done("undoAwards", {"job": work}, "", **CLUB)
    await work_off(stage.database, test_award_batches.SETTINGS)


async def badges_are_come_for(stage: Stage) -> None:
    """With a code, or by asking."""
    of = await badge(stage)
    code, gone = await one_code(stage, of, label="At the desk"), await one_code(stage, of)
    await claims(stage, code["code"], await arrives(stage, "claimant"))
    await stage.done("cancelClaimCode", {"code": gone["id"]}, "", **STAFF)
    granted = await asked(stage, of, await arrives(stage, "asker"))
    await stage.done("decideRequest", {"request": granted["id"], "decision": "APPROVE"}, "", **STAFF)
    hesitant = await arrives(stage, "hesitant")
    withdrawn = await asked(stage, of, hesitant)
    await stage.done("withdrawRequest", {"request": withdrawn["id"]}, "", who=hesitant)


async def organisations_speak_for_each_other(stage: Stage) -> None:
    """One endorses a badge of another, which accepts."""
    given = {"endorser": college(stage), "comment": "Well made.", "badge": await badge(stage)}
    made = await stage.done("endorse", given, "endorsement { id }", **ADMIN)
    answer = {"endorsement": made["endorsement"]["id"], "decision": "ACCEPT"}
    await stage.done("decideEndorsement", answer, "", **CLUB)


async def people_come_and_go(stage: Stage) -> None:
    """Invited, changed, removed; and somebody who was not to come after all."""
    await stage.admit("brighton admin", "brighton", "city-admin")
    gone = await invited(stage)
    await stage.done("withdrawInvitation", {"invitation": gone["id"]}, "", **BOSS)
    member = await joined(stage, "newcomer", "curator")
    await stage.done("updateMember", {"member": member, "role": "city-admin"}, "", **BOSS)
    await stage.done("removeMember", {"member": member}, "", **BOSS)


async def programs_get_tokens(stage: Stage) -> None:
    """For a while."""
    made = await stage.done("createToken", {"name": "The till", "days": 7}, "token { id }", who="brighton curator")
    await stage.done("revokeToken", {"token": made["token"]["id"]}, "", who="brighton curator")


async def others_are_told(stage: Stage) -> None:
    """Of new places, and once more."""
    before = stage.platform.settings
    async with receiving() as receiver:
        settings = Settings(secret_key=before.secret_key, allow_private_targets=receiver.allowed)
        stage.platform.settings = settings
        given = {"url": receiver.url, "events": ["place.*"]}
        made = await stage.done("createWebhook", given, "webhook { id }")
        one = {"webhook": made["webhook"]["id"]}
        await stage.done("rotateWebhookSecret", one, "")
        await stage.done("createPlace", await sent(stage, "createPlace", "brighton"), "")
        await work_off(stage.database, settings)
        found = await stage.read("{ deliveries(first: 1) { nodes { id } } }", who="brighton curator")
        await stage.done("replayDelivery", {"delivery": found["deliveries"]["nodes"][0]["id"]}, "")
        await work_off(stage.database, settings)
        await stage.done("removeWebhook", one, "")
    stage.platform.settings = before


async def a_learner_keeps_things(stage: Stage) -> None:
    """And has a second address for a while, looks at all that is kept of them, and is forgotten."""
    await stage.admit("ada", "brighton", "learner")
    await signed_in(stage, "ada")
    own: dict[str, Any] = {"who": "ada"}
    way = await a_pathway_is_completed(stage, "ada")
    await a_second_address(stage, "ada")
    doing = {"opportunity": await job(stage)}
    for act, given in (
        ("leavePathway", {"pathway": way}),
        ("saveOpportunity", doing),
        ("unsaveOpportunity", doing),
        ("addAddress", {"address": "ada.three@example.org"}),
        ("removeAddress", {"address": "ada.three@example.org"}),
        ("exportMyData", {}),
        ("eraseMe", {"confirm": "ERASE"}),
    ):
        await stage.done(act, given, "", **own)


async def a_pathway_is_completed(stage: Stage, who: str) -> str:
    """By joining it, as everything was earned before; and another, by the badge that was missing."""
    one, missing, goal, further = [await badge(stage) for _ in range(4)]
    await earned(stage, who, one)
    await work_off(stage.database)
    way = await test_completing.way(stage, goal, one)
    await test_completing.way(stage, further, one, missing)
    await stage.done("joinPathway", {"pathway": way}, "", who=who)
    await work_off(stage.database)
    to = {"badge": missing, "recipient": {"name": "Ada", "email": f"{who}@example.org"}}
    made = await stage.done("awardBadge", to, "award { id }", **CLUB)
    await stage.done("acceptAward", {"award": made["award"]["id"]}, "", who=who)
    await work_off(stage.database)
    return way


async def a_second_address(stage: Stage, who: str) -> None:
    """To which something was given before, is asked for and proved."""
    address = f"{who}.too@example.org"
    await test_awards.given(stage, recipient={"email": address})
    await stage.done("addAddress", {"address": address}, "", who=who)
    person = stage.who[who].person
    assert person is not None
    async with stage.database.transaction(System("tests")):
        attempt = await fetchval("SELECT id FROM sign_in_attempt WHERE way = 'address' AND person_id = $1", person)

    async def join(database: Database, joined: UUID, proved: str) -> None:
        await join_address(database, joined, proved, secret_key=SECRET)

    now = datetime.now(UTC)
    assert await prove_address(stage.database, attempt, person, join, secret_key=SECRET, now=now) is Proof.DONE


async def a_platform_gives_badges_too(stage: Stage) -> None:
    """By an account of the city's own, to somebody who agrees."""
    here, who = stage.town("brighton").here, "platform learner"
    await stage.admit(who, "brighton", "learner")
    person = stage.who[who].person
    assert person is not None
    async with rosette_running() as fake:
        plugins = plugins_with(rosette.Rosette(fake.server.url))
        series = fake.add("Film Maker")
        stage.platform = Equipped(stage.platform.directory, stage.database, plugins=plugins)
        async with stage.database.transaction(System("tests", shared=True)):
            await execute(PLUGIN_SQL, here.tenant_id, "credly", True)
        async with stage.database.transaction(City(here.tenant_id)):
            await set_secret(here.tenant_id, "rosette", KEY, secret_key=SECRET, now=datetime.now(UTC))
        async with stage.database.transaction(Learner(person)):
            await execute(ADDRESS_SQL, person, new_id(), "platform.learner@example.org")
        settings = Settings(secret_key=SECRET, allow_private_targets=fake.server.allowed)

        async def behind() -> None:
            await work_off(stage.database, settings, effects=effects(plugins), raising=False)

        pairs = [{"name": "club", "value": "7"}, {"name": "key", "value": "rosette"}]
        given = {"connector": "rosette", "name": "Ours", "settings": pairs}
        account = (await stage.done("createIssuingAccount", given, "account { id }", **BOSS))["account"]["id"]
        await stage.done("updateIssuingAccount", {"account": account, "name": "The city's"}, "", **BOSS)
        given = {"account": account, "issuer": stage.id("Issuer", "brighton", "youth-club")}
        share = (await stage.done("shareIssuingAccount", given, "share { id }", **BOSS))["share"]["id"]
        await behind()
        given = {"badge": stage.id("Badge", "brighton", "leader"), "template": series}
        given["grant"] = share.replace("IssuingShare", "IssuingGrant")
        link = (await stage.done("linkBadgeTemplate", given, "link { id }", **CLUB))["link"]["id"]
        await behind()
        fake.series[series]["retired"] = True  # so that it is refused
        await earn(
            stage.database, here, named_by(stage.id("Badge", "brighton", "leader")).row, person, datetime.now(UTC)
        )
        await behind()
        (record,) = (await stage.read("{ viewer { issuing { nodes { id } } } }", "brighton", who))["viewer"]["issuing"][
            "nodes"
        ]
        given = {"record": record["id"]}
        agreed = await stage.done("agreeToIssuing", given, "consent { id }", who=who)
        await behind()
        await stage.done("retryIssuing", given, "", **CLUB)
        await stage.done("withdrawFromIssuing", {"consent": agreed["consent"]["id"]}, "", who=who)
        await stage.done("unlinkBadgeTemplate", {"link": link}, "", **CLUB)
        await stage.done("unshareIssuingAccount", {"share": share}, "", **BOSS)
        await stage.run("brighton", DRIFT_SQL, here.tenant_id)
        (drift,) = (await stage.read("{ issuingDrifts { nodes { id } } }", "brighton", BOSS["who"]))["issuingDrifts"][
            "nodes"
        ]
        await stage.done("settleIssuingDrift", {"drift": drift["id"]}, "", **BOSS)
        await behind()


FEED_SQL: Final = """
INSERT INTO feed (tenant_id, id, plugin, name, due_at) VALUES ($1, $2, 'flock', 'birds', now())
"""


async def a_feed_is_read_again(stage: Stage) -> None:
    """A curator wants what others offer read at once."""
    id = new_id()
    await stage.run("brighton", FEED_SQL, stage.town("brighton").id, id)
    feed = stage.id("Issuer", "brighton", "youth-club").replace("Issuer.", "Feed.").rpartition(".")[0]
    await stage.done("refreshFeed", {"feed": f"{feed}.{id.hex}"}, "feed { state }")


STORIES: Final[tuple[Callable[[Stage], Awaitable[None]], ...]] = (
    the_first_acts,
    a_city_says_what_it_is,
    a_badge_comes_and_goes,
    badges_are_put_together,
    frameworks_are_used,
    badges_are_given,
    badges_are_given_to_many,
    badges_are_come_for,
    organisations_speak_for_each_other,
    people_come_and_go,
    programs_get_tokens,
    others_are_told,
    a_platform_gives_badges_too,
    a_feed_is_read_again,
    a_learner_keeps_things,
)
