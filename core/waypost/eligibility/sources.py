"""Where schemes come from: the plugins that are active, and the city's own files."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from waypost.db import City, National
from waypost.schemes.store import OF_TENANT_SQL, WANTED_SQL, scheme_of_row

if TYPE_CHECKING:
    from waypost.db import Database, Scope
    from waypost.graph import Request
    from waypost.plugins import Plugins
    from waypost.schemes.rules import Scheme

LOOKUP: Final = "schemes"
ALL: Final = ""
_CODE: Final = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)?")

Found = Mapping[str, "Scheme"]


def schemes_in(database: Database, plugins: Plugins | None) -> Callable[[str, Request], Awaitable[Found]]:
    """The lookup of schemes: by codes with spaces between them, or `ALL` that are listed where it is asked.

    What is not found is left out. A local scheme is named by `tenant/slug`, or by the tenant's id in its place. Listed
    are those of active plugins and, in a city, its own that still stand in its files.
    """

    async def find(key: str, request: Request) -> Found:
        codes = key.split()
        known = {scheme.code: scheme for scheme in _of_plugins(plugins, request)}
        found = {code: known[code] for code in codes if code in known}
        if key == ALL:
            own = map(scheme_of_row, await _own(database, request.tenant))
            return {**known, **{scheme.code: scheme for scheme in own}}
        local = [code for code in codes if "/" in code]
        return {**found, **await _local(database, request, local)} if local else found

    return find


async def _own(database: Database, tenant: UUID | None) -> list[Any]:
    return [] if tenant is None else list(await database.reads.rows(City(tenant), OF_TENANT_SQL, [tenant]))


def _of_plugins(plugins: Plugins | None, request: Request) -> tuple[Scheme, ...]:
    if plugins is None:
        return ()
    shown = request.services.plugins_shown(None, request.tenant)
    return plugins.schemes(each["name"] for each in shown if each["active"])


async def _local(database: Database, request: Request, codes: Collection[str]) -> Found:
    """Find local schemes; those of opportunities that a city borrowed are read nationally, as these are."""
    abroad = [code for code in codes if request.tenant is not None and _home(code) not in {None, request.tenant}]
    here = [code for code in codes if code not in abroad]
    scope = National() if request.tenant is None else City(request.tenant)
    rows = [row for each, some in ((scope, here), (National(), abroad)) for row in await _wanted(database, each, some)]
    return {row["wanted"]: scheme_of_row(row) for row in rows}


def _home(code: str) -> UUID | None:
    """The tenant that a code names by its id, as rows do."""
    try:
        return UUID(code.partition("/")[0])
    except ValueError:
        return None


async def _wanted(database: Database, scope: Scope, codes: Collection[str]) -> list[Any]:
    if not codes:
        return []
    homes, slugs = zip(*(code.split("/", 1) for code in codes), strict=True)
    return list(await database.reads.rows(scope, WANTED_SQL, [list(homes), list(slugs)]))


async def listed(request: Request) -> tuple[Scheme, ...]:
    """All schemes that are listed where it is asked: the plugins', then the city's own."""
    return tuple((await request.lookups[LOOKUP](ALL, request)).values())


async def asked_for(request: Request, code: str) -> Scheme | None:
    """The scheme of a code that somebody wrote. By a tenant's id only rows name one, which lead abroad."""
    return None if _home(code) is not None else (await known(request, (code,))).get(code)


async def known(request: Request, codes: Collection[str]) -> Found:
    """The schemes of these codes that are known where it is asked."""
    wanted = " ".join(code for code in dict.fromkeys(codes) if _CODE.fullmatch(code))
    remembered = f"{LOOKUP}: {wanted}"  # scheme, facts and rules of a placement ask for the same
    if wanted and remembered not in request.memo:
        request.memo[remembered] = await request.lookups[LOOKUP](wanted, request)
    found: Found = request.memo.get(remembered, {})
    return found
