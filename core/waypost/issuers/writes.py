"""Mutations of issuers."""

from __future__ import annotations

from typing import Any, Final

import strawberry

from waypost.graph import ID, URL, LanguageTag, Markdown, Row, act, column, mutation, payload, value
from waypost.graph.inputs import NOWHERE, Given, cleared, maybe, needed, pointed, row_of
from waypost.graph.payloads import Outcome
from waypost.graph.refusals import Invalid, ManagedByFiles, SlugTaken
from waypost.outbox import Act
from waypost.places.graph import GeoPointInput
from waypost.refusal import Refusal

from . import commands
from .graph import Issuer
from .store import IssuerText, IssuerWords, OrganisationWords

# Where the words' fields stand in the input.
MOVED: Final = {"latitude": ("location", "latitude"), "longitude": ("location", "longitude")}
NUMBERS: Final = ("charity_number", "company_number", "ukprn", "urn")
SAME: Final = ("name", "description", "url", "logo_url")


@strawberry.input(description="An issuer's words in another of the city's languages.")
class IssuerTranslationInput:
    """A translation."""

    language: LanguageTag = needed("One of the city's languages, such as cy, and not its first.")
    name: str = needed("Its name in that language.")
    description: Markdown | None = maybe("What it is and does, in that language.")


@strawberry.input(description="By what the organisation is known that is the same in other cities.")
class OrganisationInput:
    """Official numbers, or the slug under which the platform knows it."""

    slug: str | None = maybe("For an organisation that has none of these numbers, such as first-make.")
    charity_number: str | None = maybe("Of the Charity Commission, OSCR or CCNI.")
    company_number: str | None = maybe("Of Companies House, eight characters.")
    ukprn: str | None = maybe("UK Provider Reference Number.")
    urn: str | None = maybe("Unique Reference Number of a school.")


@strawberry.input(description="An organisation's presence in the city, to be added.")
class CreateIssuerInput:
    """Everything that is said of an issuer."""

    name: str = needed("In the city's first language.")
    kind: str = needed("Such as school, charity, company or council; that of an organisation already known stays.")
    organisation: OrganisationInput | None = maybe("Left out, it is taken for one that no other city knows.")
    slug: str | None = maybe("For addresses, such as first-make; left out, it is made from the name.")
    roles: list[str] | None = maybe("Among issues, provides, employs and endorses.")
    description: Markdown | None = maybe("What it is and does.")
    url: URL | None = maybe("Its own pages.")
    logo_url: URL | None = maybe("The address of its logo.")
    location: GeoPointInput | None = maybe("Where it is.")
    parent: ID | None = maybe("The issuer that it is a part of.")
    verified: bool | None = maybe("Whether the city knows that it is who it says it is.")
    translations: list[IssuerTranslationInput] | None = maybe("Its words in the city's other languages.")


@strawberry.input(description="Changes to an issuer: what is left out stays, null clears.")
class UpdateIssuerInput:
    """What changes."""

    issuer: ID = needed("The id of an issuer of this city.")
    name: str | None = maybe("In the city's first language.")
    slug: str | None = maybe("For addresses; the old one leads here for ever.")
    roles: list[str] | None = maybe("All of them, among issues, provides, employs and endorses.")
    description: Markdown | None = maybe("What it is and does.")
    url: URL | None = maybe("Its own pages.")
    logo_url: URL | None = maybe("The address of its logo.")
    location: GeoPointInput | None = maybe("Where it is.")
    parent: ID | None = maybe("The issuer that it is a part of.")
    verified: bool | None = maybe("Whether the city knows that it is who it says it is; not for itself to say.")
    translations: list[IssuerTranslationInput] | None = maybe("All of them: those that are left out are taken away.")


@value
class CreateIssuerSuccess:
    """The issuer was added."""

    issuer: Issuer = column(doc="The issuer as it is now.")


@value
class UpdateIssuerSuccess:
    """The issuer is as the input says."""

    issuer: Issuer = column(doc="The issuer as it is now.")


CreateIssuerPayload: Any = payload("CreateIssuerPayload", CreateIssuerSuccess, SlugTaken, Invalid)
UpdateIssuerPayload: Any = payload("UpdateIssuerPayload", UpdateIssuerSuccess, SlugTaken, Invalid, ManagedByFiles)


async def _create(act: Act, given: Given) -> Outcome:
    words = IssuerWords(**{"slug": "", "kind": given["kind"], "organisation_id": NOWHERE, **_said(act, given)})
    asked = given.get("organisation") or {}
    numbers = {name: asked.get(name) for name in NUMBERS}
    organisation = OrganisationWords(asked.get("slug") or "", words.name, words.kind, url=words.url, **numbers)
    done = await commands.create_issuer(act, words, organisation)
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else {"issuer": Row("Issuer", done.issuer)}


async def _update(act: Act, given: Given) -> Outcome:
    wrong = cleared(given, "name", "slug", "verified")
    if wrong:
        return wrong
    done = await commands.update_issuer(act, row_of("Issuer", given["issuer"], act.here.tenant_id), _said(act, given))
    return pointed(done, given, MOVED) if isinstance(done, Refusal) else {"issuer": Row("Issuer", done.issuer)}


def _said(act: Act, given: Given) -> dict[str, Any]:
    """Return what the input says by the names of `IssuerWords`."""
    said = {name: given[name] for name in SAME if name in given}
    said |= {name: given[name] for name in ("slug", "verified") if given.get(name) is not None}
    if "roles" in given:
        said["roles"] = tuple(given["roles"] or ())
    if "location" in given:
        said |= given["location"] or {"latitude": None, "longitude": None}
    if "parent" in given:
        parent = given["parent"]
        said["parent_id"] = None if parent is None else row_of("Issuer", parent, act.here.tenant_id)
    if "translations" in given:
        texts = given["translations"] or ()
        said["text"] = {each["language"]: IssuerText(each["name"], each.get("description")) for each in texts}
    return said


@mutation
class IssuerMutation:
    """What is done to issuers."""

    create_issuer: CreateIssuerPayload = act(
        _create, CreateIssuerInput, doc="Add an organisation's presence; it is shown at once."
    )
    update_issuer: UpdateIssuerPayload = act(_update, UpdateIssuerInput, by="issuer", doc="Change an issuer.")


TYPES = (
    IssuerTranslationInput,
    OrganisationInput,
    CreateIssuerInput,
    UpdateIssuerInput,
    CreateIssuerSuccess,
    UpdateIssuerSuccess,
    IssuerMutation,
)
