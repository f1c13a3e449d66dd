"""`waypost token`: who may write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import orjson

from waypost.cli.faults import Refused
from waypost.cli.ground import Ground, ground
from waypost.cli.serving import run
from waypost.settings import Settings

if TYPE_CHECKING:
    from uuid import UUID

    from waypost.access.people import NewToken
    from waypost.db import Database


@click.group()
def token() -> None:
    """Bearer tokens for people and programs."""


@token.command()
@click.option("--tenant", metavar="SLUG", help="The tenant for which it is valid.")
@click.option("--national", is_flag=True, help="For an operator of the whole platform, instead of a tenant.")
@click.option("--role", help="What its bearer may do, e.g. curator; with --national always operator.")
@click.option("--email", required=True, help="Whose it is.")
@click.option("--issuer", metavar="SLUG", help="The issuer, for roles that belong to one.")
@click.option("--days", type=click.IntRange(1), default=90, show_default=True, help="How many days it is valid.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: token, id and end.")
def create(
    tenant: str | None, national: bool, role: str | None, email: str, issuer: str | None, days: int, as_json: bool
) -> None:
    """Make a bearer token and print it, alone, once: it is kept only as a hash."""
    if national == (tenant is not None):
        raise click.UsageError("give either --tenant or --national")
    if national and role not in (None, "operator"):
        raise click.UsageError("--national is for the role operator alone")
    if not national and role is None:
        raise click.UsageError("--role is missing")
    with ground(Settings.from_environment()) as here:
        made = run(lambda: _create(here, tenant, role or "operator", email, issuer, days))
    if as_json:
        facts = {"token": made.token, "id": made.id, "expires_at": made.expires_at}
        click.echo(orjson.dumps(facts).decode())
    else:
        click.echo(made.token)


async def _create(here: Ground, tenant: str | None, role: str, email: str, issuer: str | None, days: int) -> NewToken:
    from waypost.access.people import create_token
    from waypost.refusal import Refusal

    async with here.database() as database:
        tenant_id = await tenant_called(database, tenant) if tenant else None
        issuer_id = await _issuer(database, tenant_id, issuer) if issuer and tenant_id else None
        made = await create_token(
            database,
            tenant=tenant_id,
            role=role,
            email=email,
            issuer=issuer_id,
            days=days,
            secret_key=here.settings.load_secret_key(),
            now=datetime.now(UTC),
        )
    if isinstance(made, Refusal):
        raise Refused(made.message)
    return made


async def tenant_called(database: Database, slug: str, *, open_only: bool = True) -> UUID:
    """Give the id of the tenant of that slug; raises Refused where there is none, or it has left."""
    from waypost.tenancy import load_directory

    directory = await load_directory(database)
    tenant = directory.by_slug(slug)
    if tenant is None:
        known = ", ".join(one.slug for one in directory.tenants) or "none yet: run `waypost tenants apply`"
        raise Refused(f"there is no tenant {slug}; there are {known}")
    if open_only and not tenant.is_open:
        raise Refused(f"{tenant.slug} is closed: it stays readable, and nothing is written there")
    return tenant.id


async def _issuer(database: Database, tenant: UUID, slug: str) -> UUID:
    from waypost.db import City, fetchval

    async with database.transaction(City(tenant)):
        found: UUID | None = await fetchval("SELECT id FROM issuer WHERE tenant_id = $1 AND slug = $2", tenant, slug)
    if found is None:
        raise Refused(f"there is no issuer {slug} in this tenant")
    return found
