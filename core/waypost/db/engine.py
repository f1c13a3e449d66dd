"""The Piccolo engine of every table: no connection of its own, only the current transaction's."""

from __future__ import annotations

from typing import Any, NoReturn

from piccolo.engine.postgres import PostgresEngine
from piccolo.querystring import QueryString

from waypost.db.errors import Unsupported
from waypost.db.transaction import current, open_transaction


class ScopedEngine(PostgresEngine):
    """Runs Piccolo's queries on the current transaction; every way around it is closed."""

    def __init__(self) -> None:
        # Not super().__init__(): it would connect, at import, to ask for the version.
        self.config: dict[str, Any] = {}
        self.extensions = ()
        self.extra_nodes = {}
        self.pool = None
        self.log_queries = False
        self.log_responses = False
        self.engine_type = "postgres"
        self.min_version_number = 15
        self.query_id = 0

    async def run_querystring(self, querystring: QueryString, in_pool: bool = True) -> Any:  # noqa: ARG002 - Piccolo's
        """Run a query on the current transaction, after those waiting; raises `NoScope` outside one."""
        query, arguments = querystring.compile_string(engine_type=self.engine_type)
        async with current().turn() as connection:
            return await connection.fetch(query, *arguments)

    async def run_ddl(self, ddl: str, in_pool: bool = True) -> Any:  # noqa: ARG002 - Piccolo's
        """Run a definition on the current transaction, where a scope's role is refused by PostgreSQL."""
        async with current().turn() as connection:
            return await connection.fetch(ddl)

    def transaction_exists(self) -> bool:
        """Whether a transaction in scope is open in this task."""
        return open_transaction() is not None

    async def get_version(self) -> float:
        """Refused: the engine knows no server."""
        return _refuse("get_version()")

    async def prep_database(self) -> None:
        """Refused: extensions are made by migrations."""
        _refuse("prep_database()")

    async def get_new_connection(self) -> NoReturn:
        """Refused: a connection of one's own would be in no scope."""
        _refuse("get_new_connection()")

    async def start_connection_pool(self, **_: Any) -> None:
        """Refused: `Database` owns the connections."""
        _refuse("start_connection_pool()")

    async def close_connection_pool(self) -> None:
        """Refused: `Database` owns the connections."""
        _refuse("close_connection_pool()")

    async def batch(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: a batch would leave the transaction and its scope."""
        _refuse("batch()")

    def transaction(self, *_: Any, **__: Any) -> NoReturn:
        """Refused: only `database.transaction(scope)` says in whose name."""
        _refuse("transaction()")

    def atomic(self) -> NoReturn:
        """Refused: only `database.transaction(scope)` says in whose name."""
        _refuse("atomic()")


def _refuse(what: str) -> NoReturn:
    raise Unsupported(f"{what} goes around the transaction in scope; use database.transaction(scope)")


ENGINE = ScopedEngine()
