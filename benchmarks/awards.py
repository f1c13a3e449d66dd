"""A file of 50,000 awards, from the mutation to the last row, event and DONE, through `waypost up`."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from benchmarks.ground import CITY, Ground, Server, own_server
from benchmarks.memory import resident_mb
from benchmarks.table import Figure
from waypost.db import City, Database, fetchrow
from waypost.graph import parse_id

LINES: Final = 50_000
MOST_S: Final = 60.0
EVERY_S: Final = 0.1
PATIENCE_S: Final = 600.0
BADGES: Final = "{ badges(first: 1) { nodes { id } } }"
UPLOAD: Final = """
mutation($size: Int!) { createUpload(input: {purpose: "awards", mediaType: "text/csv", size: $size}) {
  ... on CreateUploadSuccess { upload url } ... on Error { code message } } }
"""
AWARD: Final = """
mutation($badge: ID!, $upload: ID!) { awardBadges(input: {badge: $badge, upload: $upload}) {
  ... on AwardBadgesSuccess { job { id } } ... on Error { code message } } }
"""
STANDS_SQL: Final = "SELECT state, done FROM job WHERE tenant_id = $1 AND id = $2"
COUNTED_SQL: Final = """
SELECT (SELECT count(*) FROM award WHERE tenant_id = $1 AND batch_id = $2) AS awards,
       (SELECT count(*) FROM event WHERE tenant_id = $1 AND type = 'award.created'
          AND data ->> 'batch' = $2::text AND version IS NOT NULL) AS events
"""


def measure(lines: int = LINES) -> list[Figure]:
    """Send the file, and look until its job is done."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder:
        ground = Ground(Path(folder))
        with ground.running():
            ground.run("migrate")
            ground.run("tenants", "apply")
            with own_server(ground, "up") as server:
                return asyncio.run(_measured(ground, server, lines))


async def _measured(ground: Ground, server: Server, lines: int) -> list[Figure]:
    token = ground.say("token", "create", "--tenant", CITY, "--role", "curator", "--email", "bench@example.org")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(trust_env=False, timeout=120, headers=headers) as client:
        content = csv_of(lines)
        badge = (await _ask(client, server, BADGES, {}))["badges"]["nodes"][0]["id"]
        upload = (await _ask(client, server, UPLOAD, {"size": len(content)}))["createUpload"]
        sent = await client.put(server.url(f"/uploads/{upload['upload']}"), content=content)
        sent.raise_for_status()
        before = most = resident_mb(server)
        begun = time.perf_counter()
        asked = {"badge": badge, "upload": upload["upload"]}
        job = parse_id((await _ask(client, server, AWARD, asked))["awardBadges"]["job"]["id"])
        assert job is not None
        assert job.tenant is not None
        async with await Database.open(ground.app_url, pool_size=1) as database:
            while time.perf_counter() - begun < PATIENCE_S:
                stands = await _row(database, job.tenant, STANDS_SQL, job.row)
                most = max(most, resident_mb(server))
                if stands["state"] in {"done", "failed"}:
                    break
                await asyncio.sleep(EVERY_S)
            seconds = time.perf_counter() - begun
            counted = await _row(database, job.tenant, COUNTED_SQL.replace("$2::text", f"'{job.row}'"), job.row)
    if (stands["state"], counted["awards"], counted["events"]) != ("done", lines, lines):
        raise RuntimeError(f"not all was given: {dict(stands)}, {dict(counted)}")
    return [
        Figure("awards", f"a file of {lines:,} awards, to the last row, event and DONE", seconds, "s", most=MOST_S),
        Figure("awards", "memory of the server meanwhile", most - before, "MB more", note=f"{before:.0f} MB before"),
    ]


def csv_of(lines: int) -> bytes:
    """A file of people whom nobody has met."""
    rows = (f"Pupil {n},pupil.{n}@example.org,Made thing {n} and showed it.\n" for n in range(lines))
    return ("name,email,narrative\n" + "".join(rows)).encode()


async def _ask(client: httpx.AsyncClient, server: Server, query: str, variables: dict[str, Any]) -> Any:
    answer = await client.post(server.url(f"/{CITY}/graphql"), json={"query": query, "variables": variables})
    body = answer.json()
    if "errors" in body:
        raise LookupError(body["errors"])
    return body["data"]


async def _row(database: Database, tenant: UUID, sql: str, job: UUID) -> Any:
    async with database.transaction(City(tenant, quiet=True)):
        return await fetchrow(sql, tenant, job)
