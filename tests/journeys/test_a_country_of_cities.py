"""The story of a newcomer: five real tenants from one command, and what survives its next starts."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cli.test_up import PATIENCE_S, House, stop

TENANTS = Path(__file__).parents[2] / "tenants"
PLUGINS = sorted(folder.name for folder in (TENANTS.parent / "plugins").iterdir())
SLUGS = sorted(folder.name for folder in TENANTS.iterdir())
READY = "Waypost is ready"
ESSENTIAL = '{ badge(slug: "explore-digital-media") { essentialSkills { step skill { name } } } }'
HALL = {"name": "Newcomers' Hall", "kind": "community-centre", "location": {"latitude": 50.83, "longitude": -0.13}}
CREATE = """
mutation($input: CreatePlaceInput!) {
  createPlace(input: $input) { __typename ... on CreatePlaceSuccess { place { id slug } } ... on Error { code } }
}
"""
AGAIN = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Opportunity { id slug title city { slug } } } }"


class Country(House):
    """A house with a copy of the real tenants, and the one `waypost up` that serves it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[str]] = []
        self.port = 0
        shutil.copytree(TENANTS, folder / "tenants")

    def up(self) -> None:
        """Start it, and come back when it has said that it is ready."""
        process, self.port = self.start()
        assert process.stdout is not None
        impatience = threading.Timer(PATIENCE_S, process.kill)
        impatience.start()
        said = []
        for line in process.stdout:
            said.append(line)
            if READY in line:
                break
        impatience.cancel()
        assert READY in said[-1], "".join(said)

    def down(self) -> None:
        """End it as Ctrl+C or a service manager does; its database ends with it."""
        process = self.processes.pop()
        said = stop(process)
        assert process.returncode == 0, said
        assert "Traceback" not in said
        assert self.postgres() is None

    def ask(self, query: str, tenant: str | None = None, token: str = "", **variables: Any) -> dict[str, Any]:
        """Ask one graph; `tenant` None is the national one."""
        address = f"http://127.0.0.1:{self.port}/{tenant + '/' if tenant else ''}graphql"
        headers = {"authorization": f"Bearer {token}"} if token else {}
        sent = {"query": query, "variables": variables}
        body: dict[str, Any] = httpx.post(address, json=sent, headers=headers, timeout=30).json()
        return body

    def read(self, query: str, tenant: str | None = None, **variables: Any) -> Any:
        body = self.ask(query, tenant, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    def command(self, *arguments: str) -> str:
        """Run a command that must succeed; answers what it printed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def token(self, tenant: str, role: str = "curator") -> str:
        facts = ("--tenant", tenant, "--role", role, "--email", f"{role}@example.org")
        return self.command("token", "create", *facts)

    def file(self, tenant: str, name: str = "tenant.toml") -> Path:
        return self.folder / "tenants" / tenant / name


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    country = Country(tmp_path_factory.mktemp("country"))
    try:
        country.up()
        yield country
    finally:
        country.close()


def codes(body: dict[str, Any]) -> list[str]:
    return [each["extensions"]["code"] for each in body["errors"]]


def test_five_tenants_answer_under_their_own_names(country: Country) -> None:
    assert SLUGS == ["badge-nation", "brighton", "plymouth", "southampton", "waltham-forest"]
    page = httpx.get(f"http://127.0.0.1:{country.port}/").text
    national = country.read("{ cities { nodes { slug name } } }")["cities"]["nodes"]
    assert sorted(each["slug"] for each in national) == SLUGS
    for city in national:
        assert country.read("{ city { slug name } }", city["slug"]) == {"city": city}
        assert f"/{city['slug']}/graphql" in page


@pytest.mark.parametrize("slug", SLUGS)
def test_each_tenant_is_as_its_file_says(country: Country, slug: str) -> None:
    file = tomllib.loads(country.file(slug).read_text(encoding="utf-8"))
    shown = country.read(
        "{ city { name kind nation languages timezone standard { code } look { primaryColour accentColour logoUrl } "
        "plugins { name active } } }",
        slug,
    )["city"]
    look = file["look"]
    assert shown == {
        "name": file["name"],
        "kind": file["kind"].upper(),
        "nation": file.get("nation"),
        "languages": file["languages"],
        "timezone": file["timezone"],
        "standard": {"code": file["standard"]},
        "look": {
            "primaryColour": look["primary_colour"],
            "accentColour": look["accent_colour"],
            "logoUrl": look["logo_url"],
        },
        "plugins": [{"name": name, "active": name in file.get("plugins", {})} for name in PLUGINS],
    }


def test_the_tenants_differ(country: Country) -> None:
    query = "{ cities { nodes { slug kind languages look { primaryColour accentColour } } } }"
    cities = country.read(query)["cities"]["nodes"]
    assert len({(each["look"]["primaryColour"], each["look"]["accentColour"]) for each in cities}) == len(SLUGS)
    assert {each["slug"] for each in cities if each["kind"] == "NETWORK"} == {"badge-nation"}
    assert {each["slug"] for each in cities if "cy" in each["languages"]} == {"badge-nation"}


def test_a_field_of_a_plugin_is_known_where_it_is_switched_on_and_to_the_country(country: Country) -> None:
    frameworks = "{ essentialSkills { framework } }"
    for slug, version in (("brighton", "2.0"), ("waltham-forest", "1.0")):
        badges = country.read("{ badges { nodes { essentialSkills { step } } } }", slug)["badges"]["nodes"]
        assert any(each["essentialSkills"] for each in badges)
        assert {each["framework"] for each in country.read(frameworks, slug)["essentialSkills"]} == {version}
    for slug in ("plymouth", "southampton", "badge-nation"):
        assert codes(country.ask("{ badges { nodes { essentialSkills { step } } } }", slug)) == ["INVALID_DOCUMENT"]
        assert codes(country.ask(frameworks, slug)) == ["INVALID_DOCUMENT"]
    assert {each["framework"] for each in country.read(frameworks)["essentialSkills"]} == {"1.0", "2.0"}
    national = country.read("{ badges(first: 100) { nodes { city { slug } essentialSkills { step } } } }")
    shown = national["badges"]["nodes"]
    with_skills = {each["city"]["slug"] for each in shown if each["essentialSkills"]}
    without = {each["city"]["slug"] for each in shown if each["essentialSkills"] is None}
    assert with_skills == {"brighton", "waltham-forest"}
    assert without == {"plymouth", "southampton", "badge-nation"}


def test_a_token_of_the_command_writes_in_its_own_city_only(country: Country) -> None:
    token = country.token("plymouth")
    made = country.ask(CREATE, "plymouth", token, input=HALL)["data"]["createPlace"]
    assert made["__typename"] == "CreatePlaceSuccess"
    seen = country.read("query($id: ID!) { place(id: $id) { id slug } }", id=made["place"]["id"])
    assert seen["place"] == made["place"]
    for tenant, bearer, code in ((None, token, "CITY_NEEDED"), ("plymouth", "", "UNAUTHENTICATED")):
        refused = country.ask(CREATE, tenant, bearer, input=HALL)["data"]["createPlace"]
        assert refused == {"__typename": "Refused", "code": code}
    # Whoever comes with a token that is not for this graph is told so before anything is carried out.
    for bearer, code in ((token, "FORBIDDEN"), (f"wp_{'x' * 43}", "UNAUTHENTICATED")):
        assert codes(country.ask(CREATE, "brighton", bearer, input=HALL)) == [code]


def test_what_was_made_loaded_and_switched_survives_the_next_starts(country: Country) -> None:
    token = country.token("brighton")
    hall = country.ask(CREATE, "brighton", token, input=HALL)["data"]["createPlace"]["place"]
    essential = country.read(ESSENTIAL, "brighton")
    assert essential["badge"]["essentialSkills"]
    before = counted(country)
    loaded = country.command("demo", "load", "--scale", "300")
    assert loaded.startswith("300 opportunities in ")
    there, demonstration = counted(country), made_up(country)
    assert all(there[name] > before[name] for name in there)
    assert len(demonstration) == 100

    # Commands also work while nothing serves, and leave no database running behind them.
    country.down()
    kept = {name: country.file("brighton", name).read_text(encoding="utf-8") for name in FILES}
    for name, text in kept.items():
        country.file("brighton", name).write_text(without_plugin(text), encoding="utf-8")
    listed = country.command("tenants", "list").splitlines()
    assert [line.split()[0] for line in listed] == SLUGS
    country.command("tenants", "check")
    assert country.postgres() is None

    for _ in range(2):
        country.up()
        assert country.read("query($id: ID!) { place(id: $id) { id slug } }", "brighton", id=hall["id"]) == {
            "place": hall
        }
        assert counted(country) == there
        assert country.read(AGAIN, ids=[each["id"] for each in demonstration]) == {"nodes": demonstration}
        assert codes(country.ask(ESSENTIAL, "brighton")) == ["INVALID_DOCUMENT"]
        national = 'query($slug: String!) { badge(slug: $slug, city: "brighton") { essentialSkills { step } } }'
        assert country.read(national, slug="explore-digital-media") == {"badge": {"essentialSkills": None}}
        assert country.read("{ essentialSkills { framework } }", "waltham-forest")["essentialSkills"]
        again = country.ask(CREATE, "brighton", token, input={**HALL, "slug": hall["slug"]})["data"]["createPlace"]
        assert again == {"__typename": "SlugTaken", "code": "SLUG_TAKEN"}
        country.down()

    # Only the line that switches it on comes back: what the plugin stored was kept all the while.
    for name, text in kept.items():
        country.file("brighton", name).write_text(text, encoding="utf-8")
    country.up()
    assert country.read(ESSENTIAL, "brighton") == essential
    assert counted(country) == there


FILES = ("tenant.toml", "catalogue/badges.toml")


def without_plugin(text: str) -> str:
    """What a city's file says without the plugin's sections."""
    return re.sub(r"^\[(plugins\.skills_builder|badges\.essential)\]\n(?:[^\[\n]+\n)*", "", text, flags=re.MULTILINE)


def made_up(country: Country) -> list[dict[str, Any]]:
    """A hundred of those opportunities that the demonstration made up."""
    query = """
    query($after: String) {
      discover(filter: {}, first: 100, after: $after) {
        nodes { id slug title city { slug } }
        pageInfo { hasNextPage endCursor }
      }
    }
    """
    found: list[dict[str, Any]] = []
    after, more = None, True
    while more and len(found) < 100:
        page = country.read(query, after=after)["discover"]
        found += [each for each in page["nodes"] if each["slug"].startswith("demo-")]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found[:100]


def counted(country: Country) -> dict[str, int]:
    """How many places, issuers and badges there are in the country."""
    found = country.read("{ places { totalCount } issuers { totalCount } badges { totalCount } }")
    return {name: each["totalCount"] for name, each in found.items()}
