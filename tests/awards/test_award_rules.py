"""What may become of an award, and who may be given one again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from waypost.awards.rules import MOVES, REPEATS, STATES, AlreadyAwarded, Held, WrongState, again, in_force, moved
from waypost.learners.rules import Who, addressed, is_guarded, may_be_public
from waypost.refusal import Invalid

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
VERSIONS = [UUID(int=1), UUID(int=2)]
moments = st.none() | st.integers(-5, 5).map(lambda days: NOW + timedelta(days=days))
helds = st.builds(Held, st.sampled_from(VERSIONS), st.sampled_from(STATES), moments)


@given(st.sampled_from(REPEATS), st.lists(helds), st.sampled_from(VERSIONS))
def test_what_was_declined_revoked_or_replaced_never_stands_in_the_way(
    repeats: str, held: list[Held], version: UUID
) -> None:
    standing = [each for each in held if each.state not in {"declined", "revoked", "replaced"}]
    assert again(repeats, held, version, NOW) == again(repeats, standing, version, NOW)


@given(st.lists(helds), st.sampled_from(VERSIONS))
def test_each_policy_gives_at_least_what_a_stricter_one_gives(held: list[Held], version: UUID) -> None:
    given_by = {repeats: again(repeats, held, version, NOW) is None for repeats in REPEATS}
    assert given_by["always"]
    assert not given_by["once"] or (given_by["once-a-version"] and given_by["after-expiry"])


@given(st.lists(helds), st.sampled_from(VERSIONS))
def test_nobody_is_refused_who_has_nothing_that_the_policy_counts(held: list[Held], version: UUID) -> None:
    live = [each for each in held if each.state in {"offered", "accepted", "expired"}]
    assert isinstance(again("once", held, version, NOW), AlreadyAwarded) is bool(live)
    worded = [each for each in live if each.version_id == version]
    assert isinstance(again("once-a-version", held, version, NOW), AlreadyAwarded) is bool(worded)
    valid = [each for each in live if in_force(each.state, each.expires_at, NOW)]
    assert isinstance(again("after-expiry", held, version, NOW), AlreadyAwarded) is bool(valid)


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=8), moments)
def test_whatever_is_tried_an_award_only_goes_where_it_may(acts: list[str], expires_at: datetime | None) -> None:
    state, ended = "offered", False
    for act in acts:
        outcome = moved(act, state, expires_at, NOW)
        if isinstance(outcome, WrongState):
            continue
        assert not ended, "what is declined, revoked or replaced stays so"
        assert state in MOVES[act][0]
        assert act != "accept" or expires_at is None or expires_at > NOW
        state = outcome
        ended = state in {"declined", "revoked", "replaced"}
    assert state in STATES


@given(st.integers(1900, 2030), st.integers(1, 12), st.integers(1, 28))
def test_whoever_may_still_be_under_thirteen_or_eighteen_is_protected(year: int, month: int, day: int) -> None:
    age = NOW.year - year - ((NOW.month, NOW.day) < (month, day))
    assert age >= 13 or is_guarded(year, NOW.year)
    assert age >= 18 or not may_be_public("person", year, NOW.year)


@given(st.integers(1950, 2026), st.booleans(), st.booleans())
def test_a_child_has_no_address_but_a_guardians_and_nobody_else_has_a_guardian(
    year: int, email: bool, guardian: bool
) -> None:
    who = Who(
        "Ada",
        address="Ada@Example.org " if email else None,
        birth_year=year,
        guardian_address="G@example.org" if guardian else None,
    )
    found = addressed(who, NOW.year)
    guarded = is_guarded(year, NOW.year)
    if (guarded and email) or (not guarded and guardian):
        assert isinstance(found, Invalid)
    else:
        assert isinstance(found, Who)
        assert (found.address, found.guardian_address) == (
            "ada@example.org" if email else None,
            "g@example.org" if guardian else None,
        )
