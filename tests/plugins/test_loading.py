from __future__ import annotations

import logging

import pytest

from tests.plugins.workshop import Workshop
from waypost.plugins import (
    API,
    AppRegistrar,
    CatalogueRegistrar,
    Installed,
    NameClash,
    Plugins,
    State,
    load,
)

SECTION = """
    from pydantic import BaseModel
    from waypost.plugins import hookimpl
    from waypost.tenancy import CatalogueSection

    class Tide(BaseModel):
        metres: float

    async def write(tenant, entry, value):
        return True

    async def read(tenant):
        return {}

    @hookimpl
    def waypost_catalogue(registrar):
        registrar.section(CatalogueSection("places", "NAME", Tide, write, read))
"""


def section(name: str) -> str:
    """Code of a plugin with one section, `[places.<name>]`."""
    return SECTION.replace("NAME", name)


def one(plugins: Plugins, name: str) -> Installed:
    """The only plugin of that name."""
    (found,) = [each for each in plugins.installed if each.name == name]
    return found


def test_a_plugin_brings_what_its_manifest_names(workshop: Workshop) -> None:
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    plugins = load()
    assert one(plugins, "tide").state is State.READY
    assert one(plugins, "tide").reason == ""
    tide = plugins.get("tide")
    assert tide is not None
    assert tide.key == ("tide", "1.0.0")
    assert [section.name for section in tide.by(CatalogueRegistrar).sections] == ["tide"]
    assert tide.by(AppRegistrar).registered is None
    assert tide.key in plugins.national


def test_a_plugin_that_cannot_be_imported_is_left_out_and_named_while_others_work(
    workshop: Workshop, caplog: pytest.LogCaptureFixture
) -> None:
    workshop.install("broken", "import a_module_that_nobody_has")
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    with caplog.at_level(logging.WARNING, "waypost.plugins"):
        plugins = load()
    broken = one(plugins, "broken")
    assert broken.state is State.LEFT_OUT
    assert "cannot be imported: ModuleNotFoundError: No module named 'a_module_that_nobody_has'" in broken.reason
    assert "plugin broken (waypost-broken) is left out" in caplog.text
    assert "a_module_that_nobody_has" in caplog.text
    assert one(plugins, "tide").state is State.READY


@pytest.mark.parametrize(
    "code",
    ["raise SystemExit(3)", "raise ValueError('no')", "def f(:", "import nothing.at.all", "1 / 0"],
)
def test_nothing_that_an_import_does_stops_the_process(workshop: Workshop, code: str) -> None:
    workshop.install("broken", code)
    assert one(load(["broken"]), "broken").state is State.LEFT_OUT


def test_a_hook_that_raises_costs_its_own_plugin_only(workshop: Workshop) -> None:
    code = """
        from waypost.plugins import hookimpl

        @hookimpl
        def waypost_catalogue(registrar):
            raise RuntimeError("the sea is rough")
    """
    workshop.install("broken", code)
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    plugins = load()
    assert one(plugins, "broken").reason == (
        "waypost_catalogue failed: RuntimeError: the sea is rough (waypost_broken/plugin.py, line 6)"
    )
    assert one(plugins, "tide").state is State.READY


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "x = 1\nundefined_thing",
            "NameError: name 'undefined_thing' is not defined (waypost_broken/plugin.py, line 2)",
        ),
        ("from waypost_broken.deep import sea", "ValueError: too deep (waypost_broken/deep/sea.py, line 1)"),
        ("x = 1\ndef f(:", "SyntaxError: invalid syntax (waypost_broken/plugin.py, line 2)"),
        ("import json\njson.loads('')", "(waypost_broken/plugin.py, line 2)"),
        ("from waypost_broken.deep import no", "(waypost_broken/deep/__init__.py) (waypost_broken/plugin.py, line 1)"),
        ("open(__file__ + 'x')", "directory: 'waypost_broken/plugin.pyx' (waypost_broken/plugin.py, line 1)"),
    ],
)
def test_an_error_has_its_place_in_the_package_and_no_folder_of_ours(
    workshop: Workshop, code: str, reason: str
) -> None:
    files = {"deep/__init__.py": "", "deep/sea.py": "raise ValueError('too deep')"}
    workshop.install("broken", code, files=files)
    found = one(load(["broken"]), "broken").reason
    assert found.endswith(reason)
    assert found.startswith("it cannot be imported: ")
    assert str(workshop.folder) not in found


def test_two_that_claim_one_name_stop_the_process_naming_both(workshop: Workshop) -> None:
    workshop.install("tide", distribution="brighton-tides", package="brighton_tides")
    workshop.install("tide", distribution="plymouth-tides", package="plymouth_tides", prefix="sound")
    with pytest.raises(NameClash) as clash:
        load()
    assert "plugin name tide" in str(clash.value)
    assert "brighton-tides 1.0.0 and plymouth-tides 1.0.0: uninstall one of them" in str(clash.value)
    assert "WAYPOST_PLUGINS" not in str(clash.value), "an allow-list of names does not tell them apart"


def test_a_name_in_a_manifest_is_claimed_too(workshop: Workshop) -> None:
    workshop.install("tide", distribution="brighton-tides", package="brighton_tides", entry_point="other")
    workshop.install("tide", distribution="plymouth-tides", package="plymouth_tides", prefix="sound")
    with pytest.raises(NameClash, match=r"brighton-tides 1\.0\.0 and plymouth-tides 1\.0\.0"):
        load()


OUT = "uninstall one of them, or name in WAYPOST_PLUGINS those that are wanted, without harbour or tide"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("tide", f"the plugin prefix tide is claimed by waypost-harbour 1.0.0 and waypost-tide 1.0.0: {OUT}"),
        (
            "tideTable",
            (
                "the plugin prefix tide of waypost-tide 1.0.0 begins the prefix tideTable of waypost-harbour 1.0.0, "
                f"so that what is called tideTable… would be of both: {OUT}"
            ),
        ),
    ],
)
def test_two_that_claim_one_prefix_stop_the_process_naming_both(workshop: Workshop, prefix: str, words: str) -> None:
    workshop.install("tide", prefix="tide")
    workshop.install("harbour", prefix=prefix)
    with pytest.raises(NameClash) as clash:
        load()
    assert str(clash.value) == words
    assert load(["tide"]).ready, "as it says"


@pytest.mark.parametrize("prefix", ["tideTABLE", "tideTAbleSet"])
def test_two_whose_codes_would_begin_alike_stop_the_process_too(workshop: Workshop, prefix: str) -> None:
    """Codes are in upper case: `TIDE_TABLE_X` would be a code of both."""
    workshop.install("tide", prefix="tideTable")
    workshop.install("harbour", prefix=prefix)
    with pytest.raises(NameClash) as clash:
        load()
    assert f"{prefix} of waypost-harbour 1.0.0" in str(clash.value)
    assert "tideTable of waypost-tide 1.0.0" in str(clash.value)
    assert "are too near: codes tell no case apart, and TIDE_TABLE_" in str(clash.value)


def test_prefixes_that_only_begin_alike_are_no_clash(workshop: Workshop) -> None:
    workshop.install("tide", prefix="tide")
    workshop.install("tidy", prefix="tides")
    assert one(load(["tide", "tidy"]), "tidy").state is State.READY


def test_a_clash_outside_the_allow_list_stops_nothing(workshop: Workshop) -> None:
    workshop.install("tide", distribution="brighton-tides", package="brighton_tides")
    workshop.install("tide", distribution="plymouth-tides", package="plymouth_tides")
    workshop.install("harbour")
    plugins = load(["harbour"])
    assert [plugin.manifest.name for plugin in plugins.ready] == ["harbour"]


def test_only_plugins_on_the_allow_list_are_imported(workshop: Workshop) -> None:
    workshop.install("tide")
    workshop.install("harbour")
    plugins = load(["harbour"])
    assert one(plugins, "harbour").state is State.READY
    assert one(plugins, "tide").state is State.NOT_ALLOWED
    assert "WAYPOST_PLUGINS" in one(plugins, "tide").reason
    assert not workshop.imported("tide")


def test_an_empty_allow_list_allows_none(workshop: Workshop) -> None:
    workshop.install("tide")
    assert load([]).ready == ()


def test_an_allowed_plugin_that_is_not_installed_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "waypost.plugins"):
        plugins = load(["skils_bilder"])
    assert one(plugins, "skils_bilder").state is State.MISSING
    assert "skils_bilder" in caplog.text
    assert "skils_bilder" not in [known.name for known in plugins.catalogue_plugins()]


@pytest.mark.parametrize("api", [">=2", "<1", "==0.9"])
def test_a_plugin_for_another_api_is_left_out_unimported(workshop: Workshop, api: str) -> None:
    workshop.install("tide", api=api)
    assert one(load(), "tide").reason == f"it was written for plugin API {api}; this is {API}"
    assert not workshop.imported("tide")


def test_a_plugin_without_manifest_is_left_out_unimported(workshop: Workshop) -> None:
    workshop.install("tide", manifest=None)
    assert (
        "waypost-plugin.toml: cannot be read: the package waypost_tide has no such file" in one(load(), "tide").reason
    )
    assert not workshop.imported("tide")


def test_a_plugin_with_a_bad_manifest_is_left_out_with_every_reason(workshop: Workshop) -> None:
    workshop.install("tide", manifest='name = "tide"\nversion = 1\napi = ">=1"\ntitle = "Tides"\nprefix = "Tide"\n')
    reason = one(load(), "tide").reason
    assert "contributes: is missing" in reason
    assert "version: 1 is not of type 'string'" in reason
    assert "prefix: 'Tide' does not match" in reason


def test_a_plugin_whose_manifest_has_another_name_is_left_out(workshop: Workshop) -> None:
    workshop.install("tide", entry_point="ebb")
    assert one(load(), "ebb").reason == "its entry point is called ebb and its waypost-plugin.toml says tide"


def test_a_hook_that_waypost_does_not_know_leaves_its_plugin_out(workshop: Workshop) -> None:
    code = """
        from waypost.plugins import hookimpl

        @hookimpl
        def waypost_weather(registrar):
            pass
    """
    workshop.install("broken", code)
    workshop.install("tide", section("tide"), contributes=["catalogue:places.tide"])
    plugins = load()
    assert "its hooks do not fit" in one(plugins, "broken").reason
    assert "waypost_weather" in one(plugins, "broken").reason
    assert one(plugins, "tide").state is State.READY


def test_a_hook_with_arguments_of_its_own_leaves_its_plugin_out(workshop: Workshop) -> None:
    code = """
        from waypost.plugins import hookimpl

        @hookimpl
        def waypost_app(registrar, moon):
            pass
    """
    workshop.install("broken", code)
    assert "moon" in one(load(["broken"]), "broken").reason


def test_a_hook_that_needs_no_argument_may_leave_it_away(workshop: Workshop) -> None:
    code = """
        from waypost.plugins import hookimpl

        @hookimpl
        def waypost_app():
            pass
    """
    workshop.install("tide", code)
    assert one(load(["tide"]), "tide").state is State.READY


def test_declarations_are_not_wrapped(workshop: Workshop) -> None:
    code = """
        from waypost.plugins import hookimpl

        @hookimpl(wrapper=True)
        def waypost_app(registrar):
            return (yield)
    """
    workshop.install("broken", code)
    assert one(load(["broken"]), "broken").reason == "waypost_app is a wrapper; declarations are not wrapped"


def test_what_a_manifest_promises_must_be_registered(workshop: Workshop) -> None:
    workshop.install("tide", contributes=["catalogue:places.tide", "table:tide"])
    reason = one(load(), "tide").reason
    assert reason == "waypost-plugin.toml promises what is not registered: catalogue:places.tide, table:tide"


def test_what_is_registered_must_stand_in_the_manifest(workshop: Workshop) -> None:
    workshop.install("tide", section("tide"))
    reason = one(load(), "tide").reason
    assert reason == "it registers what waypost-plugin.toml does not name under contributes: catalogue:places.tide"


def test_a_section_carries_the_prefix(workshop: Workshop) -> None:
    workshop.install("tide", section("moon"), contributes=["catalogue:places.moon"])
    assert "section places.moon must be called tide or begin with tide_" in one(load(), "tide").reason


def test_a_plugin_comes_after_those_it_requires(workshop: Workshop) -> None:
    workshop.install("anchor", requires=["tide"])
    workshop.install("tide")
    plugins = load(["anchor", "tide"])
    order = [declared.plugin for declared in plugins.declarations(plugins.national)]
    assert order == ["tide", "anchor"]


def test_a_plugin_without_one_that_it_requires_is_left_out_and_so_is_who_requires_it(
    workshop: Workshop,
) -> None:
    workshop.install("anchor", requires=["boat"])
    workshop.install("boat", requires=["tide"])
    workshop.install("tide", "1 / 0")
    plugins = load(["anchor", "boat", "tide"])
    assert plugins.ready == ()
    assert one(plugins, "anchor").reason == "it requires boat, which cannot be used here"
    assert one(plugins, "boat").reason == "it requires tide, which cannot be used here"


def test_plugins_that_require_each_other_are_left_out(workshop: Workshop) -> None:
    workshop.install("anchor", requires=["boat"])
    workshop.install("boat", requires=["anchor"])
    assert load(["anchor", "boat"]).ready == ()
