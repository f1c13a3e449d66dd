"""The scalars of the graph beside GraphQL's own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.types.base_scalars import DateDefinition, DateTimeDefinition, DecimalDefinition

URL = NewType("URL", str)
GeoJSON = NewType("GeoJSON", str)
Markdown = NewType("Markdown", str)
LanguageTag = NewType("LanguageTag", str)
Representation = NewType("Representation", dict[str, Any])

# BCP 47 in the forms that people use: language, script, region, variants.
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?(-([A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*")


def is_language(text: str) -> bool:
    """Say whether the text has the form of a BCP 47 tag."""
    return _LANGUAGE.fullmatch(text) is not None


def _language(value: Any) -> str:
    if not isinstance(value, str) or not is_language(value):
        raise GraphQLError(f"{value!r} is not a BCP 47 language tag, such as cy or en-GB.")
    return value


def _url(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"https?://[^\s<>\"]{1,2000}", value):
        raise GraphQLError(f"{value!r} is not an http or https address.")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise GraphQLError("Text without null bytes is wanted.")
    return value


def _decimal(value: Any) -> Decimal:
    """Read a number that can be compared and reckoned with."""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise GraphQLError(f"{value!r} is not a finite number, such as 12.50.")
    return number


def _as_is(value: Any) -> Any:
    return value


MOMENT: Final = (
    "A moment as in RFC 3339, with its zone: 2027-03-06T10:00:00.000Z. Answers are in UTC unless said otherwise."
)

SCALARS: dict[object, Any] = {
    datetime: replace(DateTimeDefinition, description=MOMENT),
    date: replace(DateDefinition, description="A day without a time, as in RFC 3339: 2027-03-06."),
    Decimal: replace(
        DecimalDefinition,
        description="A decimal number as a string, so that no digit is lost: 12.50.",
        parse_value=_decimal,
    ),
    URL: strawberry.scalar(
        name="URL",
        description="An http or https address, such as https://example.org/first-make.",
        serialize=_as_is,
        parse_value=_url,
    ),
    GeoJSON: strawberry.scalar(
        name="GeoJSON",
        description='A geometry of RFC 7946, longitude first: {"type": "Polygon", "coordinates": […]}.',
        serialize=_as_is,
        parse_value=_as_is,
    ),
    Markdown: strawberry.scalar(
        name="Markdown", description="Text in CommonMark, without raw HTML.", serialize=_as_is, parse_value=_text
    ),
    LanguageTag: strawberry.scalar(
        name="LanguageTag",
        description="A language as in BCP 47, such as cy or en-GB.",
        serialize=_as_is,
        parse_value=_language,
    ),
    Representation: strawberry.scalar(
        name="_Any",
        description="A thing as a gateway of Apollo Federation names it: its __typename and its id.",
        serialize=_as_is,
        parse_value=_as_is,
    ),
}
