"""Mutations by which people see what is kept of them, and are forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import strawberry

from waypost.db import Actor
from waypost.graph import Doing, alone, column, mutation, payload, value
from waypost.graph.alone import Outcome
from waypost.graph.inputs import maybe, needed
from waypost.graph.refusals import Invalid
from waypost.privacy.commands import erase_person, export_person
from waypost.refusal import Invalid as InvalidRefusal

WORD: Final = "ERASE"


@strawberry.input(description="The wish to be told everything that is kept of oneself.")
class ExportMyDataInput:
    """In which form."""

    format: str | None = maybe("json, which is also what is given without it.")


@strawberry.input(description="The wish to be forgotten.")
class EraseMeInput:
    """That it is meant."""

    confirm: str = needed(f"The word {WORD}: there is no way back.")


@value
class ExportMyDataSuccess:
    """Everything that is kept of the asker."""

    data: str = column(
        doc="A JSON document, to be kept as a file: by city and kind, and under `own` what belongs to no city."
    )


@value
class EraseMeSuccess:
    """The asker is forgotten; the token or session that was used is worth nothing any more."""

    erased_at: datetime = column(doc="When the asker was forgotten.")


async def export_my_data(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    """Tell somebody all that is kept of them."""
    if given.get("format") not in {None, "json"}:
        return InvalidRefusal(message="The format is json.", path=("format",))
    return {"data": await export_person(doing.database, doing.personal, doing.person, doing.now)}


async def erase_me(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    """Forget somebody who wishes it."""
    if given["confirm"] != WORD:
        return InvalidRefusal(message=f"Say {WORD}, if you mean it: there is no way back.", path=("confirm",))
    actor = Actor(doing.person, "eraseMe")
    await erase_person(doing.database, doing.personal, doing.person, actor=actor)
    return {"erased_at": doing.now}


ExportMyDataPayload: Any = payload("ExportMyDataPayload", ExportMyDataSuccess, Invalid)
EraseMePayload: Any = payload("EraseMePayload", EraseMeSuccess, Invalid)


@mutation
class PrivacyMutation:
    """What people may ask about themselves, in every graph alike."""

    # All that is kept of somebody is not kept once more, and nothing is of who was forgotten.
    export_my_data: ExportMyDataPayload = alone(
        export_my_data, ExportMyDataInput, repeats=False, doc="Tell the asker all that is kept of them, in every city."
    )
    erase_me: EraseMePayload = alone(
        erase_me,
        EraseMeInput,
        repeats=False,
        doc="Forget the asker in every city: name, addresses, roles, tokens. Badges that they earned stay, nameless.",
    )


TYPES = (PrivacyMutation,)
