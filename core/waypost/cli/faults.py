"""What a command may expect to go wrong, told in one line instead of a traceback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click


class Refused(click.ClickException):
    """The command was refused, or what it was given is invalid: one line on stderr, exit code 1."""

    exit_code = 1

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """Print the line."""
        click.echo(f"waypost: {self.format_message()}", err=True)


@contextmanager
def expected() -> Iterator[None]:
    """Turn the faults that rooms name into `Refused`; what nobody expected keeps its traceback."""
    try:
        yield
    except Exception as error:
        words = words_for(error)
        if words is None:
            raise
        raise Refused(words) from error


def words_for(error: Exception) -> str | None:
    """What to tell about an exception; None when it is one that nobody expected.

    The rooms are asked only now, so that a command that goes well imports none that it does not need.
    """
    import asyncpg

    from waypost.db import DatabaseFault
    from waypost.plugins import NameClash
    from waypost.settings import SettingsFault
    from waypost.tenancy.report import FilesRefused

    if isinstance(error, DatabaseFault | NameClash | SettingsFault):
        return str(error)
    if isinstance(error, FilesRefused):
        return f"the tenants' files cannot be applied:\n{error}"
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError | asyncpg.InvalidCatalogNameError):
        return f"the database refuses us: {error}. Check WAYPOST_DATABASE_URL"
    if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.CannotConnectNowError | ConnectionError):
        return f"the database does not answer: {error}. Check WAYPOST_DATABASE_URL"
    if isinstance(error, asyncpg.LockNotAvailableError):
        return f"others are writing the same: {error}. Try again when they are done"
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.strerror}: {error.filename}"
    return None
