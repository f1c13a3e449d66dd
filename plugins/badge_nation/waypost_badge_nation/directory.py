"""What cities may know of networks: who charges, and what an organisation has left of its memberships.

Every city reads it, and a network alone writes its own rows, in its City transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from waypost.db import execute, fetch, fetchval, one_at_a_time
from waypost.plugins import manifest_of, settings_of
from waypost_badge_nation.rules import Standing

MANIFEST: Final = manifest_of("waypost_badge_nation")

CHARGES_SQL: Final = "SELECT EXISTS (SELECT FROM plugin_badge_nation.nation_network WHERE network_id = $1)"
SHOW_SQL: Final = "INSERT INTO plugin_badge_nation.nation_network (network_id) VALUES ($1) ON CONFLICT DO NOTHING"
HIDE_SQL: Final = "DELETE FROM plugin_badge_nation.nation_network WHERE network_id = $1"
STANDINGS_SQL: Final = """
SELECT id, starts_on, ends_on, allowance, used FROM plugin_badge_nation.nation_standing
WHERE organisation_id = $2 AND network_id = $1 ORDER BY starts_on, id
"""
WRITE_SQL: Final = """
INSERT INTO plugin_badge_nation.nation_standing AS known
    (id, network_id, organisation_id, starts_on, ends_on, allowance, used)
SELECT m.id, m.tenant_id, m.organisation_id, m.starts_on, m.ends_on, m.allowance,
       (SELECT count(*) FROM plugin_badge_nation.nation_template t
        WHERE t.tenant_id = m.tenant_id AND t.membership_id = m.id)
FROM plugin_badge_nation.nation_membership m WHERE m.tenant_id = $1 AND m.id = $2
ON CONFLICT (id) DO UPDATE SET ends_on = excluded.ends_on, used = excluded.used
"""


async def charges(network: UUID) -> bool:
    """Whether a tenant charges for what it reviews, as far as cities know."""
    return bool(await fetchval(CHARGES_SQL, network))


async def says_that_it_charges() -> bool:
    """Whether the tenant of the current City transaction says so in its settings."""
    return bool((await settings_of(MANIFEST))["charges"])


async def show_network(network: UUID, *, charging: bool) -> None:
    """Let cities know whether the network charges."""
    await execute(SHOW_SQL if charging else HIDE_SQL, network)


async def standings(network: UUID, organisation: UUID) -> Sequence[Standing]:
    """All memberships of an organisation in a network."""
    return [Standing(**dict(row)) for row in await fetch(STANDINGS_SQL, network, organisation)]


async def show_standing(network: UUID, membership: UUID) -> None:
    """Let cities know how a membership stands, in the network's transaction."""
    await execute(WRITE_SQL, network, membership)


async def decide_alone(network: UUID, organisation: UUID) -> None:
    """Wait until nobody else decides about this organisation's templates and memberships, in whatever city."""
    await one_at_a_time("badge_nation", network, organisation)
