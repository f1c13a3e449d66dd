"""Who asks: a person learns of themselves, and of nobody else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.graph.asking import Asking
from waypost.access.people import create_token
from waypost.access.permissions import PERMISSIONS, ROLES
from waypost.db import Database, Learner, execute
from waypost.graph import Asker
from waypost.refusal import Refusal
from waypost.tenancy import load_directory

VIEWER = """{ viewer {
  id name permissions
  memberships { role city { slug } issuer { slug name } } } }"""


@pytest.fixture(scope="module")
async def people(ask: Asking, database: Database) -> Mapping[str, Asker]:
    """Some who may do something; Ada does two things in Plymouth and one in Cardiff."""
    ask.services.directory = await load_directory(database)
    found = {}
    for name, email, town, role, issuer in (
        ("curator", "ada@example.org", "plymouth", "curator", None),
        ("staff", "ada@example.org", "plymouth", "issuer-staff", "real-ideas"),
        ("abroad", "ada@example.org", "cardiff", "issuer-admin", "clwb"),
        ("other", "bob@example.org", "plymouth", "employer", "city-college"),
        ("learner", "cleo@example.org", "cardiff", "learner", None),
        ("operator", "dan@example.org", None, "operator", None),
    ):
        tenant = None if town is None else ask.world.towns[town].id
        of = None if town is None or issuer is None else ask.world.find("Issuer", town, issuer).id
        made = await create_token(
            database,
            tenant=tenant,
            role=role,
            email=email,
            secret_key="a key for tests alone",
            now=ask.world.now,
            issuer=of,
        )
        assert not isinstance(made, Refusal), made
        found[name] = Asker(made.person_id, role, of, tenant)
    ada = found["curator"].person
    async with database.transaction(Learner(ada)):  # type: ignore[arg-type]  # she has just been made
        await execute("INSERT INTO person_profile (person_id, name) VALUES ($1, 'Ada')", ada)
    return found


async def viewer(ask: Asking, asker: Asker, city: str | None, query: str = VIEWER) -> Any:
    return (await ask(query, city=city, asker=asker))["viewer"]


def roles(who: Any) -> list[tuple[str, str, str | None]]:
    return [
        (each["city"]["slug"], each["role"], each["issuer"] and each["issuer"]["slug"]) for each in who["memberships"]
    ]


async def test_a_stranger_is_nobody(ask: Asking, people: Mapping[str, Asker]) -> None:
    del people
    for city in ("plymouth", None):
        assert await ask(VIEWER, city=city) == {"viewer": None}


async def test_the_same_document_serves_strangers_and_people_in_turn(ask: Asking, people: Mapping[str, Asker]) -> None:
    """Plans are shared, answers never."""
    for _ in range(2):
        assert await ask(VIEWER, city="plymouth") == {"viewer": None}
        assert (await viewer(ask, people["curator"], "plymouth"))["name"] == "Ada"
        assert (await viewer(ask, people["other"], "plymouth"))["name"] is None


async def test_a_person_has_one_id_and_one_name_everywhere(ask: Asking, people: Mapping[str, Asker]) -> None:
    seen = [
        await viewer(ask, people[name], city, "{ viewer { id name } }")
        for name in ("curator", "staff", "abroad")
        for city in ("plymouth", "cardiff", None)
    ]
    assert all(each == seen[0] for each in seen)
    assert seen[0]["name"] == "Ada"
    others = [await viewer(ask, people[name], None) for name in ("other", "learner", "operator")]
    assert [each["name"] for each in others] == [None, None, None]
    assert len({seen[0]["id"], *(each["id"] for each in others)}) == 4


async def test_memberships_are_the_persons_own_in_the_city_asked(ask: Asking, people: Mapping[str, Asker]) -> None:
    plymouth = [("plymouth", "curator", None), ("plymouth", "issuer-staff", "real-ideas")]
    cardiff = [("cardiff", "issuer-admin", "clwb")]
    for name in ("curator", "staff", "abroad"):
        assert roles(await viewer(ask, people[name], "plymouth")) == plymouth
        assert roles(await viewer(ask, people[name], "cardiff")) == cardiff
        assert roles(await viewer(ask, people[name], "badge-nation")) == []
    assert roles(await viewer(ask, people["other"], "plymouth")) == [("plymouth", "employer", "city-college")]
    assert roles(await viewer(ask, people["other"], "cardiff")) == []


async def test_nationally_memberships_are_those_in_the_city_of_the_token(
    ask: Asking, people: Mapping[str, Asker]
) -> None:
    assert len(roles(await viewer(ask, people["curator"], None))) == 2
    assert roles(await viewer(ask, people["abroad"], None)) == [("cardiff", "issuer-admin", "clwb")]
    assert roles(await viewer(ask, people["learner"], None)) == [("cardiff", "learner", None)]
    assert roles(await viewer(ask, people["operator"], None)) == []


async def test_permissions_are_those_of_the_token_where_it_holds(ask: Asking, people: Mapping[str, Asker]) -> None:
    for name, city in (("curator", "plymouth"), ("staff", "plymouth"), ("abroad", "cardiff"), ("learner", "cardiff")):
        role = people[name].role
        assert role is not None
        for graph in (city, None):
            assert (await viewer(ask, people[name], graph))["permissions"] == sorted(ROLES[role])
    assert (await viewer(ask, people["operator"], "plymouth"))["permissions"] == sorted(PERMISSIONS)


async def test_permissions_end_at_the_citys_border(ask: Asking, people: Mapping[str, Asker]) -> None:
    query = """{ viewer { here: permissions(city: "plymouth") there: permissions(city: "cardiff")
      nowhere: permissions(city: "atlantis") } }"""
    for graph in ("plymouth", None):
        curator = await viewer(ask, people["curator"], graph, query)
        assert curator == {"here": sorted(ROLES["curator"]), "there": [], "nowhere": []}
        assert (await viewer(ask, people["operator"], graph, query))["there"] == sorted(PERMISSIONS)


async def test_a_token_of_one_city_gives_no_permission_on_another_citys_graph(
    ask: Asking, people: Mapping[str, Asker]
) -> None:
    assert (await viewer(ask, people["curator"], "cardiff"))["permissions"] == []
    assert (await viewer(ask, people["abroad"], "plymouth"))["permissions"] == []


async def test_no_persons_memberships_can_be_read_by_id(ask: Asking, people: Mapping[str, Asker]) -> None:
    """A viewer is no node: whoever learns the id of another learns nothing more."""
    ada = (await viewer(ask, people["curator"], "plymouth"))["id"]
    for asker in (people["other"], people["curator"]):
        body = await ask.body("query($id: ID!) { node(id: $id) { id } }", {"id": ada}, city="plymouth", asker=asker)
        assert body["data"] == {"node": None}
        assert body["errors"][0]["extensions"] == {"code": "NOT_FOUND"}
