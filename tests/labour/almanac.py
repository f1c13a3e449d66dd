"""Two made-up sources of a labour market: one that knows a few occupations, and one that is always closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from waypost.occupations import Asking, Figure, Occupation, Source, SourceBusy
from waypost.plugins import Installed, LabourMarketRegistrar, Plugin, Plugins, State
from waypost.plugins.manifest import parse

OCCUPATIONS: Final = (
    Occupation("soc-2010", "5432", "Bakers and flour confectioners", "They bake before dawn."),
    Occupation("soc-2020", "5432", "Bakers and flour confectioners"),
    Occupation("soc-2020", "2134", "Programmers", "They write software. They read more of it."),
    Occupation("soc-2020", "3414", "Dancers and choreographers"),
)
FIGURES: Final = (
    Figure("pay-weekly", "GBP", 401.5, 2023, note="Without tips."),
    Figure("pay-weekly", "GBP", 420, 2024),
    Figure("pay-weekly", "GBP", 450.25, 2024, area="S92000003"),
    Figure("claimants", "people", 12, 2024, month=11),
    Figure("claimants", "people", 17, 2024, month=12),
    Figure("almanac-moods", "percent", 99, 2024),
)
PAIRS: Final = (
    ("soc-2010/5432", "soc-2020/5432"),
    ("soc-2010/2136", "soc-2020/2134"),
    ("soc-2010/2137", "soc-2020/2134"),
)
FACTS: Final[dict[str, Any]] = {
    "licence": "Open Government Licence",
    "licence_url": "https://example.org/licence",
    "attribution": "Made up for tests.",
    "url": "https://example.org/",
    "fresh_s": 86_400.0,
}


async def search(asking: Asking, text: str) -> Sequence[Occupation]:
    return [each for each in OCCUPATIONS if text in each.title.casefold()]


async def find(asking: Asking, code: str) -> Occupation | None:
    return next((each for each in OCCUPATIONS if each.qualified == code), None)


async def figures(asking: Asking, code: str, area: str | None) -> Sequence[Figure]:
    return [each for each in FIGURES if each.area in {None, area}] if await find(asking, code) else []


async def closed(*_: object) -> Any:
    raise SourceBusy(3_600)


ALMANAC: Final = Source(
    name="almanac",
    title="The Almanac",
    schemes=frozenset(("soc-2010", "soc-2020")),
    search=search,
    find=find,
    figures=figures,
    **FACTS,
)
CLOSED: Final = Source(
    name="closed",
    title="The Closed Office",
    schemes=frozenset(("soc-2020",)),
    search=closed,
    find=closed,
    figures=closed,
    **FACTS,
)
NAMES: Final = ("almanac", "closed")


def plugin_of(name: str, *sources: Source, pairs: Sequence[tuple[str, str]] = ()) -> Installed:
    """A plugin with these sources and a crosswalk, as if it had been installed."""
    registrar = LabourMarketRegistrar(name, name)
    for source in sources:
        registrar.source(source)
    registrar.crosswalk("pairs", pairs)
    assert registrar.faults == []
    facts = f'name = "{name}"\nversion = "1.0.0"\napi = ">=1,<2"\ntitle = "Made up"\nprefix = "{name}"\n'
    manifest = parse(f"{facts}contributes = []\n")
    plugin = Plugin(manifest, {LabourMarketRegistrar: registrar}, f"waypost_{name}")
    return Installed(name, f"waypost-{name}", "1.0.0", State.READY, "", manifest, plugin)


def made_up() -> Plugins:
    """Both plugins."""
    return Plugins((plugin_of("almanac", ALMANAC, pairs=PAIRS), plugin_of("closed", CLOSED)))
