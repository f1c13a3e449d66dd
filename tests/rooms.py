"""Tenants and what stands in them, for the tests of the domain rooms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from waypost.badges.store import BadgeWords, CriterionWords, write_badge
from waypost.db import City, Database, System, execute, new_id
from waypost.issuers.store import IssuerWords, OrganisationWords, ensure_organisation, write_issuer
from waypost.opportunities.store import OpportunityWords
from waypost.refusal import Refusal
from waypost.tenancy.entries import Here, Written

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")

TENANT_SQL = """
INSERT INTO tenant (id, slug, name, kind, languages, timezone, standard_code, primary_colour, accent_colour)
VALUES ($1, $2, $2, 'city', $3, 'Europe/London', 'rsa-2019', '#0b5d6b', '#ffd166')
"""


class _Enough(Exception):
    """The test has seen enough."""


@asynccontextmanager
async def rolled_back(database: Database, here: Here) -> AsyncIterator[Here]:
    """A transaction of a city that leaves nothing behind."""
    with suppress(_Enough):
        async with database.transaction(City(here.tenant_id)):
            yield here
            raise _Enough


async def found_tenant(database: Database, slug: str, languages: tuple[str, ...] = ("en", "cy")) -> Here:
    """A new city."""
    id = new_id()
    async with database.transaction(System("tests")):
        await execute(TENANT_SQL, id, slug, list(languages))
        await execute("INSERT INTO tenant_slug (slug, tenant_id) VALUES ($1, $2)", slug, id)
    return Here(id, slug, languages, "Europe/London", "rsa-2019")


async def found_issuer(database: Database, here: Here, slug: str = "youth-club") -> UUID:
    """A new issuer with an organisation of the same slug."""
    async with database.transaction(City(here.tenant_id)):
        organisation = await ensure_organisation(OrganisationWords(slug, slug.title(), "club"))
        assert isinstance(organisation, UUID)
        words = IssuerWords(slug, slug.title(), "club", organisation, roles=("issues", "provides"))
        return done(await write_issuer(here, words, None)).id


def badge_words(issuer: UUID, slug: str = "smart-citizen", **changes: Any) -> BadgeWords:
    """A publishable badge."""
    facts: dict[str, Any] = {
        "slug": slug,
        "name": slug.replace("-", " ").title(),
        "description": "Earners of this badge have taken part.",
        "layer": "rsa-2019/engage",
        "issuer_id": issuer,
        "creator_id": issuer,
        "criteria": (CriterionWords("Came along", skills=("Curiosity",)), CriterionWords("Stayed")),
        "skills": ("Teamwork",),
        "state": "published",
    }
    return BadgeWords(**{**facts, **changes})


async def publish_badge(database: Database, here: Here, issuer: UUID, slug: str, **changes: Any) -> UUID:
    """A new published badge."""
    async with database.transaction(City(here.tenant_id)):
        return done(await write_badge(here, badge_words(issuer, slug, **changes), None, NOW)).id


def opportunity_words(provider: UUID, slug: str = "film-lab", **changes: Any) -> OpportunityWords:
    """A workshop on one Saturday."""
    facts: dict[str, Any] = {
        "slug": slug,
        "title": slug.replace("-", " ").title(),
        "summary": "Make a film.",
        "kind": "WORKSHOP",
        "provider_id": provider,
        "latitude": 50.82,
        "longitude": -0.14,
        "starts_at": datetime(2027, 3, 6, 10, tzinfo=LONDON),
        "ends_at": datetime(2027, 3, 6, 13, tzinfo=LONDON),
    }
    return OpportunityWords(**{**facts, **changes})


def done(outcome: Written | Refusal) -> Written:
    """What was written; fails the test on a refusal."""
    assert isinstance(outcome, Written), outcome
    return outcome


def refused(outcome: object) -> Refusal:
    """The refusal; fails the test on anything else."""
    assert isinstance(outcome, Refusal), outcome
    return outcome
