"""How a scheme is written down: the tables of a tenant's file and of a plugin's, which are the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BeforeValidator, Field

from waypost.schemes.rules import FactKind, Subject
from waypost.tenancy.catalogue import CatalogueEntry
from waypost.tenancy.fields import Currency, EachOnce, Language, Listed, Name, Price, Slug, Table, Url, Words, one_of

FIRST_YEAR, LAST_YEAR = 1900, 2200
LARGEST: Final = 1e15
MOST: Final = 200  # of rules, facts, windows and funding of one scheme, each


def _day(value: Any) -> Any:
    """A date of TOML, or of JSON where a stored scheme is read again."""
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise ValueError(f'"{value}" is no date; write it like 2021-02-03, without quotation marks') from None
    if type(value) is not date:
        raise ValueError("must be a date, like 2021-02-03, without quotation marks")
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year {value.year} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return value


def _value(value: Any) -> Any:
    if isinstance(value, int | float) and not abs(value) < LARGEST:  # nor nan
        raise ValueError("must be a number that people write")
    if type(value) not in {bool, int, float, str, date}:
        raise ValueError("must be a number, a code in quotation marks, true or false, or a date like 2021-02-03")
    return value


Day = Annotated[Any, BeforeValidator(_day)]
Given = Annotated[Any, BeforeValidator(_value)]
SubjectName = Annotated[str, AfterValidator(one_of("subject", [each.value for each in Subject]))]
KindName = Annotated[str, AfterValidator(one_of("kind of fact", [each.value for each in FactKind]))]
FactCode = Annotated[str, Field(pattern="^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=60)]
Number = Annotated[float, Field(gt=0, lt=10_000, allow_inf_nan=False)]


class Dated(Table):
    """From when to when, first and last day included."""

    since: Day | None = None
    until: Day | None = None


class Compared(Table):
    """A fact and exactly one comparison."""

    fact: FactCode
    equals: Given | None = None
    one_of: EachOnce[Given] | None = None
    at_least: Given | None = None
    at_most: Given | None = None


class FactEntry(Table):
    """Something that rules look at."""

    code: FactCode
    about: SubjectName
    kind: KindName
    words: Name
    unit: Name | None = None
    values: EachOnce[Slug] = ()
    text: Mapping[Language, Name] = {}


class RuleEntry(Compared, Dated):
    """A rule while it held."""

    code: Slug
    about: SubjectName
    words: Words
    when: Compared | None = None
    text: Mapping[Language, Words] = {}


class WindowEntry(Dated):
    """When the scheme takes a subject in."""

    about: SubjectName
    words: Words
    text: Mapping[Language, Words] = {}


class FundingEntry(Dated):
    """Something that is paid."""

    code: Slug
    paid_to: SubjectName
    words: Words
    per: Name
    amount: Price | None = None
    currency: Currency | None = None
    percent: Annotated[int, Field(ge=1, le=100)] | None = None
    of: Name | None = None
    hours_per_week: Number | None = None
    months: Annotated[int, Field(ge=1, le=120)] | None = None
    text: Mapping[Language, Words] = {}


class SchemeText(Table):
    """A scheme's own words in another language."""

    name: Name
    summary: Words


class SchemeTable(Dated):
    """All that is said of a scheme but for what it is called by."""

    name: Name
    summary: Words
    url: Url | None = None
    facts: Annotated[Listed[FactEntry], Field(max_length=MOST)] = ()
    windows: Annotated[Listed[WindowEntry], Field(max_length=MOST)] = ()
    rules: Annotated[Listed[RuleEntry], Field(max_length=MOST)] = ()
    funding: Annotated[Listed[FundingEntry], Field(max_length=MOST)] = ()
    text: Mapping[Language, SchemeText] = {}


class SchemeEntry(SchemeTable, CatalogueEntry):
    """`[[schemes]]` of a tenant's files: a local scheme."""


class SchemeData(SchemeTable):
    """`[[schemes]]` of a plugin: a scheme of every tenant that has it."""

    code: Slug
