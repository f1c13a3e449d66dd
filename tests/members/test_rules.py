from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from waypost.access.permissions import ISSUER_ROLES, PERMISSIONS, ROLES, permissions_of
from waypost.members import rules
from waypost.members.rules import Giver, LastAdmin, MoreThanYours
from waypost.refusal import Invalid, Refusal

NOW = datetime(2027, 1, 4, 9, tzinfo=UTC)
ISSUERS = st.sampled_from([None, UUID(int=1), UUID(int=2)])
LIMITS = st.none() | st.frozensets(st.sampled_from(sorted(PERMISSIONS)))
GIVERS = st.builds(Giver, st.sampled_from([None, *ROLES]), ISSUERS, LIMITS)


@given(GIVERS, st.sampled_from([*ROLES, "king"]), ISSUERS)
def test_nobody_gives_more_than_they_have(giver: Giver, role: str, issuer: UUID | None) -> None:
    refused = rules.fitting(role, issuer) or rules.giving(giver, role, issuer)
    if refused is None:
        assert permissions_of(role) <= permissions_of(giver.role)
        assert giver.limits is None or permissions_of(role) <= giver.limits
        assert giver.role not in ISSUER_ROLES or issuer == giver.issuer_id
        assert (issuer is not None) == (role in ISSUER_ROLES)
        assert role not in {"operator", "learner", "king"}


@given(GIVERS, st.none() | st.lists(st.sampled_from([*PERMISSIONS, "king.be"])))
def test_no_token_may_more_than_who_made_it(giver: Giver, wanted: list[str] | None) -> None:
    limits = rules.limits_of(giver, wanted)
    if isinstance(limits, Refusal):
        assert wanted is not None
        assert not set(wanted) <= giver.permissions
        assert wanted[int(limits.path[1])] not in giver.permissions
    else:
        assert permissions_of(giver.role, limits) <= giver.permissions


@given(st.sampled_from(list(ROLES)), st.integers(0, 5), st.none() | st.sampled_from(list(ROLES)))
def test_a_city_is_never_left_without_an_administrator(role: str, admins: int, becomes: str | None) -> None:
    refused = rules.leaving(role, admins, becomes=becomes)
    left = admins - (role == "city-admin") + (becomes == "city-admin")
    if role == "city-admin" and admins > 0:
        assert isinstance(refused, LastAdmin) == (left < 1)
    elif role != "city-admin":
        assert refused is None


def test_an_invitation_is_open_until_its_moment() -> None:
    assert rules.open_until("open", NOW + timedelta(seconds=1), NOW) is None
    for state, ends in (("open", NOW), ("accepted", NOW + timedelta(days=1)), ("withdrawn", NOW + timedelta(days=1))):
        refused = rules.open_until(state, ends, NOW)
        assert refused is not None
        assert refused.code == "INVITATION_OVER"


def test_tokens_are_taken_back_by_their_owners_and_by_who_may_remove_members() -> None:
    me, other = UUID(int=1), UUID(int=2)
    admin, curator, staff = (Giver(role, None) for role in ("city-admin", "curator", "issuer-admin"))
    assert all(rules.may_revoke(giver, me, me, giver.permissions) for giver in (admin, curator, staff))
    assert rules.may_revoke(admin, me, other, admin.permissions)
    assert not rules.may_revoke(curator, me, other, curator.permissions)
    assert not rules.may_revoke(staff, me, other, staff.permissions)


def test_operators_make_no_tokens_here() -> None:
    assert isinstance(rules.lasting(Giver("operator"), 7), Invalid)
    assert rules.lasting(Giver("curator"), 7) is None
    assert isinstance(rules.giving(Giver("curator"), "city-admin", None), MoreThanYours)
