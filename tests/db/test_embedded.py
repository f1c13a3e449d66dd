from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from waypost.db import CannotRun, Embedded
from waypost.db.embedded import binaries, postmaster, server

# What another process does: starts, says so, and stays until its standard input ends.
USER = """
import sys
from pathlib import Path
from waypost.db import Embedded
with Embedded(Path(sys.argv[1])) as embedded:
    print(embedded.admin_url(), flush=True)
    sys.stdin.read()
"""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


class Process:
    """Another process that uses the server of a data directory."""

    def __init__(self, data_dir: Path, *become: str) -> None:
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self._popen = subprocess.Popen(
            [*become, sys.executable, "-c", USER, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": path, "HOME": "/"},
        )

    def url(self) -> str:
        assert self._popen.stdout
        return self._popen.stdout.readline().strip()

    def end(self) -> None:
        self._popen.communicate(timeout=60)

    def kill(self) -> None:
        self._popen.kill()
        self._popen.communicate(timeout=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that was used and stopped, to be copied: initdb takes a second."""
    folder = tmp_path_factory.mktemp("made")
    with Embedded(folder):
        pass
    return folder


@pytest.fixture
def data_dir(made: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="waypost-", ignore_cleanup_errors=True
    ) as short:  # sockets' paths are short
        folder = Path(short) / "data"
        subprocess.run(["cp", "-a", str(made), str(folder)], check=True)
        yield folder
        running = postmaster.running(folder / "postgres")
        if running:
            os.kill(running.pid, signal.SIGQUIT)


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def pid_of(data_dir: Path) -> int | None:
    running = postmaster.running(data_dir / "postgres")
    return running.pid if running else None


# --- Starting and stopping ----------------------------------------------------------------------


async def test_an_empty_data_directory_becomes_a_server(tmp_path: Path) -> None:
    with Embedded(tmp_path / "deep" / "data") as embedded:
        url = embedded.admin_url()
        assert str(await ask(url, "SHOW server_version")).startswith("18.")
        assert await ask(url, "SELECT current_database()") == "waypost"
        assert await ask(url, "SHOW timezone") == "UTC"
        assert await ask(url, "SHOW fsync") == "on"
        assert await ask(url, "SHOW listen_addresses") == ""
        assert await ask(url, "SELECT string_agg(n, '' ORDER BY n) FROM unnest('{b,Z,é,a}'::text[]) AS n") == "Zabé"
        names = "'btree_gist', 'cube', 'earthdistance', 'pg_trgm', 'unaccent'"
        assert await ask(url, f"SELECT count(*) FROM pg_available_extensions WHERE name IN ({names})") == 5
    assert pid_of(tmp_path / "deep" / "data") is None


async def test_a_server_starts_again_quickly_with_its_data(data_dir: Path) -> None:
    with Embedded(data_dir) as embedded:
        await ask(embedded.admin_url(), "CREATE TABLE kept AS SELECT 7 AS number")
    began = time.monotonic()
    with Embedded(data_dir) as embedded:
        took_s = time.monotonic() - began
        assert await ask(embedded.admin_url(), "SELECT number FROM kept") == 7
    assert took_s < 5  # a tenth of a second on a quiet machine


def test_starting_and_stopping_twice_does_no_harm(data_dir: Path) -> None:
    embedded = Embedded(data_dir)
    embedded.stop()
    assert embedded.start() == embedded.start()
    embedded.stop()
    embedded.stop()
    assert pid_of(data_dir) is None
    embedded.start()
    embedded.stop()


def test_urls_are_known_only_after_the_start(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="has not been started"):
        Embedded(tmp_path).admin_url()


def test_variables_of_the_caller_do_not_lead_the_server_elsewhere(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGDATA", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("PGPORT", "5999")
    monkeypatch.setenv("LC_ALL", "tlh_QO.UTF-8")
    with Embedded(data_dir):
        assert pid_of(data_dir)


# --- Several processes --------------------------------------------------------------------------


async def test_processes_share_the_server_and_the_last_one_stops_it(data_dir: Path) -> None:
    other = Process(data_dir)
    url = other.url()
    pid = pid_of(data_dir)
    with Embedded(data_dir) as embedded:
        assert embedded.admin_url() == url
        assert pid_of(data_dir) == pid
        other.end()
        assert await ask(url, "SELECT 1") == 1
    assert pid_of(data_dir) is None


def test_whoever_leaves_first_leaves_the_server_to_the_others(data_dir: Path) -> None:
    with Embedded(data_dir):
        other = Process(data_dir)
        other.url()
    assert pid_of(data_dir)
    other.end()
    assert pid_of(data_dir) is None


def test_several_may_begin_at_once_with_nothing(tmp_path: Path) -> None:
    others = [Process(tmp_path / "data") for _ in range(4)]
    urls = {other.url() for other in others}
    assert len(urls) == 1
    assert urls.pop().startswith("postgresql://")
    for other in others:
        other.end()
    assert pid_of(tmp_path / "data") is None


def test_a_forked_child_does_not_stop_the_server_of_its_parent(data_dir: Path) -> None:
    with Embedded(data_dir) as embedded:
        child = os.fork()
        if child == 0:
            embedded.stop()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert pid_of(data_dir)
    assert pid_of(data_dir) is None


# --- After a kill -------------------------------------------------------------------------------


def test_a_killed_process_leaves_no_place_behind(data_dir: Path) -> None:
    other = Process(data_dir)
    other.url()
    pid = pid_of(data_dir)
    other.kill()
    assert pid_of(data_dir) == pid, "the server outlives it …"
    with Embedded(data_dir):
        assert pid_of(data_dir) == pid, "… is found again …"
    assert pid_of(data_dir) is None, "… and stopped by who uses it next"


async def test_what_was_committed_survives_when_everything_is_killed(data_dir: Path) -> None:
    other = Process(data_dir)
    url = other.url()
    await ask(url, "CREATE TABLE kept AS SELECT 7 AS number")
    pid = pid_of(data_dir)
    assert pid
    other.kill()
    os.kill(pid, signal.SIGKILL)
    assert (data_dir / "postgres" / "postmaster.pid").exists()
    with Embedded(data_dir) as embedded:  # at once, while backends of the killed one may still live
        assert pid_of(data_dir) != pid
        assert await ask(embedded.admin_url(), "SELECT number FROM kept") == 7
    assert pid_of(data_dir) is None


def test_a_pid_that_some_other_program_has_by_now_is_nobody(data_dir: Path) -> None:
    """As in a container that was killed: numbers begin again."""
    lines = f"{os.getpid()}\n{data_dir}/postgres\n1\n5432\n{data_dir}/postgres/sockets\n\n1 1\nready   \n"
    (data_dir / "postgres" / "postmaster.pid").write_text(lines)
    with Embedded(data_dir):
        assert pid_of(data_dir) not in {None, os.getpid()}


def test_a_broken_beginning_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "postgres.new" / "base").mkdir(parents=True)
    with Embedded(tmp_path):
        assert (tmp_path / "postgres" / "PG_VERSION").exists()
    assert not (tmp_path / "postgres.new").exists()


def test_a_server_whose_socket_was_swept_away_is_started_again(data_dir: Path) -> None:
    other = Process(data_dir)
    other.url()
    pid = pid_of(data_dir)
    other.kill()
    (data_dir / "postgres" / "sockets" / ".s.PGSQL.5432").unlink()
    with Embedded(data_dir):
        assert pid_of(data_dir) not in {None, pid}


# --- Who may enter ------------------------------------------------------------------------------


def test_only_the_owner_may_enter_the_data_and_the_socket(data_dir: Path) -> None:
    modes = {folder: folder.stat().st_mode for folder in data_dir.parents}
    with Embedded(data_dir):
        for folder in ("postgres", "postgres/sockets"):
            assert (data_dir / folder).stat().st_mode & 0o777 == 0o700
        assert (data_dir / "postgres/sockets/.s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
    assert {folder: folder.stat().st_mode for folder in data_dir.parents} == modes


def test_a_path_too_long_for_a_socket_gets_a_private_short_one(tmp_path: Path, made: Path) -> None:
    data_dir = tmp_path / ("long" * 40)
    subprocess.run(["cp", "-a", str(made), str(data_dir)], check=True)
    with Embedded(data_dir) as embedded:
        assert asyncio.run(ask(embedded.admin_url(), "SELECT 1")) == 1
        first = Path((data_dir / "postgres.socket").read_text().strip())
        assert first.stat().st_mode & 0o777 == 0o700
        assert len(str(first)) < 90
    with Embedded(data_dir):
        assert (data_dir / "postgres.socket").read_text().strip() == str(first)
    first.chmod(0o755)  # somebody else may have made it since
    with Embedded(data_dir):
        second = Path((data_dir / "postgres.socket").read_text().strip())
        assert second != first
    shutil.rmtree(first)
    shutil.rmtree(second)


@as_root
def test_root_is_not_who_runs_it(data_dir: Path) -> None:
    with Embedded(data_dir):
        status = Path(f"/proc/{pid_of(data_dir)}/status").read_text()
        uid = next(line for line in status.splitlines() if line.startswith("Uid:")).split()[1]
        assert int(uid) != 0
        assert (data_dir / "postgres").stat().st_uid == int(uid)
        assert data_dir.stat().st_uid == 0


@as_root
def test_a_folder_closed_to_others_is_passed_with_one_right_and_stays_closed(data_dir: Path) -> None:
    data_dir.parent.chmod(0o700)
    with Embedded(data_dir) as embedded:
        assert asyncio.run(ask(embedded.admin_url(), "SELECT 1")) == 1
        status = Path(f"/proc/{pid_of(data_dir)}/status").read_text()
        held = next(line for line in status.splitlines() if line.startswith("CapEff:")).split()[1]
        assert int(held, 16) in {1 << 2, 1 << 1}, "to search folders, or to pass over permissions, and nothing else"
    assert data_dir.parent.stat().st_mode & 0o777 == 0o700


@as_root
def test_where_nothing_helps_it_says_what_to_do(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data_dir.parent.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(CannotRun, match="set WAYPOST_DATABASE_URL"):
        Embedded(data_dir).start()


@as_root
def test_an_ordinary_user_needs_none_of_that() -> None:
    nobody = pwd.getpwnam("nobody").pw_uid
    # This interpreter may itself lie where nobody could read it.
    right = "-all,+dac_read_search"
    become = ("setpriv", f"--reuid={nobody}", "--clear-groups", f"--inh-caps={right}", f"--ambient-caps={right}", "--")
    if subprocess.run([*become, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("setpriv cannot make an ordinary user of us here")
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chown(folder, nobody, -1)
        other = Process(Path(folder, "data"), *become)
        assert other.url().startswith("postgresql://")
        assert Path(folder, "data", "postgres").stat().st_uid == nobody
        other.end()
        assert pid_of(Path(folder, "data")) is None


def test_data_of_somebody_else_is_refused(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(CannotRun, match=r"belongs to .* and this process runs as user 4321"):
        binaries.choose_account((data_dir / "postgres").stat())


# --- Where it cannot run ------------------------------------------------------------------------


def test_without_the_programs_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(CannotRun, match=r"no embedded PostgreSQL for this machine .* install .* WAYPOST_DATABASE_URL"):
        Embedded(tmp_path).start()


def test_data_of_another_version_is_left_alone(data_dir: Path) -> None:
    (data_dir / "postgres" / "PG_VERSION").write_text("15\n")
    with pytest.raises(CannotRun, match="was made by PostgreSQL 15, the embedded one is 18"):
        Embedded(data_dir).start()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "letter.txt").write_text("Dear")
    with pytest.raises(CannotRun, match="no data directory of PostgreSQL"):
        Embedded(tmp_path).start()
    assert (tmp_path / "postgres" / "letter.txt").read_text() == "Dear"


def test_a_data_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match=r"cannot use .*/file/data: .* Choose another WAYPOST_DATA_DIR"):
        Embedded(tmp_path / "file" / "data").start()


def test_spoilt_data_are_told_in_the_words_of_the_server(data_dir: Path) -> None:
    (data_dir / "postgres" / "global" / "pg_control").write_bytes(b"spoilt")
    with pytest.raises(CannotRun, match=r"did not start on .*(?s:.)*pg_control"):
        Embedded(data_dir).start()


@as_root
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(tmp_path)], check=False).returncode != 0:
        pytest.skip("nothing can be mounted here")
    try:
        with pytest.raises(CannotRun, match="the disk is full"):
            Embedded(tmp_path / "data").start()
        assert not (tmp_path / "data" / "postgres").exists()
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_start_that_others_hold_up_ends(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl

    monkeypatch.setattr(server, "_START_TIMEOUT_S", 0.1)
    with (data_dir / "postgres.lock").open() as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(CannotRun, match="another process has been starting or stopping"):
            Embedded(data_dir).start()


def test_who_lets_in_but_says_nothing_is_no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postmaster, "_GREETING_TIMEOUT_S", 0.05)
    there = postmaster.Postmaster(1, tmp_path, ready=True)
    (tmp_path / ".s.PGSQL.5432").write_text("")
    assert not postmaster.answers(there)
    (tmp_path / ".s.PGSQL.5432").unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / ".s.PGSQL.5432"))
        listening.listen()
        assert not postmaster.answers(there)
