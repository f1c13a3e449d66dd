"""All rooms' tables, put together as the one App that the core migrates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from asyncpg import Connection

from waypost import db
from waypost.access.tables import TABLES as ACCESS
from waypost.awards.claim_tables import TABLES as CLAIMS
from waypost.awards.tables import TABLES as AWARDS
from waypost.badges.tables import TABLES as BADGES
from waypost.connectors.tables import TABLES as CONNECTORS
from waypost.feeds.tables import TABLES as FEEDS
from waypost.frameworks.tables import TABLES as FRAMEWORKS
from waypost.insight.tables import TABLES as INSIGHT
from waypost.issuers.tables import TABLES as ISSUERS
from waypost.learners.tables import TABLES as LEARNERS
from waypost.opportunities.tables import TABLES as OPPORTUNITIES
from waypost.outbox.tables import TABLES as OUTBOX
from waypost.pathways.tables import TABLES as PATHWAYS
from waypost.places.postcodes import load_built_in
from waypost.places.tables import TABLES as PLACES
from waypost.plugins.registrars import BroughtFramework
from waypost.schemes.tables import TABLES as SCHEMES
from waypost.school.tables import TABLES as SCHOOL
from waypost.skills.framework_store import load_packages
from waypost.skills.tables import TABLES as SKILLS
from waypost.standards.reference import load_reference
from waypost.standards.tables import TABLES as STANDARDS
from waypost.tenancy.tables import TABLES as TENANCY
from waypost.webhooks.tables import TABLES as WEBHOOKS


def core_app(frameworks: Sequence[BroughtFramework] = ()) -> db.App:
    """Describe the core to the migration runner: its migrations, tables and reference data.

    Returns an App named `waypost`; plugins bring Apps of their own. `frameworks` are those of skills that plugins
    bring: they stand in the core's tables.
    """
    return db.App(
        name="waypost",
        migrations=Path(db.__file__).parent / "migrations",
        tables=(
            *TENANCY,
            *ACCESS,
            *OUTBOX,
            *STANDARDS,
            *SKILLS,
            *PLACES,
            *ISSUERS,
            *BADGES,
            *OPPORTUNITIES,
            *PATHWAYS,
            *LEARNERS,
            *AWARDS,
            *CLAIMS,
            *CONNECTORS,
            *SCHOOL,
            *FRAMEWORKS,
            *INSIGHT,
            *SCHEMES,
            *FEEDS,
            *WEBHOOKS,
        ),
        reference=partial(load_all, frameworks=frameworks),
    )


async def load_all(connection: Connection, frameworks: Sequence[BroughtFramework] = ()) -> None:
    """Bring the reference data of every room up to date, on a connection of the owner. Idempotent."""
    await load_reference(connection)
    await load_built_in(connection)
    await load_packages(connection, {each.name: each.load for each in frameworks})
