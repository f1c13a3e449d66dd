"""Turns what pydantic says about a value into the words of this house."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from waypost.tenancy.faults import listed, perhaps
from waypost.tenancy.sections import Keys, Problem

M = TypeVar("M", bound=BaseModel)

_KINDS: Final[Mapping[str, str]] = {
    "string_type": "must be text in quotation marks",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "list_type": "must be a list in square brackets",
    "tuple_type": "must be a list in square brackets",
    "dict_type": "must be a table",
    "model_type": "must be a table",
    "model_attributes_type": "must be a table",
    "datetime_type": "must be a date with a time, like 2027-03-06T10:00:00",
    "missing": "is missing",
    "finite_number": "must be a finite number",
}
_LIMITS: Final[Mapping[str, str]] = {
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be more than {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be less than {lt:g}",
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must not be empty",
    "too_short": "must have at least {min_length}",
    "too_long": "must have at most {max_length}, has {actual_length}",
}
_LONGEST_ECHO: Final = 60


def read_as(model: type[M], data: object) -> M | tuple[Problem, ...]:
    """Read a value as the model, or say everything that is wrong with it.

    The keys of the problems are relative to the value; unknown keys are problems also where the model
    would let them pass, with a hint at what may have been meant.
    """
    unknown = tuple(_unknown_keys(model, data))
    try:
        value = model.model_validate(data)
    except ValidationError as error:
        found = [_problem(model, each) for each in error.errors(include_url=False)]
        return (*unknown, *(problem for problem in found if problem.keys not in {u.keys for u in unknown}))
    return unknown or value


def _unknown_keys(model: type[BaseModel], data: object) -> Iterator[Problem]:
    fields = _keys_of(model)
    if fields is None or not isinstance(data, dict):
        return
    for key in data:
        if key not in fields:
            yield Problem((key,), _unknown(key, fields))


def _problem(model: type[BaseModel], error: Mapping[str, Any]) -> Problem:
    keys = tuple(part for part in error["loc"] if part != "[key]")
    if error["type"] == "extra_forbidden":
        return Problem(keys, _unknown(str(keys[-1]), _fields_at(model, keys[:-1])))
    return Problem(keys, _sentence(error))


def _sentence(error: Mapping[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind in _KINDS:
        words = _KINDS[kind]
        return words if kind == "missing" else f"{words}, not {described(error['input'])}"
    if kind in _LIMITS:
        return _LIMITS[kind].format(**context) + _echo(kind, error["input"])
    message: str = error["msg"]
    return f"{message[:1].lower()}{message[1:]}"


def _echo(kind: str, value: object) -> str:
    return f", not {described(value)}" if kind.startswith(("greater", "less")) else ""


def described(value: object) -> str:
    """Name a value as it would stand in a file, shortened: `"abc"`, `12`, `a table`, `a list`."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "a list"
        case str():
            short = value if len(value) <= _LONGEST_ECHO else value[:_LONGEST_ECHO] + "…"
            return f'"{short}"'
        case _:
            return str(value)[:_LONGEST_ECHO]


def _unknown(key: str, known: Mapping[str, object] | None) -> str:
    names = sorted(known or ())
    return f'unknown key "{key}"{perhaps(key, names) or f"; known here: {listed(names)}"}'


def _keys_of(model: type[BaseModel]) -> dict[str, Any] | None:
    """The keys that a model reads with their types; None where it reads any (a root model, say)."""
    if "root" in model.model_fields:
        return None
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _fields_at(model: type[BaseModel], keys: Keys) -> dict[str, Any] | None:
    """The keys known in the table at these keys, found by following the annotations."""
    annotation: Any = model
    for key in keys:
        inner = _model_in(annotation)
        if isinstance(key, str) and inner is not None and key in (known := _keys_of(inner) or {}):
            annotation = known[key]
    found = _model_in(annotation)
    return None if found is None else _keys_of(found)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside `Model | None`, `tuple[Model, ...]`, `dict[str, Model]` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Annotated, Union, UnionType, tuple, list, dict}:
        for part in get_args(annotation):
            if (found := _model_in(part)) is not None:
                return found
    return None
