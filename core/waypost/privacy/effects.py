"""In the background: whoever is forgotten in part only is forgotten to the end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from waypost.db import Personal
from waypost.outbox.work import Effects, Schedule, Work
from waypost.privacy.commands import erase_person, lately_erased, unfinished

FINISH_EVERY_S: Final = 3_600
# What was begun before somebody was forgotten, and written after it, is long over by then.
LATELY: Final = timedelta(hours=2)


def effects_of(personal: Sequence[Personal]) -> Effects:
    """Return the background work, which knows what all tables keep of people."""

    async def finish(work: Work) -> None:
        late = await lately_erased(work.database, work.now() - LATELY)
        for person in dict.fromkeys([*await unfinished(work.database), *late]):
            await erase_person(work.database, personal, person)

    return Effects(schedules=(Schedule("privacy.finish", FINISH_EVERY_S, finish),))
