"""Mutations of places."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from waypost.graph import ID, LanguageTag, Row, act, column, mutation, payload, value
from waypost.graph.inputs import Given, cleared, maybe, needed, pointed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.refusal import Refusal

from . import commands
from .graph import GeoPointInput, Place
from .store import PlaceWords

# Where the words' fields stand in the input.
MOVED: Final = {"latitude": ("location", "latitude"), "longitude": ("location", "longitude")}


@strawberry.input(description="A place's name in another of the city's languages.")
class PlaceTranslationInput:
    """A translation."""

    language: LanguageTag = needed("One of the city's languages, such as cy, and not its first.")
    name: str = needed("Its name in that language.")


@strawberry.input(description="A place to be added.")
class CreatePlaceInput:
    """Everything that is said of a place."""

    name: str = needed("In the city's first language.")
    kind: str = needed("Such as library, college, community-centre, park or other.")
    location: GeoPointInput = needed("Where it is; outside the city's outline it is flagged, not refused.")
    slug: str | None = maybe("For addresses, such as first-make; left out, it is made from the name.")
    address: str | None = maybe("The street and what follows, on one line.")
    postcode: str | None = maybe("Of the United Kingdom, with or without its space: BN1 1GE.")
    accessibility: list[str] | None = maybe("Codes, such as step-free or hearing-loop.")
    translations: list[PlaceTranslationInput] | None = maybe("Its name in the city's other languages.")


@strawberry.input(description="Changes to a place: what is left out stays, null clears.")
class UpdatePlaceInput:
    """What changes."""

    place: ID = needed("The id of a place of this city.")
    name: str | None = maybe("In the city's first language.")
    kind: str | None = maybe("Such as library, college, community-centre, park or other.")
    location: GeoPointInput | None = maybe("Where it is; what is held there moves with it.")
    slug: str | None = maybe("For addresses; the old one leads here for ever.")
    address: str | None = maybe("The street and what follows, on one line.")
    postcode: str | None = maybe("Of the United Kingdom, with or without its space: BN1 1GE.")
    accessibility: list[str] | None = maybe("All codes, such as step-free or hearing-loop.")
    translations: list[PlaceTranslationInput] | None = maybe("All of them: those that are left out are taken away.")


@strawberry.input(description="A place to be taken off the lists.")
class ClosePlaceInput:
    """Which place."""

    place: ID = needed("The id of a place of this city.")


@value
class CreatePlaceSuccess:
    """The place was added."""

    place: Place = column(doc="The place as it is now.")


@value
class UpdatePlaceSuccess:
    """The place is as the input says."""

    place: Place = column(doc="The place as it is now.")


@value
class ClosePlaceSuccess:
    """The place is off the lists; its words stay readable."""

    place: Place = column(doc="The closed place, still readable by its id.")


CreatePlacePayload: Any = payload("CreatePlacePayload", CreatePlaceSuccess, SlugTaken, Invalid)
UpdatePlacePayload: Any = payload("UpdatePlacePayload", UpdatePlaceSuccess, SlugTaken, Invalid, ManagedByFiles)
ClosePlacePayload: Any = payload("ClosePlacePayload", ClosePlaceSuccess, ManagedByFiles)


async def _create(act: Act, given: Given) -> Outcome:
    done = await commands.create_place(act, PlaceWords(**{"slug": "", **_said(given)}))
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else {"place": Row("Place", done.place)}


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "kind", "location", "slug")
    if wrong:
        return wrong
    done = await commands.update_place(act, row_of("Place", given["place"], act.here.tenant_id), _said(given))
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else {"place": Row("Place", done.place)}


async def _close(act: Act, given: Given) -> Outcome:
    done = await commands.close_place(act, row_of("Place", given["place"], act.here.tenant_id))
    return done if isinstance(done, Refusal) else {"place": Row("Place", done.place)}


def _said(given: Given) -> dict[str, Any]:
    """Return what the input says by the names of `PlaceWords`."""
    said = {name: given[name] for name in ("name", "kind", "address", "postcode") if name in given}
    if given.get("slug") is not None:
        said["slug"] = given["slug"]
    if "location" in given:
        said |= given["location"]
    if "accessibility" in given:
        said["accessibility"] = tuple(given["accessibility"] or ())
    if "translations" in given:
        said["text"] = {each["language"]: each["name"] for each in given["translations"] or ()}
    return said


@mutation
class PlaceMutation:
    """What is done to places."""

    create_place: CreatePlacePayload = act(_create, CreatePlaceInput, doc="Add a place; it is shown at once.")
    update_place: UpdatePlacePayload = act(_update, UpdatePlaceInput, by="place", doc="Change a place.")
    close_place: ClosePlacePayload = act(
        _close, ClosePlaceInput, by="place", doc="Take a place off the lists; its words stay readable."
    )


TYPES = (
    PlaceTranslationInput,
    CreatePlaceInput,
    UpdatePlaceInput,
    ClosePlaceInput,
    CreatePlaceSuccess,
    UpdatePlaceSuccess,
    ClosePlaceSuccess,
    SlugTaken,
    Invalid,
    ManagedByFiles,
    PlaceMutation,
)
