"""Sources of the labour market, and crosswalks between classifications of occupations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from inspect import iscoroutinefunction
from typing import Final

from waypost.occupations import QUALIFIED, SCHEME, Source
from waypost.plugins.registrars.base import Registrar

NAME: Final = r"[a-z][a-z0-9_]{0,39}"
# What each function of a source is given beside its `Asking`.
GIVEN: Final = {"search": ("text",), "find": ("code",), "figures": ("code", "area")}
URL: Final = r"https?://[^\s<>\"]{1,500}"
SHORTEST_FRESH_S: Final = 60.0
LONGEST_FRESH_S: Final = 90 * 86_400.0


class LabourMarketRegistrar(Registrar):
    """Takes sources of occupations and figures, and crosswalks."""

    kinds = ("labour_source", "crosswalk")

    def __init__(self, plugin: str, prefix: str) -> None:
        super().__init__(plugin, prefix)
        self.sources: list[Source] = []
        self.pairs: list[tuple[str, str]] = []

    def source(self, source: Source) -> Source:
        """Register a source; it is asked in graphs where the plugin is active, and has five seconds a question."""
        self.faults += [f"the source {source.name}: {fault}" for fault in _faults_of(source)]
        for name, given in GIVEN.items():
            if (function := getattr(source, name)) is not None:
                self._calls(f"{name} of the source {source.name}", function, "asking", *given)
        self._contributes("labour_source", source.name)
        self.sources.append(source)
        return source

    def crosswalk(self, name: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Register which codes of one classification belong to which of another, as its publisher says.

        `pairs` are qualified codes, such as `("soc-2010/2137", "soc-2020/2134")`; many to many is usual.
        """
        self._contributes("crosswalk", name)
        for one, other in pairs:
            here, there = QUALIFIED.fullmatch(one), QUALIFIED.fullmatch(other)
            if not (here and there) or here[1] == there[1]:
                self.faults.append(f"the crosswalk {name}: {one} and {other} are no codes of two classifications")
                return
            self.pairs.append((one, other))


def _faults_of(source: Source) -> Iterator[str]:
    if not re.fullmatch(NAME, source.name):
        yield "its name must be in lower case with underscores"
    for fact in ("title", "licence", "attribution"):
        if not getattr(source, fact).strip():
            yield f"its {fact} is missing, and is shown on every figure"
    for fact in ("licence_url", "url"):
        if not re.fullmatch(URL, getattr(source, fact)):
            yield f"its {fact} must be an address of the web"
    if not SHORTEST_FRESH_S <= source.fresh_s <= LONGEST_FRESH_S:
        yield "its answers must stay fresh for a minute at least and 90 days at most, so that pages do not wait for it"
    if not source.schemes or not all(map(SCHEME.fullmatch, source.schemes)):
        yield "its schemes must name a version of a classification each, such as soc-2020"
    functions = [each for each in (source.search, source.find, source.figures) if each is not None]
    if not functions:
        yield "it answers nothing: give it search, find or figures"
    if not all(map(iscoroutinefunction, functions)):
        yield "its functions must be async: they wait for somebody else's server"
