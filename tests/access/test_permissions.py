from __future__ import annotations

import pytest

from waypost.access.permissions import (
    ISSUER_ROLES,
    PERMISSIONS,
    ROLES,
    Granted,
    issuer_scoped,
    permissions_of,
    permits,
)


def test_every_permission_of_a_role_is_described() -> None:
    assert frozenset().union(*ROLES.values()) == frozenset(PERMISSIONS)
    assert all(words.endswith(".") for words in PERMISSIONS.values())


def test_permissions_name_a_thing_and_an_act() -> None:
    assert all(len(name.split(".")) == 2 for name in PERMISSIONS)


def test_the_roles_are_those_of_the_contract() -> None:
    assert set(ROLES) == {
        "operator",
        "city-admin",
        "curator",
        "issuer-admin",
        "issuer-staff",
        "employer",
        "learner",
    }


@pytest.mark.parametrize("role", [None, "", "king", "learner"])
def test_who_has_no_such_role_may_do_nothing(role: str | None) -> None:
    assert permissions_of(role) == frozenset()
    assert not permits(role, "place.create")


def test_roles_of_issuers_may_do_less_than_those_of_the_city() -> None:
    for role in ISSUER_ROLES:
        assert issuer_scoped(role)
        assert ROLES[role] < ROLES["city-admin"]
    assert not issuer_scoped("curator")
    assert not permits("employer", "pathway.create")
    assert not permits("issuer-staff", "pathway.publish")


def test_a_permission_of_a_plugin_is_held_by_its_roles_and_whoever_gives_them() -> None:
    decide = Granted("kickstart.decide", "Decide applications.", roles={"employer"})
    assert {role for role in ROLES if permits(role, decide)} == {"operator", "city-admin", "issuer-admin", "employer"}
    assert permits("employer", decide, frozenset({"kickstart.decide"}))
    assert not permits("city-admin", decide, frozenset({"place.create"}))
    assert not permits(None, decide)


@pytest.mark.parametrize("role", [None, "employer", "operator"])
def test_a_permission_that_nobody_declared_is_a_mistake_and_no_refusal(role: str | None) -> None:
    with pytest.raises(ValueError, match=r"^kickstart\.decide is no permission of the platform: .* Granted"):
        permits(role, "kickstart.decide")


@pytest.mark.parametrize("role", ["learner", "king"])
def test_a_plugin_gives_nothing_to_who_is_no_member(role: str) -> None:
    with pytest.raises(ValueError, match=role):
        Granted("kickstart.decide", "Decide applications.", roles={role})


def test_one_role_alone_is_not_taken_letter_by_letter() -> None:
    with pytest.raises(TypeError, match=r'^the roles of kickstart\.decide are a set .*: roles=\{"curator"\}$'):
        Granted("kickstart.decide", "Decide applications.", roles="curator")
