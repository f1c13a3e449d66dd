"""The running server as its pid file and the system's process table show it."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from waypost.db.errors import CannotRun

_POLL_S = 0.01
_MOMENT_S = 2.0  # backends notice within milliseconds that their postmaster is gone
_PROC = Path("/proc")
_GREETING_TIMEOUT_S = 5.0
# Asks whether the server speaks TLS: the shortest question that it answers, with one byte.
_SSL_REQUEST = struct.pack("!ii", 8, 80877103)
PORT = 5432
# What the kernel allows for the path of a socket, its final zero apart; macOS allows four bytes less.
SOCKET_PATH_BYTES = 103


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says: process, folder of its socket, whether it answers."""

    pid: int
    socket_dir: Path
    ready: bool


def socket_file(folder: Path) -> Path:
    """Give the path of the socket in its folder."""
    return folder / f".s.PGSQL.{PORT}"


def clear_socket(folder: Path) -> None:
    """Remove what a killed server left in the folder of its socket, which nobody else uses."""
    path = socket_file(folder)
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.lock").unlink(missing_ok=True)


def read_pid_file(data: Path) -> Postmaster | None:
    """Read the pid file of a data directory; None when there is none or it is half written."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 5 or not lines[0].strip().isdigit():
        return None
    ready = len(lines) > 7 and lines[7].strip() == "ready"
    return Postmaster(int(lines[0]), Path(lines[4].strip()), ready)


def running(data: Path) -> Postmaster | None:
    """Give the postmaster of a data directory if its process lives; a stale pid file is nobody."""
    found = read_pid_file(data)
    return found if found and alive(found.pid) and _serves(found.pid, data) else None


def answers(postmaster: Postmaster) -> bool:
    """Whether the server greets on its socket: one that is just dying still lets in, but says nothing."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(_GREETING_TIMEOUT_S)
        try:
            client.connect(str(socket_file(postmaster.socket_dir)))
            client.sendall(_SSL_REQUEST)
            return len(client.recv(1)) == 1
        except OSError:
            return False


def forget_stale(data: Path, timeout_s: float) -> None:
    """Remove a pid file that PostgreSQL itself would take for that of a living server.

    It sees only that the number lives: of another program by now, since in a container numbers
    begin again, or of a killed server that nobody has collected. Its backends are waited for, up to `timeout_s`
    seconds; while they live the file stays, and PostgreSQL refuses to start.
    """
    found = read_pid_file(data)
    if found is None or not _known(found.pid) or running(data):
        return
    deadline = time.monotonic() + timeout_s
    while _anyone_in(data):
        if time.monotonic() > deadline:
            return
        time.sleep(_POLL_S)
    (data / "postmaster.pid").unlink(missing_ok=True)


def stop(data: Path, timeout_s: float) -> None:
    """Stop the server of a data directory, cleanly; raises `CannotRun` if it still lives after that time."""
    found = running(data)
    if found is None:
        return
    deadline = time.monotonic() + timeout_s
    os.kill(found.pid, signal.SIGINT)  # "fast": break off sessions, then a checkpoint
    while running(data) is not None:
        if time.monotonic() > deadline:
            raise CannotRun(f"PostgreSQL (process {found.pid}) did not stop within {timeout_s:g} s")
        time.sleep(_POLL_S)


def alive(pid: int) -> bool:
    """Whether a process lives; one that has ended but was not collected does not."""
    if not _known(pid):
        return False
    try:
        # As in a container without init, where nobody collects what has ended.
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return not _PROC.is_dir()
    return state[:1] != ["Z"]


def _known(pid: int) -> bool:
    """Whether the number is taken, also by what has ended but was not collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    """Whether a living process is the postmaster of this very data directory."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        shown = subprocess.run(  # macOS
            ["/bin/ps", "-ww", "-o", "command=", "-p", str(pid)], check=False, capture_output=True, text=True
        )
        return "postgres" in shown.stdout and str(data) in shown.stdout
    return "postgres" in Path(words[0]).name and str(data) in words


def _anyone_in(data: Path) -> bool:
    """Whether a process works in the data directory, as backends do for a moment after a kill."""
    if not _PROC.is_dir():
        time.sleep(_MOMENT_S)  # macOS does not tell
        return False
    place = data.stat()
    for entry in _PROC.glob("[0-9]*/cwd"):
        try:
            there = entry.stat()
        except OSError:
            continue
        if (there.st_dev, there.st_ino) == (place.st_dev, place.st_ino):
            return True
    return False
