"""What is not for everybody: fields that ask for a permission, and nodes that say who sees them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from tests.graph.asking import Asking
from tests.graph.world import World
from waypost.awards.tables import Award as Awards
from waypost.composition import core, engine
from waypost.db import City, Database, execute, new_id
from waypost.graph import Asker, Connection, Contribution, compose, guarded, node, pages, query
from waypost.graph.compose import BadDeclarations
from waypost.graph.declare import Node
from waypost.graph.ids import GlobalId
from waypost.graph.pages import BY_ID
from waypost.graph.permitted import own, permitted

if TYPE_CHECKING:
    from waypost.badges.graph import Badge
    from waypost.graph.query import Here, Query

MAY = "badge.adopt"  # any permission that curators and issuers' admins have


def _seen(query: Query, row: Here) -> Sequence[str]:
    mine = own(query, row, person="opportunity_id")  # any column of uuids may play the person
    return [f"({permitted(query, row, MAY)} or {mine})"]


@node(Awards, seen=_seen)
class SecretAward(Node):
    """An award, for some eyes only."""

    state: str


@query
class SecretQuery:
    """Root fields for some."""

    secret_badges: Connection[Badge] | None = guarded(MAY, pages(doc="Badges, drafts and all."))
    secret_awards: Connection[SecretAward] | None = pages(order=BY_ID, doc="Awards that the asker sees.")


@pytest.fixture(scope="module")
def ask(database: Database, world: World) -> Asking:
    """Asks the graphs of the country, with secrets in them."""
    return Asking(engine(database), compose([core(), Contribution("secret", (SecretAward, SecretQuery))]), world)


@pytest.fixture(scope="module")
async def award(database: Database, world: World) -> AsyncIterator[UUID]:
    """An award of Real Ideas in Plymouth, earned by the person of the same number."""
    badge, recipient, id = world.find("Badge", "plymouth", "smart-citizen"), new_id(), new_id()
    here = world.towns["plymouth"].id
    async with database.transaction(City(here)):
        await execute(
            "INSERT INTO recipient (tenant_id, id, kind, display_name) VALUES ($1, $2, 'person', 'E')", here, recipient
        )
        await execute(
            "INSERT INTO award (tenant_id, id, badge_id, version_id, recipient_id, issuer_id, state, awarded_at,"
            " earned_in_tenant_id, opportunity_id)"
            " SELECT tenant_id, $3, id, version_id, $4, issuer_id, 'accepted', now(), tenant_id, $3"
            " FROM badge WHERE tenant_id = $1 AND id = $2",
            here,
            badge.id,
            id,
            recipient,
        )
    yield id
    async with database.transaction(City(here)):
        await execute("DELETE FROM award WHERE tenant_id = $1 AND id = $2", here, id)
        await execute("DELETE FROM recipient WHERE tenant_id = $1 AND id = $2", here, recipient)


def who(world: World, role: str, *, town: str = "plymouth", issuer: str | None = None) -> Asker:
    of = None if issuer is None else world.find("Issuer", town, issuer).id
    return Asker(new_id(), role, of, world.towns[town].id)


LIST = "{ secretBadges(first: 100) { nodes { slug } } }"


async def test_who_has_the_permission_sees_drafts_too(ask: Asking, database: Database, world: World) -> None:
    here = world.towns["plymouth"].id
    async with database.transaction(City(here)):
        drafts = await execute("UPDATE badge SET public = false WHERE tenant_id = $1 AND slug = 'smart-citizen'", here)
    assert drafts == "UPDATE 1"
    try:
        seen = (await ask(LIST, city="plymouth", asker=who(world, "curator")))["secretBadges"]["nodes"]
        shown = (await ask("{ badges(first: 100) { nodes { slug } } }", city="plymouth"))["badges"]["nodes"]
        assert {"slug": "smart-citizen"} in seen
        assert {"slug": "smart-citizen"} not in shown
    finally:
        async with database.transaction(City(here)):
            await execute("UPDATE badge SET public = true WHERE tenant_id = $1 AND slug = 'smart-citizen'", here)


@pytest.mark.parametrize(
    ("role", "town", "city", "expected"),
    [
        (None, None, "plymouth", "UNAUTHENTICATED"),
        ("learner", "plymouth", "plymouth", "FORBIDDEN"),
        ("curator", "cardiff", "plymouth", "FORBIDDEN"),
        ("curator", "plymouth", None, "CITY_NEEDED"),
    ],
)
async def test_others_are_told_why_they_do_not(
    ask: Asking, world: World, role: str | None, town: str | None, city: str | None, expected: str
) -> None:
    asker = Asker() if role is None or town is None else who(world, role, town=town)
    assert (await ask.code(LIST, city=city, asker=asker)) == expected


async def test_a_node_is_found_by_its_id_by_those_who_see_it_alone(ask: Asking, world: World, award: UUID) -> None:
    given = str(GlobalId("SecretAward", world.towns["plymouth"].id, award))
    one, listed = f'{{ node(id: "{given}") {{ id }} }}', "{ secretAwards { nodes { id } totalCount } }"
    mine = Asker(award, "learner", None, world.towns["plymouth"].id)
    for asker in (
        who(world, "curator"),
        who(world, "issuer-admin", issuer="real-ideas"),
        mine,
        Asker(new_id(), "operator"),
    ):
        assert (await ask(one, city="plymouth", asker=asker))["node"] == {"id": given}
        found = (await ask(listed, city="plymouth", asker=asker))["secretAwards"]
        assert {"id": given} in found["nodes"]
        assert found["totalCount"] == len(found["nodes"])
    for asker in (
        Asker(),
        who(world, "learner"),
        who(world, "issuer-admin", issuer="city-college"),
        who(world, "curator", town="cardiff"),
    ):
        assert (await ask.code(one, city="plymouth", asker=asker)) == "NOT_FOUND"
        assert (await ask(listed, city="plymouth", asker=asker))["secretAwards"] == {"nodes": [], "totalCount": 0}


def test_a_private_node_that_says_nobody_sees_it_is_refused() -> None:
    @node(Awards)
    class OpenAward(Node):
        """An award, for everybody."""

        state: str

    with pytest.raises(BadDeclarations, match="OpenAward: its rows have no `public`"):
        compose([core(), Contribution("open", (OpenAward,))])
