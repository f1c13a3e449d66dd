from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from tests.plugins.test_loading import section
from tests.plugins.workshop import Workshop
from waypost.cli.main import waypost


def run(*words: str, allowed: str) -> Result:
    """Run `waypost plugins …` with an allow-list."""
    return CliRunner().invoke(waypost, ["plugins", *words], env={"WAYPOST_PLUGINS": allowed})


def test_the_list_shows_each_plugin_with_its_state_and_reason(workshop: Workshop) -> None:
    workshop.install("broken", "import a_module_that_nobody_has")
    workshop.install("harbour")
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    shown = run("list", allowed="broken tide lost")
    assert shown.exit_code == 0
    lines = {line.split()[0]: line for line in shown.stdout.splitlines()}
    assert lines["broken"].split(maxsplit=2)[2].startswith("left out     it cannot be imported: ModuleNotFound")
    assert lines["harbour"].endswith("not allowed  it is not on the allow-list WAYPOST_PLUGINS")
    assert lines["lost"].endswith("missing      WAYPOST_PLUGINS names it and it is not installed")
    assert lines["tide"].endswith("ready        A plugin called tide (waypost-tide)")


def test_the_check_refuses_where_a_plugin_does_not_work(workshop: Workshop) -> None:
    workshop.install("broken", "1 / 0")
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    assert run("check", allowed="tide").exit_code == 0
    refused = run("check", allowed="tide broken")
    assert refused.exit_code == 1
    assert "ZeroDivisionError" in refused.stdout
    assert run("check", allowed="lost").exit_code == 1


def test_the_check_finds_declarations_that_do_not_fit_the_tables(workshop: Workshop) -> None:
    code = """
        from waypost.graph import extend
        from waypost.plugins import hookimpl

        @extend("Harbour")
        class HarbourTides:
            tide_table: str | None

        @hookimpl
        def waypost_graph(registrar):
            registrar.extend(HarbourTides)
    """
    workshop.install("tide", code, contributes=["field:Harbour.tideTable"])
    refused = run("check", allowed="tide")
    assert refused.exit_code == 1, refused.output
    assert "its declarations do not fit" in refused.stdout


def test_scripts_read_json(workshop: Workshop) -> None:
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    workshop.install("broken", manifest="")
    shown = json.loads(run("list", "--json", allowed="tide").stdout)
    (tide,) = [plugin for plugin in shown if plugin["name"] == "tide"]
    assert tide == {
        "name": "tide",
        "distribution": "waypost-tide",
        "version": "1.0.0",
        "state": "ready",
        "reason": None,
        "title": "A plugin called tide",
        "api": ">=1,<2",
        "prefix": "tide",
        "requires": [],
        "contributes": ["catalogue:places.tide"],
    }


@pytest.mark.parametrize("command", ["list", "check"])
def test_two_that_claim_one_name_end_the_command_naming_both(workshop: Workshop, command: str) -> None:
    workshop.install("tide", distribution="brighton-tides", package="brighton_tides")
    workshop.install("tide", distribution="plymouth-tides", package="plymouth_tides", prefix="sound")
    refused = run(command, allowed="tide")
    assert refused.exit_code == 1
    assert "brighton-tides 1.0.0 and plymouth-tides 1.0.0" in refused.stderr
