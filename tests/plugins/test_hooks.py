from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from pathlib import Path

import pytest

from waypost.plugins import API, hook_list, hookspecs
from waypost.plugins.hookspecs import SPECIFICATIONS, Hook, hooks
from waypost.plugins.manager import State
from waypost.plugins.manifest import KINDS

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "hooks.md").read_text(encoding="utf-8")


def test_the_committed_list_of_hooks_is_the_list_of_hooks() -> None:
    """A hook that changes shows in a diff: write the list anew with `waypost schema export`."""
    assert (ROOT / "schema" / "hooks.json").read_text(encoding="utf-8") == hook_list()


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: hook.name)
def test_every_hook_is_documented_with_its_arguments_its_age_and_an_example(hook: Hook) -> None:
    _, _, section = DOCS.partition(f"## `{hook.name}({', '.join(hook.arguments)})`")
    section = section.split("\n## ")[0]
    assert f"Since {hook.since}, {hook.stability}." in section
    assert f"@hookimpl\ndef {hook.name}(" in section


@pytest.mark.parametrize("spec", SPECIFICATIONS.values(), ids=lambda spec: str(spec.__name__))
def test_every_specification_shows_an_example(spec: Callable[..., None]) -> None:
    assert f"@hookimpl\n    def {spec.__name__}(" in (getdoc(spec) or "")


def test_every_hook_specification_is_listed() -> None:
    specified = {name for name in vars(hookspecs) if name.startswith("waypost_")}
    assert specified == {hook.name for hook in hooks()}


def test_every_state_of_a_plugin_is_documented() -> None:
    assert {state for state in State if f"| {state} |" not in DOCS} == set()


def test_the_documentation_names_the_version_of_the_api_and_every_kind_of_contribution() -> None:
    assert f"the plugin API (now {API})" in DOCS
    assert [kind for kind in KINDS if f"| `{kind}` |" not in DOCS] == []
