"""The counting rule, on the wire: one statement an operation and scope, however many rows there are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import orjson
import pytest

from tests.graph.country import badge
from tests.graph.world import Builder, Town
from tests.isolation.documents import Document, front_ends
from tests.isolation.statements import Declared, uses
from tests.isolation.wire import Wire, listened
from tests.waiting import until
from waypost.apps import core_app
from waypost.badges.store import CriterionWords
from waypost.composition import core, engine
from waypost.db import City, Database, National
from waypost.demo import Loaded, load
from waypost.graph import Asker, Engine, Graph, GraphRequest, Schema, compose
from waypost.opportunities.store import OpportunityWords
from waypost.pathways.store import PathwayWords, StepWords
from waypost.tenancy import Directory, load_directory
from waypost.testing.databases import Server

OPERATOR: Final = Asker(person=UUID(int=0xB1), role="operator")
# As deep as the graph goes, along every relation that has many rows at its other end.
DEEPEST: Final = Document(
    "deepest",
    """
    query ($first: Int) {
      badges(first: $first) {
        totalCount
        nodes {
          name skills { name } criteria { text skills { name } } versions { number criteria { text } }
          issuer { name elsewhere { name } badges(first: 3) { totalCount nodes { name layer { standard { name } } } } }
          opportunities(first: 3) {
            totalCount
            facets { kinds { code count } layers { code count } skills { code count } }
            nodes { title place { name opportunities(first: 2) { totalCount nodes { title } } } provider { name } }
          }
          pathways(first: 3) {
            totalCount
            nodes { name problems steps { title problem badges { name issuer { name } } steps { title } } }
          }
        }
      }
      discover(filter: {}, first: $first) {
        totalCount
        facets { kinds { code count } layers { code count } skills(first: 100) { code count } }
        edges { cursor node { title occurrences(first: 2) { startsAt } badges { name } pathways { name } } }
        pageInfo { hasNextPage endCursor }
      }
    }
    """,
)
# Of types the driver asks by itself, once a connection: before anything is counted.
TYPES_SQL: Final = "SELECT concat($1::float8[], $2::uuid[], $3::text[], $4::int[], $5::jsonb)"
DOCUMENTS: Final = [*front_ends(), DEEPEST]


@dataclass
class Platform:
    """What acts and Python fields ask of the platform; here there is no plugin."""

    directory: Directory

    def plugins_shown(self, slug: str | None, tenant: UUID | None) -> list[dict[str, object]]:
        return []


@dataclass
class Village:
    """A city with `size` rows of everything, listened to; some of what it shows is another city's."""

    size: int
    wire: Wire
    engine: Engine
    schema: Schema
    platform: Platform
    town: Town

    def graph(self, kind: str) -> Graph:
        if kind == "national":
            return Graph(self.schema, services=self.platform)
        return Graph(self.schema, self.town.id, self.town.here.languages, services=self.platform)

    async def ask(self, document: Document, kind: str) -> Any:
        """Return the data of an answer; `self.wire` has heard only what it took."""
        first = 1 if self.size == 1 else 100
        variables = {**document.variables, **({"first": first} if "$first" in document.text else {})}
        asked = GraphRequest(document.text, variables=variables)
        self.wire.clear()
        body = orjson.loads((await self.engine.answer(self.graph(kind), asked, OPERATOR)).body)
        await until(lambda: all(each.ended for each in self.wire.transactions))
        assert "errors" not in body, body
        return body["data"]

    def heard(self) -> dict[str, list[str]]:
        """The statements of each scope; every transaction has ended well, and belongs to whom it should."""
        assert self.wire.outside == []
        found: dict[str, list[str]] = {}
        for each in self.wire.transactions:
            assert each.ended == "COMMIT"
            assert each.tenant == (str(self.town.id) if each.scope == "city" else None)
            found.setdefault(each.scope, []).extend(each.statements)
        return found


async def settle(database: Database, size: int) -> Town:
    """Write a village of that size through the rooms' own stores."""
    build = Builder(database)
    boxes = {"plymouth": (50.3, -4.3, 50.5, -4.0), "cardiff": (51.4, -3.4, 51.6, -3.0)}
    towns = [await build.town(slug, slug.title(), box=box) for slug, box in boxes.items()]
    for town in towns:
        ideas = await build.issuer(town, "real-ideas", "Real Ideas", "real-ideas", roles=("issues", "provides"))
        criteria = tuple(CriterionWords(f"Did {n}", skills=("Curiosity",)) for n in range(max(2, min(size, 50))))
        await build.badge(town, badge(ideas, "smart-citizen", "Smart Citizen", criteria=criteria))
    town, find = towns[0], build.world.find
    lent = await build.borrowed(town, "badge", "cardiff", "smart-citizen")
    ideas, own = find("Issuer", "plymouth", "real-ideas"), find("Badge", "plymouth", "smart-citizen").ref()
    film = OpportunityWords(
        "film-lab", "Film Lab", "Film.", "WORKSHOP", ideas.id, latitude=50.37, longitude=-4.14, badges=(own, lent)
    )
    lab = (await build.opportunity(town, film)).ref()
    steps = tuple(
        StepWords(f"step-{n}", f"Step {n}", badges=(own, lent), opportunities=(lab,)) for n in range(min(size, 200))
    )
    for slug in ("film-maker", *(f"way-{n}" for n in range(min(size, 10) - 1))):
        words = PathwayWords(slug, slug.title(), "A way.", ideas.id, steps=steps, state="published")
        await build.pathway(town, words)
    assert isinstance(await load(database, 2 * size), Loaded)  # spread over the two cities
    return town


@pytest.fixture(scope="module")
async def villages(
    server: Server, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[int, Village]]:
    """A village with one row of everything, and one with a thousand."""
    schema = compose([core()])
    async with AsyncExitStack() as stack:
        found = {}
        for size in (1, 1_000):
            url = await server.app_url(await stack.enter_async_context(server.database(template)))
            async with await Database.open(url, pool_size=2) as database:
                town = await settle(database, size)
                directory = await load_directory(database)
            folder = Path(tmp_path_factory.mktemp("wire"))
            wire, url = await stack.enter_async_context(listened(url, folder))
            opened = await stack.enter_async_context(await Database.open(url, pool_size=2))
            await opened.reads.read(National(), TYPES_SQL, [[], [], [], [], "{}"])
            found[size] = Village(size, wire, engine(opened), schema, Platform(directory), town)
        yield found


def rows(data: Any) -> int:
    """How many objects an answer holds."""
    if isinstance(data, dict):
        return 1 + sum(rows(each) for each in data.values())
    return sum(rows(each) for each in data) if isinstance(data, list) else 0


@pytest.mark.parametrize(
    "document", [each for each in DOCUMENTS if each.only != "national"], ids=lambda each: each.name
)
async def test_a_city_is_read_by_one_statement_however_many_rows_there_are(
    villages: Mapping[int, Village], document: Document
) -> None:
    """And what lies in other cities by one more, in the national scope."""
    counts, sizes = {}, {}
    for size, village in villages.items():
        sizes[size] = rows(await village.ask(document, "city"))
        heard = village.heard()
        assert heard.keys() <= {"city", "national"}
        counts[size] = {scope: len(statements) for scope, statements in heard.items()}
    assert counts[1] == counts[1_000]
    assert counts[1]["city"] == 1
    assert counts[1].get("national", 1) == 1
    if document.name not in {"city-home", "search"}:  # those show a handful, with counts of all
        assert sizes[1_000] >= 3 * sizes[1]


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each.only != "city"], ids=lambda each: each.name)
async def test_the_nation_is_read_by_one_statement_however_many_rows_there_are(
    villages: Mapping[int, Village], document: Document
) -> None:
    for village in villages.values():
        await village.ask(document, "national")
        heard = village.heard()
        assert {scope: len(statements) for scope, statements in heard.items()} == {"national": 1}


async def test_the_deepest_answer_holds_thousands_of_objects(villages: Mapping[int, Village]) -> None:
    """The counting would prove little over answers that are small in both villages."""
    sizes = [rows(await village.ask(DEEPEST, "city")) for village in villages.values()]
    assert sizes[0] < 300
    assert sizes[1] > 3_000
    tree = front_ends()[4]
    steps = [len((await village.ask(tree, "city"))["pathway"]["allSteps"]) for village in villages.values()]
    assert steps == [1, 200]


async def test_several_root_fields_and_a_postcode_cost_one_look_more(villages: Mapping[int, Village]) -> None:
    village = villages[1]
    where = await village.engine.database.reads.read(National(), "SELECT min(code) FROM postcode")
    near = f'filter: {{ postcode: "{where}" }}'
    text = f"{{ a: discover({near}) {{ totalCount }} b: badges {{ totalCount }} city {{ id }} }}"
    await village.ask(Document("postcode", text), "city")
    heard = village.heard()
    assert len(heard["city"]) == 1
    assert heard["national"] == ["select latitude, longitude from postcode where code = $1"]


async def test_what_was_written_is_read_back_by_one_statement_that_stays_in_the_city(
    villages: Mapping[int, Village],
) -> None:
    village = villages[1]
    text = """
    mutation {
      createPlace(input: { name: "Hall", kind: "library", location: { latitude: 50.4, longitude: -4.1 } }) {
        ... on CreatePlaceSuccess { place { id name city { slug } opportunities { totalCount nodes { title } } } }
      }
    }
    """
    data = await village.ask(Document("write", text), "city")
    assert data["createPlace"]["place"]["city"] == {"slug": "plymouth"}
    declared = Declared.by(core_app().tables)
    (read_back,) = [each for each in village.heard()["city"] if each.startswith("select concat(")]
    # All of them by one and the same parameter; with another than the city's, nothing would have come back.
    bound = [use.tenants for use in uses(read_back) if declared.is_tenants(use.table)]
    assert len(bound) > 1
    assert set.intersection(*bound)


async def test_the_wire_hears_every_statement(villages: Mapping[int, Village]) -> None:
    """Simple queries, prepared ones that are used again, and those of one transaction: nothing is missed."""
    village = villages[1]
    village.wire.clear()
    database = village.engine.database
    for _ in range(3):
        await database.reads.read(National(), "SELECT 'again'")
    async with database.transaction(City(village.town.id)) as transaction:
        await transaction.connection.fetch("SELECT $1::int", 1)
        await transaction.connection.execute("SELECT 2")
    await until(lambda: all(each.ended for each in village.wire.transactions))
    heard = village.heard()
    assert heard["national"] == ["SELECT 'again'"] * 3
    assert heard["city"][:2] == ["SELECT $1::int", "SELECT 2"]
