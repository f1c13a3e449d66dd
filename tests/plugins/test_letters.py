"""The letters of a plugin can be written before anybody waits for one."""

from __future__ import annotations

import pytest

from tests.plugins.test_contributions import effects, report
from tests.plugins.test_loading import one
from tests.plugins.workshop import Workshop
from waypost.plugins import load


def test_a_letter_without_its_files_leaves_its_plugin_out_and_names_each(workshop: Workshop) -> None:
    code, contributes = effects("tide")
    files = report("tide")
    del files["letters/tide.report.en.html"], files["letters/tide.report.en.subject.txt"]
    workshop.install("tide", code, contributes=contributes, files=files)
    assert one(load(["tide"]), "tide").reason == (
        "the letter tide.report has no file waypost_tide/letters/tide.report.en.subject.txt; "
        "the letter tide.report has no file waypost_tide/letters/tide.report.en.html"
    )


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("tide.report.en.txt", "High\n{{ metres", "letters/tide.report.en.txt, line 2: unexpected end of template"),
        ("tide.report.cy.txt", "{{ metres|deep }}", "letters/tide.report.cy.txt, line 1: No filter named 'deep'."),
        (
            "tide.report.en.html",
            '{% extends "sea.html" %}',
            "letters/tide.report.en.html asks for sea.html, and there is no such template",
        ),
        (
            "tide.report.en.html",
            '{% include "tide.report.en.foot" %}',
            "letters/tide.report.en.html asks for tide.report.en.foot, and there is no such template",
        ),
    ],
)
def test_a_template_that_cannot_be_used_leaves_its_plugin_out_and_is_named(
    workshop: Workshop, file: str, text: str, reason: str
) -> None:
    code, contributes = effects("tide")
    workshop.install("tide", code, contributes=contributes, files=report("tide") | {f"letters/{file}": text})
    found = one(load(["tide"]), "tide").reason
    assert found.startswith(f"waypost_tide/{reason}")
    assert str(workshop.folder) not in found


def test_a_template_may_use_others_and_the_platform_s_layout(workshop: Workshop) -> None:
    code, contributes = effects("tide")
    whole = '{% extends "layout.html" %}{% block letter %}{% include "foot.html" %}{% endblock %}'
    files = report("tide") | {"letters/tide.report.en.html": whole, "letters/foot.html": "High"}
    workshop.install("tide", code, contributes=contributes, files=files)
    assert one(load(["tide"]), "tide").reason == ""


def test_templates_lie_beside_a_module_of_a_package(workshop: Workshop) -> None:
    code, contributes = effects("tide")
    workshop.install("tide", code + "\n    run.__module__ = 'tide'\n", contributes=contributes, files=report("tide"))
    assert one(load(["tide"]), "tide").reason == (
        "the letter tide.report: letters/ lies beside the module of its facts, and tide is in no package"
    )
