"""What may be asked of sources, and what of their answers is believed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, Final

from waypost.occupations import AREA, FIGURES, QUALIFIED, Figure, Occupation, Source

LEAST_CHARACTERS: Final = 2
MOST_CHARACTERS: Final = 100
MOST_OCCUPATIONS: Final = 200
MOST_FIGURES: Final = 500
LONGEST_TITLE: Final = 300
LONGEST_TEXT: Final = 5_000
LONGEST_NOTE: Final = 500
YEARS: Final = range(1900, 2200)


def wanted_text(said: str) -> str | None:
    """Bring a text to look for into normal form, so that the same is asked once; None for one that is not asked.

    Case and spaces do not matter.
    """
    try:
        said.encode()
    except UnicodeEncodeError:
        return None
    text = " ".join(said.split()).casefold()
    return text if LEAST_CHARACTERS <= len(text) <= MOST_CHARACTERS and text.isprintable() else None


def scheme_of(code: str) -> str | None:
    """The classification that qualifies a code (`soc-2020` of `soc-2020/2134`); None for what is no such code."""
    found = QUALIFIED.fullmatch(code)
    return None if found is None else found[1]


def is_area(said: str) -> bool:
    """Whether a text has the form of an ONS code of an area: E08000001, S92000003."""
    return AREA.fullmatch(said) is not None


def own_names(prefix: str) -> str:
    """How the names of a plugin's own figures begin, from its prefix: `lmi-` of `lmi`, `badge-nation-`."""
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in prefix) + "-"


def check_occupations(source: Source, answer: Any) -> None:
    """Raise TypeError or ValueError for an answer that is no list of occupations of the source's schemes."""
    for each in _listed(answer, Occupation, MOST_OCCUPATIONS):
        check_occupation(source, each)


def check_occupation(source: Source, answer: Any) -> None:
    """Raise TypeError or ValueError for an answer that is neither an occupation of the source's schemes nor None."""
    if answer is None:
        return
    if not isinstance(answer, Occupation):
        raise TypeError(f"it answered {type(answer).__name__} where an Occupation was meant")
    _text(answer.title, LONGEST_TITLE)
    _text(answer.description, LONGEST_TEXT, least=0)
    if answer.scheme not in source.schemes or scheme_of(answer.qualified) is None:
        raise ValueError(f"{answer.scheme}/{answer.code} is no code of {', '.join(sorted(source.schemes))}")


def check_figures(prefix: str, answer: Any) -> None:
    """Raise TypeError or ValueError for an answer that is no list of figures; `prefix` is the plugin's."""
    for each in _listed(answer, Figure, MOST_FIGURES):
        _check_figure(own_names(prefix), each)


def _check_figure(own: str, figure: Figure) -> None:
    unit = FIGURES.get(figure.name)
    if unit is None and not str(figure.name).startswith(own):
        raise ValueError(f"{figure.name!r:.60} is no name of a figure; a plugin's own begin with {own}")
    if unit is not None and figure.unit != unit:
        raise ValueError(f"{figure.name} is in {unit}, not in {figure.unit!r:.60}")
    _text(figure.unit, 30)
    _text(figure.note, LONGEST_NOTE, least=0)
    if type(figure.value) not in {int, float} or not isfinite(figure.value):
        raise TypeError(f"the value of {figure.name} is {figure.value!r:.60}, not a number")
    if type(figure.year) is not int or figure.year not in YEARS:
        raise ValueError(f"{figure.year!r:.60} is no year")
    if figure.month is not None and (type(figure.month) is not int or not 1 <= figure.month <= 12):
        raise ValueError(f"{figure.month!r:.60} is no month")
    if figure.area is not None and not is_area(figure.area):
        raise ValueError(f"{figure.area!r:.60} is no ONS code of an area")


def _listed(answer: Any, kind: type, most: int) -> Sequence[Any]:
    if not isinstance(answer, list | tuple) or not all(isinstance(each, kind) for each in answer):
        raise TypeError(f"it answered {type(answer).__name__} where a list of {kind.__name__} was meant")
    if len(answer) > most:
        raise ValueError(f"it answered {len(answer)}, and {most} are the most")
    return answer


def _text(said: Any, most: int, *, least: int = 1) -> None:
    if not isinstance(said, str) or not least <= len(said.strip()) <= most or "\x00" in said:
        raise ValueError(f"{said!r:.60} is no text of {least} to {most} characters")
    said.encode()  # UnicodeEncodeError, a ValueError, for half characters


def in_order(figures: Iterable[Figure]) -> tuple[Figure, ...]:
    """Figures by name, then by time, the latest first; what a source says twice of the same is shown once.

    The last that it said counts.
    """
    last: Mapping[Any, Figure] = {(each.name, each.year, each.month or 0, each.area or ""): each for each in figures}
    return tuple(last[key] for key in sorted(last, key=lambda key: (key[0], -key[1], -key[2], key[3])))


def related(code: str, pairs: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """The codes of other classifications that crosswalks join with a code, either way round, in order."""
    found = {other for one, other in pairs if one == code} | {one for one, other in pairs if other == code}
    return tuple(sorted(found))
