from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from tests.cli.conftest import Waypost


@pytest.fixture
def tenants(tmp_path: Path) -> Path:
    """Two tenants' files, of which one switches a plugin on."""
    for slug, more in (("plain", ""), ("rich", "[plugins.skills_builder]\n")):
        folder = tmp_path / "tenants" / slug
        folder.mkdir(parents=True)
        (folder / "tenant.toml").write_text(f'name = "{slug}"\n{more}', encoding="utf-8")
    return tmp_path / "tenants"


def test_the_published_schema_is_written_and_found_equal(bare: Waypost, tenants: Path, tmp_path: Path) -> None:
    assert bare("schema", "export").exit_code == 0
    folder = tmp_path / "schema"
    for file in folder.rglob("*.graphql"):
        # The directives of a subgraph are defined where its first line links to.
        linked = file.name == "subgraph.graphql"
        assert build_schema(file.read_text(encoding="utf-8"), assume_valid_sdl=linked).query_type
    assert (folder / "profiles" / "core.graphql").is_file()
    assert (folder / "hooks.json").is_file()
    checked = bare("schema", "export", "--check")
    assert checked.exit_code == 0, checked.output


def test_a_file_that_differs_is_named(bare: Waypost, tenants: Path, tmp_path: Path) -> None:
    bare("schema", "export")
    with (tmp_path / "schema" / "waypost.graphql").open("a", encoding="utf-8") as file:
        file.write("type Drift { x: Int }\n")
    (tmp_path / "schema" / "profiles" / "core.graphql").unlink()
    (tmp_path / "schema" / "profiles" / "forgotten.graphql").write_text("type X { y: Int }", encoding="utf-8")
    checked = bare("schema", "export", "--check")
    assert checked.exit_code == 1
    for words in ("waypost.graphql differs", "core.graphql is missing", "forgotten.graphql belongs to no tenant"):
        assert words in checked.stderr
    assert bare("schema", "export").exit_code == 0
    assert bare("schema", "export", "--check").exit_code == 0


def test_a_plugin_that_is_missing_leaves_no_hole_in_the_schema(bare: Waypost, tmp_path: Path) -> None:
    """Its fields would silently be gone from the published graph."""
    done = bare("schema", "export", WAYPOST_PLUGINS="nobody_has_this")
    assert done.exit_code == 1
    assert "nobody_has_this" in done.stderr
    assert not (tmp_path / "schema").exists()
