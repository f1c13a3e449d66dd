"""Stories of badges that people come for: codes handed out, typed, guessed, used up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_pathways import job
from tests.journeys.test_progress import badge
from waypost.awards.claim_rules import code_of, shown
from waypost.db import City, Learner, System, execute, fetch, fetchval, new_id
from waypost.graph import Asker
from waypost.graph.ids import GlobalId

CODE = "id code label recipientName opensAt closesAt limit claimed cancelledAt badge { id } opportunity { id }"
CODES = f"codes {{ {CODE} }}"
AWARD = "award { id state origin badge { id } recipient { name } opportunity { id } }"
LIST = f"query($f: ClaimCodeFilter) {{ claimCodes(filter: $f) {{ nodes {{ {CODE} }} totalCount }} }}"
NODE = "query($id: ID!) { node(id: $id) { ... on ClaimCode { code } } }"
INVALID = ("Refused", "CODE_INVALID", ["code"])
FORBIDDEN = ("Refused", "FORBIDDEN", None)
STAFF, ADMIN = "issuer-staff", "issuer-admin"


async def arrives(stage: Stage, name: str = "ada", called: str | None = "Ada") -> str:
    """Somebody new who has signed in, with no role anywhere."""
    person = new_id()
    stage.who[name] = Asker(person)
    if called:
        async with stage.database.transaction(Learner(person)):
            await execute("INSERT INTO person_profile (person_id, name) VALUES ($1, $2)", person, called)
    return name


async def coded(stage: Stage, of: str, who: str = STAFF, **terms: Any) -> list[dict[str, Any]]:
    """New codes for a badge."""
    made = await stage.done("createClaimCode", {"badge": of, **terms}, CODES, who=who)
    codes: list[dict[str, Any]] = made["codes"]
    return codes


async def one_code(stage: Stage, of: str, **terms: Any) -> dict[str, Any]:
    (code,) = await coded(stage, of, **terms)
    return code


async def claims(stage: Stage, code: str, who: str, city: str | None = None, **more: str) -> dict[str, Any]:
    """Somebody uses a code."""
    made = await stage.done("claimBadge", {"code": code, **more}, AWARD, who=who, city=city)
    award: dict[str, Any] = made["award"]
    return award


async def listed(stage: Stage, who: str = STAFF, city: str = "brighton", **filter: Any) -> dict[str, dict[str, Any]]:
    """Codes by their ids."""
    found = (await stage.read(LIST, city, who, f=filter))["claimCodes"]
    assert found["totalCount"] >= len(found["nodes"])
    return {each["id"]: each for each in found["nodes"]}


async def test_who_has_the_code_has_the_badge(stage: Stage) -> None:
    of, ada, doing = await badge(stage), await arrives(stage), await job(stage)
    code = await one_code(stage, of, label="Library desk", opportunity=doing)
    assert code["code"] == shown(code_of(SECRET, named_by(code["id"]).row))
    assert (code["label"], code["claimed"], code["limit"], code["recipientName"]) == ("Library desk", 0, None, None)
    award = await claims(stage, code["code"].lower().replace("-", " "), ada)
    assert (award["state"], award["origin"]) == ("ACCEPTED", "claim")
    assert (award["badge"], award["recipient"], award["opportunity"]) == ({"id": of}, {"name": "Ada"}, {"id": doing})
    assert await stage.events(award["id"]) == ["award.created", "award.accepted"]
    assert await stage.events(code["id"]) == ["claim-code.created"]
    assert (await listed(stage))[code["id"]]["claimed"] == 1


async def test_the_code_itself_is_kept_nowhere(stage: Stage) -> None:
    code = await one_code(stage, await badge(stage))
    bare = code["code"].replace("-", "")
    async with stage.database.transaction(City(stage.town("brighton").id)):
        for table in ("claim_code", "event"):
            assert not await fetch(f"SELECT 1 FROM {table} t WHERE t::text ~ $1", f"{bare}|{code['code']}")
    async with stage.database.transaction(System("tests")):
        rows = await fetch("SELECT digest FROM claim_address WHERE code_id = $1", named_by(code["id"]).row)
    assert len(rows) == 1
    assert bare not in rows[0]["digest"]


async def test_a_code_works_in_every_citys_graph_and_on_the_national_one(stage: Stage) -> None:
    of = await badge(stage)
    code = await one_code(stage, of)
    for n, city in enumerate((None, "brighton", "plymouth")):
        award = await claims(stage, code["code"], await arrives(stage, f"person {n}"), city)
        assert award["badge"] == {"id": of}
        assert named_by(award["id"]).tenant == stage.town("brighton").id


async def test_the_same_code_twice_is_the_same_award(stage: Stage) -> None:
    code, ada = await one_code(stage, await badge(stage), limit=1), await arrives(stage)
    first = await claims(stage, code["code"], ada)
    assert await claims(stage, code["code"], ada) == first
    assert (await listed(stage))[code["id"]]["claimed"] == 1


async def test_what_was_taken_back_is_not_claimed_again_by_the_same_code(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    code = await one_code(stage, of)
    award = await claims(stage, code["code"], ada)
    await stage.done("revokeAward", {"award": award["id"], "reason": "Not theirs."}, "award { state }", who=ADMIN)
    for _ in range(2):
        assert await stage.refused("claimBadge", {"code": code["code"]}, who=ada, city=None) == INVALID
    assert (await claims(stage, code["code"], await arrives(stage, "ben")))["state"] == "ACCEPTED"
    # The issuer may change its mind: with a code that it hands out since.
    later = await one_code(stage, of)
    assert (await claims(stage, later["code"], ada))["state"] == "ACCEPTED"


async def test_the_last_one_is_had_by_one(stage: Stage) -> None:
    code = await one_code(stage, await badge(stage), limit=3)
    names = [await arrives(stage, f"racer {n}") for n in range(8)]
    given = {"code": code["code"]}
    answers = await asyncio.gather(*(stage.act("claimBadge", given, AWARD, who=name, city=None) for name in names))
    won = [each for each in answers if each["__typename"] == "ClaimBadgeSuccess"]
    lost = [each["code"] for each in answers if each["__typename"] != "ClaimBadgeSuccess"]
    assert len({each["award"]["id"] for each in won}) == 3
    assert lost == ["CODE_INVALID"] * 5
    assert (await listed(stage))[code["id"]]["claimed"] == 3
    async with stage.database.transaction(City(stage.town("brighton").id)):
        sql = "SELECT count(*) FROM award WHERE origin = 'claim' AND origin_id = $1"
        assert await fetchval(sql, named_by(code["id"]).row) == 3


async def test_one_person_who_claims_twice_at_once_counts_once(stage: Stage) -> None:
    code, ada = await one_code(stage, await badge(stage), limit=2), await arrives(stage)
    awards = await asyncio.gather(*(claims(stage, code["code"], ada) for _ in range(4)))
    assert len({each["id"] for each in awards}) == 1
    assert (await listed(stage))[code["id"]]["claimed"] == 1


async def test_wrong_cancelled_over_and_used_up_are_told_alike(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    wrong = shown(code_of("another key", new_id()))
    cancelled, over, used = [await one_code(stage, of, limit=1) for _ in range(3)]
    done = await stage.done("cancelClaimCode", {"code": cancelled["id"]}, f"claimCode {{ {CODE} }}", who=STAFF)
    assert done["claimCode"]["cancelledAt"]
    past = "UPDATE claim_code SET closes_at = now() - interval '1 minute' WHERE id = $1"
    await stage.run("brighton", past, named_by(over["id"]).row)
    await claims(stage, used["code"], await arrives(stage, "first"))
    tried = (wrong, cancelled["code"], over["code"], used["code"], "no code", "")
    answers = [await stage.act("claimBadge", {"code": code}, AWARD, who=ada, city=None) for code in tried]
    assert all(each == answers[0] for each in answers)
    assert answers[0]["code"] == "CODE_INVALID"


async def test_a_code_opens_and_closes(stage: Stage) -> None:
    of, ada, now = await badge(stage), await arrives(stage), datetime.now(UTC)
    window = {"opensAt": (now + timedelta(days=1)).isoformat(), "closesAt": (now + timedelta(days=2)).isoformat()}
    code = await one_code(stage, of, **window)
    refused = await stage.refused("claimBadge", {"code": code["code"]}, who=ada, city=None)
    assert refused == ("Refused", "CODE_NOT_YET", ["code"])
    await stage.run("brighton", "UPDATE claim_code SET opens_at = now() WHERE id = $1", named_by(code["id"]).row)
    assert (await claims(stage, code["code"], ada))["state"] == "ACCEPTED"


async def test_a_badge_that_somebody_has_is_not_claimed_again(stage: Stage) -> None:
    of, ada = await badge(stage), await arrives(stage)
    first, second = await one_code(stage, of), await one_code(stage, of)
    await claims(stage, first["code"], ada)
    refused = await stage.refused("claimBadge", {"code": second["code"]}, who=ada, city=None)
    assert refused[:2] == ("AlreadyAwarded", "ALREADY_AWARDED")
    await stage.run("brighton", "UPDATE badge SET state = 'retired' WHERE id = $1", named_by(of).row)
    refused = await stage.refused("claimBadge", {"code": second["code"]}, who=await arrives(stage, "ben"), city=None)
    assert refused[:2] == ("NotAwardable", "NOT_AWARDABLE")
    assert (await listed(stage))[second["id"]]["claimed"] == 0


async def test_guessing_ends_after_ten_wrong_codes(stage: Stage) -> None:
    eve, code = await arrives(stage, "eve"), await one_code(stage, await badge(stage))
    tries = [{"code": shown(code_of("another key", new_id()))} for _ in range(20)]
    answers = await asyncio.gather(*(stage.act("claimBadge", each, AWARD, who=eve, city=None) for each in tries))
    assert sorted(each["code"] for each in answers) == ["CODE_INVALID"] * 10 + ["TOO_MANY_TRIES"] * 10
    refused = await stage.refused("claimBadge", {"code": code["code"]}, who=eve, city=None)
    assert refused == ("Refused", "TOO_MANY_TRIES", ["code"])
    assert (await claims(stage, code["code"], await arrives(stage)))["state"] == "ACCEPTED"
    async with stage.database.transaction(System("tests")):
        assert await fetchval("SELECT count(*) FROM claim_attempt WHERE person_id = $1", stage.who[eve].person) == 10
        await execute("DELETE FROM claim_attempt WHERE person_id = $1", stage.who[eve].person)
    assert (await claims(stage, code["code"], eve))["state"] == "ACCEPTED"


async def test_strangers_claim_nothing_and_the_nameless_say_their_name(stage: Stage) -> None:
    code = await one_code(stage, await badge(stage))
    refused = await stage.refused("claimBadge", {"code": code["code"]}, who="stranger", city="brighton")
    assert refused == ("Refused", "UNAUTHENTICATED", None)
    nobody = await arrives(stage, "nobody", None)
    refused = await stage.refused("claimBadge", {"code": code["code"]}, who=nobody, city=None)
    assert refused == ("Invalid", "INVALID", ["name"])
    award = await claims(stage, code["code"], nobody, name="Noa")
    assert award["recipient"] == {"name": "Noa"}


async def test_a_class_gets_a_code_each(stage: Stage) -> None:
    of = await badge(stage)
    pupils = [{"name": "Amy", "birthYear": 2011, "reference": "7b/1"}, {"name": "Ben"}]
    amy, ben = await coded(stage, of, recipients=pupils)
    assert [(each["recipientName"], each["limit"]) for each in (amy, ben)] == [("Amy", 1), ("Ben", 1)]
    award = await claims(stage, amy["code"], await arrives(stage, "amy", "Whatever"))
    assert award["recipient"] == {"name": "Amy"}
    refused = await stage.refused("claimBadge", {"code": amy["code"]}, who=await arrives(stage), city=None)
    assert refused == INVALID
    assert (await claims(stage, ben["code"], await arrives(stage, "ben")))["recipient"] == {"name": "Ben"}


async def test_the_same_pupil_comes_again_by_their_reference_and_nobody_in_their_place(stage: Stage) -> None:
    amy = {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    (first,) = await coded(stage, await badge(stage), recipients=[amy])
    (second,) = await coded(stage, await badge(stage), recipients=[amy])
    who = await arrives(stage, "amy")
    mine = await claims(stage, first["code"], who)
    assert await stage.refused("claimBadge", {"code": second["code"]}, who=await arrives(stage), city=None) == INVALID
    again = await claims(stage, second["code"], who)
    async with stage.database.transaction(City(stage.town("brighton").id)):
        ids = [named_by(each["id"]).row for each in (mine, again)]
        recipients = await fetch("SELECT DISTINCT recipient_id FROM award WHERE id = ANY($1::uuid[])", ids)
    assert len(recipients) == 1


async def test_who_claims_by_several_codes_of_a_class_at_once_has_the_badge_once(stage: Stage) -> None:
    """Each code is for another recipient; that all of them are one person comes out only while they are claimed."""
    for round in range(4):
        of, ada = await badge(stage), await arrives(stage, f"ada {round}")
        codes = await coded(stage, of, recipients=[{"name": f"Ada {n}"} for n in range(4)])
        given = [{"code": each["code"]} for each in codes]
        answers = await asyncio.gather(*(stage.act("claimBadge", each, AWARD, who=ada, city=None) for each in given))
        assert sorted(each.get("code", "") for each in answers) == ["", *["ALREADY_AWARDED"] * 3]


async def test_a_person_with_several_recipients_is_given_a_badge_once_at_a_time(stage: Stage) -> None:
    """They are known as two pupils, each by a reference, and both are given a badge at once."""
    ada = await arrives(stage)
    pupils = [{"name": f"Ada {n}", "reference": f"pupil-{new_id().hex}"} for n in range(2)]
    for pupil in pupils:
        (code,) = await coded(stage, await badge(stage), recipients=[pupil])
        await claims(stage, code["code"], ada)
    for _ in range(6):
        of = await badge(stage)
        given = [{"badge": of, "recipient": each} for each in pupils]
        answers = await asyncio.gather(*(stage.act("awardBadge", each, "award { id }", who=STAFF) for each in given))
        assert sorted(each["__typename"] for each in answers) == ["AlreadyAwarded", "AwardBadgeSuccess"]


async def test_a_childs_code_is_used_by_a_guardian(stage: Stage) -> None:
    year = datetime.now(UTC).year
    (code,) = await coded(stage, await badge(stage), recipients=[{"name": "Kit", "birthYear": year - 9}])
    mum = await arrives(stage, "mum")
    award = await claims(stage, code["code"], mum)
    assert award["recipient"] == {"name": "Kit"}
    async with stage.database.transaction(City(stage.town("brighton").id)):
        sql = (
            "SELECT r.person_id, r.guardian_id, a.person_id AS holder "
            "FROM award a JOIN recipient r ON r.id = a.recipient_id WHERE a.id = $1"
        )
        (row,) = await fetch(sql, named_by(award["id"]).row)
    assert (row["person_id"], row["guardian_id"], row["holder"]) == (None, stage.who[mum].person, stage.who[mum].person)


async def test_codes_are_drawn_to_be_printed(stage: Stage) -> None:
    (code,) = await coded(stage, await badge(stage), recipients=[{"name": "<Amy & Co>"}])
    query = """query($id: ID!, $link: String) { node(id: $id) { ... on ClaimCode {
      code qr bare: qr(link: null) card(link: $link) } } }"""
    found = (await stage.read(query, who=STAFF, id=code["id"], link="https://app.example.org/c/{code}"))["node"]
    assert found["qr"] == found["bare"]
    assert found["card"].startswith("<svg ")
    assert "&lt;Amy &amp; Co&gt;" in found["card"]
    assert code["code"] in found["card"]
    body = await stage.body(query, {"id": code["id"], "link": "javascript:{code}"}, who=STAFF)
    assert body["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_more_pictures_than_can_be_drawn_are_refused_before_a_code_is_made(stage: Stage) -> None:
    drawn = " ".join(f"card{n}: card" for n in range(20))
    made = f"__typename ... on CreateClaimCodeSuccess {{ codes {{ {drawn} }} }}"
    query = f"mutation($it: CreateClaimCodeInput!) {{ createClaimCode(input: $it) {{ {made} }} }}"
    given = {"badge": await badge(stage), "recipients": [{"name": "Amy"}] * 500}
    before = await listed(stage, STAFF)
    (error,) = (await stage.body(query, {"it": given}, who=STAFF))["errors"]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert await listed(stage, STAFF) == before
    few = await stage.body(query, {"it": {**given, "recipients": [{"name": "Amy"}]}}, who=STAFF)
    assert len(few["data"]["createClaimCode"]["codes"][0]) == 20


async def test_only_the_issuers_people_see_codes(stage: Stage) -> None:
    code = await one_code(stage, await badge(stage))
    for who in (STAFF, ADMIN, "brighton curator", "operator"):
        assert code["id"] in await listed(stage, who)
        assert (await stage.read(NODE, who=who, id=code["id"]))["node"] == {"code": code["code"]}
    await stage.admit("college staff", "brighton", "issuer-staff", issuer="college")
    assert code["id"] not in await listed(stage, "college staff")
    others = [(who, "brighton") for who in ("college staff", "learner", "")]
    for who, city in (*others, (STAFF, None), ("operator", None)):
        body = await stage.body(NODE, {"id": code["id"]}, city, who)
        assert body["errors"][0]["extensions"]["code"] == "NOT_FOUND", who
    missing = ("Refused", "NOT_FOUND", ["code"])
    assert await stage.refused("cancelClaimCode", {"code": code["id"]}, who="college staff") == missing
    assert await stage.refused("cancelClaimCode", {"code": code["id"]}, who="learner") == FORBIDDEN


async def test_lists_tell_what_can_still_be_used(stage: Stage) -> None:
    of = await badge(stage)
    good, used, gone = [await one_code(stage, of, limit=1) for _ in range(3)]
    await claims(stage, used["code"], await arrives(stage))
    await stage.done("cancelClaimCode", {"code": gone["id"]}, f"claimCode {{ {CODE} }}", who=STAFF)
    assert list(await listed(stage, badge=of, usable=True)) == [good["id"]]
    assert list(await listed(stage, badge=of, usable=False)) == [gone["id"], used["id"]]
    assert list(await listed(stage, badge=of)) == [gone["id"], used["id"], good["id"]]


async def test_codes_are_made_for_ones_own_published_badges_alone(stage: Stage) -> None:
    of = await badge(stage)
    await stage.admit("college staff", "brighton", "issuer-staff", issuer="college")
    for who in ("college staff", "learner", "employer"):
        assert await stage.refused("createClaimCode", {"badge": of}, who=who) == FORBIDDEN
    draft = stage.id("Badge", "brighton", "secret")
    refused = await stage.refused("createClaimCode", {"badge": draft}, who=STAFF)
    assert refused == ("NotAwardable", "NOT_AWARDABLE", ["badge"])
    for id in (stage.id("Badge", "plymouth", "navigator"), str(GlobalId("Badge", new_id(), new_id())), "x"):
        assert await stage.refused("createClaimCode", {"badge": id}, who=STAFF) == ("Refused", "NOT_FOUND", ["badge"])


@pytest.mark.parametrize(
    ("terms", "path"),
    [
        ({"limit": 0}, ["limit"]),
        ({"closesAt": "2020-01-01T00:00:00Z"}, ["closesAt"]),
        ({"recipients": []}, ["recipients"]),
        ({"recipients": [{"name": "A"}], "limit": 5}, ["limit"]),
        ({"recipients": [{"name": "A"}, {"name": ""}]}, ["recipients", "1", "name"]),
        ({"recipients": [{"name": "A", "birthYear": 1500}]}, ["recipients", "0", "birthYear"]),
        ({"label": "x" * 201}, ["label"]),
        ({"opportunity": "nothing"}, ["opportunity"]),
    ],
)
async def test_terms_that_cannot_be_are_refused(stage: Stage, terms: dict[str, Any], path: list[str]) -> None:
    refused = await stage.refused("createClaimCode", {"badge": await badge(stage), **terms}, who=STAFF)
    assert refused[2] == path


async def test_what_was_awarded_without_an_address_is_accepted_by_a_code(stage: Stage) -> None:
    of = await badge(stage)
    pupils = [{"name": "Amy", "reference": f"pupil-{new_id().hex}"}, {"name": "Ben"}]
    given = []
    for pupil in pupils:
        done = await stage.done("awardBadge", {"badge": of, "recipient": pupil}, "award { id state }", who=STAFF)
        assert done["award"]["state"] == "OFFERED"
        given.append(done["award"]["id"])
    first, second = await coded(stage, of, awards=given)
    assert [each["recipientName"] for each in (first, second)] == ["Amy", "Ben"]
    amy = await arrives(stage, "amy")
    award = await claims(stage, first["code"], amy)
    assert (award["id"], award["state"], award["origin"]) == (given[0], "ACCEPTED", "issuer")
    assert await claims(stage, first["code"], amy) == award
    assert (await stage.events(given[0]))[-1] == "award.accepted"
    assert await stage.refused("claimBadge", {"code": first["code"]}, who=await arrives(stage), city=None) == INVALID
    refused = await stage.refused("createClaimCode", {"badge": of, "awards": given}, who=STAFF)
    assert refused == ("Refused", "NOT_FOUND", ["awards", "0"])


async def test_a_code_for_a_pupil_accepts_what_waits_for_them(stage: Stage) -> None:
    """Awarded by list and handed a code besides: one badge, and the other one can be accepted from then on."""
    of, other, amy = await badge(stage), await badge(stage), {"name": "Amy", "reference": f"pupil-{new_id().hex}"}
    for each in (of, other):
        await stage.done("awardBadge", {"badge": each, "recipient": amy}, "award { id }", who=STAFF)
    (code,) = await coded(stage, of, recipients=[amy])
    who = await arrives(stage, "amy")
    await claims(stage, code["code"], who)
    mine = "{ viewer { awards { nodes { id state badge { id } } } } }"
    found = (await stage.read(mine, None, who))["viewer"]["awards"]["nodes"]
    assert {each["badge"]["id"]: each["state"] for each in found} == {of: "ACCEPTED", other: "OFFERED"}
    waiting = next(each["id"] for each in found if each["state"] == "OFFERED")
    await stage.done("acceptAward", {"award": waiting}, "award { id }", who=who, city=None)
