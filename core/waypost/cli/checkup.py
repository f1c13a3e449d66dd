"""What `waypost doctor` looks at: small checks, each with what is wrong and what to do."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from waypost.cli.faults import words_for
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.cli.ground import Ground
    from waypost.db import App, Database
    from waypost.plugins import Plugins
    from waypost.plugins.manifest import Manifest

SKEW_S: Final = 2.0
WAITING_S: Final = 900.0  # how long work may be due
FREE_BYTES: Final = 1_000_000_000
MAIL_TIMEOUT_S: Final = 5.0
MOST_TOLD: Final = 5
UNMIGRATED: Final = {
    "not applied": "waypost migrate",
    "applied by another version": "install the version of Waypost, or of the plugin, that the database belongs to",
    "changed since it was applied": "put the file back as it was; what shall be otherwise is a migration of its own",
}
SECURED: Final = "waypost migrate makes policies, grants and triggers anew"
UNLIKE: Final = (
    "tables and columns follow from migrations alone: install the version of Waypost, or of the plugin, that the "
    "database belongs to; whoever writes it adds a migration that makes them as its table classes say, or mends these"
)

EXTENSIONS_SQL: Final = "SELECT extname FROM pg_extension"
NOW_SQL: Final = "SELECT clock_timestamp() AS now"
QUEUE_SQL: Final = """
SELECT count(*) FILTER (WHERE state = 'due') AS due, count(*) FILTER (WHERE state = 'dead') AS dead,
       coalesce(extract(epoch FROM now() - min(due_at) FILTER (WHERE state = 'due')), 0)::float8 AS waiting_s
FROM work
"""


@dataclass(frozen=True)
class Found:
    """What a check found: all is well, or something is wrong and there is a mend."""

    words: str
    mend: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing need be done."""
        return not self.mend


@dataclass(frozen=True)
class Patient:
    """What is looked at. `database` is None where it cannot be entered."""

    settings: Settings
    plugins: Plugins
    apps: tuple[App, ...]
    database: Database | None = None

    @property
    def opened(self) -> Database:
        """The database, for checks inside it."""
        if self.database is None:
            raise LookupError("this check is made inside the database, which was not entered")
        return self.database


@dataclass(frozen=True)
class Check:
    """One thing to look at; `inside` the database, or without it."""

    name: str
    look: Callable[[Patient], Awaitable[Found]]
    inside: bool = True


@asynccontextmanager
async def admitted(patient: Patient, here: Ground | None, why: str = "") -> AsyncIterator[tuple[Patient, Found]]:
    """Enter the database, if that is possible, and say how it went."""
    from waypost.db import Database
    from waypost.db.connections import connect

    async with AsyncExitStack() as stack:
        if here is None:
            yield patient, Found(why, "start it once: waypost up, or waypost migrate")
            return
        try:
            url = await here.entry()
            database = await stack.enter_async_context(await Database.open(url, pool_size=2))
            connection = await connect(url)
            try:
                version = connection.get_server_version()
            finally:
                await connection.close()
        except Exception as error:
            words = words_for(error)
            if words is None:
                raise
            mend = "see WAYPOST_DATABASE_URL and WAYPOST_DATABASE_ADMIN_URL in docs/operators.md"
            yield patient, Found(words, mend)
            return
        known = Patient(patient.settings, patient.plugins, patient.apps, database)
        yield known, Found(f"PostgreSQL {version.major}.{version.minor} answers; the login is weak enough")


async def _extensions(patient: Patient) -> Found:
    from waypost.db import National

    there = {row["extname"] for row in await patient.opened.reads.rows(National(), EXTENSIONS_SQL)}
    missing = sorted({name for app in patient.apps for name in app.extensions} - there)
    if missing:
        return Found(f"missing: {', '.join(missing)}", "waypost migrate, with WAYPOST_DATABASE_ADMIN_URL")
    return Found("all are there")


async def _migrations(patient: Patient) -> Found:
    from waypost.cli.parts import digests_of
    from waypost.db.applied import applied_digests

    expected = digests_of(patient.apps)
    applied = await applied_digests(patient.opened)
    apps = {app.name for app in patient.apps}
    common = expected.keys() & applied.keys()
    wrong = {
        name: found
        for name, found in (
            ("not applied", expected.keys() - applied.keys()),
            ("applied by another version", {each for each in applied.keys() - expected.keys() if each[0] in apps}),
            ("changed since it was applied", {each for each in common if expected[each] != applied[each]}),
        )
        if found
    }
    if not wrong:
        return Found(f"{len(expected)} are applied")
    return Found(
        "; ".join(f"{name}: {_some(sorted(map(' '.join, found)))}" for name, found in wrong.items()),
        "; ".join(UNMIGRATED[name] for name in wrong),
    )


async def _policies(patient: Patient) -> Found:
    from waypost.db import National
    from waypost.db.catalogue import faults

    async with patient.opened.transaction(National()) as transaction:
        found = await faults(transaction.connection, patient.apps)
    if found:
        mends = {True: SECURED, False: UNLIKE}
        kinds = sorted({fault.secured for fault in found}, reverse=True)
        return Found(_some([str(fault) for fault in found]), "; ".join(mends[kind] for kind in kinds))
    return Found("tables, policies, grants and triggers are as declared")


async def _clock(patient: Patient) -> Found:
    from waypost.db import National

    before = datetime.now(UTC)
    there = (await patient.opened.reads.rows(National(), NOW_SQL))[0]["now"]
    after = datetime.now(UTC)
    skew_s = max((before - there).total_seconds(), (there - after).total_seconds(), 0.0)
    if skew_s > SKEW_S:
        return Found(f"{skew_s:.0f} s apart from the database's", "let both machines keep time by NTP")
    return Found("as the database's")


async def _queue(patient: Patient) -> Found:
    from waypost.db import System

    row = (await patient.opened.reads.rows(System("doctor"), QUEUE_SQL))[0]
    if row["dead"]:
        return Found(
            f"{row['dead']} pieces of work failed for good", "see why in the table work, then waypost work replay"
        )
    if row["waiting_s"] > WAITING_S:
        words = f"{row['due']} pieces of work, one due for {row['waiting_s'] / 60:.0f} minutes"
        return Found(words, "see that waypost worker runs")
    return Found(f"{row['due']} pieces of work are due")


async def _forgetting(patient: Patient) -> Found:
    from waypost.privacy.commands import unfinished

    number = len(await unfinished(patient.opened))
    if number:
        return Found(f"{number} people were forgotten in part only", "waypost person erase --unfinished")
    return Found("nobody is forgotten in part only")


async def _files(patient: Patient) -> Found:
    from waypost.cli.tenants import apply_files
    from waypost.tenancy.report import FilesRefused

    if not patient.settings.tenants_dir.is_dir():
        return Found(f"there is no folder {patient.settings.tenants_dir}")
    try:
        report = await apply_files(patient.opened, patient.settings, patient.plugins, dry_run=True)
    except FilesRefused:
        return Found("the tenants' files have faults", "waypost tenants check names them")
    if not report.unchanged:
        count = sum(report.counts().values())
        return Found(f"{count} differences to the database", "waypost tenants apply --dry-run shows them")
    return Found("the database says what they say")


async def _plugins_set_up(patient: Patient) -> AsyncIterator[tuple[str, Manifest, dict[str, Any], set[str]]]:
    """What each open city has set for each of its plugins, and the names of the secrets that it keeps."""
    from waypost.db import City
    from waypost.plugins import settings_of
    from waypost.plugins.secrets import secrets_in
    from waypost.tenancy import load_directory

    for tenant in (await load_directory(patient.opened)).tenants:
        active = [patient.plugins.working[name] for name in sorted(tenant.plugins & patient.plugins.working.keys())]
        if not active or not tenant.is_open:
            continue
        async with patient.opened.transaction(City(tenant.id, quiet=True)):
            kept = {each.name for each in await secrets_in(tenant.id)}
            found = [(plugin.manifest, await settings_of(plugin.manifest)) for plugin in active]
        for manifest, settings in found:
            yield tenant.slug, manifest, settings, kept


async def _settings(patient: Patient) -> Found:
    from waypost.plugins.settings import problems_in, sentence

    unfit = [
        f"{slug}: {sentence(problem)}"
        async for slug, manifest, settings, _ in _plugins_set_up(patient)
        for problem in problems_in(settings, manifest.settings, ("plugins", manifest.name))
    ]
    if not unfit:
        return Found("all are as their plugins want them")
    return Found(_some(unfit), "the plugin wants others since it was upgraded: in the tenant's file, or with setPlugin")


async def _secrets(patient: Patient) -> Found:
    from waypost.plugins.settings import secrets_named

    unset = [
        (slug, manifest.name, name)
        async for slug, manifest, settings, kept in _plugins_set_up(patient)
        for name in sorted(secrets_named(settings, manifest.settings) - kept)
    ]
    if not unset:
        return Found("all that settings of plugins name are kept")
    words = _some(
        [f"{slug}: the settings of {plugin} name {name}, which nobody has set" for slug, plugin, name in unset]
    )
    slug, _, name = unset[0]
    return Found(words, f"waypost secrets set --tenant {slug} {name}" + ("; so for the others" if unset[1:] else ""))


async def _key(patient: Patient) -> Found:
    if patient.settings.secret_key is not None:
        return Found("given by the environment")
    path = patient.settings.data_dir / "secret_key"
    if not path.is_file():
        return Found("there is none", "set WAYPOST_SECRET_KEY to at least 16 random characters")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        return Found(f"others can read {path}", f"chmod 600 {path}")
    return Found(f"kept in {path}: keep a copy elsewhere")


async def _disk(patient: Patient) -> Found:
    folder = patient.settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    words = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.0f} at {patient.settings.data_dir}"
    return Found(words, "make room there, or choose another WAYPOST_DATA_DIR" if usage.free < FREE_BYTES else "")


async def _mail(patient: Patient) -> Found:
    url = patient.settings.smtp_url
    if url is None:
        return Found("no server is set: nothing is sent")
    try:
        await asyncio.to_thread(_greet, url)
    except (OSError, smtplib.SMTPException) as error:
        return Found(f"the server does not answer as one: {error}", "see WAYPOST_SMTP_URL")
    return Found("the server answers")


def _greet(url: str) -> None:
    parts = urlsplit(url)
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    with kind(unquote(parts.hostname or ""), port, timeout=MAIL_TIMEOUT_S) as server:
        server.ehlo()


def _some(words: list[str]) -> str:
    more = len(words) - MOST_TOLD
    return "; ".join(words[:MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


CHECKS: Final = (
    Check("extensions", _extensions),
    Check("migrations", _migrations),
    Check("policies", _policies),
    Check("clock", _clock),
    Check("queue", _queue),
    Check("erasing", _forgetting),
    Check("files", _files),
    Check("settings", _settings),
    Check("secrets", _secrets),
    Check("secret key", _key, inside=False),
    Check("disk", _disk, inside=False),
    Check("mail", _mail, inside=False),
)
