"""The addresses of who asks, and the mutations by which one person comes to have several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import strawberry
from typing_extensions import override

from waypost.access import tables
from waypost.access.addresses import ask_for_address, remove_address
from waypost.access.attempts import LINK_LASTS, Asked
from waypost.access.people import normal_address
from waypost.access.tokens import SIGN_IN
from waypost.db import Database, Learner
from waypost.graph import Doing, Lookup, alone, column, extend, mutation, node, payload, value
from waypost.graph.alone import Outcome
from waypost.graph.inputs import needed
from waypost.graph.query import named
from waypost.graph.refusals import Invalid
from waypost.graph.relations import Relation
from waypost.graph.sql import text_list
from waypost.outbox import enqueue
from waypost.refusal import Invalid as InvalidRefusal
from waypost.refusal import Refusal

if TYPE_CHECKING:
    from waypost.graph import Request
    from waypost.graph.query import Here, Query, Selected

ADDRESSES_SQL: Final = """
SELECT coalesce(json_agg(json_build_object('id', id, 'address', address, 'verified_at', verified_at)), '[]')::text
FROM person_address WHERE person_id = $1
"""


def addresses_in(database: Database) -> Callable[[str, Request], Awaitable[str]]:
    """Return the lookup "addresses": the asker's, read in their own scope, as JSON text."""

    async def find(_key: str, request: Request) -> str:
        person = request.asker.person
        return "[]" if person is None else await database.reads.read(Learner(person), ADDRESSES_SQL, [person]) or "[]"

    return find


def _looked_up(request: Request) -> Lookup:
    return Lookup("addresses", str(request.asker.person), lambda found: found)


@node(tables.PersonAddress)
class OwnAddress:
    """An e-mail address of who asks."""

    address: str
    verified_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnAddresses(Relation):
    """The addresses of who asks."""

    @override
    def sql(self, query: Query, here: Here | None, field: Selected) -> str:
        row = query.row(tables.PersonAddress)
        columns = "id uuid, address text, verified_at timestamptz"
        source = f"jsonb_to_recordset({query.param(_looked_up, 'jsonb')}) {row}({columns})"
        return f"(select {text_list(query.object(named(field), row, field), f'{row}.id')} from {source})"


@extend("Viewer")
class ViewerAddresses:
    """The addresses of who asks."""

    addresses: list[OwnAddress] = OwnAddresses(  # type: ignore[assignment]
        doc="The asker's own, the longest known first; by those that are verified they sign in."
    )


@strawberry.input(description="A further e-mail address of oneself.")
class AddAddressInput:
    """Which address."""

    address: str = needed("The address; a letter with a link goes to it.")


@strawberry.input(description="An e-mail address that is not one's own any more.")
class RemoveAddressInput:
    """Which address."""

    address: str = needed("One of the asker's addresses; the last verified one stays.")


@value
class AddAddressSuccess:
    """If that address can receive letters, one with a link is on its way; opened and confirmed, it is the asker's."""

    address: str = column(doc="The address in its normal form.")
    expires_at: datetime = column(doc="Until when the link works, once.")


@value
class RemoveAddressSuccess:
    """Nobody signs in as the asker with that address any more; badges that came by it stay."""

    address: str = column(doc="The address in its normal form.")


def _normal(given: Mapping[str, Any]) -> str | InvalidRefusal:
    address = normal_address(given["address"])
    if isinstance(address, InvalidRefusal):
        return InvalidRefusal(message=address.message, path=("address",))
    return address


async def add_address(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    """Send a letter to a further address; the answer is the same whoever has it."""
    address, request = _normal(given), doing.request
    if isinstance(address, Refusal):
        return address
    language = request.languages[0][:35] if request.languages else None
    tenant, host = request.tenant, request.asker.host
    asked = Asked("", "", tenant, host, language=language)
    begun = await ask_for_address(
        doing.database, asked, doing.person, address, secret_key=doing.secret_key, now=doing.now
    )
    if isinstance(begun, Refusal):
        return begun
    if begun.attempt is not None:
        async with doing.database.transaction(SIGN_IN):
            await enqueue("mail", {"letter": "address", "attempt": begun.attempt})
    return {"address": address, "expires_at": doing.now + LINK_LASTS}


async def drop_address(doing: Doing, given: Mapping[str, Any]) -> Outcome:
    """Take an address away from the asker."""
    address = _normal(given)
    if isinstance(address, Refusal):
        return address
    refused = await remove_address(doing.database, doing.person, address, secret_key=doing.secret_key, now=doing.now)
    return refused or {"address": address}


AddAddressPayload: Any = payload("AddAddressPayload", AddAddressSuccess, Invalid)
RemoveAddressPayload: Any = payload("RemoveAddressPayload", RemoveAddressSuccess, Invalid)


@mutation
class AddressMutation:
    """What people do about their addresses, in every graph alike."""

    add_address: AddAddressPayload = alone(
        add_address,
        AddAddressInput,
        doc="Send a link to a further address of the asker; opened and confirmed, what was given to it is theirs too.",
    )
    remove_address: RemoveAddressPayload = alone(
        drop_address, RemoveAddressInput, doc="Take an address from the asker; never the last verified one."
    )


TYPES = (OwnAddress, ViewerAddresses, AddressMutation)
