"""Making a data directory, once, and the settings that its server is started with."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from waypost.db.embedded.binaries import OWN_SERVER, Account, able
from waypost.db.errors import CannotRun

ADMIN = "postgres"
DATABASE = "waypost"
_INITDB_TIMEOUT_S = 300.0

_SETTINGS = {
    "listen_addresses": "",  # no network at all
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "128MB",
    "effective_cache_size": "512MB",
    "maintenance_work_mem": "64MB",
    "random_page_cost": "1.1",  # solid-state disks; with the default of 4 small indexes lose to scans
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "fsync": "on",
    "autovacuum": "on",
    # Nobody replicates from an embedded server; bulk loads and cloned databases write less.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Parallel workers need /dev/shm, which is 64 MB in a container, and gain nothing on a small machine.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}


def options(sockets: Path) -> list[str]:
    """Give the command-line settings of the server, whose socket lies in the folder `sockets`."""
    folder = str(sockets).replace('"', '""')
    settings = {**_SETTINGS, "unix_socket_directories": f'"{folder}"'}
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def prepare(folder: Path, data: Path, programs: Path, account: Account) -> Account:
    """See that `data` is a data directory which the account can serve, making it if need be.

    `folder` is the folder of the data directory, `programs` that of
    PostgreSQL's programs. Gives the account with the capability it needs. Raises `CannotRun`.
    """
    if data.exists() and any(data.iterdir()):
        account = able(account, programs, data)
        _same_major(data, programs, account)
        return account
    # Made aside and moved into place when whole, so that a broken beginning is never taken for a database.
    for left in folder.glob("postgres.new*"):
        shutil.rmtree(left)
    new = folder / "postgres.new"
    new.mkdir(mode=0o700)
    if account.switch:
        os.chown(new, account.uid, account.gid)
    account = able(account, programs, new)
    _initdb(new, programs, account)
    if data.exists():
        data.rmdir()
    new.rename(data)
    return account


def _initdb(new: Path, programs: Path, account: Account) -> None:
    made = account.run(
        [
            *(str(programs / "initdb"), "-D", str(new), "-U", ADMIN, "--no-sync"),
            # Whoever can enter the socket's folder is the owner of the data or root.
            *("--auth=trust", "--encoding=UTF8"),
            # The same order of names on every machine: that of code points.
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        timeout_s=_INITDB_TIMEOUT_S,
    )
    if made.returncode == 0:
        made = account.run(
            [str(programs / "postgres"), "--single", "-D", str(new), *options(new), "postgres"],
            timeout_s=_INITDB_TIMEOUT_S,
            text=f"CREATE DATABASE {DATABASE}\n",
        )
    if made.returncode != 0 or re.search(r"\b(ERROR|FATAL|PANIC):", made.stdout):
        shutil.rmtree(new, ignore_errors=True)
        why = "the disk is full" if "No space left on device" in made.stdout else "initdb failed"
        raise CannotRun(
            f"the embedded PostgreSQL could not be made in {new.parent}: {why}. "
            f"Choose another WAYPOST_DATA_DIR, or {OWN_SERVER}.\n{made.stdout.strip()}"
        )


def _same_major(data: Path, programs: Path, account: Account) -> None:
    made_by = (data / "PG_VERSION").read_text().strip() if (data / "PG_VERSION").exists() else ""
    if not made_by:
        raise CannotRun(
            f"{data} is not empty and no data directory of PostgreSQL: choose another WAYPOST_DATA_DIR, or move it away"
        )
    shown = account.run([str(programs / "postgres"), "--version"], timeout_s=_INITDB_TIMEOUT_S).stdout
    matched = re.search(r"\d+", shown)
    ours = matched[0] if matched else repr(shown)
    if ours != made_by:
        raise CannotRun(
            f"{data} was made by PostgreSQL {made_by}, the embedded one is {ours}: "
            "make a backup with the version of Waypost that made it and restore it into another "
            f"WAYPOST_DATA_DIR, or {OWN_SERVER}"
        )
