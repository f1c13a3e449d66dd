"""What a city may set for a plugin: checked by JSON Schema, every problem named by its key."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any, Final

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry

from waypost.plugins.names import perhaps
from waypost.tenancy import Problem

NO_SETTINGS: Final[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}

SECRET_NAME: Final = "^[a-z][a-z0-9]*(-[a-z0-9]+)*$"  # noqa: S105 - a pattern
MOST_SECRET_NAME: Final = 63

# Where schemas stand within schemas, and what else a schema of draft 2020-12 may say; `x-…` is anybody's.
_SCHEMAS: Final = frozenset(
    ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then")
) | {"unevaluatedItems", "unevaluatedProperties"}
_LISTS_OF_SCHEMAS: Final = frozenset(("allOf", "anyOf", "oneOf", "prefixItems"))
_TABLES_OF_SCHEMAS: Final = frozenset(("$defs", "dependentSchemas", "patternProperties", "properties"))
_ANNOTATIONS: Final = frozenset(
    ("$anchor", "$comment", "$dynamicAnchor", "$id", "$schema", "$vocabulary", "contentEncoding", "contentMediaType")
) | {"default", "deprecated", "description", "examples", "maxContains", "minContains", "readOnly", "title", "writeOnly"}
_KEYWORDS: Final = (
    _SCHEMAS | _LISTS_OF_SCHEMAS | _TABLES_OF_SCHEMAS | _ANNOTATIONS | frozenset(Draft202012Validator.VALIDATORS)
)

Keys = tuple[str | int, ...]

_FORMATS: Final = FormatChecker(formats=())
_FORMATS.checks("secret")(lambda value: not isinstance(value, str) or is_secret_name(value))


def is_secret_name(name: str) -> bool:
    """Whether a secret may be called so."""
    return re.fullmatch(SECRET_NAME, name) is not None and len(name) <= MOST_SECRET_NAME


def problems_in(value: object, schema: Mapping[str, Any], keys: Keys = ()) -> list[Problem]:
    """Everything in a value that its JSON Schema does not allow, in order of the keys.

    `keys` lead to the value in its file and stand before every problem's own.
    """
    foreign = list(_not_json(value, keys))
    if foreign:
        return foreign
    # An empty registry: a schema fetches nothing from anywhere.
    errors = Draft202012Validator(schema, registry=Registry(), format_checker=_FORMATS).iter_errors(value)
    problems = {problem for error in errors for problem in _problems_of(error, keys)}
    return sorted(problems, key=lambda problem: (list(map(str, problem.keys)), problem.words))


def with_defaults(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """The settings, with the schema's defaults where a city says nothing; tables within tables too."""
    full = dict(settings)
    for key, inner in schema.get("properties", {}).items():
        if not isinstance(inner, Mapping):
            continue  # `true` and `false` are schemas too
        if key not in full and "default" in inner:
            full[key] = inner["default"]
        if "properties" in inner and isinstance(full.get(key, {}), Mapping):
            nested = with_defaults(full.get(key, {}), inner)
            if nested or key in full:
                full[key] = nested
    return full


def secrets_named(settings: object, schema: Mapping[str, Any]) -> frozenset[str]:
    """The names of secrets that good settings give, for keys of the format `secret` wherever they stand."""
    found: set[str] = set()

    def note(value: object) -> bool:
        if isinstance(value, str):
            found.add(value)
        return True

    noting = FormatChecker(formats=())
    noting.checks("secret")(note)
    for _ in Draft202012Validator(schema, registry=Registry(), format_checker=noting).iter_errors(settings):
        pass
    return frozenset(found)


def schema_problems(schema: Mapping[str, Any], keys: Keys, also: Collection[str] = ()) -> list[Problem]:
    """What is wrong with a settings schema itself: its form, its words, its references, its defaults.

    `also` are words that it may use beside those of JSON Schema.
    """
    foreign = [*_not_json(schema, keys), *_references(schema, keys)]
    if foreign:
        return foreign
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return [Problem((*keys, *error.absolute_path), error.message)]
    if schema.get("type") != "object":
        return [Problem((*keys, "type"), 'must be "object": settings are a table of tenant.toml')]
    return [*_unknown_keywords(schema, keys, _KEYWORDS.union(also)), *_bad_defaults(schema, keys)]


def sentence(problem: Problem) -> str:
    """A problem in one line: `settings.framework: '3.0' is not one of ['1.0', '2.0']`."""
    return f"{'.'.join(map(str, problem.keys))}: {problem.words}" if problem.keys else problem.words


def _problems_of(error: ValidationError, keys: Keys) -> Iterator[Problem]:
    here = (*keys, *error.absolute_path)
    match error.validator, error.instance, error.schema:
        case "additionalProperties", dict() as table, dict() as schema if "patternProperties" not in schema:
            known = schema.get("properties", {})
            for key in sorted(set(table) - set(known)):
                yield Problem((*here, key), f"unknown; known here: {', '.join(sorted(known)) or 'nothing'}")
        case "required", dict() as table, dict() as schema:
            for key in sorted(set(schema["required"]) - set(table)):
                yield Problem((*here, key), "is missing")
        case _, _, dict() as schema if schema.get("format") == "secret":
            # Without the value, whatever is wrong with it: it may well be the secret itself.
            yield Problem(here, "must be the name of a secret, such as credly-live; `waypost secrets set` keeps it")
        case _:
            yield Problem(here, error.message)


def _not_json(value: object, keys: Keys) -> Iterator[Problem]:
    # TOML knows dates and infinities, which neither JSON Schema nor a jsonb column can say.
    match value:
        case Mapping():
            for key, inner in value.items():
                yield from _not_json(inner, (*keys, key))
        case list():
            for index, inner in enumerate(value):
                yield from _not_json(inner, (*keys, index))
        case None | bool() | int() | str():
            pass
        case float() if isfinite(value):
            pass
        case _:
            yield Problem(keys, f"{value} has no form in JSON; write dates as text")


def _references(schema: object, keys: Keys) -> Iterator[Problem]:
    if isinstance(schema, Mapping):
        for key, inner in schema.items():
            if key in {"$ref", "$dynamicRef"}:
                yield Problem((*keys, key), "references are not followed; write the schema out")
            yield from _references(inner, (*keys, key))
    elif isinstance(schema, list):
        for index, inner in enumerate(schema):
            yield from _references(inner, (*keys, index))


def _unknown_keywords(schema: object, keys: Keys, known: Collection[str]) -> Iterator[Problem]:
    """Words that JSON Schema does not know: it would pass over them, and over what they were to ask for."""
    if not isinstance(schema, Mapping):
        return  # `true` and `false` are schemas too
    for word, inner in schema.items():
        here = (*keys, word)
        if word not in known and not word.startswith("x-"):
            yield Problem(here, f"JSON Schema has no such word{perhaps(word, known)}")
        elif word in _SCHEMAS:
            yield from _unknown_keywords(inner, here, known)
        elif word in _LISTS_OF_SCHEMAS:
            for index, each in enumerate(inner):
                yield from _unknown_keywords(each, (*here, index), known)
        elif word in _TABLES_OF_SCHEMAS:
            for name, each in inner.items():
                yield from _unknown_keywords(each, (*here, name), known)


def _bad_defaults(schema: Mapping[str, Any], keys: Keys) -> Iterator[Problem]:
    for key, inner in schema.get("properties", {}).items():
        if not isinstance(inner, Mapping):
            continue  # `true` and `false` are schemas too
        here = (*keys, "properties", key)
        if "default" in inner:
            yield from problems_in(inner["default"], inner, (*here, "default"))
        yield from _bad_defaults(inner, here)
