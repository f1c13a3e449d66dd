"""What entries of several kinds have in common: translations, points, costs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from waypost.tenancy.country import Folder
from waypost.tenancy.entries import Cost
from waypost.tenancy.faults import listed
from waypost.tenancy.fields import Currency, Latitude, Longitude, Name, Price, Table
from waypost.tenancy.sections import Keys, Problem

T = TypeVar("T", bound=BaseModel)


class Priced(Table):
    """What something costs its learner: `free = true`, or a price with its currency; neither = unknown."""

    free: bool | None = None
    price: Price | None = None
    currency: Currency | None = None
    cost_note: Name | None = None


def cost_of(entry: Priced) -> Cost:
    """The cost as stores know it."""
    return Cost(free=entry.free, price=entry.price, currency=entry.currency, note=entry.cost_note)


def cost_problems(entry: Priced) -> Iterator[Problem]:
    """A price without its currency, or of what is free."""
    if wrong := cost_of(entry).problem():
        yield Problem(wrong.path, wrong.message)


def translation_problems(languages: Iterable[str], folder: Folder) -> Iterator[Problem]:
    """Translations into the first language, which stands in the entry itself, or into foreign ones."""
    if folder.tenant is None:
        return
    first, *others = folder.tenant.languages
    for language in languages:
        if language == first:
            words = f'"{language}" is the first language here: its text stands in the entry itself'
            yield Problem(("text", language), words)
        elif language not in others:
            words = f'"{language}" is none of the languages of {folder.slug}: {listed(folder.tenant.languages)}'
            yield Problem(("text", language), words)


def point_problems(latitude: Latitude | None, longitude: Longitude | None) -> Iterator[Problem]:
    """Half a point."""
    if latitude is None and longitude is not None:
        yield Problem(("latitude",), "is missing: a point has latitude and longitude")
    if longitude is None and latitude is not None:
        yield Problem(("longitude",), "is missing: a point has latitude and longitude")


def outside_notice(latitude: float | None, longitude: float | None, folder: Folder) -> Iterator[Problem]:
    """A notice for a point outside the tenant's outline: shown and flagged, never refused."""
    if latitude is None or longitude is None or folder.area is None:
        return
    if not folder.area.covers(latitude, longitude):
        words = f"the point {latitude:g}, {longitude:g} lies outside the outline of {folder.slug}: flagged"
        yield Problem(("latitude",), words, notice=True)


def is_outside(latitude: float | None, longitude: float | None, folder: Folder) -> bool:
    """Whether a point lies outside the tenant's outline; nothing lies outside a network."""
    if latitude is None or longitude is None or folder.area is None:
        return False
    return not folder.area.covers(latitude, longitude)


def twice_problems(values: Sequence[str], keys: Keys, folder: Folder) -> Iterator[Problem]:
    """Names that mean the same, once with the tenant and once without."""
    bare = [value.removeprefix(f"{folder.slug}/") for value in values]
    for index, value in enumerate(bare):
        if value in bare[:index]:
            yield Problem((*keys, index), f'"{value}" stands here twice')


def translations(text: str | None, model: type[T]) -> dict[str, T]:
    """Translations from JSON text as `text_sql` gives it: an object by language."""
    by_language: Mapping[str, Mapping[str, Any]] = json.loads(text) if text else {}
    return {
        language: model.model_construct(**{key: _frozen(value) for key, value in words.items()})
        for language, words in sorted(by_language.items())
    }


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def text_sql(table: str, owner: str, row: str, *names: str) -> str:
    """Write the expressions for an entry's translations (JSON text) and its first language.

    `owner` is the column of the text table that leads to the id of `row`; `names` are what is translated.
    """
    words = ", ".join(f"'{name}', x.{name}" for name in names)
    mine = f"FROM {table} x WHERE x.tenant_id = {row}.tenant_id AND x.{owner} = {row}.id"
    return (
        f"(SELECT json_object_agg(x.language, json_build_object({words})) {mine} AND NOT x.original)::text AS text,"
        f" (SELECT min(x.language) {mine} AND x.original) AS language"
    )
