"""Whoever reads the published graph in an editor is told what each thing is, in what unit, and how it is spelt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_directive,
    is_specified_scalar_type,
)

from tests.project.documents import ROOT

PUBLISHED: Final = sorted((ROOT / "schema").glob("waypost.graphql")) + sorted((ROOT / "schema/profiles").glob("*"))
FEWEST_WORDS: Final = 3
LENGTH: Final = 140  # characters: it stands in a tooltip

# How a value is spelt that its type does not tell: what its coordinate ends with, and the example that must be there.
SPELT: Final = {
    r"[.(]postcode$": r"[A-Z]{1,2}\d{1,2} \d[A-Z]{2}",
    r"\.recurrence$": r"RFC 5545.*FREQ=",
    r"\.timezone$": r"Europe/London",
    r"\.nation$": r"ISO 3166-2.*GB-",
    r"\.currency$": r"ISO 4217.*GBP",
    r"\.languages$|^LanguageTag$": r"BCP 47.*\bcy\b",
    r"Filter\.layers$|^Layer\.code$": r"rsa-2019/engage",
    r"Filter\.skills$|^Skill\.code$": r"digital-literacy",
    r"Filter\.kinds$|^OpportunityKind\.code$|OpportunityInput\.kind$": r"WORKSHOP|kinds",
    r"^Node\.id$|^Badge\.id$": r"[Oo]paque.*Badge\.",
    r"Edge\.cursor$": r"[Oo]paque.*after",
    r"\(after$": r"cursor|moment",
    r"Metres$": r"[Mm]etres",
    r"\.accessibility$": r"step-free",
    r"Colour$": r"#rrggbb",
    r"[lL]atitude$|[lL]ongitude$|south$|north$|east$|west$": r"-(90|180) to (90|180)",
    r"^DateTime$": r"RFC 3339.*T10:00:00",
    r"^GeoJSON$": r"RFC 7946.*coordinates",
    r"^Markdown$": r"CommonMark",
    r"^AgeRange(Input)?\.|\.age$": r"years",
}


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str]]:
    """Everything that can have a description: its coordinate and the description, empty where there is none."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description or ""
        members = kind.values if isinstance(kind, GraphQLEnumType) else getattr(kind, "fields", {})
        for key, member in members.items():
            yield f"{name}.{key}", member.description or ""
            for each, argument in getattr(member, "args", {}).items():
                yield f"{name}.{key}({each}", argument.description or ""
    for directive in schema.directives:
        if not is_specified_directive(directive):
            yield f"@{directive.name}", directive.description or ""
            for each, argument in directive.args.items():
                yield f"@{directive.name}({each}", argument.description or ""


def wordless(schema: GraphQLSchema) -> list[str]:
    """What has no description, or one that says nothing."""
    return [f"{place}: {text!r}" for place, text in described(schema) if len(text.split()) < FEWEST_WORDS]


@pytest.fixture(scope="module", params=PUBLISHED, ids=lambda path: path.stem)
def published(request: pytest.FixtureRequest) -> GraphQLSchema:
    path: Path = request.param
    return build_schema(path.read_text(encoding="utf-8"))


def test_everything_in_the_published_graph_is_described(published: GraphQLSchema) -> None:
    assert wordless(published) == []


def test_a_description_is_a_sentence_that_fits_a_tooltip(published: GraphQLSchema) -> None:
    long = [place for place, text in described(published) if len(text) > LENGTH]
    unfinished = [f"{place}: {text}" for place, text in described(published) if not text.endswith((".", "?"))]
    assert (long, unfinished) == ([], [])


@pytest.mark.parametrize("ending", SPELT)
def test_what_has_a_spelling_of_its_own_shows_it(ending: str) -> None:
    schema = build_schema((ROOT / "schema" / "waypost.graphql").read_text(encoding="utf-8"))
    meant = {place: text for place, text in described(schema) if re.search(ending, place)}
    assert meant, f"nothing is called {ending} any more"
    assert {place: text for place, text in meant.items() if not re.search(SPELT[ending], text)} == {}


def test_nothing_tells_how_the_platform_is_built(published: GraphQLSchema) -> None:
    """Tables, columns and modules are nobody's business in a tooltip."""
    told = re.compile(r"waypost\.|[Cc]opied here|\bcolumn|\btable\b|\bprimary key")
    assert [f"{place}: {text}" for place, text in described(published) if told.search(text)] == []


def test_what_is_not_described_is_found_wherever_it_stands() -> None:
    schema = build_schema(
        'directive @x(a: Int) on FIELD enum E { A } input I { a: Int } "Too short" type Query { a(b: E, c: I): Int }'
    )
    assert {line.partition(":")[0] for line in wordless(schema)} == {
        *("@x", "@x(a", "E", "E.A", "I", "I.a", "Query", "Query.a", "Query.a(b", "Query.a(c"),
    }
