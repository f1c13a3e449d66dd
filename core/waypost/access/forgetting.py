"""How this room forgets a person."""

from __future__ import annotations

from typing import Final

from waypost.access import tables
from waypost.db.personal import Finds, Personal

OWN: Final = {"person_id": Finds.PERSON}

PERSONAL: Final = (
    Personal(
        table=tables.Person,
        by={"id": Finds.PERSON},
        emptied={"erased_at": "coalesce(erased_at, now())"},
        door=True,
    ),
    Personal(table=tables.Token, by=OWN, secret=frozenset({"digest"}), door=True),
    Personal(table=tables.Session, by=OWN, secret=frozenset({"digest"}), door=True),
    Personal(table=tables.SignInAttempt, by=OWN, secret=frozenset({"browser_digest", "client_digest"}), door=True),
    Personal(table=tables.AccessToken, by=OWN),
    Personal(table=tables.Membership, by=OWN),
    Personal(
        table=tables.Invitation,
        by={"address": Finds.ADDRESS},
        emptied={
            "address": "NULL",
            "name": "NULL",
            "language": "NULL",
            "code_digest": "NULL",
            "letters_at": "'{}'",
            "state": "CASE state WHEN 'open' THEN 'withdrawn' ELSE state END",
        },
        kept=frozenset({"role"}),
        secret=frozenset({"code_digest"}),
    ),
    Personal(
        table=tables.Invitation,
        by={"invited_by": Finds.PERSON},
        stays="Who held a role out to somebody: an id that leads to nobody any more.",
        told=False,
    ),
    Personal(table=tables.PersonProfile, by=OWN),
    Personal(table=tables.PersonAddress, by=OWN),
    Personal(table=tables.PersonTenant, by=OWN),
    Personal(table=tables.Identity, by=OWN, secret=frozenset({"digest"})),
)
