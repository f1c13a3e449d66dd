"""Which plugins are installed, learnt from their metadata and manifests alone: nothing is imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from itertools import combinations
from typing import Final

from waypost.plugins.hookspecs import API
from waypost.plugins.manifest import FILE_NAME, BadManifest, Manifest, manifest_of
from waypost.plugins.names import carries, code_prefix

GROUP: Final = "waypost"


class NameClash(Exception):
    """Two plugins claim one name or one prefix, so that nobody could say whose a field is.

    The message names both distributions, and the ways out: one of them must go, or `WAYPOST_PLUGINS` must leave one out
    where that tells them apart.
    """


@dataclass(frozen=True)
class Candidate:
    """A distribution that says it brings a plugin, and what its manifest says."""

    name: str  # of the entry point
    distribution: str
    version: str  # of the distribution
    entry_point: EntryPoint
    manifest: Manifest | None
    reason: str  # why it cannot be used; empty when it can

    @property
    def package(self) -> str:
        """The top-level package: to find a module inside it would import it."""
        return self.entry_point.module.partition(".")[0]

    def names(self) -> frozenset[str]:
        """Every name it claims: the entry point's and, should that differ, the manifest's."""
        return frozenset({self.name, self.manifest.name} if self.manifest else {self.name})


def discover(allowed: Collection[str] | None = None) -> tuple[Candidate, ...]:
    """Every plugin installed here, by name, those outside the allow-list included.

    Raises `NameClash` when two that may be used claim one name or prefix.
    """
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name, _distribution(point)))
    candidates = tuple(map(_candidate, points))
    usable = [one for one in candidates if allowed is None or not one.names().isdisjoint(allowed)]
    _refuse_equal_names(usable)
    _refuse_equal_prefixes(usable)
    return candidates


def _candidate(point: EntryPoint) -> Candidate:
    manifest, reason = None, ""
    try:
        # The manifest lies in the top package: to find a module inside it would import it.
        manifest = manifest_of(point.module.partition(".")[0])
        reason = _misfit(point, manifest)
    except BadManifest as error:
        reason = str(error)
    version = point.dist.version if point.dist else "?"
    return Candidate(point.name, _distribution(point), version, point, manifest, reason)


def _misfit(point: EntryPoint, manifest: Manifest) -> str:
    if manifest.name != point.name:
        return f"its entry point is called {point.name} and its {FILE_NAME} says {manifest.name}"
    if not manifest.fits(API):
        return f"it was written for plugin API {manifest.api}; this is {API}"
    return ""


def _refuse_equal_names(candidates: Collection[Candidate]) -> None:
    claims: defaultdict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        for name in candidate.names():
            claims[name].append(candidate)
    for name, claimants in sorted(claims.items()):
        same_name = sum(one.name == name for one in claimants) > 1
        if same_name or len({one.distribution for one in claimants}) > 1:
            raise NameClash(f"the plugin name {name} is claimed by {_both(claimants)}: {_ways_out(claimants)}")


def _refuse_equal_prefixes(candidates: Collection[Candidate]) -> None:
    for one, other in combinations(sorted(_prefixes(candidates), key=lambda pair: len(pair[0])), 2):
        # The shorter sorts first. `essential` and `essentialX` would both carry `essentialXYes`. Codes tell no
        # case apart: those of `tideTable` and of `tideTABLE` alike begin with `TIDE_TABLE_`.
        if carries(other[0], one[0]) or f"{code_prefix(other[0])}_".startswith(f"{code_prefix(one[0])}_"):
            claimants = [one[1], other[1]]
            raise NameClash(f"{_prefix_clash(one[0], other[0], claimants)}: {_ways_out(claimants)}")


def _prefix_clash(shorter: str, longer: str, claimants: Sequence[Candidate]) -> str:
    """What is wrong with two prefixes; the claimants are those of the shorter one and of the longer one."""
    if shorter == longer:
        return f"the plugin prefix {shorter} is claimed by {_both(claimants)}"
    one, other = (f"{prefix} of {_both([each])}" for prefix, each in zip((shorter, longer), claimants, strict=True))
    if carries(longer, shorter):
        return f"the plugin prefix {one} begins the prefix {other}, so that what is called {longer}… would be of both"
    codes = f"codes tell no case apart, and {code_prefix(longer)}_… would be of both"
    return f"the plugin prefixes {one} and {other} are too near: {codes}"


def _ways_out(claimants: Collection[Candidate]) -> str:
    """What an operator can do; an allow-list cannot tell two of one name apart."""
    names = sorted({one.name for one in claimants})
    if any(one.names() & other.names() for one, other in combinations(claimants, 2)):
        return "uninstall one of them"
    return f"uninstall one of them, or name in WAYPOST_PLUGINS those that are wanted, without {' or '.join(names)}"


def _prefixes(candidates: Collection[Candidate]) -> Iterator[tuple[str, Candidate]]:
    for candidate in candidates:
        if candidate.manifest and candidate.manifest.name == candidate.name:
            yield candidate.manifest.prefix, candidate


def _both(claimants: Collection[Candidate]) -> str:
    return " and ".join(f"{one.distribution} {one.version}" for one in claimants)


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"
