"""Stories of many awards at once: lists, files, what is wrong with them, and taking a batch back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.journeys.stage import SECRET, Stage, named_by
from tests.journeys.test_awards import person
from waypost.awards.keeping import effects_of
from waypost.awards.uploads import BrokenOff, read_upload, receive
from waypost.db import City, fetch, fetchrow, fetchval, new_id
from waypost.outbox.work import Work
from waypost.settings import Settings
from waypost.testing.working import work_off

(DROP,) = (each for each in effects_of(()).schedules if each.name == "drop-uploads")
SETTINGS = Settings(secret_key=SECRET, base_url="https://waypost.example")
BEGUN = "job { id } undoUntil"
HEADER = "name,email\r\n"


async def pieces(content: bytes, size: int = 1_000) -> Any:
    """A body as it comes."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def sent(stage: Stage, content: bytes, who: str = "issuer-admin") -> str:
    """A file that was announced and sent; answers its id."""
    input = {"purpose": "awards", "size": len(content), "mediaType": "text/csv"}
    made = await stage.done("createUpload", input, "upload url expiresAt", who=who)
    assert made["url"] == f"https://waypost.example/uploads/{made['upload']}"
    named = named_by(made["upload"])
    async with stage.database.transaction(City(named.tenant)):
        upload = await read_upload(named.tenant, named.row, stage.who[who].person, stage.build.world.now)
    assert upload is not None
    assert await receive(stage.database, named.tenant, upload, pieces(content))
    return str(made["upload"])


async def job_of(stage: Stage, job: str) -> dict[str, Any]:
    """A job as it stands, with its problems."""
    named = named_by(job)
    async with stage.database.transaction(City(named.tenant)):
        row = await fetchrow("SELECT state, done, total FROM job WHERE tenant_id = $1 AND id = $2", *named[1:])
        problems = await fetch(
            'SELECT line, "column", code, message FROM job_problem WHERE tenant_id = $1 AND job_id = $2 '
            "ORDER BY line NULLS FIRST, position",
            *named[1:],
        )
    assert row is not None
    return {**dict(row), "problems": [(each["line"], each["column"], each["code"]) for each in problems]}


async def awards_of(stage: Stage, job: str) -> int:
    named = named_by(job)
    async with stage.database.transaction(City(named.tenant)):
        count = await fetchval("SELECT count(*) FROM award WHERE tenant_id = $1 AND batch_id = $2", *named[1:])
    return int(count)


async def given(stage: Stage, content: str | bytes, *, badge: str | None = "film-maker", **more: Any) -> str:
    """A file that was sent and carried out; answers its job."""
    who = more.pop("who", "issuer-admin")
    upload = await sent(stage, content.encode() if isinstance(content, str) else content, who)
    input = {"upload": upload, **more}
    if badge:
        input["badge"] = stage.id("Badge", "brighton", badge)
    begun = await stage.done("awardBadges", input, BEGUN, who=who)
    await work_off(stage.database, SETTINGS)
    return str(begun["job"]["id"])


def some(count: int) -> str:
    """Lines of people whom nobody has met."""
    tag = new_id().hex
    return HEADER + "".join(f"Pupil {n},pupil.{n}.{tag}@example.org\r\n" for n in range(count))


async def test_a_file_is_given_to_all_in_the_background(stage: Stage) -> None:
    tag = new_id().hex
    text = (
        "\ufeffName;Email;Birth year;Guardian email;Badge;Narrative;Awarded on;Evidence\r\n"
        f'Ada;ada.{tag}@example.org;;;film-maker;"Made a film.\r\n\r\nIt was ""shown"".";2024-01-31;https://e.example.org/1\r\n'
        f";;;;;;;\r\n"
        f"Kit;;{stage.build.world.now.year - 8};g.{tag}@example.org;explorer;;;\r\n"
        "Sam;;;;explorer;;;\r\n"
    )
    job = await given(stage, text, badge=None)
    assert await job_of(stage, job) == {"state": "done", "done": 3, "total": 3, "problems": []}
    listed = (
        "query($job: ID!) { awards(filter: {batch: $job}) { totalCount "
        "nodes { batch state narrative awardedAt evidence "
        "badge { slug } recipient { name } } } }"
    )
    seen = (await stage.read(listed, who="issuer-admin", job=job))["awards"]
    assert seen["totalCount"] == 3
    ada = seen["nodes"][-1]
    assert ada == {
        "batch": job,
        "state": "OFFERED",
        "narrative": 'Made a film.\r\n\r\nIt was "shown".',
        "awardedAt": "2024-01-31T00:00:00.000Z",
        "evidence": ["https://e.example.org/1"],
        "badge": {"slug": "film-maker"},
        "recipient": {"name": "Ada"},
    }
    who = await person(stage, f"ada.{tag}@example.org")
    assert (await stage.read("{ viewer { awards { totalCount } } }", None, who=who))["viewer"]["awards"][
        "totalCount"
    ] == 1
    told = [each for each in await stage.told_in("brighton", "award.created") if each["data"]["batch"] is not None]
    assert len(told) >= 3


async def test_nothing_is_given_of_a_file_in_which_anything_is_wrong(stage: Stage) -> None:
    ok = f"ok.{new_id().hex}@example.org"
    text = (
        "name,email,birth_year,awarded_on,evidence\n"
        f"Ada,{ok},,,\n"
        "Ben,no address,,,\n"
        ",cy@example.org,,,\n"
        f"Ada again,{ok.upper()},,,\n"
        "Dee,dee@example.org,12,,\n"
        "Eve,eve@example.org,,31/01/2024,\n"
        "Flo,flo@example.org\n"
        "Gil,gil@example.org,,,ftp://example.org\n"
        "Hal,hal@example.org,2019,,\n"
        "Sam,,,,\n"
        "sam,,,,\n"
    )
    job = await given(stage, text)
    assert await job_of(stage, job) == {
        "state": "failed",
        "done": 0,
        "total": None,
        "problems": [
            (3, "email", "INVALID"),
            (4, "name", "INVALID"),
            (5, None, "DUPLICATE_LINE"),
            (6, "birth_year", "INVALID"),
            (7, "awarded_on", "INVALID"),
            (8, None, "WRONG_FIELDS"),
            (9, "evidence", "INVALID"),
            (10, "email", "INVALID"),
            (12, None, "DUPLICATE_LINE"),
        ],
    }
    assert await awards_of(stage, job) == 0


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("name,email\nÅsa,asa@example.org\n".encode("latin-1"), (2, None, "NOT_UTF8")),
        ("name,email\nA,a@example.org\n".encode("utf-16"), (1, None, "NOT_UTF8")),
        (b"name,shoe size\nA,42\n", (1, "shoe_size", "UNKNOWN_COLUMN")),
        (b"email\na@example.org\n", (1, "name", "COLUMN_MISSING")),
        (b"name,name\nA,B\n", (1, "name", "COLUMN_TWICE")),
        (b'name,email\n"A,a@example.org\n', (2, None, "NOT_CSV")),
        (b"name,email\n\n", (1, None, "NO_LINES")),
        (b"\n", (1, "name", "COLUMN_MISSING")),
        (b"Ethelburga,ethelburga@example.org\n", (1, "name", "COLUMN_MISSING")),  # a person, and no heading
        (b"email,ethelburga@example.org\n", (1, "name", "COLUMN_MISSING")),
        (b"name\nA\x00B\n", (2, "name", "INVALID")),
        (b"name,em\x00ail\nA,a@example.org\n", (1, None, "INVALID")),
        (b"name\n" + b"x" * 200_000 + b"\n", (2, None, "LINE_TOO_LONG")),
        (b"name,badge\nA,nowhere\n", (2, "badge", "NOT_FOUND")),
        (b"name,badge\nA,secret\n", (2, "badge", "NOT_AWARDABLE")),
    ],
)
async def test_files_that_are_none_are_refused_with_line_and_column(
    stage: Stage, content: bytes, problem: tuple[int, str | None, str]
) -> None:
    badge = None if b"badge" in content else "film-maker"
    job = await job_of(stage, await given(stage, content, badge=badge))
    assert (job["state"], job["problems"][0]) == ("failed", problem)
    assert "ethelburga" not in str(job["problems"])


async def test_who_has_the_badge_already_stops_the_file_or_is_left_out(stage: Stage) -> None:
    text = some(3)
    await given(stage, text)
    more = text + f"New,new.{new_id().hex}@example.org\r\n"
    job = await given(stage, more)
    found = await job_of(stage, job)
    assert (found["state"], [each[2] for each in found["problems"]]) == ("failed", ["ALREADY_AWARDED"] * 3)
    job = await given(stage, more, skipHeld=True)
    found = await job_of(stage, job)
    assert (found["state"], found["done"]) == ("done", 4)
    assert found["problems"] == [(line, None, "ALREADY_AWARDED") for line in (2, 3, 4)]
    assert await awards_of(stage, job) == 1


async def test_one_person_in_two_lines_is_found_before_anything_is_given(stage: Stage) -> None:
    """The same address with and without a reference; the same badge by slug and by id."""
    tag, leader = new_id().hex, stage.id("Badge", "brighton", "leader")
    text = (
        "name,email,reference,badge\n"
        f"Ada,ada.{tag}@example.org,pupil-{tag},leader\n"
        f"Ada,ada.{tag}@example.org,,leader\n"
        f"Ben,ben.{tag}@example.org,,leader\n"
        f"Ben,ben.{tag}@example.org,,{leader}\n"
        f"Ben,ben.{tag}@example.org,,explorer\n"
    )
    wrong = [(3, None, "DUPLICATE_LINE"), (5, None, "DUPLICATE_LINE")]
    job = await given(stage, text, badge=None)
    assert await job_of(stage, job) == {"state": "failed", "done": 0, "total": None, "problems": wrong}
    assert await awards_of(stage, job) == 0
    job = await given(stage, text, badge=None, skipHeld=True)
    left_out = [(line, None, "ALREADY_AWARDED") for line in (3, 5)]
    assert await job_of(stage, job) == {"state": "done", "done": 5, "total": 5, "problems": left_out}
    assert await awards_of(stage, job) == 3


async def test_two_recipients_who_are_known_to_be_one_person_are_one_in_a_file(stage: Stage) -> None:
    tag, badge = new_id().hex, stage.id("Badge", "brighton", "leader")
    who = await person(stage, f"ada.{tag}@example.org")
    for n in range(2):
        pupil = {"name": "Ada", "reference": f"{tag}/{n}"}
        made = await stage.done("awardBadge", {"badge": badge, "recipient": pupil}, "award { id }")
        made = await stage.done("createClaimCode", {"badge": badge, "awards": [made["award"]["id"]]}, "codes { code }")
        await stage.done("claimBadge", {"code": made["codes"][0]["code"], "name": "Ada"}, "award { id }", who=who)
    text = f"name,reference\nAda,{tag}/0\nAda,{tag}/1\n"
    job = await job_of(stage, await given(stage, text, badge="explorer"))
    assert (job["state"], job["problems"]) == ("failed", [(3, None, "DUPLICATE_LINE")])


async def test_people_of_one_issuer_give_its_badges_only(stage: Stage) -> None:
    await stage.admit("college giver", "brighton", "issuer-staff", issuer="college")
    job = await given(stage, "name,badge\nA,film-maker\n", badge=None, who="college giver")
    assert (await job_of(stage, job))["problems"] == [(2, "badge", "NOT_FOUND")]
    upload = await sent(stage, b"name\nA\n", "college giver")
    badge = stage.id("Badge", "brighton", "film-maker")
    refused = await stage.refused("awardBadges", {"badge": badge, "upload": upload}, who="college giver")
    assert refused[1] == "FORBIDDEN"
    assert (await stage.refused("awardBadges", {"badge": badge, "upload": upload}, who="issuer-admin"))[1:] == (
        "NOT_FOUND",
        ["upload"],
    )


async def test_a_batch_is_undone_within_the_hour_and_not_later(stage: Stage) -> None:
    text = some(5)
    job = await given(stage, text)
    assert (await stage.refused("undoAwards", {"job": job}, who="issuer-staff"))[1] == "NOT_FOUND"
    done = await stage.done("undoAwards", {"job": job}, "job { id }", who="issuer-admin")
    await work_off(stage.database, SETTINGS)
    assert (await job_of(stage, done["job"]["id"])) == {"state": "done", "done": 5, "total": 5, "problems": []}
    listed = "query($job: ID!) { awards(filter: {batch: $job, states: [REVOKED]}) { totalCount } }"
    assert (await stage.read(listed, who="issuer-admin", job=job))["awards"]["totalCount"] == 5
    assert (await stage.refused("undoAwards", {"job": job}, who="issuer-admin"))[1] == "TOO_LATE"
    again = await given(stage, text)
    assert await awards_of(stage, again) == 5
    named = named_by(again)
    await stage.run(
        "brighton",
        "UPDATE award_batch SET undo_until = now() - interval '1 second' WHERE tenant_id = $1 AND id = $2",
        *named[1:],
    )
    assert (await stage.refused("undoAwards", {"job": again}, who="brighton curator"))[1] == "TOO_LATE"


async def test_a_job_that_nobody_can_do_ends_failed_and_lets_go_of_its_file(stage: Stage) -> None:
    upload = await sent(stage, some(3).encode())
    input = {"upload": upload, "badge": stage.id("Badge", "brighton", "film-maker")}
    begun = await stage.done("awardBadges", input, BEGUN, who="issuer-admin")
    broken = "UPDATE upload SET complete = false, expires_at = now() WHERE tenant_id = $1 AND id = $2"
    await stage.run("brighton", broken, *named_by(upload)[1:])
    await work_off(stage.database, SETTINGS, raising=False)
    found = await job_of(stage, begun["job"]["id"])
    assert (found["state"], found["problems"]) == ("failed", [(None, None, "GIVEN_UP")])
    await DROP.run(Work(stage.database, SETTINGS))
    async with stage.database.transaction(City(named_by(upload).tenant)):
        assert not await fetch("SELECT FROM upload WHERE tenant_id = $1 AND id = $2", *named_by(upload)[1:])
    done = await stage.done("undoAwards", {"job": begun["job"]["id"]}, "job { id }", who="issuer-admin")
    await work_off(stage.database, SETTINGS)
    assert (await job_of(stage, done["job"]["id"]))["state"] == "done"


async def test_who_speaks_for_another_issuer_now_undoes_nothing_of_the_one_before(stage: Stage) -> None:
    await stage.admit("turncoat", "brighton", "issuer-admin", issuer="youth-club")
    listed = {"badge": stage.id("Badge", "brighton", "leader"), "awards": [{"recipient": {"name": "Ada"}}]}
    jobs = [(await stage.done("awardBadges", listed, BEGUN, who="turncoat"))["job"]["id"]]
    jobs.append(await given(stage, some(2), who="turncoat"))
    await stage.admit("turncoat", "brighton", "issuer-admin", issuer="college")
    for job in jobs:
        assert await stage.refused("undoAwards", {"job": job}, who="turncoat") == ("Refused", "NOT_FOUND", ["job"])
    await stage.admit("turncoat", "brighton", "issuer-admin", issuer="youth-club")
    for job in jobs:
        await stage.done("undoAwards", {"job": job}, "job { id }", who="turncoat")


async def test_who_was_curator_undoes_with_an_issuer_what_is_the_issuers_alone(stage: Stage) -> None:
    await stage.admit("stepped down", "brighton", "curator")
    listed = {"badge": stage.id("Badge", "brighton", "leader"), "awards": [{"recipient": {"name": "Ada"}}]}
    job = (await stage.done("awardBadges", listed, BEGUN, who="stepped down"))["job"]["id"]
    of_file = await given(stage, "name,badge\nAda,leader\n", badge=None, who="stepped down")
    await stage.admit("stepped down", "brighton", "issuer-admin", issuer="youth-club")
    assert await stage.refused("undoAwards", {"job": of_file}, who="stepped down") == ("Refused", "NOT_FOUND", ["job"])
    await stage.done("undoAwards", {"job": job}, "job { id }", who="stepped down")


async def test_a_list_is_given_at_once_to_all_or_to_nobody(stage: Stage) -> None:
    tag, badge = new_id().hex, stage.id("Badge", "brighton", "leader")
    awards = [{"recipient": {"name": f"P{n}", "email": f"p{n}.{tag}@example.org"}} for n in range(3)]
    begun = await stage.done("awardBadges", {"badge": badge, "awards": awards}, BEGUN, who="issuer-staff")
    assert await job_of(stage, begun["job"]["id"]) == {"state": "done", "done": 3, "total": 3, "problems": []}
    more = [{"recipient": {"name": "New", "email": f"new.{tag}@example.org"}}, *awards]
    refused = await stage.refused("awardBadges", {"badge": badge, "awards": more}, who="issuer-staff")
    assert refused == ("AlreadyAwarded", "ALREADY_AWARDED", ["awards", "1", "recipient"])
    skipped = await stage.done("awardBadges", {"badge": badge, "awards": more, "skipHeld": True}, BEGUN)
    assert await awards_of(stage, skipped["job"]["id"]) == 1
    tag = new_id().hex
    ada = {"name": "Ada", "email": f"ada.{tag}@example.org"}
    both = [{"recipient": ada}, {"recipient": {**ada, "reference": f"pupil-{tag}"}}]
    refused = await stage.refused("awardBadges", {"badge": badge, "awards": both}, who="issuer-staff")
    assert refused == ("AlreadyAwarded", "ALREADY_AWARDED", ["awards", "1", "recipient"])
    twice = [more[0], more[0]]
    for input, path in (
        ({"badge": badge, "awards": twice}, ["awards", "1"]),
        ({"badge": badge, "awards": []}, ["awards"]),
        ({"badge": badge}, ["awards"]),
        ({"awards": awards}, ["badge"]),
        ({"badge": badge, "awards": [awards[0]] * 101}, ["awards"]),
        (
            {"badge": badge, "awards": [{"recipient": {"name": "A", "email": "x"}}]},
            ["awards", "0", "recipient", "email"],
        ),
    ):
        assert await stage.refused("awardBadges", input) == ("Invalid", "INVALID", path)


async def test_a_file_is_used_once_and_not_sent_anew_then(stage: Stage) -> None:
    text = some(3).encode()
    upload = await sent(stage, text)
    input = {"upload": upload, "badge": stage.id("Badge", "brighton", "film-maker")}
    begun = await stage.done("awardBadges", input, BEGUN, who="issuer-admin")
    refused = await stage.refused("awardBadges", input, who="issuer-admin")
    assert refused == ("Invalid", "INVALID", ["upload"])
    named = named_by(upload)
    async with stage.database.transaction(City(named.tenant)):
        there = await read_upload(named.tenant, named.row, stage.who["issuer-admin"].person, stage.build.world.now)
    assert there is not None
    with pytest.raises(BrokenOff):
        await receive(stage.database, named.tenant, there, pieces(text[:-30]))
    await work_off(stage.database, SETTINGS)
    assert await job_of(stage, begun["job"]["id"]) == {"state": "done", "done": 3, "total": 3, "problems": []}


async def test_of_a_file_that_is_sent_twice_at_once_the_later_is_kept(stage: Stage) -> None:
    """And nobody is told of an error inside: the first is broken off, also where the file goes meanwhile."""
    input = {"purpose": "awards", "size": 6, "mediaType": "text/csv"}
    made = await stage.done("createUpload", input, "upload", who="issuer-admin")
    named = named_by(made["upload"])
    async with stage.database.transaction(City(named.tenant)):
        there = await read_upload(named.tenant, named.row, stage.who["issuer-admin"].person, stage.build.world.now)
    assert there is not None

    async def slowly(content: bytes, then: Any) -> Any:
        yield content[:3]
        await then()
        yield content[3:]

    async def send_again() -> None:
        assert await receive(stage.database, named.tenant, there, pieces(b"name\nB", 2))

    with pytest.raises(BrokenOff):
        await receive(stage.database, named.tenant, there, slowly(b"name\nA", send_again))
    async with stage.database.transaction(City(named.tenant)):
        sql = "SELECT string_agg(content, '' ORDER BY position) FROM upload_chunk WHERE upload_id = $1"
        assert await fetchval(sql, named.row) == b"name\nB"

    async def take_away() -> None:
        await stage.run("brighton", "DELETE FROM upload WHERE tenant_id = $1 AND id = $2", *named[1:])

    with pytest.raises(BrokenOff):
        await receive(stage.database, named.tenant, there, slowly(b"name\nA", take_away))


async def test_an_upload_is_announced_as_what_it_is(stage: Stage) -> None:
    for input, path in (
        ({"purpose": "photos", "size": 1, "mediaType": "text/csv"}, ["purpose"]),
        ({"purpose": "awards", "size": 25_000_001, "mediaType": "text/csv"}, ["size"]),
        ({"purpose": "awards", "size": 0, "mediaType": "text/csv"}, ["size"]),
        ({"purpose": "awards", "size": 1, "mediaType": "application/zip"}, ["mediaType"]),
    ):
        assert await stage.refused("createUpload", input) == ("Invalid", "INVALID", path)
    assert (
        await stage.refused("createUpload", {"purpose": "awards", "size": 1, "mediaType": "text/csv"}, who="learner")
    )[1] == "FORBIDDEN"
