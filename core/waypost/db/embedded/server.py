"""The embedded server: one data directory, shared by all processes that name it."""

from __future__ import annotations

import atexit
import os
import re
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from waypost.db.embedded import binaries, cluster, postmaster
from waypost.db.embedded.locks import SharedLock, exclusive
from waypost.db.errors import CannotRun
from waypost.db.scope import LOGIN_ROLE

if TYPE_CHECKING:
    from types import TracebackType

# Recovery after a power cut reads the log again and may take its time; else a tenth of a second will do.
_START_TIMEOUT_S = 120.0
_STOP_TIMEOUT_S = 60.0
_POLL_S = 0.01
_LOG_LIMIT_BYTES = 10_000_000


class Embedded:
    """PostgreSQL in `<data_dir>/postgres`, reached by a socket that only its owner (and root) may enter.

    The first process that starts it starts the server, the last that stops
    it stops the server; one that was killed counts as gone. Also a context manager.
    """

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir.expanduser().absolute()
        self._data = self._folder / "postgres"
        self._place: SharedLock | None = None
        self._socket_dir: Path | None = None
        self._process = 0

    def start(self) -> str:
        """Start the server, or join a running one, and give the administrator's URL.

        Raises `CannotRun`, saying why and what to do.
        """
        if self._place is None:
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                with exclusive(self._folder / "postgres.lock", _START_TIMEOUT_S):
                    self._socket_dir = self._join_or_start()
                    self._place = SharedLock(self._folder / "postgres.users")
            except OSError as error:
                raise CannotRun(
                    f"the embedded PostgreSQL cannot use {self._folder}: {error.strerror or error}. "
                    f"Choose another WAYPOST_DATA_DIR, or {binaries.OWN_SERVER}"
                ) from error
            self._process = os.getpid()
            atexit.register(self.stop)
        return self.admin_url()

    def stop(self) -> None:
        """Leave the server; whoever leaves last stops it, cleanly. Without effect when not started."""
        # A forked child holds the same lock as its parent and must not give it up in the parent's stead.
        if self._place is None or self._process != os.getpid():
            return
        atexit.unregister(self.stop)
        with exclusive(self._folder / "postgres.lock", _START_TIMEOUT_S):
            if self._place.release():
                postmaster.stop(self._data, _STOP_TIMEOUT_S)
        self._place = None

    def admin_url(self, database: str = cluster.DATABASE) -> str:
        """Give the URL of the superuser for `database`; raises `CannotRun` when not started."""
        return self._url(cluster.ADMIN, database)

    def app_url(self, database: str = cluster.DATABASE) -> str:
        """Give the URL of the login role, which `migrate` makes, for `database`; raises like `admin_url`."""
        return self._url(LOGIN_ROLE, database)

    def _url(self, user: str, database: str) -> str:
        if self._socket_dir is None:
            raise CannotRun("the embedded PostgreSQL has not been started")
        folder = quote(str(self._socket_dir), safe="/")
        return f"postgresql://{user}@/{database}?host={folder}&port={postmaster.PORT}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _join_or_start(self) -> Path:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while found := postmaster.running(self._data):
            if found.ready and postmaster.answers(found):
                return found.socket_dir
            if found.ready and not postmaster.socket_file(found.socket_dir).exists():
                # Swept away, say by a cleaner of temporary files: nobody can be using the server.
                postmaster.stop(self._data, _STOP_TIMEOUT_S)
            elif time.monotonic() > deadline:
                raise CannotRun(
                    f"PostgreSQL (process {found.pid}) runs on {self._data}, but has not answered for "
                    f"{_START_TIMEOUT_S:g} s; see {self._folder}/postgres.log"
                )
            time.sleep(_POLL_S)
        return self._start()

    def _start(self) -> Path:
        programs = binaries.find_binaries()
        account = binaries.choose_account(self._data.stat() if self._data.exists() else None)
        account = cluster.prepare(self._folder, self._data, programs, account)
        postmaster.forget_stale(self._data, _STOP_TIMEOUT_S)
        sockets = self._sockets(account)
        if not (self._data / "postmaster.pid").exists():
            postmaster.clear_socket(sockets)
        deadline = time.monotonic() + _START_TIMEOUT_S
        while True:
            said = self._try(programs, account, sockets, deadline)
            if said is None:
                return sockets
            # After a killed postmaster its children live for a moment and hold its memory.
            if "is still in use" not in said or time.monotonic() > deadline:
                raise CannotRun(_explain(said, self._data))
            time.sleep(_POLL_S * 10)

    def _try(self, programs: Path, account: binaries.Account, sockets: Path, deadline: float) -> str | None:
        """Start once; None when it answers, else what the server said."""
        path = self._folder / "postgres.log"
        with path.open("ab") as log:
            if log.tell() > _LOG_LIMIT_BYTES:
                log.truncate(0)
            before = log.tell()
            command = [str(programs / "postgres"), "-D", str(self._data), *cluster.options(sockets)]
            # The shell leaves the server behind, so that it is no child of a process that may end before it.
            account.run(
                ["/bin/sh", "-c", '"$@" & echo "started as $!"', "sh", *command],
                timeout_s=None,
                log=log.fileno(),
            )
        said = path.read_bytes()[before:].decode(errors="replace")
        started = re.search(r"^started as (\d+)$", said, re.MULTILINE)
        if started and self._ready(int(started[1]), deadline):
            return None
        return path.read_bytes()[before:].decode(errors="replace")

    def _ready(self, pid: int, deadline: float) -> bool:
        """Wait until the server started as `pid` is ready; False when it ended instead."""
        while postmaster.alive(pid):
            found = postmaster.read_pid_file(self._data)
            if found and found.pid == pid and found.ready:
                return True
            if time.monotonic() > deadline:
                raise CannotRun(
                    f"PostgreSQL was not ready after {_START_TIMEOUT_S:g} s; see {self._folder}/postgres.log"
                )
            time.sleep(_POLL_S)
        return False

    def _sockets(self, account: binaries.Account) -> Path:
        """Give a folder for the socket that only the account may enter and whose path is short enough."""
        inside = self._data / "sockets"
        if _short_enough(inside):
            return _private(inside, account)
        note = self._folder / "postgres.socket"
        with suppress(FileNotFoundError):
            noted = Path(note.read_text().strip())
            if noted.is_absolute() and _is_private(noted, account):
                return noted
        made = Path(tempfile.mkdtemp(prefix="waypost-", dir=_runtime_dir(account)))
        note.write_text(f"{made}\n")
        return _private(made, account)


def _short_enough(folder: Path) -> bool:
    return len(os.fsencode(postmaster.socket_file(folder))) <= postmaster.SOCKET_PATH_BYTES


def _runtime_dir(account: binaries.Account) -> str:
    own = os.environ.get("XDG_RUNTIME_DIR", "")
    if own and not account.switch and Path(own).is_dir() and _short_enough(Path(own, "waypost-12345678")):
        return own
    # Not gettempdir(): on some systems TMPDIR is itself too long for a socket.
    return "/tmp"  # noqa: S108 - mkdtemp makes a private folder there


def _private(folder: Path, account: binaries.Account) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.switch:
        os.chown(folder, account.uid, account.gid)
    folder.chmod(0o700)
    return folder


def _is_private(folder: Path, account: binaries.Account) -> bool:
    try:
        there = folder.lstat()
    except FileNotFoundError:
        return False
    return there.st_uid == account.uid and there.st_mode & 0o170777 == 0o040700


def _explain(said: str, data: Path) -> str:
    last = "\n".join(said.strip().splitlines()[-15:])
    if "No space left on device" in said:
        return f"PostgreSQL cannot start because the disk of {data} is full; make room and try again.\n{last}"
    return f"PostgreSQL did not start on {data}; it said:\n{last}"
