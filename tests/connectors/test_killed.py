"""Workers are killed in the midst of giving badges at Credly, which loses answers besides: each is given once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.connectors.fake_credly import FakeCredly
from tests.connectors.http_server import Asked, Fault, Reply
from tests.connectors.stage import Issuing
from tests.earning import earn
from tests.journeys.stage import SECRET
from waypost.db import City, System, execute, fetch, fetchval

ROOT = Path(__file__).parents[2]
EARNERS = int(os.environ.get("WAYPOST_TEST_EARNERS", "12"))
KILLS = 4
WAIT_S = 180.0  # only a broken test waits for so long


@contextmanager
def worker(url: str, fake: FakeCredly) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "core"), str(ROOT), str(ROOT / "plugins" / "credly")]),
        "WAYPOST_DATABASE_URL": url,
        "WAYPOST_SECRET_KEY": SECRET,
        "WAYPOST_ALLOW_PRIVATE_TARGETS": fake.server.allowed[0],
        "WAYPOST_TEST_CREDLY": fake.url,
    }
    process = subprocess.Popen([sys.executable, "-m", "tests.connectors.killed"], env=environment, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def is_finished(stage: Issuing) -> bool:
    """Whether all has come to an end or is left to the reconciliation. What is put off is made due."""
    async with stage.database.transaction(System("tests")):
        sql = "UPDATE work SET due_at = now() WHERE due_at > now() + interval '1 second' AND holder IS NULL"
        await execute(sql)
    async with stage.database.transaction(City(stage.town("brighton").id)):
        sql = "SELECT count(*) FROM issuing_record WHERE state IN ('pending', 'doubtful')"
        return bool(await fetchval(sql) == EARNERS)


async def test_nothing_is_given_twice_and_nothing_is_lost(
    stage: Issuing, fake: FakeCredly, account: str, story_url: str
) -> None:
    """Half of the badges can be given twice, so that Credly itself would not notice."""
    chance = random.Random(11)
    once, often = fake.template("Film Maker"), fake.template("Explorer", duplicates=True)
    grant = await stage.share(account, "brighton")
    await stage.link("brighton", "film-maker", grant, once)
    await stage.link("brighton", "explorer", grant, often)
    here = stage.town("brighton").here
    for number in range(EARNERS):
        who = await stage.earner(f"earner {number}")
        assert who.person is not None
        slug = ("film-maker", "explorer")[number % 2]
        await earn(stage.database, here, stage.build.world.find("Badge", "brighton", slug).id, who.person, stage.now)
    await stage.works_off()
    for number in range(EARNERS):
        await stage.agrees(f"earner {number}", work=False)

    answer = fake.server.work

    def slowly(asked: Asked) -> Reply:
        """Do the work; now and then nobody hears of it."""
        reply = answer(asked)
        if asked.method == "POST" and chance.random() < 0.2:
            raise ConnectionResetError
        return reply

    fake.server.work = slowly
    # The answer comes a while after the work is done: whoever is killed as soon as that shows has not heard it.
    fake.server.faults.append(Fault(late_s=0.15, times=10_000, methods=frozenset({"POST"})))
    kills = 0
    async with asyncio.timeout(WAIT_S):
        while kills < KILLS:
            with worker(story_url, fake) as process:
                before = len(fake.badges)
                while len(fake.badges) == before and not await is_finished(stage):  # noqa: ASYNC110 - as below
                    await asyncio.sleep(0.005)
                await asyncio.sleep(chance.random() * 0.1)
                process.send_signal(signal.SIGKILL)
                kills += 1
        fake.server.work = answer
        fake.server.faults.clear()
        with worker(story_url, fake):
            while not await is_finished(stage):  # noqa: ASYNC110 - nothing there tells of itself
                await asyncio.sleep(0.1)
    assert fake.server.count("POST") > EARNERS // 2
    await stage.reconciles()
    await stage.reconciles()
    counts = Counter((each["badge_template"]["id"], each["recipient_email"]) for each in fake.badges.values())
    assert len(counts) == EARNERS, "nothing is lost"
    assert set(counts.values()) == {1}, "nothing is given twice"
    entries = await stage.entries()
    assert {each["state"] for each in entries} == {"pending"}
    assert {each["external_id"] for each in entries} == set(fake.badges)
    async with stage.database.transaction(City(here.tenant_id)):
        states = await fetch("SELECT DISTINCT state FROM issuing_record")
    assert [row["state"] for row in states] == ["pending"]
