"""A connector that raises, hangs or answers something else: isolated and counted, and nothing is given twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.connectors.fake_credly import FakeCredly, refusal
from tests.connectors.http_server import Fault
from tests.connectors.stage import OWNER, Issuing
from waypost.connectors import registry, stepping
from waypost.connectors.reconciling import reconcile_all
from waypost.db import City, fetch
from waypost.outbox import Later
from waypost.outbox.connecting import Access, Figure, Issued, Order, Page, Sought, Template
from waypost_credly import shapes
from waypost_credly.connector import Credly


async def _raises(issued: Issued) -> Any:
    raise KeyError("ada.love@example.org")


async def _hangs(issued: Issued) -> Any:
    await asyncio.Event().wait()


async def _answers_nothing(issued: Issued) -> Any:
    return None


async def _answers_an_id(issued: Issued) -> Any:
    return issued.id


async def _answers_without_an_id(issued: Issued) -> Any:
    return replace(issued, id=None)  # type: ignore[arg-type]  # as a plugin may


async def _answers_a_number(issued: Issued) -> Any:
    return replace(issued, id=7)  # type: ignore[arg-type]  # likewise


async def _answers_a_state_of_its_own(issued: Issued) -> Any:
    return replace(issued, state="sleeping")  # type: ignore[arg-type]  # likewise


FAULTS = [_raises, _hangs, _answers_nothing, _answers_an_id]
PARTS = [_answers_without_an_id, _answers_a_number, _answers_a_state_of_its_own]


@pytest.mark.parametrize("fault", [*FAULTS, *PARTS])
async def test_what_a_connector_did_before_it_failed_is_found(
    stage: Issuing,
    fake: FakeCredly,
    linked: str,
    monkeypatch: pytest.MonkeyPatch,
    fault: Callable[[Issued], Any],
) -> None:
    well = Credly.issue

    async def issue(self: Credly, access: Access, order: Order) -> Any:
        return await fault(await well(self, access, order))

    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love", work=False)
    with monkeypatch.context() as patched:
        patched.setattr(Credly, "issue", issue)
        patched.setattr(registry, "CALL_S", 1.0)
        (error,) = await stage.works_off(patient=False)
    assert isinstance(error, Later)
    assert "example.org" not in str(error)
    assert stage.plugins.calls.failures["credly"] == 1
    await stage.works_off()
    (record,) = await stage.records("Ada Love")
    (badge,) = fake.of(linked)
    assert (record["state"], record["externalId"], fake.server.count("POST")) == ("PENDING", badge["id"], 1)


@pytest.mark.parametrize(
    ("operation", "other"),
    [
        ("find", {"id": "1"}),
        ("templates", {"id": "1"}),
        ("templates", Template("1", "Film Maker", "active", None)),  # type: ignore[arg-type]  # as a plugin may
    ],
)
async def test_a_page_of_other_things_is_no_answer(
    stage: Issuing, account: str, monkeypatch: pytest.MonkeyPatch, operation: str, other: Any
) -> None:
    async def page(self: Credly, access: Access, *args: object) -> Page[Any]:
        return Page([other])

    monkeypatch.setattr(Credly, operation, page)
    await reconcile_all(stage.work)
    (error,) = await stage.works_off(patient=False)
    assert isinstance(error, Later)
    assert "credly" in str(error)
    assert stage.plugins.calls.failures["credly"] == 1


async def test_a_list_without_end_is_no_proof_that_something_is_not_there(
    stage: Issuing, fake: FakeCredly, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does looking through it hold a worker for ever."""
    asked = 0

    async def endless(self: Credly, access: Access, sought: Sought, after: str | None = None) -> Page[Issued]:
        nonlocal asked
        asked += 1
        assert asked <= 20, "it goes on and on"
        return Page((), "and on")

    monkeypatch.setattr(stepping, "MOST_SEARCHED", 5)
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    fake.server.faults.append(Fault(lost=True))
    await stage.agrees("Ada Love", work=False)
    await stage.works_off(patient=False)
    monkeypatch.setattr(Credly, "find", endless)
    await stage.hurry()
    (error,) = await stage.works_off(patient=False)
    assert isinstance(error, Later)
    assert (asked, fake.server.count("POST")) == (5, 1)


@pytest.mark.parametrize(
    ("part", "value"), [("name", "Film\0Maker"), ("state", "\0"), ("id", "\0"), ("id", "x" * 3_000)]
)
async def test_a_template_that_cannot_be_kept_costs_itself_alone(
    stage: Issuing, fake: FakeCredly, account: str, caplog: pytest.LogCaptureFixture, part: str, value: str
) -> None:
    """It kept its whole account from being compared, and every badge from being linked."""
    odd, good = fake.template("Odd"), fake.template("Film Maker")
    fake.templates[odd][part] = value
    link = await stage.link("brighton", "film-maker", await stage.share(account, "brighton"))
    assert (link["state"], link["templateId"]) == ("LINKED", good)
    await stage.reconciles()
    shown = await stage.the_account()
    assert [each["templateId"] for each in shown["templates"]] == [good]
    assert shown["reconciledAt"] is not None
    assert ("what credly lists as " + repr(fake.templates[odd]["id"])[:40]) in caplog.text


@pytest.mark.parametrize("id", ["\0", "x" * 3_000])
async def test_a_badge_that_cannot_be_kept_costs_itself_alone(
    stage: Issuing, fake: FakeCredly, linked: str, id: str
) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love")
    (badge,) = fake.of(linked)
    odd = fake.by_hand(linked, "someone@example.org", "waypost:00000000-0000-4000-8000-000000000001")
    fake.badges[odd]["id"] = id
    fake.decide(badge["id"], "accepted")
    await stage.reconciles()
    (record,) = await stage.records("Ada Love")
    assert (record["state"], await stage.drifts()) == ("ACCEPTED", [])
    assert (await stage.the_account())["reconciledAt"] is not None


async def test_a_badge_whose_id_cannot_be_kept_is_not_given_again(
    stage: Issuing, fake: FakeCredly, linked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = shapes.issued
    monkeypatch.setattr(shapes, "issued", lambda badge: replace(well(badge), id="\0"))
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love", work=False)
    for _ in range(3):
        (error,) = await stage.works_off(patient=False)
        assert isinstance(error, Later)
        await stage.hurry()
    assert len(fake.of(linked)) == 1


@pytest.mark.parametrize("count", [2**31, 2**80, -1, None, True])
async def test_a_figure_that_cannot_be_kept_costs_itself_alone(
    stage: Issuing, fake: FakeCredly, linked: str, monkeypatch: pytest.MonkeyPatch, count: Any
) -> None:
    well, other = Credly.analytics, fake.template("Explorer")

    async def analytics(self: Credly, access: Access, template: str) -> Figure:
        figure = await well(self, access, template)
        return figure if template == other else replace(figure, accepted=count)

    monkeypatch.setattr(Credly, "analytics", analytics)
    (grant,) = (await stage.read("{ issuingGrants { nodes { id } } }", "brighton", "brighton club"))["issuingGrants"][
        "nodes"
    ]
    await stage.link("brighton", "explorer", grant["id"], other)
    await stage.earner("Ada Love")
    for badge in ("film-maker", "explorer"):
        await stage.earns("Ada Love", "brighton", badge)
    await stage.agrees("Ada Love")
    await stage.reconciles()
    shown = await stage.the_account()
    assert {each["templateId"]: each["issued"] for each in shown["templates"]} == {linked: None, other: 1}


async def test_a_refusal_that_cannot_be_kept_is_told_without_what_cannot(
    stage: Issuing, fake: FakeCredly, linked: str
) -> None:
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    fake.server.faults.append(Fault(refusal("It is\0archived.")))
    await stage.agrees("Ada Love")
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["problem"]) == ("FAILED", "It is\N{REPLACEMENT CHARACTER}archived.")


async def test_an_address_that_is_none_of_the_web_is_shown_to_nobody(
    stage: Issuing, fake: FakeCredly, account: str
) -> None:
    template = fake.template("Film Maker")
    fake.templates[template]["url"] = "javascript:alert(1)"
    await stage.link("brighton", "film-maker", await stage.share(account, "brighton"), template)
    await stage.earner("Ada Love")
    await stage.earns("Ada Love", "brighton", "film-maker")
    await stage.agrees("Ada Love")
    (badge,) = fake.of(template)
    good, badge["badge_url"] = badge["badge_url"], "javascript:alert(2)"
    fake.decide(badge["id"], "accepted")
    await stage.reconciles()
    (record,) = await stage.records("Ada Love")
    assert (record["state"], record["url"]) == ("ACCEPTED", good)
    links = await stage.read("{ issuingLinks { nodes { state templateUrl } } }", "brighton", "brighton club")
    assert links["issuingLinks"]["nodes"] == [{"state": "LINKED", "templateUrl": None}]
    async with stage.database.transaction(City(stage.town(OWNER).id)):
        assert [row["url"] for row in await fetch("SELECT url FROM issuing_template")] == [None]
