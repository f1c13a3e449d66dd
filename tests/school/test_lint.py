"""What the linter finds in the words of a badge, and what it leaves alone."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.project.documents import ROOT, codes, rows
from waypost.badges.words import BadgeText, BadgeWords, CriterionWords
from waypost.outbox.linting import FIELDS, PHRASES, rule_of
from waypost.plugins import lint_rules
from waypost.school.document import document, findings_document, findings_of, still_said, words_of
from waypost.school.lint import CHECKS, Finding, Reason, Similar, lint, reasoned, reasons_of
from waypost.school.rulebook import COMMON, DATA, own_rule, rulebook
from waypost.standards.reference import built_in

BOOK: Final = rulebook(("rsa-2019", "rsa-2025"))
HOOKS: Final = ROOT / "docs" / "hooks.md"
NOBODY: Final = UUID(int=0)
GOOD: Final = BadgeWords(
    slug="festival-maker",
    name="Festival Maker",
    description="Earners of this badge have planned and run a festival.",
    layer="rsa-2019/demonstrate",
    issuer_id=NOBODY,
    creator_id=NOBODY,
    criteria=(
        CriterionWords("Earner has *planned* the programme with others.", skills=("Planning",)),
        CriterionWords("Earner has created and led one evening."),
    ),
    skills=("Creativity", "Leadership"),
)


def found(language: str = "en", similar: tuple[Similar, ...] = (), **changes: Any) -> list[tuple[str, tuple[str, ...]]]:
    words = replace(GOOD, **changes)
    return [(each.code, each.path) for each in lint(words, language, BOOK, similar)]


def said(*criteria: str, skills: tuple[str, ...] = ("Planning", "Creativity", "Leadership")) -> dict[str, Any]:
    return {"criteria": tuple(CriterionWords(each, skills=skills) for each in criteria)}


def test_good_words_are_left_alone() -> None:
    assert found() == [("SKILL_NOT_EVIDENCED", ("skills", "1"))]
    assert (
        found(
            skills=("Creativity",),
            criteria=(*GOOD.criteria[:1], CriterionWords("Earner has created one evening.", skills=("Leadership",))),
        )
        == []
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"description": " "}, ("DESCRIPTION_MISSING", ("description",))),
        ({"description": "A badge about festivals."}, ("DESCRIPTION_OPENING", ("description",))),
        (said("Earner has planned it."), ("CRITERIA_FEW", ("criteria",))),
        (said("Earner has planned it.", "Planned it."), ("CRITERION_OPENING", ("criteria", "1", "text"))),
        (said("Earner has planned it.", "Earner has ability."), ("CRITERION_TENSE", ("criteria", "1", "text"))),
        (said("Earner has planned it.", "Will plan it."), ("CRITERION_TENSE", ("criteria", "1", "text"))),
        (said("Earner has planned it.", "Earner has need of it."), ("CRITERION_TENSE", ("criteria", "1", "text"))),
        ({"skills": (), **said("Earner has made it.", "Earner hit it.", skills=("A",))}, ("SKILLS_FEW", ("skills",))),
        ({"skills": ("Juggling",)}, ("SKILL_NOT_EVIDENCED", ("skills", "0"))),
        ({"skills": ("Planning festivals of every size and kind",)}, ("SKILL_LONG", ("skills", "0"))),
        ({"skills": ("Increased Self-Motivation",)}, ("SKILL_FORM", ("skills", "0"))),
        ({"skills": ("Can plan.",)}, ("SKILL_FORM", ("skills", "0"))),
        ({"image_url": "https://example.org/x.png"}, ("IMAGE_ALT_MISSING", ("imageAlt",))),
        ({"image_url": "https://example.org/x.png", "image_alt": "Image of a tent"}, ("IMAGE_ALT_FORM", ("imageAlt",))),
        ({"image_url": "https://example.org/x.png", "image_alt": "IMG_1.PNG"}, ("IMAGE_ALT_FORM", ("imageAlt",))),
        ({"image_url": "https://example.org/x.png", "image_alt": "x" * 201}, ("IMAGE_ALT_FORM", ("imageAlt",))),
        ({"layer": "rsa-2019/engage"}, ("LAYER_UNLIKELY", ("layer",))),
        ({"audience": "organisation"}, ("DESCRIPTION_OPENING", ("description",))),
    ],
)  # fmt: skip
def test_each_fault_is_found_where_it_is(changes: dict[str, Any], expected: tuple[str, tuple[str, ...]]) -> None:
    assert expected in found(**changes)


@pytest.mark.parametrize(
    "criterion",
    [
        "Earner has attended two open days.",
        "The earner has successfully led a team.",
        "Earner has also regularly been taught by others.",
        "Earner has co-designed the poster.",
        "**Earner has** written a report.",
        "EARNER HAS agreed on a plan.",
    ],
)
def test_what_was_done_is_in_the_past(criterion: str) -> None:
    assert {code for code, _ in found(**said(criterion, criterion))} <= {"LAYER_UNLIKELY", "SKILL_NOT_EVIDENCED"}


@pytest.mark.parametrize(
    "verb",
    [
        *("sewn", "sought", "beaten", "fallen", "hidden", "withdrawn", "drunk", "dug", "fought", "rebuilt", "swept"),
        *("shot", "bound", "cast", "refereed", "re-built", "co-written", "forgiven", "woven", "struck", "retaught"),
    ],
)
def test_verbs_that_go_their_own_way_are_known(verb: str) -> None:
    criterion = f"Earner has {verb} something."
    assert "CRITERION_TENSE" not in {code for code, _ in found(**said(criterion, criterion))}


@pytest.mark.parametrize(
    ("skill", "criterion", "is_shown"),
    [
        ("Art", "Earner has read an article.", False),
        ("Art", "Earner has made art.", True),
        ("IT", "Earner has sold items.", False),
        ("C", "Earner has baked cakes.", False),
        ("C", "Earner has written a program in C.", True),
        ("Map Reading", "Earner has happily read it.", True),
        ("Gardening", "Earner has planted a garden.", True),
    ],
)
def test_a_short_tag_is_shown_by_its_own_word_alone(skill: str, criterion: str, is_shown: bool) -> None:
    criteria = (CriterionWords(criterion), CriterionWords("Earner has created nothing."))
    assert (("SKILL_NOT_EVIDENCED", ("skills", "0")) not in found(skills=(skill,), criteria=criteria)) == is_shown


def test_organisations_have_words_of_their_own() -> None:
    words = {
        "audience": "organisation",
        "description": "Organisations that have earned this badge have opened their doors.",
        **said("Organisation has created a plan.", "Organisation has trained its staff."),
    }
    assert found(**words) == []


def test_welsh_is_read_as_welsh() -> None:
    good = {
        "description": "Mae enillwyr y bathodyn hwn wedi cynllunio gŵyl.",
        **said("Mae'r enillydd wedi creu rhaglen.", "Mae’r enillydd wedi arwain noson."),
        "skills": (),
    }
    assert found("cy", **good) == []
    assert ("CRITERION_TENSE", ("criteria", "0", "text")) in found(
        "cy", **good | said("Bydd yr enillydd yn creu.", "x")
    )
    english = found("cy", **{**good, "description": GOOD.description})
    assert english == [("DESCRIPTION_OPENING", ("description",))]
    welsh = BadgeText("Gŵyl", "Disgrifiad.", ("Mae'r enillydd wedi cynllunio.", "Dim."))
    assert [each for each in found(text={"cy": welsh}) if "cy" in each[1]] == [
        ("DESCRIPTION_OPENING", ("translations", "cy", "description")),
        ("CRITERION_OPENING", ("translations", "cy", "criteria", "1")),
        ("CRITERION_TENSE", ("translations", "cy", "criteria", "1")),
    ]


def test_a_finding_about_welsh_words_is_told_in_welsh() -> None:
    text = {"cy": BadgeText("Gŵyl", "Disgrifiad.")}
    finding = next(each for each in lint(replace(GOOD, text=text), "en", BOOK) if "cy" in each.path)
    assert finding.mend.startswith("Dechreuwch gyda")


def test_a_language_without_words_is_left_to_the_curator() -> None:
    assert {code for code, _ in found("gd", description="Rinn iad fèis.")} == {"SKILL_NOT_EVIDENCED"}


def test_a_badge_that_reads_alike_is_named() -> None:
    alike = (Similar(UUID(int=1), UUID(int=2), "Festival Makers", "Leeds"),)
    finding = lint(GOOD, "en", BOOK, alike)[-1]
    assert (finding.code, finding.badge) == ("SIMILAR_BADGE", (UUID(int=1), UUID(int=2)))
    assert "“Festival Makers” of Leeds" in finding.message


def test_a_reason_lets_a_warning_be_and_never_an_error() -> None:
    findings = lint(replace(GOOD, description="", skills=("Juggling", "Wit")), "en", BOOK)
    reasons = [Reason(each.code, "It is so.") for each in findings]
    after = reasoned(findings, reasons)
    assert {each.code for each in after if each.blocks} == {"DESCRIPTION_MISSING"}
    here = reasoned(findings, [Reason("SKILL_NOT_EVIDENCED", "Elsewhere.", ("skills", "7"))])
    assert all(each.reason is None for each in here)
    assert reasoned(findings, reasons_of(after)) == after


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        (("description",), {"description": "Other words."}),
        (("skills", "1"), {"skills": ("Creativity", "Wit")}),
        (("criteria", "1", "text"), {"criteria": (GOOD.criteria[0], CriterionWords("Other words."))}),
        (("criteria", "1", "text"), {"criteria": GOOD.criteria[:1]}),
        (("criteria", "0", "skills", "0"), {"criteria": (replace(GOOD.criteria[0], skills=("Wit",)),)}),
        (("criteria",), {"criteria": GOOD.criteria[:1]}),
        (("translations", "cy", "description"), {"text": {"cy": BadgeText("Gŵyl", "Arall.")}}),
        (("translations", "cy", "criteria", "0"), {"text": {}}),
    ],
)
def test_what_was_found_in_a_text_is_told_from_what_is_found_in_another(
    path: tuple[str, ...], changes: dict[str, Any]
) -> None:
    before = replace(GOOD, text={"cy": BadgeText("Gŵyl", "Disgrifiad.", ("Dim.", "Dim."))})
    finding = Finding("X", "warning", path, "", "", reason="So.")
    assert still_said([finding], before, replace(before, slug="other", layer="rsa-2019/engage")) == (finding,)
    assert still_said([finding], before, replace(before, **changes)) == ()
    of_a_badge = replace(finding, badge=(NOBODY, NOBODY))
    assert still_said([of_a_badge], before, replace(before, **changes)) == (of_a_badge,)


def test_a_reason_is_for_the_badge_of_which_it_was_said() -> None:
    before = Similar(UUID(int=1), UUID(int=2), "Festival Makers", "Leeds")
    after = replace(before, id=UUID(int=3))
    known = reasoned(lint(GOOD, "en", BOOK, [before]), [Reason("SIMILAR_BADGE", "Ours is for schools.")])
    found = reasoned(lint(GOOD, "en", BOOK, [before, after]), reasons_of(known))
    assert [each.reason for each in found if each.badge] == ["Ours is for schools.", None]


@pytest.mark.parametrize(
    ("field", "avoid", "require", "expected"),
    [
        ("description", ["have planned"], [], [("description",)]),
        ("description", ["plan"], ["festival"], []),
        ("criteria", ["EVENING"], [], [("criteria", "1", "text")]),
        ("criteria", [], ["programme"], [("criteria", "1", "text")]),
        ("name", ["festival"], [], [("name",)]),
        ("skills", ["leadership"], [], [("skills", "1")]),
        ("name", ["{x}"], [], []),
        ("description", ["2024"], [], [("description",)]),
        ("description", ["24"], [], []),
        ("description", [], ["2024"], []),
        ("description", [], ["level 3"], [("description",)]),
        ("description", [], ["level 2"], []),
    ],
)
def test_a_tenants_own_rule_finds_words_to_avoid_and_words_that_are_missing(
    field: str, avoid: list[str], require: list[str], expected: list[tuple[str, ...]]
) -> None:
    words = {"avoid": avoid, "require": require, "explanation": "Not {here}.", "mend": "{0}"}
    book = replace(BOOK, rules=(own_rule("no-jargon", "error", field, "en", words),))
    good = replace(GOOD, description="Earners of this badge have planned and run a Level 2 festival in 2024.")
    findings = lint(good, "en", book)
    assert [each.path for each in findings] == expected
    assert {(each.code, each.severity, each.message, each.mend) for each in findings} <= {
        ("OWN_NO_JARGON", "error", "Not {here}.", "{0}")
    }
    assert lint(good, "cy", book) == ()


text = st.text(max_size=60)


@st.composite
def anything(draw: st.DrawFn) -> BadgeWords:
    """Words that anybody may have written."""
    criteria = draw(st.lists(st.builds(CriterionWords, text, st.booleans(), st.tuples(text)), max_size=4))
    words = st.builds(BadgeText, text, text, st.tuples(text))
    return replace(
        GOOD,
        name=draw(text),
        description=draw(text),
        criteria=tuple(criteria),
        skills=tuple(draw(st.lists(text, max_size=4))),
        image_url=draw(st.none() | st.just("https://example.org/x.png")),
        image_alt=draw(st.none() | text),
        audience=draw(st.sampled_from(["person", "organisation"])),
        layer=draw(st.sampled_from(["rsa-2019/engage", "rsa-2025/leader", "other/layer"])),
        text=draw(st.dictionaries(st.sampled_from(["cy", "pl"]), words)),
    )


@given(anything(), st.sampled_from(["en", "en-GB", "cy", "pl"]))
def test_whatever_is_written_the_linter_answers_and_its_answer_can_be_kept(words: BadgeWords, language: str) -> None:
    findings = lint(words, language, BOOK)
    assert findings_of(findings_document(findings)) == findings
    assert words_of(document(words)) == words
    assert [each.code for each in findings if each.code == "CRITERIA_FEW"] == ["CRITERIA_FEW"] * (
        len(words.criteria) < 2
    )


def test_the_rules_are_read_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every act of writers and curators asks for them, and so does anybody who reads the checklist."""

    def read(text: str) -> None:
        raise AssertionError(text[:40])

    monkeypatch.setattr(tomllib, "loads", read)
    assert rulebook(("rsa-2019", "rsa-2025")) == BOOK
    assert {each.partition("/")[0] for each in rulebook(("rsa-2025", "../lint/rsa-2019", "none")).layers} == {
        "rsa-2025"
    }


def test_every_rule_has_a_check_and_every_check_a_rule() -> None:
    assert {rule.check for rule in BOOK.rules} == set(CHECKS) - {PHRASES}  # which is for tenants' own rules
    assert len({rule.code for rule in BOOK.rules}) == len(BOOK.rules)


def test_plugins_may_use_every_check_and_the_platforms_own_rules_have_the_form_that_theirs_have() -> None:
    assert set(lint_rules.CHECKS) == set(CHECKS)
    for rule in tomllib.loads((DATA / f"{COMMON}.toml").read_text(encoding="utf-8"))["rules"]:
        faults = [*lint_rules.faults_of({**rule, "code": f"TIDE_{rule['code']}"}, "TIDE")]
        assert faults == []
        assert rule["code"].partition("_")[0] in lint_rules.TAKEN


def test_the_page_of_hooks_has_every_check_with_all_that_it_takes() -> None:
    told = {codes(row[0])[0]: [set(codes(cell)) for cell in row[1:]] for row in rows(HOOKS, "lint-checks")}
    fields = set(FIELDS)
    assert told == {
        check: [set(each.facts), {*each.words, *(fields if check == PHRASES else ())}, set(each.named)]
        for check, each in lint_rules.CHECKS.items()
    }


@given(anything(), st.sampled_from(sorted(lint_rules.CHECKS)), st.data())
def test_a_rule_of_the_right_form_can_be_followed_whatever_is_written(
    words: BadgeWords, check: str, data: st.DataObject
) -> None:
    takes = lint_rules.CHECKS[check]
    lists = {use: data.draw(st.lists(st.text(min_size=1, max_size=9), min_size=1)) for use in takes.words}
    if check == PHRASES:
        lists["field"] = [data.draw(st.sampled_from(FIELDS))]
    kept = {use: said for use, said in lists.items() if data.draw(st.booleans())}
    said = " ".join(f"{{{name}}}" for name in (*takes.facts, *takes.named))
    told = {"en": f"See {said}"}
    rule: dict[str, Any] = {"code": "TIDE_X", "check": check, "severity": "error", "explanation": told, "mend": told}
    rule |= {"words": {"en": kept}, **dict.fromkeys(takes.facts, 2)}
    if [*lint_rules.faults_of(rule, "TIDE")]:
        return
    alike = (Similar(UUID(int=1), UUID(int=2), "Festival Makers", "Leeds"),)
    found = lint(words, "en", replace(BOOK, rules=(rule_of(rule),)), alike)
    assert {each.code for each in found} <= {"TIDE_X"}


def test_every_layer_of_the_standards_has_words_in_english_and_welsh() -> None:
    layers = {layer.code for standard in built_in()[0] for layer in standard.layers}
    assert layers == set(BOOK.layers)
    assert all({"en", "cy"} <= words.keys() for words in BOOK.layers.values())


def test_the_guide_has_every_code_with_its_severity() -> None:
    told = {codes(row[0])[0]: row[1] for row in rows(ROOT / "docs" / "badge-school.md", "lint-codes")}
    assert told == {rule.code: rule.severity for rule in BOOK.rules}


def test_the_guide_has_every_question_of_the_checklist() -> None:
    told = {codes(row[0])[0]: row[1] for row in rows(ROOT / "docs" / "badge-school.md", "checklist")}
    assert told == {each.code: each.question["en"] for each in BOOK.checklist}


def test_a_finding_without_a_reason_blocks() -> None:
    warning = Finding("X", "warning", (), "", "")
    assert warning.blocks
    assert not replace(warning, reason="So.").blocks
    assert replace(warning, severity="error", reason="So.").blocks
