"""Submissions, and what is said and decided of them, as curators see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import strawberry
from typing_extensions import override

from waypost.graph import (
    ID,
    Connection,
    Key,
    LanguageTag,
    Markdown,
    Node,
    Order,
    Ordering,
    asks,
    changes,
    column,
    computed,
    contains,
    expression,
    filtering,
    guarded,
    identity,
    kept_in,
    many,
    node,
    one,
    pages,
    query,
    subscription,
    value,
)
from waypost.graph.declare import ANY_ID
from waypost.graph.permitted import permitted
from waypost.graph.query import object_type
from waypost.graph.relations import Relation
from waypost.graph.sql import every, text_list
from waypost.outbox.linting import ENGLISH

from . import rules, tables
from .rulebook import rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from waypost.cities.graph import City
    from waypost.graph.query import Here, Query, Selected
    from waypost.graph.request import Getter, Request
    from waypost.standards.graph import Layer

    from .graph import DraftWords, LintFinding

MAY: Final = "badge.review"
QUEUE: Final = Order((Key("{0}.priority", "int"), Key("{0}.due_at", "timestamptz"), Key("{0}.id", "uuid")))
BY_TIME: Final = Order((Key("{0}.submitted_at", "timestamptz"), Key("{0}.id", "uuid")), descending=True)
AGES: Final = {"under-a-week": (0, 7), "one-to-two-weeks": (7, 14), "over-two-weeks": (14, 100_000)}  # in days


@strawberry.enum(description="Where a submission is, for its curators.")
class ReviewState(Enum):
    """States of a review."""

    SUBMITTED = strawberry.enum_value(rules.SUBMITTED, description="Waiting for a decision.")
    CHANGES_REQUESTED = strawberry.enum_value(rules.CHANGES_REQUESTED, description="Its writers are asked for changes.")
    APPROVED = strawberry.enum_value(rules.APPROVED, description="Approved as it was submitted.")
    WITHDRAWN = strawberry.enum_value(
        rules.WITHDRAWN, description="The city sent its next round to another reviewer, or retired the badge."
    )


@strawberry.enum(description="What a curator decides.")
class ReviewOutcome(Enum):
    """Decisions."""

    APPROVED = strawberry.enum_value(rules.APPROVED, description="The badge may be published as it is.")
    CHANGES_REQUESTED = strawberry.enum_value(rules.CHANGES_REQUESTED, description="Its writers are asked for changes.")


def _by_asker(query: Query, here: Here, field: Selected) -> str:
    query.personal = True
    asker = query.param(lambda request: request.asker.person, "uuid")
    return f"coalesce({here}.person_id = {asker}, false)::text"


@node(tables.ReviewComment)
class ReviewComment:
    """What a writer or a curator said of a badge under review."""

    id: ID = identity("id", "ReviewComment", doc=ANY_ID)
    text: Markdown
    criterion: int | None
    round: int
    by_curator: bool
    viewer_wrote: bool = expression(_by_asker, doc="Whether the asker said it.")
    made_at: datetime


@value
class ReviewAnswer:
    """A curator's answer to a question of the checklist."""

    code: str = column(doc="Which question, such as stranger; see `reviewChecklist`.")
    answer: bool = column(doc="Yes or no.")
    note: str | None = column(doc="What else is to be said.")


@node(tables.ReviewDecision)
class ReviewDecision:
    """What a curator decided about one submission of a badge."""

    id: ID = identity("id", "ReviewDecision", doc=ANY_ID)
    outcome: ReviewOutcome
    reason: Markdown | None
    checklist: list[ReviewAnswer] = kept_in("checklist", doc="Answers to the standard's questions.")
    round: int
    made_at: datetime


def _seen(query: Query, row: Here) -> Sequence[str]:
    return (permitted(query, row, MAY, issuer=None),)


def _urgent(query: Query, here: Here, field: Selected) -> str:
    return f"({here}.priority = 0)::text"


def _held(query: Query, here: Here, field: Selected) -> str:
    query.personal = True
    asker, now = query.param(lambda request: request.asker.person, "uuid"), _now(query)
    return f"coalesce({here}.reviewer_id = {asker} and {here}.leased_until > {now}, false)::text"


def _now(query: Query) -> str:
    return query.param(lambda request: request.now, "timestamptz")


@node(tables.Review, seen=_seen)
class Review(Node):
    """A submission of a badge, as the curators of the tenant that its city named see it."""

    state: ReviewState
    name: str
    city: City = one("home_tenant_id", doc="Whose badge it will be.")
    creator_name: str
    issuer_name: str
    urgent: bool = expression(_urgent, doc="Whether the city asks for it now more than usual.")
    layer: Layer = one("layer", to="code", doc="The kind of experience that it stands for.")
    language: LanguageTag
    words: DraftWords = kept_in("words", doc="As they were submitted.")
    findings: list[LintFinding] = kept_in("findings", doc="What the linter found, with the writers' reasons.")
    round: int
    received_at: datetime
    submitted_at: datetime
    due_at: datetime | None
    leased_until: datetime | None
    reviewer: ID | None = identity("reviewer_id", "Viewer", doc="Who has it, or had it last: the id of a `Viewer`.")
    viewer_holds: bool = expression(_held, doc="Whether the asker has taken it.")
    decided_at: datetime | None
    comments: list[ReviewComment] = many(
        there_key="review_id", order_by=("made_at", "id"), doc="What writers and curators said, oldest first."
    )
    decisions: list[ReviewDecision] = many(
        there_key="review_id", order_by=("round",), doc="What was decided, a round each."
    )


def _states(query: Query, row: Here, field: Selected) -> str:
    states = field.argument("filter", "states")
    if not query.has(states):
        return f"{row}.state = '{rules.SUBMITTED}'"
    return f"{row}.state = any({query.param(lambda request: [each.value for each in states(request)], 'text[]')})"


def _order(query: Query, row: Here, field: Selected) -> Ordering:
    if query.has(field.argument("filter", "states")):
        return Ordering("newest", BY_TIME)
    return Ordering("queue", QUEUE)


def _nothing(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return ()


def _of_city(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
    return (f"{row}.home_tenant_id = (select c.id from tenant c where c.slug = {query.param(value, 'text')})",)


def _flag(text: str) -> Any:
    """A condition that holds, or does not, as the filter says; `{row}`, `{now}` and `{asker}` stand in it."""

    def where(query: Query, row: Here, field: Selected, value: Getter) -> Sequence[str]:
        query.personal = True
        asker = query.param(lambda request: request.asker.person, "uuid")
        said = text.format(row=row, now=_now(query), asker=asker)
        return (f"coalesce({said}, false) = {query.param(value, 'bool')}",)

    return where


@filtering
class ReviewFilter:
    """Which submissions to list."""

    states: list[ReviewState] | None = asks(_nothing, doc="In these states, the newest first; absent: what waits.")
    city: str | None = asks(_of_city, doc="Of the city with this slug.")
    text: str | None = contains("name", doc="Part of the badge's name, in whatever case.")
    urgent: bool | None = asks(_flag("{row}.priority = 0"), doc="Only urgent ones, or only others.")
    taken: bool | None = asks(_flag("{row}.leased_until > {now}"), doc="Only those that somebody has taken, or others.")
    mine: bool | None = asks(
        _flag("{row}.reviewer_id = {asker} and {row}.leased_until > {now}"), doc="Only those that the asker has taken."
    )
    overdue: bool | None = asks(_flag("{row}.due_at < {now}"), doc="Only those whose time is over, or others.")


@value
class ReviewCount:
    """How many there are of one sort."""

    code: str = column(doc="Of what sort.")
    count: int = column(doc="How many there are.")


@value
class ReviewCounts:
    """How much there is to review, and with whom it lies."""

    by_state: list[ReviewCount] = column(doc="By state, such as changes-requested; all that there ever were.")
    by_age: list[ReviewCount] = column(
        doc="What waits, by how long ago it was submitted: under-a-week, one-to-two-weeks, over-two-weeks."
    )
    by_reviewer: list[ReviewCount] = column(doc="What waits and is taken, by the id of the `Viewer` who has it.")
    waiting: int = column(doc="What waits for a decision.")
    urgent: int = column(doc="What waits and is urgent.")
    overdue: int = column(doc="What waits and is over its time.")
    free: int = column(doc="What waits and nobody has taken.")


@dataclass(frozen=True, kw_only=True)
class Counts(Relation):
    """Counts of the tenant's submissions, each in a statement of its own and only where it is asked for."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        return query.shown(object_type(field), lambda each: self._count(query, each), field)

    def _count(self, query: Query, each: Selected) -> str:
        if each.name == "__typename":
            return query.value(None, each)
        waits, now = f"{{0}}.state = '{rules.SUBMITTED}'", _now(query)
        single = {
            "waiting": waits,
            "urgent": f"{waits} and {{0}}.priority = 0",
            "overdue": f"{waits} and {{0}}.due_at < {now}",
            "free": f"{waits} and coalesce({{0}}.leased_until <= {now}, true)",
        }
        if each.name in single:
            row = query.row(tables.Review)
            where = every([*query.inside(row), single[each.name].format(row)])
            return f"(select count(*)::text from review {row} where {where})"
        age = " ".join(
            f"when {now} - {{0}}.submitted_at < interval '{days} days' then '{code}'"
            for code, (_, days) in AGES.items()
        )
        listed = {
            "byState": ("{0}.state", "true"),
            "byAge": (f"case {age} end", waits),
            "byReviewer": (
                "concat('Viewer.', replace({0}.reviewer_id::text, '-', ''))",
                f"{waits} and {{0}}.leased_until > {now}",
            ),
        }
        return self._listed(query, each, *listed[each.name])

    def _listed(self, query: Query, each: Selected, code: str, which: str) -> str:
        row, group = query.row(tables.Review), query.row(tables.Review)
        where = every([*query.inside(row), which.format(row)])
        counted = f"select {code.format(row)} as code, count(*) as count from review {row} where {where} group by 1"
        printed = {"code": f"to_json({group}.code)::text", "count": f"{group}.count::text"}
        body = query.shown(object_type(each), lambda one: printed.get(one.name) or query.value(None, one), each)
        return f"(select {text_list(body, f'{group}.code')} from ({counted}) {group})"


@value
class ReviewQuestion:
    """A question that curators ask of every badge."""

    code: str = column(doc="Safe to switch on, such as stranger.")
    question: str = column(doc="For people, in the language asked for where it is there.")


async def _questions(
    parents: Sequence[Mapping[str, Any]], field: Selected, request: Request
) -> Sequence[list[dict[str, str]]]:
    wanted = (*request.languages, ENGLISH)
    asked = [
        {"code": each.code, "question": next(each.question[tag] for tag in wanted if tag in each.question)}
        for each in rulebook(()).checklist
    ]
    return [asked for _ in parents]


@query
class ReviewQuery:
    """Root fields for reviews."""

    review_queue: Connection[Review] = guarded(
        MAY,
        pages(
            filter=ReviewFilter,
            open=_states,
            order=_order,
            doc="What waits for a decision: urgent first, then who has waited longest.",
        ),
    )
    review_counts: ReviewCounts | None = guarded(MAY, Counts(doc="How much there is to review, and with whom it lies."))
    review_checklist: list[ReviewQuestion] = computed(_questions, doc="What curators ask of every badge.")


@value
class BadgeReviewChanged:
    """A submission arrived, was taken, talked about, decided or withdrawn."""

    id: ID = column(doc="The submission that changed.")
    review: Review | None = column(doc="As it is now; null where the asker does not see it any more.")


@subscription
class ReviewSubscription:
    """What happens to submissions."""

    badge_review_changed: BadgeReviewChanged = guarded(
        MAY, changes("Review", doc="Each change of a submission, for curators, told while it happens.")
    )


TYPES = (
    ReviewComment,
    ReviewAnswer,
    ReviewDecision,
    Review,
    ReviewFilter,
    ReviewCount,
    ReviewCounts,
    ReviewQuestion,
    ReviewQuery,
    BadgeReviewChanged,
    ReviewSubscription,
)
