"""Mutations of collections."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import strawberry

from waypost.graph import ID, Markdown, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import collecting
from .collecting import CollectionWords
from .collections import Collection


@strawberry.input(description="A collection of an issuer's badges.")
class CreateCollectionInput:
    """Everything that is said of a collection."""

    name: str = needed("As it is shown, such as First Steps in Film.")
    description: Markdown = needed("What its badges have in common.")
    issuer: ID = needed("Whose collection it is.")
    badges: list[ID] = needed("Badges that the issuer created or signs, in order; at most 100.")
    slug: str | None = maybe("For addresses; left out, it is made from the name.")


@strawberry.input(description="Changes to a collection: what is left out stays.")
class UpdateCollectionInput:
    """What changes."""

    collection: ID = needed("The id of a collection of this city.")
    name: str | None = maybe("As it is shown.")
    description: Markdown | None = maybe("What its badges have in common.")
    issuer: ID | None = maybe("Whose collection it is.")
    badges: list[ID] | None = maybe("All of them, in order.")
    slug: str | None = maybe("For addresses; the old one leads here for ever.")


@strawberry.input(description="A collection to be taken off the lists.")
class CloseCollectionInput:
    """Which collection."""

    collection: ID = needed("The id of a collection of this city.")


@value
class CreateCollectionSuccess:
    """The collection is on the lists."""

    collection: Collection = column(doc="The collection as it is now.")


@value
class UpdateCollectionSuccess:
    """The collection is as the input says."""

    collection: Collection = column(doc="The collection as it is now.")


@value
class CloseCollectionSuccess:
    """The collection is off the lists."""

    collection: Collection = column(doc="The closed collection, still readable by its id.")


CreateCollectionPayload: Any = payload("CreateCollectionPayload", CreateCollectionSuccess, SlugTaken, Invalid)
UpdateCollectionPayload: Any = payload(
    "UpdateCollectionPayload", UpdateCollectionSuccess, SlugTaken, Invalid, ManagedByFiles
)
CloseCollectionPayload: Any = payload("CloseCollectionPayload", CloseCollectionSuccess, ManagedByFiles)


async def _create(act: Act, given: Given) -> Outcome:
    done = await collecting.create_collection(act, CollectionWords(**{"slug": "", **_said(act, given)}))
    return done if isinstance(done, Refusal) else _shown(done.collection)


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "description", "issuer", "badges", "slug")
    if wrong:
        return wrong
    done = await collecting.update_collection(act, _meant(act, given), _said(act, given))
    return done if isinstance(done, Refusal) else _shown(done.collection)


async def _close(act: Act, given: Given) -> Outcome:
    done = await collecting.close_collection(act, _meant(act, given))
    return done if isinstance(done, Refusal) else _shown(done.collection)


def _meant(act: Act, given: Given) -> UUID:
    return row_of("Collection", given["collection"], act.here.tenant_id)


def _shown(collection: UUID) -> Outcome:
    return {"collection": Row("Collection", collection)}


def _said(act: Act, given: Given) -> dict[str, Any]:
    tenant = act.here.tenant_id
    said = {name: given[name] for name in ("name", "description", "slug") if given.get(name) is not None}
    if "issuer" in given:
        said["issuer_id"] = row_of("Issuer", given["issuer"], tenant)
    if "badges" in given:
        said["badges"] = tuple(row_of("Badge", each, tenant) for each in given["badges"])
    return said


@mutation
class CollectionMutation:
    """What is done to collections."""

    create_collection: CreateCollectionPayload = act(
        _create, CreateCollectionInput, by="issuer", doc="Put an issuer's badges together under a name."
    )
    update_collection: UpdateCollectionPayload = act(
        _update, UpdateCollectionInput, by="collection", doc="Change a collection."
    )
    close_collection: CloseCollectionPayload = act(
        _close, CloseCollectionInput, by="collection", doc="Take a collection off the lists; its badges stay."
    )


TYPES = (
    CreateCollectionInput,
    UpdateCollectionInput,
    CloseCollectionInput,
    CreateCollectionSuccess,
    UpdateCollectionSuccess,
    CloseCollectionSuccess,
    CollectionMutation,
)
