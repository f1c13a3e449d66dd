"""The three recipes of CONTRIBUTING.md do what they say, on a copy of the tree."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.project.recipes import Kitchen, names, recipe


@pytest.fixture
def kitchen() -> Iterator[Kitchen]:
    # Not pytest's own folder: the path of a socket may be 107 characters long at most.
    folder = Path(tempfile.mkdtemp(prefix="waypost-"))
    yield Kitchen(folder)
    shutil.rmtree(folder)


def test_there_are_three_recipes() -> None:
    assert sorted(names()) == ["field", "plugin", "tenant"]


@pytest.mark.parametrize("name", ["tenant", "field", "plugin"])
def test_a_recipe_works_line_by_line(name: str, kitchen: Kitchen) -> None:
    steps = recipe(name)
    assert steps[-1].action == "run", "a recipe ends with something to see"
    for step in steps:
        kitchen.follow(step)
