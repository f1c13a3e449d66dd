"""Stories of writers: who may draft what, what stays as it is, clones, successors, collections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from tests.journeys.stage import Stage, named_by
from tests.rooms import badge_words
from tests.school.stage import DRAFT, GOOD, college, decided, proposed, submitted
from waypost.db import City, execute, fetch, fetchval, new_id
from waypost.graph.ids import GlobalId
from waypost.school import writes
from waypost.testing.working import work_off

ADMIN = {"who": "college admin"}
POLISH = {"language": "pl", "name": "x", "description": ""}
BADGE = "badge { id slug name state }"


@pytest.fixture
def number() -> str:
    """Something that tells the badges of tests apart."""
    return new_id().hex[-10:]


async def published(stage: Stage, number: str, **facts: Any) -> str:
    """A badge of the college that went all the way; its id."""
    reasons = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
    draft = await submitted(stage, name=f"{number} badge", reasons=reasons, **facts)
    await decided(stage, draft)
    await stage.done("publishBadge", {"badge": draft["badgeId"]}, BADGE, **ADMIN)
    return str(draft["badgeId"])


async def test_a_draft_may_lack_nearly_everything(stage: Stage, number: str) -> None:
    given = {"name": number, "layer": "engage", "creator": college(stage)}
    draft = (await stage.done("proposeBadge", given, DRAFT, **ADMIN))["draft"]
    assert (draft["words"]["description"], draft["words"]["criteria"], draft["words"]["skills"]) == ("", [], [])
    assert draft["words"]["layer"] == {"code": "rsa-2019/engage"}
    assert draft["words"]["audience"] == "PERSON"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"layer": "rsa-2019/none"}, "LAYER_UNKNOWN", ["layer"]),
        ({"name": " "}, "INVALID", ["name"]),
        ({"slug": "Not A Slug"}, "INVALID", ["slug"]),
        ({"criteria": [{"text": " "}]}, "INVALID", ["criteria", "0", "text"]),
        ({"criteria": [{"text": "x"}] * 51}, "INVALID", ["criteria"]),
        ({"skills": ["!"]}, "INVALID", ["skills"]),
        ({"level": "none"}, "INVALID", ["level"]),
        ({"cost": {"price": "1.00"}}, "INVALID", ["cost", "price"]),
        ({"translations": [POLISH]}, "INVALID", ["translations", "0", "language"]),
        ({"description": "x\u0007"}, "INVALID", ["description"]),
        ({"imageAlt": "x" * 201}, "INVALID", ["imageAlt"]),
    ],
)  # fmt: skip
async def test_what_nothing_can_keep_is_refused_at_once(
    stage: Stage, number: str, changes: dict[str, Any], code: str, path: list[str]
) -> None:
    given = {**GOOD, "creator": college(stage), "name": number, **changes}
    payload = await stage.act("proposeBadge", given, **ADMIN)
    assert (payload["code"], payload["path"]) == (code, path)


async def test_an_issuers_people_draft_for_their_own_issuer(stage: Stage, number: str) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    other = {**GOOD, "name": number, "creator": club}
    assert (await stage.refused("proposeBadge", other, **ADMIN))[1] == "FORBIDDEN"
    signed = {**GOOD, "name": number, "creator": college(stage), "issuer": club}
    assert (await stage.refused("proposeBadge", signed, **ADMIN))[1:] == ("FORBIDDEN", ["issuer"])
    ids = named_by(college(stage)), named_by(club)
    parent = "UPDATE issuer SET parent_id = $3 WHERE tenant_id = $1 AND id = $2"
    await stage.run("brighton", parent, ids[0].tenant, ids[0].row, ids[1].row)
    try:
        draft = (await stage.done("proposeBadge", signed, DRAFT, **ADMIN))["draft"]
        for name, given in (
            ("updateBadgeDraft", {"badge": draft["badgeId"], "name": "Stolen"}),
            ("submitBadge", {"badge": draft["badgeId"]}),
        ):
            for who in ("issuer-staff", "employer", "learner"):
                assert (await stage.refused(name, given, who=who))[1] == "FORBIDDEN"
        mine = {"badge": draft["badgeId"], "creator": club}
        assert (await stage.refused("updateBadgeDraft", mine, **ADMIN))[1] == "FORBIDDEN"
    finally:
        await stage.run("brighton", parent, ids[0].tenant, ids[0].row, None)


async def test_out_of_order_acts_are_refused(stage: Stage, number: str) -> None:
    reasons = [{"code": "SIMILAR_BADGE", "reason": "A test of its own."}]
    draft = await proposed(stage, name=f"{number} badge", reasons=reasons)
    badge = {"badge": draft["badgeId"]}
    assert (await stage.refused("publishBadge", badge, **ADMIN))[:2] == ("NotApproved", "NOT_APPROVED")
    await stage.done("submitBadge", badge, DRAFT, **ADMIN)
    for name, more in (("submitBadge", {}), ("updateBadgeDraft", {"name": "Later"})):
        assert (await stage.refused(name, {**badge, **more}, **ADMIN))[:2] == ("WrongBadgeState", "WRONG_BADGE_STATE")
    assert (await stage.refused("publishBadge", badge, **ADMIN))[0] == "NotApproved"
    await work_off(stage.database)
    await decided(stage, draft)
    for name, more in (("submitBadge", {}), ("updateBadgeDraft", {"name": "Later"})):
        assert (await stage.refused(name, {**badge, **more}, **ADMIN))[:2] == ("WrongBadgeState", "WRONG_BADGE_STATE")
    assert (await stage.refused("publishBadge", badge, who="college staff"))[1] == "FORBIDDEN"
    await stage.done("publishBadge", badge, BADGE, **ADMIN)
    assert (await stage.refused("publishBadge", badge, **ADMIN))[0] == "NotApproved"
    assert (await stage.refused("submitBadge", badge, **ADMIN))[1] == "NOT_FOUND"


async def test_not_approved_says_where_the_badge_is(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=f"{number} badge")
    query = "mutation($badge: ID!) { publishBadge(input: {badge: $badge}) { ... on NotApproved { code state path } } }"
    body = await stage.read(query, who="college admin", badge=draft["badgeId"])
    assert body["publishBadge"] == {"code": "NOT_APPROVED", "state": "DRAFT", "path": None}


async def test_draft_not_ready_names_the_findings(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=number, description="", criteria=[])
    query = (
        "mutation($badge: ID!) { submitBadge(input: {badge: $badge}) { ... on DraftNotReady { code findings "
        "{ code severity blocks path } } } }"
    )
    found = (await stage.read(query, who="college admin", badge=draft["badgeId"]))["submitBadge"]
    assert found["code"] == "DRAFT_NOT_READY"
    missing = {"code": "DESCRIPTION_MISSING", "severity": "ERROR", "blocks": True, "path": ["description"]}
    assert missing in found["findings"]


async def test_acts_named_by_an_id_work_on_the_national_graph(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=f"{number} badge")
    given = {"badge": draft["badgeId"], "name": f"{number} again"}
    done = await stage.done("updateBadgeDraft", given, DRAFT, city=None, **ADMIN)
    assert done["draft"]["words"]["name"] == f"{number} again"


async def test_what_is_published_cannot_be_changed_or_removed_by_anybody(stage: Stage, number: str) -> None:
    badge = named_by(await published(stage, number))
    here = stage.town("brighton").id
    async with stage.database.transaction(City(here)):
        version = await fetchval("SELECT version_id FROM badge WHERE tenant_id = $1 AND id = $2", here, badge.row)
    criteria = "SELECT id FROM criterion WHERE tenant_id = $1 AND version_id = $2"
    of = {
        "badge_version": "tenant_id = $1 AND id = $2",
        "badge_text": "tenant_id = $1 AND version_id = $2",
        "criterion": "tenant_id = $1 AND version_id = $2",
        "badge_skill": "tenant_id = $1 AND version_id = $2",
        "criterion_text": f"tenant_id = $1 AND criterion_id IN ({criteria})",
        "criterion_skill": f"tenant_id = $1 AND criterion_id IN ({criteria})",
    }
    for table, where in of.items():
        async with stage.database.transaction(City(here)):
            rows = len(await fetch(f"SELECT 1 FROM {table} WHERE {where}", here, version))
            assert rows > 0, table
            assert await execute(f"UPDATE {table} SET public = false WHERE {where}", here, version) == "UPDATE 0"
            assert await execute(f"DELETE FROM {table} WHERE {where}", here, version) == "DELETE 0"


async def test_badges_of_files_are_changed_in_files(stage: Stage) -> None:
    badge = stage.id("Badge", "plymouth", "navigator")
    await stage.kept_in_files(badge)
    how = {"city": "plymouth", "who": "plymouth curator"}
    for name, more in (("updateBadgeDraft", {"name": "Other"}), ("retireBadge", {})):
        refused = await stage.refused(name, {"badge": badge, **more}, **how)
        assert refused[:2] == ("ManagedByFiles", "MANAGED_BY_FILES")


async def test_a_badge_is_retired_for_its_successor(stage: Stage, number: str) -> None:
    old, new = await published(stage, f"{number}a"), await published(stage, f"{number}b")
    wrong = stage.id("Badge", "plymouth", "smart-citizen")
    secret = stage.id("Badge", "brighton", "secret")
    for successor in (wrong, secret, old, "none"):
        given = {"badge": old, "replacedBy": successor}
        assert (await stage.refused("retireBadge", given, **ADMIN))[1:] == ("NOT_FOUND", ["replacedBy"])
    shown = "badge { state replacedBy { id } }"
    done = await stage.done("retireBadge", {"badge": old}, shown, **ADMIN)
    assert done["badge"] == {"state": "RETIRED", "replacedBy": None}
    later = await stage.done("retireBadge", {"badge": old, "replacedBy": new}, shown, **ADMIN)
    assert later["badge"] == {"state": "RETIRED", "replacedBy": {"id": new}}
    assert (await stage.refused("updateBadgeDraft", {"badge": old, "name": "x"}, **ADMIN))[1] == "CLOSED"
    assert (await stage.refused("retireBadge", {"badge": new}, who="issuer-admin"))[1] == "FORBIDDEN"


async def test_a_draft_that_is_given_up_leaves_the_list(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=f"{number} badge")
    listed = "{ badgeDrafts(first: 100) { nodes { id } } }"
    assert {"id": draft["id"]} in (await stage.read(listed, who="college staff"))["badgeDrafts"]["nodes"]
    assert (await stage.read(listed, who="issuer-admin"))["badgeDrafts"]["nodes"] == []
    done = await stage.done("retireBadge", {"badge": draft["badgeId"]}, "badge { id }", **ADMIN)
    assert done["badge"] is None
    assert {"id": draft["id"]} not in (await stage.read(listed, who="college staff"))["badgeDrafts"]["nodes"]


async def test_below_a_draft_nothing_else_that_is_not_public_shows(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=f"{number} badge")
    query = "query($id: ID!) { badgeDraft(id: $id) { published { id } creator { badges { nodes { slug } } } } }"
    seen = (await stage.read(query, who="college staff", id=draft["id"]))["badgeDraft"]
    assert seen["published"] is None
    assert draft["words"]["name"] not in str(seen)


# Clones


async def test_a_badge_of_another_city_is_cloned_with_attribution(stage: Stage, number: str) -> None:
    origin = stage.id("Badge", "plymouth", "smart-citizen")
    given = {"badge": origin, "creator": college(stage), "name": f"{number} citizen"}
    draft = (await stage.done("cloneBadge", given, DRAFT, **ADMIN))["draft"]
    assert draft["words"]["name"] == f"{number} citizen"
    assert [each["text"] for each in draft["words"]["criteria"]] == ["Came along", "Stayed"]
    assert {skill for each in draft["words"]["criteria"] for skill in each["skills"]} == {"Curiosity"}
    changes = {"badge": draft["badgeId"], "description": "x", "skills": ["Wit", "Fun"]}
    await stage.done("updateBadgeDraft", changes, DRAFT, **ADMIN)
    codes = ("DESCRIPTION_OPENING", "CRITERION_OPENING", "CRITERION_TENSE", "SKILL_NOT_EVIDENCED", "LAYER_UNLIKELY")
    reasons = [{"code": each, "reason": "As its origin says it."} for each in codes]
    await stage.done("submitBadge", {"badge": draft["badgeId"], "reasons": reasons}, DRAFT, **ADMIN)
    await work_off(stage.database)
    await decided(stage, draft)
    shown = "badge { derivedFrom { id city { slug } } }"
    done = await stage.done("publishBadge", {"badge": draft["badgeId"]}, shown, **ADMIN)
    assert done["badge"]["derivedFrom"] == {"id": origin, "city": {"slug": "plymouth"}}


async def test_only_what_everybody_sees_is_cloned(stage: Stage) -> None:
    secret = stage.id("Badge", "plymouth", "secret")
    for badge in (secret, str(GlobalId("Badge", stage.town("plymouth").id, new_id())), "none"):
        given = {"badge": badge, "creator": college(stage)}
        assert (await stage.refused("cloneBadge", given, **ADMIN))[1:] == ("NOT_FOUND", ["badge"])


# Likeness


async def test_a_badge_that_reads_like_one_on_offer_is_told_of_it(stage: Stage) -> None:
    draft = await proposed(stage, name="Smart Citizens", description="They know their town.")
    (alike,) = [each for each in draft["findings"] if each["code"] == "SIMILAR_BADGE"]
    assert alike["badge"] == stage.id("Badge", "plymouth", "smart-citizen")
    assert "Plymouth" in alike["message"]
    kept = await stage.done("updateBadgeDraft", {"badge": draft["badgeId"], "level": "advanced"}, DRAFT, **ADMIN)
    assert [each["badge"] for each in kept["draft"]["findings"] if each["code"] == "SIMILAR_BADGE"] == [alike["badge"]]
    kept = await stage.done("updateBadgeDraft", {"badge": draft["badgeId"], "description": "Else."}, DRAFT, **ADMIN)
    assert [each["badge"] for each in kept["draft"]["findings"] if each["code"] == "SIMILAR_BADGE"] == [alike["badge"]]
    gone = await stage.done("updateBadgeDraft", {"badge": draft["badgeId"], "name": "Zebra Keeper"}, DRAFT, **ADMIN)
    assert [each for each in gone["draft"]["findings"] if each["code"] == "SIMILAR_BADGE"] == []


BLOCKED = "__typename ... on DraftNotReady { findings { code badge blocks } }"


async def blocked(stage: Stage, badge: str, city: str | None = "brighton") -> dict[str, bool]:
    """What keeps a draft from being submitted: badges that read alike, and whether each still wants a reason."""
    query = f"mutation($badge: ID!) {{ submitBadge(input: {{badge: $badge}}) {{ {BLOCKED} }} }}"
    answer = (await stage.body(query, {"badge": badge}, city, "college admin"))["data"]["submitBadge"]
    assert answer["__typename"] == "DraftNotReady"
    assert {each["code"] for each in answer["findings"]} == {"SIMILAR_BADGE"}
    return {each["badge"]: each["blocks"] for each in answer["findings"]}


async def test_likeness_is_looked_for_once_more_when_a_draft_is_submitted(stage: Stage, number: str) -> None:
    """Others may have published the same meanwhile; and a reason is for the badge of which it was said."""
    name = f"{number} Harbour Pilot"
    draft = await proposed(stage, name=name, description=f"Earners of this badge have planned {number}.")
    badge = draft["badgeId"]
    assert draft["findings"] == []
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    said = badge_words(club, f"pilot-{number}", name=name)
    first = str((await stage.build.badge(stage.town("plymouth"), said)).gid)
    assert await blocked(stage, badge) == {first: True}
    assert await blocked(stage, badge, city=None) == {first: True}
    reasons = [{"code": "SIMILAR_BADGE", "reason": "Theirs is of the Tamar."}]
    after = await stage.done("updateBadgeDraft", {"badge": badge, "name": name, "reasons": reasons}, DRAFT, **ADMIN)
    assert [each["blocks"] for each in after["draft"]["findings"]] == [False]
    said = badge_words(club, f"second-{number}", name=name)
    second = str((await stage.build.badge(stage.town("plymouth"), said)).gid)
    assert await blocked(stage, badge) == {first: False, second: True}
    done = await stage.done("submitBadge", {"badge": badge, "reasons": reasons}, DRAFT, **ADMIN)
    assert {each["badge"] for each in done["draft"]["findings"]} == {first, second}


async def test_what_reads_alike_no_more_is_forgotten_when_a_draft_is_submitted(stage: Stage, number: str) -> None:
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    said = badge_words(club, f"sailor-{number}", name=f"{number} Sailor")
    there = await stage.build.badge(stage.town("plymouth"), said)
    draft = await proposed(stage, name=f"{number} Sailor", description=f"Earners of this badge have planned {number}.")
    assert [each["code"] for each in draft["findings"]] == ["SIMILAR_BADGE"]
    await stage.run("plymouth", "UPDATE badge SET name = 'Elsewhere' WHERE id = $1", there.id)
    done = await stage.done("submitBadge", {"badge": draft["badgeId"]}, DRAFT, **ADMIN)
    assert done["draft"]["findings"] == []


async def test_what_was_found_when_the_words_changed_counts_where_they_change_while_others_are_looked_for(
    stage: Stage, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    there = await stage.build.badge(
        stage.town("plymouth"), badge_words(club, f"smith-{number}", name=f"{number} Smith")
    )
    draft = await proposed(stage, name=f"{number} Smith", description=f"Earners of this badge have planned {number}.")

    async def said_before(tenant: UUID, badge: UUID) -> dict[str, str]:
        return {"name": f"{number} before", "description": ""}

    monkeypatch.setattr(writes, "said_now", said_before)
    assert await blocked(stage, draft["badgeId"]) == {str(there.gid): True}


async def test_a_draft_is_never_told_of(stage: Stage, number: str) -> None:
    await proposed(stage, name=f"Secret {number}", description=number)
    draft = await proposed(stage, "plymouth", name=f"Secret {number}", description=number)
    assert [each for each in draft["findings"] if each["code"] == "SIMILAR_BADGE"] == []
    club = stage.build.world.find("Issuer", "plymouth", "youth-club").id
    await stage.build.badge(stage.town("plymouth"), badge_words(club, f"hidden-{number}", state="draft"))
    draft = await proposed(stage, name=f"Hidden {number}", description=number)
    assert [each for each in draft["findings"] if each["code"] == "SIMILAR_BADGE"] == []


# Collections

SHOWN = "collection { id slug name state badges { slug } issuer { slug } }"


async def test_an_issuers_badges_are_put_in_an_order(stage: Stage, number: str) -> None:
    club = stage.id("Issuer", "brighton", "youth-club")
    film, explorer = stage.id("Badge", "brighton", "film-maker"), stage.id("Badge", "brighton", "explorer")
    given = {"name": f"Steps {number}", "description": "First steps.", "issuer": club, "badges": [film, explorer]}
    who = {"who": "issuer-admin"}
    made = (await stage.done("createCollection", given, SHOWN, **who))["collection"]
    assert made["badges"] == [{"slug": "film-maker"}, {"slug": "explorer"}]
    listed = "query($id: ID!) { issuer(id: $id) { collections { nodes { id } } } collections { nodes { id } } }"
    for city in ("brighton", None):
        found = await stage.read(listed, city, id=club)
        assert {"id": made["id"]} in found["issuer"]["collections"]["nodes"]
        assert {"id": made["id"]} in found["collections"]["nodes"]
    turned = await stage.done("updateCollection", {"collection": made["id"], "badges": [explorer, film]}, SHOWN, **who)
    assert turned["collection"]["badges"] == [{"slug": "explorer"}, {"slug": "film-maker"}]
    foreign = stage.id("Badge", "plymouth", "navigator")
    for badges in ([film, film], [foreign], ["none"]):
        code = "INVALID" if badges == [film, film] else "NOT_FOUND"
        refused = await stage.refused("updateCollection", {"collection": made["id"], "badges": badges}, **who)
        assert refused[1:] == (code, ["badges"])
    for stranger in ("college admin", "issuer-staff", "learner"):
        assert (await stage.refused("closeCollection", {"collection": made["id"]}, who=stranger))[1] == "FORBIDDEN"
    closed = (await stage.done("closeCollection", {"collection": made["id"]}, SHOWN, **who))["collection"]
    assert closed["state"] == "closed"
    assert {"id": made["id"]} not in (await stage.read(listed, id=club))["collections"]["nodes"]
    assert (await stage.refused("updateCollection", {"collection": made["id"], "name": "x"}, **who))[1] == "CLOSED"
    assert await stage.events(made["id"]) == ["collection.created", "collection.updated", "collection.closed"]


async def test_a_collection_shows_published_badges_alone(stage: Stage, number: str) -> None:
    draft = await proposed(stage, name=f"{number} badge")
    given = {"name": f"Steps {number}", "description": "x", "issuer": college(stage), "badges": [draft["badgeId"]]}
    made = (await stage.done("createCollection", given, SHOWN, **ADMIN))["collection"]
    assert made["badges"] == []
