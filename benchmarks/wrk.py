"""Puts load on a server with wrk, and reads what it says."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import orjson

CONNECTIONS: Final = 16
ENOUGH: Final = 2 * CONNECTIONS  # answers, before a rate is believed
LONGEST_S: Final = 40
# The bodies follow one another; the long brackets of Lua need no escapes. A fresh request differs from all others
# by a number that means nothing, so that no server can have kept its answer.
SCRIPT: Final = """
local bodies = {{ {bodies} }}
local headers = {{ ["Content-Type"] = "application/json" }}
local turn = {first}
request = function()
  turn = turn + 1
  local body = bodies[turn % #bodies + 1]
  if {fresh} then
    body = string.format('%s,"extensions":{{"turn":%.0f}}}}', body:sub(1, -2), turn)
  end
  return wrk.format("POST", nil, headers, body)
end
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\\n{{"requests": %d, "us": %d, "failed": %d, "p50_us": %d, "p99_us": %d}}\\n',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True)
class Load:
    """What a server did under load: how many answers a second, and how long they took.

    `before` counts the answers of shorter tries, which cost the server something, too.
    """

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    before: int = 0


class WrkMissing(Exception):
    """There is no wrk on this machine."""


class LoadFailed(Exception):
    """Some requests were not answered with 200."""


def find_wrk() -> str:
    """The program; raises WrkMissing."""
    found = shutil.which("wrk")
    if found is None:
        raise WrkMissing("wrk is needed: apt-get install wrk (it is in Debian's and Homebrew's packages)")
    return found


def put_load(url: str, bodies: Sequence[bytes], seconds: float, *, fresh: bool = True) -> Load:
    """Post the bodies in turn over sixteen connections, each one new to the server unless `fresh` is false.

    Goes on for longer where only a few were answered. Raises LoadFailed unless every answer was a 200.
    """
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bodies.lua"
        script.write_text(lua(bodies, fresh=fresh), encoding="utf-8")
        before = 0
        while True:
            load = _run(url, script, seconds)
            if load.requests >= ENOUGH or seconds >= LONGEST_S:
                return replace(load, before=before)
            seconds *= 3
            before += load.requests


def _run(url: str, script: Path, seconds: float) -> Load:
    options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", f"--timeout={LONGEST_S}s"]
    command = [find_wrk(), *options, "-s", str(script), url]
    return read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def lua(bodies: Sequence[bytes], *, fresh: bool) -> str:
    """The script that sends the bodies; no two scripts count from the same number."""
    listed = ", ".join(f"[==[{body.decode()}]==]" for body in bodies)
    return SCRIPT.format(bodies=listed, fresh="true" if fresh else "false", first=time.time_ns() // 1000)


def read(said: str) -> Load:
    """Read the last line of what wrk said; raises LoadFailed."""
    told = orjson.loads(said.strip().splitlines()[-1])
    if told["failed"]:
        raise LoadFailed(f"{told['failed']} of {told['requests']} requests failed")
    seconds = told["us"] / 1e6
    return Load(told["requests"], told["requests"] / seconds, told["p50_us"] / 1e3, told["p99_us"] / 1e3)
