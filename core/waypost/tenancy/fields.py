"""The kinds of value that tenants' files are made of, each with the words for what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from waypost.tenancy.faults import listed, perhaps
from waypost.tenancy.slugs import slug_problem

LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 20_000
_YEARS: Final = range(1970, 2200)

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_URL: Final = re.compile(r"https?://[^\s\"<>\\^`{|}]+", re.IGNORECASE)
_LANGUAGE: Final = re.compile(
    r"([a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(-[a-z]{4})?(-(?:[a-z]{2}|[0-9]{3}))?"
    r"((?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)((?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)(-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+"
)
_PRICE: Final = re.compile(r"[0-9]{1,8}(\.[0-9]{1,2})?")
_PENNY: Final = Decimal("0.01")
_REFERENCE: Final = re.compile(r"(?:([^/]*)/)?([^/]*)")

T = TypeVar("T")


class Table(BaseModel):
    """A table in a tenant's files: unknown keys are faults, types are not converted, values stay as read."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def one_of(what: str, codes: Collection[str]) -> Callable[[str], str]:
    """A validator for text that must be one of some codes; `what` names them in the fault."""

    def check(value: str) -> str:
        if value not in codes:
            raise ValueError(f'unknown {what} "{value}"; there are {listed(codes)}{perhaps(value, codes)}')
        return value

    return check


def _words(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    if found := _CONTROL.search(value):
        raise ValueError(f"must not contain the control character U+{ord(found[0]):04X}")
    return value


def _name(value: str) -> str:
    if "\n" in value:
        raise ValueError("must stand on one line")
    return _words(value).strip()


def _slug(value: str) -> str:
    if problem := slug_problem(value):
        raise ValueError(problem)
    return value


def _reference(value: str) -> str:
    match = _REFERENCE.fullmatch(value)
    if match is None:
        raise ValueError(f'"{value}" names nothing; write "slug", or "tenant/slug" for another tenant\'s')
    for part in match.groups():
        if part is not None:
            _slug(part)
    return value


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(f'"{value}" is no web address: {error}') from error
    if parts.scheme not in {"http", "https"}:
        raise ValueError(f'"{value}" must begin with https:// or http://')
    if not host or not _URL.fullmatch(value):
        raise ValueError(f'"{value}" is no web address')
    if "@" in parts.netloc:
        raise ValueError(f'"{value}" must not carry a user name or password')
    return value


def _origin(value: str) -> str:
    parts = urlsplit(_url(value))
    if value != f"{parts.scheme}://{parts.netloc.lower()}":
        example = f"{parts.scheme}://{parts.netloc.lower()}"
        raise ValueError(f'"{value}" is no origin: scheme, host and port only, in small letters, like "{example}"')
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value) or value.replace(".", "").isdigit():
        raise ValueError(f'"{value}" is no host name: small letters, no scheme, port or path, like "learn.example.org"')
    return value


def _language(value: str) -> str:
    match = _LANGUAGE.fullmatch(value)
    if match is None:
        raise ValueError(f'"{value}" is no language tag of BCP 47, like "en" or "cy"')
    language, script, region, *rest = (part or "" for part in match.groups())
    right = language.lower() + script.title() + region.upper() + "".join(rest).lower()
    if value != right:
        raise ValueError(f'write "{right}", not "{value}"')
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        hint = perhaps(value, available_timezones())
        raise ValueError(f'unknown time zone "{value}"{hint}') from error
    return value


def _moment(value: datetime) -> datetime:
    if value.year not in _YEARS:
        raise ValueError(f"the year {value.year} is not between {_YEARS.start} and {_YEARS.stop - 1}")
    return value


def _price(value: Any) -> Any:
    if not isinstance(value, str | Decimal):
        # pydantic turns a ValueError into a fault and lets a TypeError through.
        raise ValueError('must be text in quotation marks, like "12.50"')  # noqa: TRY004
    if isinstance(value, str) and not _PRICE.fullmatch(value):
        raise ValueError(f'"{value}" is no price; write it like "12.50"')
    # Two decimals, as the database keeps it: 12.5 and 12.50 are one price.
    return Decimal(value).quantize(_PENNY)


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise ValueError(f'"{value}" is no currency of ISO 4217, like "GBP"')
    return value


def _each_once(values: tuple[T, ...]) -> tuple[T, ...]:
    for index, value in enumerate(values):
        if value in values[:index]:
            raise ValueError(f'"{value}" stands here twice')
    return values


Words = Annotated[str, Field(max_length=LONGEST_TEXT), AfterValidator(_words)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_name)]
Slug = Annotated[str, AfterValidator(_slug)]
Reference = Annotated[str, AfterValidator(_reference)]
"""A slug of this tenant, or `tenant/slug`."""
Url = Annotated[str, Field(max_length=2000), AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Host = Annotated[str, AfterValidator(_host)]
Language = Annotated[str, AfterValidator(_language)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Moment = Annotated[datetime, AfterValidator(_moment)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Price = Annotated[Decimal, BeforeValidator(_price), PlainSerializer(str)]
Currency = Annotated[str, AfterValidator(_currency)]
# TOML's lists arrive as Python's; the tuple keeps a frozen model frozen.
Listed = Annotated[tuple[T, ...], Field(strict=False)]
EachOnce = Annotated[tuple[T, ...], Field(strict=False), AfterValidator(_each_once)]
