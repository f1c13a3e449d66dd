"""The letter before a membership ends, as the kit shows it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from waypost.db import new_id
from waypost.testing import Trial

JOIN_SQL = """
INSERT INTO plugin_badge_nation.nation_membership
    (tenant_id, id, organisation_id, organisation_slug, organisation_name, starts_on, ends_on,
     allowance, net, vat, gross, created_at)
SELECT tenant_id, $1, organisation_id, 'films', 'Films', $2::date - 330, $2::date + 30, 5, 200, 40, 240, now()
FROM issuer RETURNING ends_on
"""


@pytest.fixture(scope="session")
def waypost_plugin() -> str:
    return "badge_nation"


def test_an_admin_is_told_when_the_membership_ends(trial: Trial) -> None:
    membership, today = new_id(), datetime.now(UTC).date()
    trial.rows(JOIN_SQL, membership, today)
    trial.token("issuer-admin")
    (admin,) = trial.rows("SELECT person_id FROM membership")
    letter = trial.letter("badgeNation.renewal", membership=membership, person=admin["person_id"])
    assert letter is not None
    assert letter["To"] == "issuer-admin@example.org"
    words = letter.get_body(["plain"])
    assert words is not None
    assert f"{today + timedelta(days=30):%B %Y}" in words.get_content()
    assert trial.letter("badgeNation.renewal", membership=new_id(), person=admin["person_id"]) is None
