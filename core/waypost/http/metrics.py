"""Counts what is answered, for whoever watches the process; no tenant, no person, no address."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from starlette.types import Receive, Scope, Send

from waypost.calling import Calls
from waypost.db import Database
from waypost.http.connections import Connections
from waypost.http.figures import figures
from waypost.http.kept import KeptAnswers
from waypost.http.replies import Reply, send_reply
from waypost.outbox.doing import Counts

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
TEXT_FORMAT: Final = "text/plain; version=0.0.4"


@dataclass
class Metrics:
    """Counts of answers and of the time they took, and the endpoint that shows them (`/metrics`).

    With a `database` it counts the queue too; `worker` has the counts of a worker in this process.
    """

    kept: KeptAnswers
    live: Connections
    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    graph_buckets: Counter[int] = field(default_factory=Counter)
    graph_seconds: list[float] = field(default_factory=lambda: [0.0])
    database: Callable[[], Database] | None = None
    worker: Counts | None = None
    calls: Calls = field(default_factory=Calls)

    def note(self, path: str, status: int, seconds: float, *, live: bool = False) -> None:
        """Count one answer; `seconds` is kept for the graph alone, which is what may become slow.

        What is `live` lasts as long as its client wants.
        """
        kind = "live" if live else kind_of(path)
        self.answers[kind, status] += 1
        if kind == "graphql":
            self.graph_buckets[bisect_left(BUCKETS_S, seconds)] += 1
            self.graph_seconds[0] += seconds

    def text(self) -> str:
        """All counts in the text format of Prometheus."""
        lines = ["# TYPE waypost_http_answers_total counter"]
        lines += [
            f'waypost_http_answers_total{{kind="{kind}",status="{status}"}} {count}'
            for (kind, status), count in sorted(self.answers.items())
        ]
        lines.append("# TYPE waypost_graphql_seconds histogram")
        total = 0
        for index, bound in enumerate(map(str, BUCKETS_S)):
            total += self.graph_buckets[index]
            lines.append(f'waypost_graphql_seconds_bucket{{le="{bound}"}} {total}')
        total += self.graph_buckets[len(BUCKETS_S)]
        lines += [
            f'waypost_graphql_seconds_bucket{{le="+Inf"}} {total}',
            f"waypost_graphql_seconds_sum {self.graph_seconds[0]:.6f}",
            f"waypost_graphql_seconds_count {total}",
            "# TYPE waypost_kept_answers_given_total counter",
            f"waypost_kept_answers_given_total {self.kept.hits}",
            "# TYPE waypost_kept_answers_bytes gauge",
            f"waypost_kept_answers_bytes {self.kept.bytes}",
            "# TYPE waypost_live_connections gauge",
            *(f'waypost_live_connections{{kind="{kind}"}} {count}' for kind, count in sorted(self.live.open.items())),
            "# TYPE waypost_live_subscriptions gauge",
            f"waypost_live_subscriptions {self.live.subscriptions()}",
            *_of_plugins("waypost_plugin_failures_total", "counter", self.calls.failures),
            *_of_plugins("waypost_plugin_held_interpreter_total", "counter", self.calls.held),
            *_of_plugins("waypost_plugin_paused_tenants", "gauge", self.calls.paused()),
            "# TYPE process_max_resident_memory_bytes gauge",
            f"process_max_resident_memory_bytes {_most_memory_bytes()}",
        ]
        return "\n".join(lines) + "\n"

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Answer with the counts."""
        text = self.text()
        if self.database is not None:
            text += await figures(self.database(), self.worker)
        reply = Reply(200, text.encode(), TEXT_FORMAT, {"Cache-Control": "no-store"})
        await send_reply(reply, scope, send)


def kind_of(path: str) -> str:
    """What kind of thing a path asks for; few words, so that no visitor can invent new ones."""
    if path.endswith("/graphql"):
        return "graphql"
    if path.endswith("/schema.graphql"):
        return "schema"
    if path.startswith("/static/"):
        return "static"
    return "health" if path in ("/healthz", "/readyz", "/metrics") else "page"


def _of_plugins(name: str, kind: str, counts: Counter[str]) -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    yield from (f'{name}{{plugin="{plugin}"}} {count}' for plugin, count in sorted(counts.items()))


def _most_memory_bytes() -> int:
    try:
        import resource  # noqa: PLC0415 - there is none on Windows
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
