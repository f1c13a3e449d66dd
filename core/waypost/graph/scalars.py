"""The scalars of the graph beside GraphQL's own."""

from __future__ import annotations

import re
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

URL = NewType("URL", str)
GeoJSON = NewType("GeoJSON", str)
Markdown = NewType("Markdown", str)
LanguageTag = NewType("LanguageTag", str)

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


def _as_is(value: Any) -> Any:
    return value


SCALARS: dict[object, Any] = {
    URL: strawberry.scalar(name="URL", description="An http or https address.", serialize=_as_is, parse_value=_url),
    GeoJSON: strawberry.scalar(name="GeoJSON", description="RFC 7946 geometry.", serialize=_as_is, parse_value=_as_is),
    Markdown: strawberry.scalar(
        name="Markdown", description="CommonMark without raw HTML.", serialize=_as_is, parse_value=_text
    ),
    LanguageTag: strawberry.scalar(name="LanguageTag", description="BCP 47.", serialize=_as_is, parse_value=_language),
}
