"""What a change of the hooks does to plugins that were written for the released ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from packaging.version import Version


def breaks(released: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Every break between two lists of hooks, as `hook_list` writes them; none where the API's major version grew.

    A hook, a kind of contribution, a method of a registrar or a parameter that is gone or moved is a break; what is
    added at the end, and need not be given (`name=`), is none. What was experimental may change in a minor version,
    which then must have grown.
    """
    old, new = Version(released["api"]), Version(now["api"])
    if new < old:
        return [f"the plugin API went back from {old} to {new}"]
    if new.major > old.major:
        return []
    hooks = {hook["name"]: hook for hook in now["hooks"]}
    found = []
    for hook in released["hooks"]:
        tolerated = hook["stability"] == "experimental" and new.minor > old.minor
        if not tolerated:
            found += [f"{hook['name']}: {each}" for each in _of_hook(hook, hooks.get(hook["name"]))]
    return found


def _of_hook(old: Mapping[str, Any], new: Mapping[str, Any] | None) -> Iterator[str]:
    if new is None:
        yield "is gone"
        return
    if new["since"] != old["since"]:
        yield f"has been there since {old['since']}, not {new['since']}"
    if old["stability"] == "stable" and new["stability"] != "stable":
        yield "was stable"
    if gone := [each for each in old["arguments"] if each not in new["arguments"]]:
        yield f"is not given {', '.join(gone)} any more"
    if gone := [each for each in old["kinds"] if each not in new["kinds"]]:
        yield f"registers no {', '.join(gone)} any more"
    for name, parameters in old["registers"].items():
        known = new["registers"].get(name)
        if known is None:
            yield f"its registrar has no {name} any more"
        elif not _takes(parameters, known):
            yield f"{name} took ({', '.join(parameters)}) and takes ({', '.join(known)})"


def _takes(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether what was called with the old parameters is called so with the new ones, too."""
    if len(new) < len(old) or any(not each.endswith("=") for each in new[len(old) :]):
        return False
    return all(mine in {its, f"{its}="} for its, mine in zip(old, new, strict=False))
