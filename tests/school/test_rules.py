"""Where a badge may go, the clock of its review, and who may decide it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from waypost.school.rules import (
    APPROVED,
    CHANGES_REQUESTED,
    DRAFT,
    LEASE,
    MOVES,
    PUBLISHED,
    REVIEW_STATES,
    SUBMITTED,
    AlreadyDecided,
    NotApproved,
    OwnBadge,
    ReviewTaken,
    Submission,
    may_move,
    paused,
    promised,
    resumed,
    unpublished,
    unreviewable,
    unsubmittable,
    unwritable,
)

LONDON = "Europe/London"
NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
moments = st.integers(1_770_000_000, 1_900_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
states = st.sampled_from(sorted(MOVES))


class Life(RuleBasedStateMachine):
    """A version that anybody tries to move anywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.state = DRAFT
        self.path = [DRAFT]

    @rule(to=states)
    def moves(self, to: str) -> None:
        if may_move(self.state, to):
            self.state = to
            self.path.append(to)

    @invariant()
    def what_is_published_was_approved_just_before(self) -> None:
        if self.state == PUBLISHED:
            assert self.path[-2] == APPROVED

    @invariant()
    def what_is_approved_or_asked_for_changes_was_submitted_just_before(self) -> None:
        if self.state in {APPROVED, CHANGES_REQUESTED}:
            assert self.path[-2] == SUBMITTED

    @invariant()
    def nothing_becomes_a_draft_again(self) -> None:
        assert DRAFT not in self.path[1:]

    @invariant()
    def words_are_changed_only_where_they_may_be_submitted(self) -> None:
        assert (unwritable(self.state) is None) == may_move(self.state, SUBMITTED)


TestLife = Life.TestCase


@given(states)
def test_each_act_is_refused_unless_the_state_allows_its_move(state: str) -> None:
    assert (unsubmittable(state) is None) == (state in {DRAFT, CHANGES_REQUESTED})
    assert (unpublished(state) is None) == (state == APPROVED)


def test_a_refusal_to_publish_says_where_the_badge_is() -> None:
    refusal = unpublished(SUBMITTED)
    assert isinstance(refusal, NotApproved)
    assert (refusal.state, refusal.code) == (SUBMITTED, "NOT_APPROVED")


# The clock


def test_two_weeks_are_calendar_weeks_where_the_clocks_change() -> None:
    submitted = datetime(2027, 3, 20, 10, tzinfo=ZoneInfo(LONDON)).astimezone(UTC)
    assert promised(submitted, LONDON).astimezone(ZoneInfo(LONDON)) == datetime(2027, 4, 3, 10, tzinfo=ZoneInfo(LONDON))
    assert promised(submitted, LONDON) - submitted == timedelta(days=14) - timedelta(hours=1)


@given(moments, st.lists(st.tuples(st.integers(0, 20), st.integers(0, 60)), max_size=5))
def test_the_clock_stands_still_while_changes_are_asked_for(start: datetime, rounds: list[tuple[int, int]]) -> None:
    now, due = start, promised(start, LONDON)
    used = timedelta()
    for reviewing, writing in rounds:
        left = due - now
        now += timedelta(days=reviewing)
        used += timedelta(days=reviewing)
        remaining = paused(due, now)
        assert remaining == max(0, int((left - timedelta(days=reviewing)).total_seconds()))
        now += timedelta(days=writing)
        due = resumed(remaining, now)
    assert due >= now
    if used < timedelta(days=13):
        assert abs((due - now) - (promised(start, LONDON) - start - used)) <= timedelta(seconds=len(rounds))


# Who reviews

ME, OTHER = UUID(int=1), UUID(int=2)


def lies(state: str = SUBMITTED, by: UUID | None = None, until: datetime | None = None, *members: UUID) -> Submission:
    return Submission(state, by, until, members)


def test_a_curator_of_the_issuer_is_refused_before_all_else() -> None:
    for state in (SUBMITTED, APPROVED):
        assert isinstance(unreviewable(lies(state, None, None, ME), ME, NOW), OwnBadge)


def test_what_is_decided_is_not_decided_again() -> None:
    for state in set(REVIEW_STATES) - {SUBMITTED}:
        assert isinstance(unreviewable(lies(state), ME, NOW), AlreadyDecided)


@given(st.timedeltas(timedelta(seconds=-1_000_000), timedelta(seconds=1_000_000)))
def test_a_lease_keeps_others_away_until_it_ends(left: timedelta) -> None:
    lease = lies(SUBMITTED, OTHER, NOW + left)
    refusal = unreviewable(lease, ME, NOW)
    assert isinstance(refusal, ReviewTaken) == (left > timedelta())
    assert unreviewable(lease, OTHER, NOW) is None


def test_a_lease_lasts_48_hours() -> None:
    assert timedelta(hours=48) == LEASE
    assert lies(SUBMITTED, ME, NOW + LEASE).holder(NOW) == ME
    assert lies(SUBMITTED, ME, NOW).holder(NOW) is None
    assert lies(SUBMITTED, None, None, uuid4()).holder(NOW) is None
