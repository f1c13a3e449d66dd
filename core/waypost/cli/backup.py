"""`waypost backup` and `waypost restore`: a copy of everything in the database, and the way back."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
import orjson

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.progress import telling
from waypost.cli.serving import run
from waypost.settings import Settings

FORMAT: Final = 1
DUMP: Final = "database.dump"
NOTE: Final = "backup.json"
PIECE_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class Note:
    """What lies beside the copy: of what version it is, whether it is whole, and which secret key belongs to it."""

    format: int
    waypost: str
    made_at: str
    postgresql: str
    migrations: list[list[str]]
    dump_sha256: str
    key_fingerprint: str | None


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def backup(folder: Path) -> None:
    """Copy the whole database into a new FOLDER, as it is at one moment, while everybody goes on working.

    The secret key is not part of it, nor are the tenants' files: keep copies of those elsewhere.
    """
    settings = Settings.from_environment()
    if folder.exists() and any(folder.iterdir()):
        raise Refused(f"{folder} is not empty: name a new one")
    folder.mkdir(parents=True, mode=0o700, exist_ok=True)
    with ground(settings) as here, telling("Copying the database"):
        note = run(lambda: _backup(here, folder))
    size = (folder / DUMP).stat().st_size
    click.echo(f"{folder} holds the database: {size / 1e6:.1f} MB, {len(note.migrations)} migrations.")
    click.echo(
        "It does not hold the secret key, without which nobody is found by their address again: keep a copy of "
        "WAYPOST_SECRET_KEY, or of the file secret_key in the data directory, elsewhere.",
        err=True,
    )


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--other-key", is_flag=True, help="Go on though the secret key is another: people must sign up anew.")
def restore(folder: Path, other_key: bool) -> None:
    """Fill an empty database, or an empty data directory, from what `waypost backup` wrote into FOLDER.

    Brings it to this version afterwards. What holds tables already is never overwritten.
    """
    settings = Settings.from_environment()
    note = read_note(folder)
    _refuse_other_key(settings, note, other_key=other_key)
    with ground(settings) as here, telling("Restoring the database"):
        run(lambda: _restore(here, folder, note))
    click.echo(f"The database is as it was at {note.made_at}.")


async def _backup(here: Ground, folder: Path) -> Note:
    from waypost.db import backups
    from waypost.db.applied import APPLIED_SQL
    from waypost.db.connections import connect

    admin_url = await here.administrator()
    connection = await connect(admin_url)
    try:
        await backups.refuse_half_sighted(connection)
        server = connection.get_server_version()
        applied = await connection.fetch(f"{APPLIED_SQL} ORDER BY app, number")
    finally:
        await connection.close()
    copy = folder / DUMP
    os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    await asyncio.to_thread(backups.dump, admin_url, copy)
    note = Note(
        format=FORMAT,
        waypost=version("waypost"),
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        postgresql=f"{server.major}.{server.minor}",
        migrations=[[row["app"], row["name"]] for row in applied],
        dump_sha256=digest_of(copy),
        key_fingerprint=fingerprint_of(here.settings),
    )
    # Last, so that a folder without it is no backup.
    (folder / NOTE).write_bytes(orjson.dumps(asdict(note), option=orjson.OPT_INDENT_2))
    return note


async def _restore(here: Ground, folder: Path, note: Note) -> None:
    from waypost.cli.parts import apps_of, load_plugins, migrations_of
    from waypost.db import backups
    from waypost.db.connections import connect
    from waypost.db.roles import prepare_roles

    apps = apps_of(load_plugins(here.settings))
    known, names = migrations_of(apps), {app.name for app in apps}
    newer = [" ".join(each) for each in note.migrations if each[0] in names and tuple(each) not in known]
    gone = sorted({app for app, _ in note.migrations} - names)
    if newer:
        raise Refused(f"the backup is of a newer version, {note.waypost}: it has {', '.join(newer)}")
    if gone:
        raise Refused(f"the backup has tables of plugins that are not installed: {', '.join(gone)}")
    admin_url = await here.administrator()
    connection = await connect(admin_url)
    try:
        await backups.refuse_filled(connection)
        # The copy names the roles, which belong to the server and not to a database.
        await prepare_roles(connection)
    finally:
        await connection.close()
    await asyncio.to_thread(backups.restore, admin_url, folder / DUMP)
    await here.prepare(apps)
    await here.analyze()


def read_note(folder: Path) -> Note:
    """Read and check what lies beside a copy; raises Refused unless it is a whole backup."""
    try:
        note = Note(**orjson.loads((folder / NOTE).read_bytes()))
    except (OSError, TypeError, orjson.JSONDecodeError) as error:
        raise Refused(f"{folder} is no backup that was finished: {NOTE} is missing or broken") from error
    if note.format != FORMAT:
        raise Refused(f"{folder} has the format {note.format}; this version reads {FORMAT}")
    copy = folder / DUMP
    if not copy.is_file() or digest_of(copy) != note.dump_sha256:
        raise Refused(f"{copy} is not what was written: it is missing, cut short or changed")
    return note


def _refuse_other_key(settings: Settings, note: Note, *, other_key: bool) -> None:
    if other_key or note.key_fingerprint in {None, fingerprint_of(settings)}:
        return
    raise Refused(
        "the backup belongs to another secret key, without which nobody is found by their address: set "
        "WAYPOST_SECRET_KEY to that one, or go on with --other-key"
    )


def fingerprint_of(settings: Settings) -> str | None:
    """Tell secret keys apart without telling them; None where there is no key yet. Makes none."""
    kept = settings.data_dir / "secret_key"
    if settings.secret_key is None and not kept.is_file():
        return None
    return hmac.digest(settings.load_secret_key().encode(), b"fingerprint for backups", "sha256").hex()[:16]


def digest_of(path: Path) -> str:
    """SHA-256 of a file of any size."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            digest.update(piece)
    return digest.hexdigest()
