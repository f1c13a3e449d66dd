"""A server of somebody else's, on a real socket, that answers what a test tells it to."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request that came: its headers by lower-case name, the last value of each query parameter."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What is answered; `after_s` seconds pass before."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0


NOT_FOUND = Answer(404, b'{"error": "nobody told the upstream what to answer here"}')


class Upstream:
    """What was asked, and what is answered: `upstream.answers("/tides", json=[…])`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: defaultdict[tuple[str, str], deque[Answer]] = defaultdict(deque)
        self._lock = threading.Lock()

    @property
    def target(self) -> str:
        """Its `host:port`, as `WAYPOST_ALLOW_PRIVATE_TARGETS` names it."""
        return urlsplit(self.url).netloc

    def answers(
        self,
        path: str,
        *,
        method: str = "GET",
        json: Any = None,
        body: bytes | None = None,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        after_s: float = 0.0,
    ) -> None:
        """Answer so at a path; told several times, in turn, and the last for ever."""
        content = body if body is not None else _as_bytes(json)
        media = {} if body is not None else {"Content-Type": "application/json"}
        answer = Answer(status, content, {**media, **(headers or {})}, after_s)
        with self._lock:
            self._answers[method, path].append(answer)

    def forget(self) -> None:
        """Forget what was asked and what is answered."""
        with self._lock:
            self.asked.clear()
            self._answers.clear()

    def answer_to(self, asked: Asked) -> Answer:
        """Note a request, and find its answer: 404 where nobody said one."""
        with self._lock:
            self.asked.append(asked)
            known = self._answers.get((asked.method, asked.path))
            if not known:
                return NOT_FOUND
            return known.popleft() if len(known) > 1 else known[0]


def _as_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


@contextmanager
def upstream() -> Iterator[Upstream]:
    """Have such a server at a free port of 127.0.0.1 until the end."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", "0"))
            headers = {name.lower(): value for name, value in self.headers.items()}
            query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
            answer = found.answer_to(Asked(self.command, parts.path, query, headers, self.rfile.read(length)))
            time.sleep(answer.after_s)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing: a test looks at `asked`."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """Say nothing of clients that hang up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        found = Upstream(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
