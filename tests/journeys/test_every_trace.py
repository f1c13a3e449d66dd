"""Whatever the graph lets people change leaves its trace, or is explained; and no trace holds a value."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pytest
from graphql import GraphQLObjectType

from tests.journeys.stage import Stage
from tests.journeys.test_audit import ABOUT
from tests.journeys.tracing import STORIES
from tests.school.stage import set_up
from waypost.access.permissions import ROLES
from waypost.composition import effects
from waypost.db import City, Database, fetch
from waypost.db.connections import connect

# Of each act: one of the rows that it writes, and columns that must be named for it.
TRACED: Final[Mapping[str, tuple[str, str, set[str]]]] = {
    **ABOUT,
    "updateCity": ("city_change", "insert", {"accent_colour"}),
    "setPlugin": ("plugin_setting", "insert", {"plugin", "settings", "switched_at"}),
    "proposeBadge": ("badge_draft", "insert", {"id", "badge_id", "words"}),
    "updateBadgeDraft": ("badge_draft", "update", {"words"}),
    "cloneBadge": ("badge", "insert", {"id", "derived_from_id"}),
    "submitBadge": ("badge_draft", "update", {"state", "submitted_at"}),
    "takeReview": ("review", "update", {"reviewer_id", "leased_until"}),
    "commentOnBadge": ("review_comment", "insert", {"id", "text"}),
    "reviewBadge": ("review_decision", "insert", {"id", "outcome", "reason"}),
    "publishBadge": ("badge", "update", {"state", "public", "version_id"}),
    "retireBadge": ("badge", "update", {"state", "retired_at"}),
    "alignBadge": ("badge_alignment", "insert", {"badge_id", "item_id", "source"}),
    "importFramework": ("framework_import", "insert", {"id", "url"}),
    "createCollection": ("collection", "insert", {"id", "name", "issuer_id"}),
    "updateCollection": ("collection", "update", {"name"}),
    "closeCollection": ("collection", "update", {"state"}),
    "awardBadge": ("award", "insert", {"id", "badge_id", "recipient_id"}),
    "acceptAward": ("award", "update", {"state", "decided_at"}),
    "declineAward": ("award", "update", {"state", "decided_at"}),
    "replaceAward": ("award", "update", {"state", "replaced_by_id"}),
    "revokeAward": ("award", "update", {"state", "revoked_at", "revoked_reason"}),
    "setAwardPolicy": ("award_policy", "insert", {"badge_id", "repeats"}),
    "createUpload": ("upload", "insert", {"id", "purpose"}),
    "awardBadges": ("award_batch", "insert", {"id", "upload_id"}),
    "undoAwards": ("award_batch", "update", {"undone_at"}),
    "createClaimCode": ("claim_code", "insert", {"id", "badge_id", "label"}),
    "cancelClaimCode": ("claim_code", "update", {"cancelled_at"}),
    "claimBadge": ("award", "insert", {"id", "origin_id"}),
    "requestBadge": ("badge_request", "insert", {"id", "statement"}),
    "withdrawRequest": ("badge_request", "update", {"state"}),
    "decideRequest": ("badge_request", "update", {"state", "decided_by"}),
    "endorse": ("endorsement", "insert", {"id", "comment", "endorser_id"}),
    "decideEndorsement": ("endorsement", "update", {"state", "decided_by"}),
    "inviteMember": ("invitation", "insert", {"id", "address", "role"}),
    "withdrawInvitation": ("invitation", "update", {"state"}),
    "acceptInvitation": ("membership", "insert", {"id", "person_id", "role"}),
    "updateMember": ("membership", "update", {"role"}),
    "removeMember": ("membership", "delete", set()),
    "createToken": ("access_token", "insert", {"id", "name", "role"}),
    "revokeToken": ("access_token", "update", {"revoked_at"}),
    "createWebhook": ("webhook", "insert", {"id", "url", "secret"}),
    "rotateWebhookSecret": ("webhook", "update", {"secret"}),
    "removeWebhook": ("webhook", "update", {"state"}),
    "eraseMe": ("membership", "delete", set()),
    "createIssuingAccount": ("issuing_account", "insert", {"id", "name", "settings"}),
    "updateIssuingAccount": ("issuing_account", "update", {"name"}),
    "shareIssuingAccount": ("issuing_share", "insert", {"id", "issuer_id"}),
    "unshareIssuingAccount": ("issuing_share", "update", {"state"}),
    "settleIssuingDrift": ("issuing_drift", "update", {"state", "mended_at"}),
    "linkBadgeTemplate": ("issuing_link", "insert", {"id", "badge_id", "template_id"}),
    "unlinkBadgeTemplate": ("issuing_link", "update", {"state"}),
    "agreeToIssuing": ("issuing_consent", "insert", {"id", "person_id"}),
    "withdrawFromIssuing": ("issuing_consent", "update", {"withdrawn_at"}),
    "replayDelivery": ("delivery", "update", {"state"}),
    "joinPathway": ("award", "insert", {"id", "badge_id", "recipient_id"}),
    "addAddress": ("recipient", "update", {"person_id"}),
}
# What is done in the background of an act, under its name; and what follows from an event, under the handler's.
BEHIND: Final = (
    ("awardBadges", "recipient", "insert", {"id", "display_name"}),
    ("awardBadges", "award", "insert", {"id", "badge_id", "recipient_id"}),
    ("awardBadges", "award_batch", "update", {"lines", "awarded"}),
    ("undoAwards", "award", "update", {"state", "revoked_at"}),
    ("review-submission", "review", "insert", {"id", "badge_id"}),
    ("review-decision", "badge_draft", "update", {"state"}),
    ("review-comment", "review_comment", "insert", {"id", "text"}),
    ("complete-pathways", "award", "insert", {"id", "badge_id", "recipient_id"}),
)
# What leaves none, and why nobody misses it.
THEIR_OWN: Final = "What learners keep for themselves is theirs alone: no row of a city changes."
UNTRACED: Final[Mapping[str, str]] = {
    "leavePathway": THEIR_OWN,
    "saveOpportunity": THEIR_OWN,
    "unsaveOpportunity": THEIR_OWN,
    "removeAddress": THEIR_OWN,
    "retryIssuing": "It asks for another attempt; no row changes but by what becomes of that.",
    "refreshFeed": "Its job says who asked; what the reading then changes is traced under its name.",
    "exportMyData": "It changes nothing.",
}


@dataclass
class Told:
    """Which acts were carried out, and what the trace of all cities says."""

    done: set[str] = field(default_factory=set)
    rows: list[dict[str, Any]] = field(default_factory=list)
    named: dict[tuple[str, str, str], set[str]] = field(default_factory=lambda: defaultdict(set))


@pytest.fixture(scope="module")
async def stage(database: Database) -> Stage:
    """A city and the network that reviews its badges."""
    return await set_up(database)


@pytest.fixture(scope="module")
async def told(stage: Stage) -> Told:
    """All stories one after another, and the trace that they leave."""
    found, act = Told(), stage.act

    async def noted(name: str, *args: Any, **how: Any) -> dict[str, Any]:
        payload = await act(name, *args, **how)
        if payload["__typename"].endswith("Success"):
            found.done.add(name)
        return payload

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "act", noted)
        for story in STORIES:
            await story(stage)
    for town in stage.build.world.towns.values():
        async with stage.database.transaction(City(town.id)):
            found.rows += [dict(row) for row in await fetch("SELECT * FROM audit")]
    for row in found.rows:
        found.named[row["act"], row["table_name"], row["verb"]].update(row["changed"])
    return found


def mutations(stage: Stage) -> set[str]:
    """Every mutation of the composed schema."""
    kind = stage.schema.strawberry._schema.mutation_type
    assert isinstance(kind, GraphQLObjectType)
    return set(kind.fields)


def test_every_mutation_has_its_story_and_is_held_to_its_trace_or_explained(stage: Stage, told: Told) -> None:
    assert set(TRACED) | set(UNTRACED) == mutations(stage)
    assert not set(TRACED) & set(UNTRACED)
    assert told.done == mutations(stage)


@pytest.mark.parametrize("name", TRACED)
def test_an_act_says_what_it_changed_under_its_own_name(told: Told, name: str) -> None:
    table, verb, columns = TRACED[name]
    assert (name, table, verb) in told.named, [key for key in told.named if key[0] == name]
    assert columns <= told.named[name, table, verb]


@pytest.mark.parametrize(("name", "table", "verb", "columns"), BEHIND)
def test_what_is_done_behind_an_act_says_so_too(
    told: Told, name: str, table: str, verb: str, columns: set[str]
) -> None:
    assert (name, table, verb) in told.named, [key for key in told.named if key[0] == name]
    assert columns <= told.named[name, table, verb]


@pytest.mark.parametrize("name", UNTRACED)
def test_what_is_explained_leaves_none_indeed(told: Told, name: str) -> None:
    assert not [key for key in told.named if key[0] == name]


async def test_an_entry_holds_ids_and_names_of_ours_and_nothing_else(stage: Stage, told: Told, admin_url: str) -> None:
    """There is no place left in which a value could stand."""
    admin = await connect(admin_url)
    try:
        columns = defaultdict(set)
        for table, column in await admin.fetch("SELECT table_name, column_name FROM information_schema.columns"):
            columns[table].add(column)
    finally:
        await admin.close()
    acts = mutations(stage) | {each.name for each in effects().handlers}
    towns = {town.id for town in stage.build.world.towns.values()}
    assert len(told.rows) > len(TRACED)
    for row in told.rows:
        ids = [row.pop(name) for name in ("id", "person_id", "row_id", "token_id")]
        assert all(each is None or isinstance(each, UUID) for each in ids)
        assert ids[1] is not None
        assert row.pop("tenant_id") in towns
        assert row.pop("at").tzinfo is not None
        assert row.pop("act") in acts
        assert row.pop("role") in {None, *ROLES}
        assert row.pop("verb") in {"insert", "update", "delete"}
        assert set(row.pop("changed")) <= columns[row.pop("table_name")]
        assert row == {}
