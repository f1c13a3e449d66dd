"""What stands in `tenant.toml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from waypost.tenancy import colours
from waypost.tenancy.faults import listed, perhaps
from waypost.tenancy.fields import (
    EachOnce,
    Host,
    Language,
    Name,
    Origin,
    Slug,
    Table,
    TimeZone,
    Url,
    one_of,
)

TENANT_KINDS: Final = ("city", "region", "nation", "network")
GROUP_KINDS: Final = ("region", "nation", "network")
FILES_MODES: Final = ("managed", "seed")
DOCUMENTS: Final = ("any", "trusted")
UK_NATIONS: Final = ("GB-ENG", "GB-NIR", "GB-SCT", "GB-WLS")

_DOMAIN: Final = re.compile(r"(?!-)[a-z0-9-]+(\.[a-z0-9-]+)+")
_VARIABLE: Final = re.compile(r"WAYPOST_OIDC_[A-Z0-9_]+")
_NATION: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


def _nation(value: str) -> str:
    if not _NATION.fullmatch(value):
        raise ValueError(f'"{value}" is no code of ISO 3166, like "GB-WLS"')
    if value.startswith("GB-") and value not in UK_NATIONS:
        words = f'"{value}" is no nation of the United Kingdom; there are {listed(UK_NATIONS)}'
        raise ValueError(words + perhaps(value, UK_NATIONS))
    return value


def _colour(value: str) -> str:
    if not colours.is_colour(value):
        raise ValueError(f'"{value}" is no colour; write it like "#0b5d6b"')
    return value.lower()


def _primary(value: str) -> str:
    if problem := colours.too_weak(value, colours.WHITE, "white"):
        raise ValueError(f"{problem}: choose a darker one")
    return value


def _accent(value: str) -> str:
    if problem := colours.too_weak(value, colours.BLACK, "black"):
        raise ValueError(f"{problem}: choose a lighter one")
    return value


def _file_name(value: str) -> str:
    if not value or value != value.strip() or "/" in value or "\\" in value or value.startswith("."):
        raise ValueError(f'"{value}" must be the name of a file beside tenant.toml, like "area.geojson"')
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValueError(f'"{value}" must begin with https://')
    if parts.query or parts.fragment:
        raise ValueError(f'"{value}" is no issuer: leave out what stands behind ? or #')
    return value


def _domain(value: str) -> str:
    if value != "*" and not _DOMAIN.fullmatch(value):
        raise ValueError(f'"{value}" is no domain: small letters, no @, like "example.org", or "*" for every one')
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError(f'"{value}" is no name of such a variable: WAYPOST_OIDC_, the tenant, __ and the provider')
    return value


Colour = Annotated[str, AfterValidator(_colour)]


class Look(Table):
    """Colours and logo. Text is set in the primary colour on white, and in black on the accent colour."""

    primary_colour: Annotated[Colour, AfterValidator(_primary)] = "#0b5d6b"
    accent_colour: Annotated[Colour, AfterValidator(_accent)] = "#ffd166"
    logo_url: Url | None = None


class GraphPolicy(Table):
    """How the tenant's graph may be asked: by anybody's documents or published ones, and its share of the platform."""

    documents: Annotated[str, AfterValidator(one_of("policy", DOCUMENTS))] = "any"
    share: Annotated[float, Field(gt=0, le=1)] = 0.5


class SignInProvider(Table):
    """A provider of OpenID Connect by which people sign in.

    `domains` are those whose addresses it is believed to know: such an address, once the provider has verified
    it, finds the person who has it already. `secret` names the environment variable that holds the client's secret.
    """

    title: Name
    issuer: Annotated[Url, AfterValidator(_issuer)]
    client_id: Name
    secret: Annotated[str, AfterValidator(_variable)] | None = None
    domains: Annotated[EachOnce[Annotated[str, AfterValidator(_domain)]], Field(min_length=1)]


class TenantFile(Table):
    """A city, region, nation or network as its file says it; its slug is the name of the folder.

    `formerly` lists slugs that it had before, which keep leading to it. `plugins` are those switched on,
    with their settings.
    """

    name: Name
    kind: Annotated[str, AfterValidator(one_of("kind", TENANT_KINDS))]
    nation: Annotated[str, AfterValidator(_nation)] | None = None
    languages: Annotated[EachOnce[Language], Field(min_length=1)]
    timezone: TimeZone
    area: Annotated[str, AfterValidator(_file_name)] | None = None
    groups: EachOnce[Slug] = ()
    review: Slug | None = None
    standard: str
    contact_url: Url | None = None
    licence: Name | None = None
    hosts: EachOnce[Host] = ()
    origins: EachOnce[Origin] = ()
    files: Annotated[str, AfterValidator(one_of("mode", FILES_MODES))] = "managed"
    example: bool = False
    formerly: EachOnce[Slug] = ()
    look: Look = Look()
    graph: GraphPolicy = GraphPolicy()
    retention_days: Annotated[int, Field(ge=30, le=3_650)] = 365
    sign_in: Mapping[Slug, SignInProvider] = {}
    plugins: Mapping[str, Mapping[str, Any]] = {}

    @property
    def seeds(self) -> bool:
        """Whether files only create: what is there already belongs to the graph."""
        return self.files == "seed"

    @property
    def language(self) -> str:
        """The language that all text must be in."""
        return self.languages[0]
