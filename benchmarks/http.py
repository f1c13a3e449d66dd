"""Requests a second: this server and PostGraphile in turn on one database, and a bare application as the ceiling."""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final

import httpx
import orjson
import psutil

from benchmarks.ground import CITY, Ground, Server, free_port, lay_pathway, own_server, started, tenant_of
from benchmarks.peer import Peer, PeerMissing, installed, lay_functions, peer_server
from benchmarks.questions import Question, questions
from benchmarks.table import Figure, ratio
from benchmarks.wrk import Load, find_wrk, put_load
from waypost.db import Database
from waypost.tenancy import load_directory

OURS: Final = "waypost"
BARE: Final = "bare"
PROCESSES: Final = (1, 2)
COMPARED: Final = 25  # bodies of each question whose answers are compared
JSON: Final = {"content-type": "application/json"}
OF_BARE: Final = 0.8


@dataclass(frozen=True)
class Effort:
    """How long is measured: warming for each server, then rounds of so many seconds for each question."""

    warm_s: float = 15.0
    seconds: float = 5.0
    rounds: int = 3


@dataclass
class Measured:
    """The loads of one question and server, a round each, and the CPU that they cost."""

    loads: list[Load] = field(default_factory=list)
    server_us: list[float] = field(default_factory=list)
    postgres_us: list[float] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Requests a second, by round."""
        return [load.per_second for load in self.loads]


class Differs(Exception):
    """Two servers do not answer the same."""


@contextmanager
def servers(ground: Ground, peer: Peer | None) -> Iterator[dict[str, Server]]:
    """Start this server and the peers; those that are not asked rest."""
    with ExitStack() as stack:
        found = {OURS: stack.enter_context(own_server(ground))}
        if peer is not None:
            for count in PROCESSES:
                found[f"PostGraphile ×{count}"] = stack.enter_context(peer_server(peer, ground, count))
        yield found


async def measure(ground: Ground, effort: Effort) -> list[Figure]:
    """Everything about HTTP; raises WrkMissing and Differs."""
    find_wrk()
    async with await Database.open(ground.app_url, pool_size=2) as database:
        await lay_pathway(database)
        cities = [city for city in (await load_directory(database)).tenants if city.kind == "city" and city.bounds]
        asked = await questions(database, await tenant_of(database, CITY), cities)
    await lay_functions(ground)
    with ExitStack() as stack:
        note, peer = "", None
        try:
            peer = stack.enter_context(installed())
            note = f"peer: {peer.versions}, a superuser without row security"
        except PeerMissing as missing:
            note = str(missing)
        running = stack.enter_context(servers(ground, peer))
        for question in asked:
            compare(question, running)
        found = in_turn(ground, asked, running, effort)
        bare = ceiling(asked[0], running[OURS], effort)
    return [*figures(found, note), *bare]


def compare(question: Question, running: Mapping[str, Server]) -> None:
    """Ask all servers the same before anything is timed; raises Differs."""
    with httpx.Client(headers=JSON, trust_env=False, timeout=60) as client:
        for ours, theirs in list(zip(question.ours, question.theirs, strict=True))[:COMPARED]:
            seen = question.ours_seen(_data(client, running[OURS].url(question.path), ours))
            if not seen:
                raise Differs(f"{question.name}: nothing was found")
            for name in running.keys() - {OURS}:
                other = question.theirs_seen(_data(client, running[name].url("/graphql"), theirs))
                if other != seen:
                    raise Differs(f"{question.name}: {ours.decode()}\n{OURS}: {seen}\n{name}: {other}")


def _data(client: httpx.Client, url: str, body: bytes) -> Mapping[str, object]:
    answer = orjson.loads(client.post(url, content=body).content)
    if "errors" in answer:
        raise Differs(f"{url}: {answer['errors']}")
    data: Mapping[str, object] = answer["data"]
    return data


def in_turn(
    ground: Ground, asked: Sequence[Question], running: Mapping[str, Server], effort: Effort
) -> dict[str, dict[str, Measured]]:
    """Warm every server, then measure them in turn, round after round."""
    for name, server in running.items():
        for question in asked:
            tell(f"warming {name}: {question.name}")
            put_load(*_target(question, name, server), effort.warm_s / len(asked))
    found: dict[str, dict[str, Measured]] = defaultdict(lambda: defaultdict(Measured))
    for turn in range(1, effort.rounds + 1):
        for question in asked:
            for name, server in running.items():
                tell(f"round {turn}: {name}: {question.name}")
                roots = (server.process, ground.postmaster())
                before = [cpu_seconds(root) for root in roots]
                load = put_load(*_target(question, name, server), effort.seconds)
                spent = [cpu_seconds(root) - then for root, then in zip(roots, before, strict=True)]
                measured, answers = found[question.name][name], max(1, load.before + load.requests)
                measured.loads.append(load)
                measured.server_us.append(spent[0] * 1e6 / answers)
                measured.postgres_us.append(spent[1] * 1e6 / answers)
    return found


def _target(question: Question, name: str, server: Server) -> tuple[str, Sequence[bytes]]:
    if name == OURS:
        return server.url(question.path), question.ours
    return server.url("/graphql"), question.theirs


def cpu_seconds(root: psutil.Process) -> float:
    """What a process and all that it started have cost so far."""
    total = 0.0
    for process in (root, *root.children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def ceiling(question: Question, ours: Server, effort: Effort) -> list[Figure]:
    """One request again and again, and what a bare application gives for the same body."""
    body = question.ours[0]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "body.json"
        file.write_bytes(httpx.post(ours.url(question.path), content=body, headers=JSON, trust_env=False).content)
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.bare", str(port), str(file)]
        with started(command, {"PATH": ""}, port, "/", "") as bare:
            same, ceiled = Measured(), Measured()
            for turn in range(1, effort.rounds + 1):
                tell(f"round {turn}: the same request again, and {BARE}")
                same.loads.append(put_load(ours.url(question.path), [body], effort.seconds, fresh=False))
                ceiled.loads.append(put_load(bare.url("/"), [body], effort.seconds, fresh=False))
    subject = f"http: {question.name}, the same request again"
    return [
        Figure(subject, OURS, median(same.rates), "req/s"),
        Figure(subject, BARE, median(ceiled.rates), "req/s", note="an ASGI application that answers the same body"),
        Figure(subject, f"{OURS} / {BARE}", ratio(same.rates, ceiled.rates), "×", least=OF_BARE),
    ]


def figures(found: Mapping[str, Mapping[str, Measured]], note: str) -> list[Figure]:
    """Rate, times and cost of each server, and how they compare; `note` says who the peer is, or why there is none."""
    drawn: list[Figure] = []
    for question, by_server in found.items():
        subject = f"http: {question}"
        for name, measured in by_server.items():
            more = {
                "p50, ms": median(load.p50_ms for load in measured.loads),
                "p99, ms": median(load.p99_ms for load in measured.loads),
                "CPU, µs a request": median(measured.server_us),
                "and PostgreSQL's, µs": median(measured.postgres_us),
            }
            drawn.append(Figure(subject, name, median(measured.rates), "req/s", more=more))
        drawn += [
            Figure(subject, f"{OURS} / {name}", ratio(by_server[OURS].rates, other.rates), "×")
            for name, other in by_server.items()
            if name != OURS
        ]
    return [replace(drawn[0], note=note), *drawn[1:]]


def tell(what: str) -> None:
    """Say on stderr what is going on."""
    print(f"  {what}", file=sys.stderr, flush=True)
