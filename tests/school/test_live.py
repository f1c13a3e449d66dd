"""Curators and writers are told of what happens while it happens, and nobody else is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import orjson
import pytest

from tests.journeys.stage import STRANGER, Stage
from tests.school.stage import decided, proposed, review_of, submitted
from waypost.graph import Graph, GraphRequest, Live, Message, NotSubscribed, Subscribe
from waypost.testing.working import work_off

REVIEWS = "subscription { badgeReviewChanged { id review { name state } } }"
DRAFTS = "subscription { badgeDraftChanged { id draft { name state } } }"


def heard(stage: Stage, live: Live, query: str, city: str | None, who: str) -> AsyncGenerator[Message, None]:
    tenant = None if city is None else stage.town(city).id

    async def asker() -> Any:
        return stage.who[who] if who else STRANGER

    graph = Graph(stage.schema, tenant, ("en",), stage.platform)
    return live.messages(Subscribe(lambda: graph, GraphRequest(query), asker))


async def told(messages: AsyncGenerator[Message, None], field: str, state: str) -> dict[str, Any]:
    """Wait until a state is told of; several changes may come as one message."""
    async with asyncio.timeout(10):
        while True:
            found = orjson.loads((await anext(messages)).body)["data"][field]
            shown = next(value for key, value in found.items() if key != "id")
            if shown is not None and shown["state"] == state:
                return {"id": found["id"], **shown}


async def test_a_curator_hears_what_arrives_and_a_writer_what_was_decided(stage: Stage) -> None:
    live = Live(stage.engine, stage.database)
    async with stage.database.versions.followed(), live.followed():
        curator = heard(stage, live, REVIEWS, "badge-nation", "nation first")
        writer = heard(stage, live, DRAFTS, "brighton", "college staff")
        stranger = heard(stage, live, DRAFTS, "brighton", "issuer-staff")
        async with aclosing(curator), aclosing(writer), aclosing(stranger):
            for each in (curator, writer, stranger):
                assert (await anext(each)).body == b""
            silence = asyncio.ensure_future(anext(stranger))
            draft = await submitted(stage, name="Harbour Watch")
            review = review_of(stage, draft)
            assert await told(curator, "badgeReviewChanged", "SUBMITTED") == {
                "id": review,
                "name": "Harbour Watch",
                "state": "SUBMITTED",
            }
            await decided(stage, draft, "CHANGES_REQUESTED")
            assert (await told(curator, "badgeReviewChanged", "CHANGES_REQUESTED"))["id"] == review
            assert (await told(writer, "badgeDraftChanged", "CHANGES_REQUESTED"))["id"] == draft["id"]
            assert not silence.done()
            silence.cancel()
            await asyncio.wait({silence})


@pytest.mark.parametrize(
    ("query", "city", "who", "code"),
    [
        (REVIEWS, "badge-nation", "", "UNAUTHENTICATED"),
        (REVIEWS, "badge-nation", "brighton curator", "FORBIDDEN"),
        (REVIEWS, "brighton", "college admin", "FORBIDDEN"),
        (REVIEWS, None, "nation first", "CITY_NEEDED"),
        (DRAFTS, "brighton", "nation first", "FORBIDDEN"),
        (DRAFTS, "brighton", "learner", "FORBIDDEN"),
    ],
)
async def test_who_may_not_read_may_not_listen(stage: Stage, query: str, city: str | None, who: str, code: str) -> None:
    await proposed(stage, name="Not For You")
    await work_off(stage.database)
    live = Live(stage.engine, stage.database)
    async with aclosing(heard(stage, live, query, city, who)) as messages:
        with pytest.raises(NotSubscribed) as refused:
            await anext(messages)
    assert refused.value.answer.code == code or code in refused.value.answer.body.decode()
