"""The PostgreSQL that a command stands on: the embedded one, or the one that the environment names."""

from __future__ import annotations

import hmac
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from waypost.cli.faults import Refused
from waypost.settings import Settings

if TYPE_CHECKING:
    from waypost.db import App, Database
    from waypost.db.migrate import Applied

log = logging.getLogger(__name__)

STRONG_SQL = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = session_user"


@dataclass(frozen=True)
class Ground:
    """Where the database is and who may do what there.

    `app_url` is the login that the environment names (or the embedded one's), `admin_url` a stronger one
    where there is one. On a laptop the environment may name one strong login for everything; then a
    weak one is made beside it (`prepare`), with a password that follows from the secret key.
    """

    settings: Settings
    app_url: str
    admin_url: str | None

    async def prepare(self, apps: Sequence[App], left: dict[str, str] | None = None) -> list[Applied]:
        """Bring roles, tables and reference data to this version; gives the migrations that were applied.

        What a plugin brings and cannot be applied is named in the log and, with the reason, in `left`, and keeps nobody
        else from going on. Raises Refused when no login is known that may, and what `waypost.db.migrate` raises for
        the core.
        """
        from waypost.db.migrate import migrate
        from waypost.db.roles import ensure_login

        admin_url = await self.administrator()
        login, password = await self._login()

        def spare(app: App, error: Exception) -> None:
            words = str(error) or type(error).__name__
            log.error("What the plugin %s keeps in the database was left as it was: %s", app.name, words)
            if left is not None:
                left[app.name] = words.removeprefix(f"{app.name}: ")

        applied = await migrate(admin_url, apps, login=login, spared=spare)
        if password is not None:
            await ensure_login(admin_url, password, login)
        return applied

    async def administrator(self) -> str:
        """The URL of a login that may migrate; raises Refused when the environment names none."""
        if self.admin_url is not None:
            return self.admin_url
        if await self._is_strong():
            return self.app_url
        raise Refused(
            "the login of WAYPOST_DATABASE_URL may not migrate: set WAYPOST_DATABASE_ADMIN_URL to one that may"
        )

    async def entry(self) -> str:
        """The URL with which the platform enters: never a strong login's."""
        from waypost.db.roles import login_url

        if self.settings.embedded or not await self._is_strong():
            return self.app_url
        login, password = await self._login()
        return login_url(self.app_url, login, password or "")

    async def analyze(self) -> None:
        """Let PostgreSQL count anew what the tables hold, as it would by itself some time after a large load.

        Until then its guesses can make the nearest activities fifty times slower. Only the tables' owner may, so
        that nothing happens where no administrator is known.
        """
        from waypost.db.connections import connect

        if self.admin_url is None and not await self._is_strong():
            return
        connection = await connect(await self.administrator())
        try:
            await connection.execute("ANALYZE")
        finally:
            await connection.close()

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Open the database for a command's own work, with few connections."""
        from waypost.db import Database

        async with await Database.open(await self.entry(), pool_size=2) as database:
            yield database

    async def _login(self) -> tuple[str, str | None]:
        """Name and password of the login that the platform enters with; no password where none is asked for."""
        from waypost.db.scope import LOGIN_ROLE

        if self.settings.embedded:
            return LOGIN_ROLE, None
        if await self._is_strong():
            key = self.settings.load_secret_key().encode()
            return LOGIN_ROLE, hmac.digest(key, b"login:" + LOGIN_ROLE.encode(), "sha256").hex()
        parts = urlsplit(self.app_url)
        password = unquote(parts.password) if parts.password else None
        return unquote(parts.username or LOGIN_ROLE), password

    async def _is_strong(self) -> bool:
        """Whether the environment's one login is an administrator's, which could make a weaker one."""
        if self.settings.embedded or self.admin_url is not None:
            return False
        from waypost.db.connections import connect

        connection = await connect(self.app_url)
        try:
            return bool(await connection.fetchval(STRONG_SQL))
        finally:
            await connection.close()


@contextmanager
def ground(settings: Settings) -> Iterator[Ground]:
    """Find the database, starting the embedded server (or joining it) where none is named.

    Raises `CannotRun` where it cannot run. The last process that leaves stops the embedded server.
    """
    if settings.database_url is not None:
        yield Ground(settings, settings.database_url, settings.admin_url)
        return
    from waypost.db import Embedded

    with Embedded(settings.data_dir) as embedded:
        yield Ground(settings, embedded.app_url(), embedded.admin_url())
