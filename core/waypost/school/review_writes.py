"""Mutations of curators, and comments of both sides."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

import strawberry

from waypost.graph import ID, Error, Markdown, Row, act, column, mutation, parse_id, payload, value
from waypost.graph.inputs import Given, maybe, needed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import review_commands as commands
from .graph import BadgeDraft
from .review_commands import Answer
from .review_graph import Review, ReviewComment, ReviewOutcome

REVIEW: Final = "Review"


@strawberry.type(description="Another curator was quicker, or the submission is not awaiting a decision.")
class AlreadyDecided(Error):
    """Read it again."""


@strawberry.type(description="Another curator holds the submission for now.")
class ReviewTaken(Error):
    """Wait, or talk to them."""


@strawberry.type(description="Who belongs to a badge's issuer or creator, wrote or submitted it, does not review it.")
class OwnBadge(Error):
    """Leave it to another curator."""


@strawberry.input(description="A submission that a curator takes, keeps for longer, or gives back.")
class TakeReviewInput:
    """Which submission."""

    review: ID = needed("The id of a submission in this tenant's queue.")
    release: bool | None = maybe("True gives it back.")


@strawberry.input(description="An answer to a question of the checklist.")
class ReviewAnswerInput:
    """An answer."""

    code: str = needed("Which question, such as stranger; see `reviewChecklist`.")
    answer: bool = needed("Yes or no.")
    note: str | None = maybe("What else is to be said.")


@strawberry.input(description="A curator's decision about a submission.")
class ReviewBadgeInput:
    """A decision."""

    review: ID = needed("The id of a submission in this tenant's queue.")
    decision: ReviewOutcome = needed("Approve it, or ask for changes.")
    reason: Markdown | None = maybe("Why; needed where changes are asked for.")
    checklist: list[ReviewAnswerInput] | None = maybe("Answers to the questions that curators ask of every badge.")


@strawberry.input(description="A comment on a draft, by its writers, or on a submission, by its curators.")
class CommentOnBadgeInput:
    """A comment."""

    about: ID = needed("The id of a draft or of a submission.")
    text: Markdown = needed("What is to be said.")
    criterion: int | None = maybe("Which criterion is meant, from 1; absent: the whole.")


@value
class TakeReviewSuccess:
    """The submission is the curator's for 48 hours, or free again."""

    review: Review = column(doc="The submission, with the end of the lease.")


@value
class ReviewBadgeSuccess:
    """The submission is decided; the writers hear of it."""

    review: Review = column(doc="The submission with the decision.")


@value
class CommentOnBadgeSuccess:
    """The comment is kept on both sides."""

    comment: ReviewComment = column(doc="The comment as it is kept.")


TakeReviewPayload: Any = payload("TakeReviewPayload", TakeReviewSuccess, AlreadyDecided, ReviewTaken, OwnBadge)
ReviewBadgePayload: Any = payload(
    "ReviewBadgePayload", ReviewBadgeSuccess, AlreadyDecided, ReviewTaken, OwnBadge, Invalid
)
CommentOnBadgePayload: Any = payload("CommentOnBadgePayload", CommentOnBadgeSuccess, AlreadyDecided, OwnBadge, Invalid)


async def _take(act: Act, given: Given) -> Outcome:
    done = await commands.take_review(act, _meant(act, given["review"]), release=bool(given.get("release")))
    return done if isinstance(done, Refusal) else {"review": Row(REVIEW, done.review)}


async def _review(act: Act, given: Given) -> Outcome:
    answers = [Answer(each["code"], each["answer"], each.get("note")) for each in given.get("checklist") or ()]
    review = _meant(act, given["review"])
    done = await commands.review_badge(act, review, given["decision"].value, given.get("reason"), answers)
    return done if isinstance(done, Refusal) else {"review": Row(REVIEW, done.review)}


async def _comment(act: Act, given: Given) -> Outcome:
    named = parse_id(given["about"])
    kind = REVIEW if named is not None and named.type == REVIEW else BadgeDraft.__name__
    say = commands.comment_as_curator if kind == REVIEW else commands.comment_as_writer
    meant = row_of(kind, given["about"], act.here.tenant_id)
    done = await say(act, meant, given["text"], given.get("criterion"))
    return done if isinstance(done, Refusal) else {"comment": Row("ReviewComment", done.comment)}


def _meant(act: Act, id: str) -> UUID:
    return row_of(REVIEW, id, act.here.tenant_id)


@mutation
class ReviewMutation:
    """What curators do, and what is said."""

    take_review: TakeReviewPayload = act(
        _take, TakeReviewInput, by="review", doc="Take a submission for 48 hours; again: keep it as long."
    )
    review_badge: ReviewBadgePayload = act(
        _review, ReviewBadgeInput, by="review", doc="Approve a submission, or ask for changes with a reason."
    )
    comment_on_badge: CommentOnBadgePayload = act(
        _comment, CommentOnBadgeInput, by="about", doc="Say something about a draft or a submission."
    )


TYPES = (
    AlreadyDecided,
    ReviewTaken,
    OwnBadge,
    TakeReviewInput,
    ReviewAnswerInput,
    ReviewBadgeInput,
    CommentOnBadgeInput,
    TakeReviewSuccess,
    ReviewBadgeSuccess,
    CommentOnBadgeSuccess,
    ReviewMutation,
)
