"""Resident memory of the server process with five tenants that have all been asked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

import httpx

from benchmarks.ground import ROOT, Ground, Server, own_server
from benchmarks.table import Figure

MOST_MB: Final = 200.0
TIMES: Final = 20
QUESTIONS: Final = tuple(sorted((ROOT / "schema" / "operations").glob("*.graphql")))
VARIABLES: Final = {
    "city-home": {},
    "nearest": {"near": {"latitude": 51.0, "longitude": -1.0}},
    "search": {"filter": {"text": "film"}},
}


def measure() -> list[Figure]:
    """Start, ask every tenant what front ends ask, and look."""
    with tempfile.TemporaryDirectory(prefix="waypost-") as folder:
        ground = Ground(Path(folder))
        with own_server(ground, "up") as server:
            idle = resident_mb(server)
            tenants = sorted(path.name for path in ground.tenants.iterdir() if path.is_dir())
            ask_all(server, tenants)
            asked = resident_mb(server)
            postmaster = ground.postmaster()
            shared = [process.memory_full_info().pss for process in (postmaster, *postmaster.children())]
    return [
        Figure(
            "memory",
            f"server, {len(tenants)} tenants, all asked",
            asked,
            "MB",
            most=MOST_MB,
            note=f"{idle:.0f} MB before",
        ),
        Figure("memory", "embedded PostgreSQL, apart", sum(shared) / 1e6, "MB", note="proportional set size"),
    ]


def ask_all(server: Server, tenants: list[str], times: int = TIMES) -> None:
    """Put the front ends' questions to every tenant and to the nation."""
    with httpx.Client(trust_env=False, timeout=60) as client:
        for _ in range(times):
            for prefix in ("", *(f"/{slug}" for slug in tenants)):
                for file in QUESTIONS:
                    if file.stem in VARIABLES and (prefix or file.stem != "city-home"):
                        body = {"query": file.read_text(encoding="utf-8"), "variables": VARIABLES[file.stem]}
                        answer = client.post(server.url(f"{prefix}/graphql"), json=body).json()
                        if "errors" in answer:
                            raise LookupError(f"{prefix}/graphql: {answer['errors']}")


def resident_mb(server: Server) -> float:
    """The server's own resident memory in megabytes."""
    return server.process.memory_info().rss / 1e6
