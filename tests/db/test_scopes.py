from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from waypost.db import City, Learner, National, System, new_id

TENANT = UUID("11111111-1111-4111-8111-111111111111")


def test_a_city_is_a_role_and_a_tenant_that_reach_the_workers_of_citus() -> None:
    assert City(TENANT).sql() == (
        "SET LOCAL ROLE waypost_city; SET LOCAL citus.propagate_set_commands = 'local'; "
        f"SET LOCAL app.tenant_id = '{TENANT}'"
    )


def test_the_other_scopes_are_roles_of_their_own() -> None:
    assert National().sql().startswith("SET LOCAL ROLE waypost_national; ")
    assert Learner(TENANT).sql().startswith("SET LOCAL ROLE waypost_learner; ")
    assert Learner(TENANT).sql().endswith(f"SET LOCAL app.person_id = '{TENANT}'")
    assert System("outbox.deliver").sql().endswith("SET LOCAL app.job = 'outbox.deliver'")


@pytest.mark.parametrize("scope", [City, Learner])
@pytest.mark.parametrize("text", ["", "x", f"{TENANT}'; RESET ROLE; --", "' OR true --"])
def test_what_is_no_uuid_never_reaches_sql(scope: type[City | Learner], text: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        scope(text)  # type: ignore[arg-type]  # that is the attack


class Sly(UUID):
    def __str__(self) -> str:
        return "'; RESET ROLE; --"


def test_a_uuid_that_would_print_itself_otherwise_is_made_anew() -> None:
    assert City(Sly(int=TENANT.int)).sql() == City(TENANT).sql()


@pytest.mark.parametrize("job", ["", "a'b", "A", "a b", "-a", "a;b", "a\n"])
def test_a_job_without_a_plain_name_is_refused(job: str) -> None:
    with pytest.raises(ValueError, match="no name of a job"):
        System(job)


def test_equal_scopes_are_equal() -> None:
    assert City(TENANT) == City(UUID(str(TENANT)))
    assert City(TENANT) != City(uuid4())
    assert len({City(TENANT), Learner(TENANT)}) == 2


def test_new_ids_sort_by_the_time_they_were_made() -> None:
    ids = []
    for _ in range(50):
        ids.append(new_id())
        while new_id().int >> 64 == ids[-1].int >> 64:
            pass  # a quarter of a microsecond
    assert ids == sorted(ids)
    assert {(made.version, made.variant) for made in ids} == {(7, UUID(int=TENANT.int).variant)}
    assert len(set(ids)) == len(ids)
