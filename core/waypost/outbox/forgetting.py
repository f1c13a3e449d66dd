"""How this room forgets a person: it knows nothing but ids."""

from __future__ import annotations

from typing import Final

from waypost.db.bookkeeping import Audit
from waypost.db.personal import Finds, Personal
from waypost.outbox import tables

PERSONAL: Final = (
    Personal(table=tables.Unsubscribed, by={"digest": Finds.DIGEST}, secret=frozenset({"digest"})),
    Personal(
        table=tables.EventRow,
        by={"person_id": Finds.PERSON},
        stays="What happened stays true; the id leads to nobody any more.",
        told=False,
    ),
    Personal(
        table=tables.Job,
        by={"person_id": Finds.PERSON},
        stays="That work was done; the id leads to nobody any more.",
        told=False,
    ),
    *(
        Personal(
            table=table,
            by={"person_id": Finds.PERSON},
            secret=frozenset({"digest", "request_digest", "answer"}),
            told=False,
        )
        for table in (tables.KeptAnswer, tables.OwnAnswer)
    ),
    Personal(
        table=Audit,
        by={"person_id": Finds.PERSON},
        stays="Nobody may change it, so it holds ids alone; this one leads to nobody any more.",
        told=False,
    ),
)
