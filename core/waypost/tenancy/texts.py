"""What names, texts and web addresses may be, for rows that are written from elsewhere than files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from waypost.refusal import Invalid
from waypost.tenancy.fields import Name, Url, Words

_NAME: Final = TypeAdapter(Name)
_TEXT: Final = TypeAdapter(Words)
_URL: Final = TypeAdapter(Url)

Said = Mapping[str, str | None]


def said_problem(*, names: Said, texts: Said | None = None, urls: Said | None = None) -> Invalid | None:
    """Refuse names that are empty or longer than a line, texts that are too long, and what is no web address.

    Each mapping is from the place in the input, with dots (`text.cy.name`), to what stands there. Texts and
    addresses may be missing or empty; names may be missing (None) but not empty.
    """
    kinds: tuple[tuple[TypeAdapter[Any], Said], ...] = (
        (_NAME, names),
        (_TEXT, {place: text or None for place, text in (texts or {}).items()}),
        (_URL, {place: url or None for place, url in (urls or {}).items()}),
    )
    for adapter, said in kinds:
        for place, value in said.items():
            wrong = None if value is None else _problem(adapter, value)
            if wrong:
                return Invalid(message=f"{place}: {wrong}.", path=tuple(place.split(".")))
    return None


def unknown_codes(given: Iterable[str], known: Collection[str], name: str) -> Invalid | None:
    """Refuse codes that are not in the list; `name` is the field they were given in."""
    unknown = [code[:40] for code in given if code not in known]
    if not unknown:
        return None
    return Invalid(message=f"Unknown: {', '.join(unknown[:10])}. Known: {', '.join(known)}.", path=(name,))


def numbered(place: str, values: Iterable[str], part: str = "") -> dict[str, str]:
    """Name the values of a list by their places: `steps.0.title`, `steps.1.title` for part `.title`."""
    return {f"{place}.{index}{part}": value for index, value in enumerate(values)}


def _problem(adapter: TypeAdapter[Any], value: str) -> str | None:
    try:
        adapter.validate_python(value)
    except ValidationError as fault:
        return fault.errors()[0]["msg"].removeprefix("Value error, ")
    return None
